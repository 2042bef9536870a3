//! Who may call: the ways of `--auth`, and `mercury config digest`.

use std::io::Read as _;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};

use super::{DONE, Ended, Failure, print};
use crate::{
    auth::{Algorithm, line},
    config::AuthKind,
};

/// How callers are told apart.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Auth {
    Noauth,
    #[value(name = "http_basic")]
    HttpBasic,
    #[value(name = "http_digest")]
    HttpDigest,
    Mtls,
    Keystone,
}

impl From<Auth> for AuthKind {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::Noauth => Self::Noauth,
            Auth::HttpBasic => Self::HttpBasic,
            Auth::HttpDigest => Self::HttpDigest,
            Auth::Mtls => Self::Mtls,
            Auth::Keystone => Self::Keystone,
        }
    }
}

/// A password may be this long, in bytes.
const MAX_PASSWORD: u64 = 1024;

#[derive(Clone, Debug, Args)]
pub(super) struct DigestArguments {
    /// The user's name.
    user: String,
    /// What the password is for; `realm` of `[digest]`.
    #[arg(long, default_value = "Baremetal API")]
    realm: String,
    /// A hash to make a line for; may be given several times. Otherwise SHA-256 and
    /// SHA-512-256.
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
    algorithm: Vec<Algorithm>,
}

fn algorithm(word: &str) -> Result<Algorithm, String> {
    word.parse().map_err(|()| "must be SHA-256, SHA-512-256 or MD5".to_owned())
}

/// One line of standard input is the password: an argument would be seen by everybody
/// on the machine.
pub(super) fn digest(arguments: &DigestArguments) -> Ended {
    let mut text = String::new();
    std::io::stdin().take(MAX_PASSWORD + 1).read_to_string(&mut text).map_err(Failure::because)?;
    let text = SecretString::from(text);
    let password = text.expose_secret().strip_suffix('\n').unwrap_or(text.expose_secret());
    if u64::try_from(password.len()).is_ok_and(|length| length > MAX_PASSWORD) {
        return Err(Failure::Other(format!("the password has more than {MAX_PASSWORD} bytes")));
    }
    let algorithms = match arguments.algorithm.as_slice() {
        [] => &[Algorithm::Sha256, Algorithm::Sha512256],
        given => given,
    };
    for algorithm in algorithms {
        print::line(&line(&arguments.user, &arguments.realm, *algorithm, password).map_err(Failure::because)?);
    }
    Ok(DONE)
}
