//! Logging in: the key, then the password, then the password again as the
//! answer to whatever the device asks (RFC 4252, RFC 4256).

use std::sync::{Arc, PoisonError};

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Response, Prompt},
    keys::{PrivateKey, PrivateKeyWithHashAlg},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    SshError, SshOptions,
    algorithms::rsa_hashes,
    host_key::{Farewell, Gatekeeper},
};

/// PAM asks once and then shows an empty prompt; nobody asks more often.
const MAX_ROUNDS: usize = 6;

pub(super) async fn authenticate(
    handle: &mut Handle<Gatekeeper>,
    options: &SshOptions,
    key: Option<Arc<PrivateKey>>,
    farewell: &Farewell,
) -> Result<(), SshError> {
    let mut login = Login { handle, options, tried: Vec::new(), offered: None };
    let result = login.run(key).await;
    let (tried, hung_up) = (login.tried, login.handle.is_closed());
    let farewell = farewell.lock().unwrap_or_else(PoisonError::into_inner).take();
    let rejected = SshError::AuthRejected { user: options.username.clone(), tried, farewell };
    match result {
        Ok(true) => Ok(()),
        Ok(false) => Err(rejected),
        // Hanging up is how a device says that it has had enough.
        Err(russh::Error::SendError | russh::Error::RecvError) if hung_up => Err(rejected),
        Err(error) => Err(error.into()),
    }
}

struct Login<'a> {
    handle: &'a mut Handle<Gatekeeper>,
    options: &'a SshOptions,
    tried: Vec<String>,
    /// The methods the device would still take; known after the first refusal.
    offered: Option<MethodSet>,
}

impl Login<'_> {
    async fn run(&mut self, key: Option<Arc<PrivateKey>>) -> Result<bool, russh::Error> {
        if let Some(key) = key
            && self.public_key(key).await?
        {
            return Ok(true);
        }
        let Some(password) = &self.options.password else { return Ok(false) };
        if self.is_offered(MethodKind::Password) {
            self.tried.push("password".to_owned());
            let user = self.options.username.as_str();
            let result = self.handle.authenticate_password(user, password.expose_secret()).await?;
            if self.accepted(result) {
                return Ok(true);
            }
        }
        if self.is_offered(MethodKind::KeyboardInteractive) {
            self.tried.push("keyboard-interactive".to_owned());
            return self.interactive(password).await;
        }
        Ok(false)
    }

    async fn public_key(&mut self, key: Arc<PrivateKey>) -> Result<bool, russh::Error> {
        let hashes = if key.algorithm().is_rsa() {
            let announced = self.handle.best_supported_rsa_hash().await?;
            rsa_hashes(announced, self.options.legacy_algorithms)
        } else {
            vec![None]
        };
        for hash in hashes {
            if !self.is_offered(MethodKind::PublicKey) {
                break;
            }
            let key = PrivateKeyWithHashAlg::new(Arc::clone(&key), hash);
            self.tried.push(format!("publickey ({})", key.algorithm()));
            let result = self.handle.authenticate_publickey(&self.options.username, key).await?;
            let partial = matches!(&result, AuthResult::Failure { partial_success: true, .. });
            if self.accepted(result) {
                return Ok(true);
            }
            if partial {
                break;
            }
        }
        Ok(false)
    }

    async fn interactive(&mut self, password: &SecretString) -> Result<bool, russh::Error> {
        let user = self.options.username.as_str();
        let mut response = self.handle.authenticate_keyboard_interactive_start(user, None::<String>).await?;
        for _ in 0..MAX_ROUNDS {
            match response {
                Response::Success => return Ok(true),
                Response::Failure { .. } => return Ok(false),
                Response::InfoRequest { prompts, .. } if prompts.iter().any(|prompt| wants_new(&prompt.prompt)) => {
                    if let Some(tried) = self.tried.last_mut() {
                        tried.push_str(" (it asks for a new password)");
                    }
                    return Ok(false);
                }
                Response::InfoRequest { prompts, .. } => {
                    let answers = prompts.iter().map(|p| answer(p, user, password)).collect();
                    response = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
                }
            }
        }
        Ok(matches!(response, Response::Success))
    }

    fn is_offered(&self, method: MethodKind) -> bool {
        self.offered.as_ref().is_none_or(|offered| offered.contains(&method))
    }

    fn accepted(&mut self, result: AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, .. } => {
                self.offered = Some(remaining_methods);
                false
            }
        }
    }
}

/// Whether a device asks for the password that is to take the place of the one
/// there is, which has expired: whatever is answered would become it.
fn wants_new(prompt: &str) -> bool {
    const AGAIN: [&str; 6] = ["retype", "re-type", "reenter", "re-enter", "again", "confirm"];
    let blank = |c: char| c.is_whitespace() || matches!(c, ':' | '(' | ')' | ',' | '.' | '\'' | '"');
    let prompt = prompt.to_ascii_lowercase();
    let words: Vec<&str> = prompt.split(blank).filter(|word| !word.is_empty()).collect();
    let is_secret = |word: &&str| matches!(*word, "password" | "passwd" | "passphrase" | "secret");
    words.iter().any(|word| AGAIN.contains(word))
        || words.windows(2).any(|pair| matches!(pair, ["new", next] if is_secret(next)))
        || words.windows(3).any(|three| matches!(three, ["new", _, last] if is_secret(last)))
}

/// A question whose answer may be seen is one for the name.
fn answer(prompt: &Prompt, user: &str, password: &SecretString) -> String {
    let text = prompt.prompt.to_ascii_lowercase();
    if prompt.echo && ["user", "login", "name"].iter().any(|word| text.contains(word)) {
        user.to_owned()
    } else {
        password.expose_secret().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_told_from_the_one_there_is() {
        for new in ["New password: ", "Enter new UNIX password:", "Retype new password:", "Password (again):"] {
            assert!(wants_new(new), "{new}");
        }
        for current in ["Password: ", "(current) UNIX password: ", "admin@new-york's password:", "Newport password:"] {
            assert!(!wants_new(current), "{current}");
        }
    }
}
