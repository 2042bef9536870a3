//! `mercury init`: a first inventory and its settings, for one switch that was seen.
//! Nothing is written over, and no host key or certificate is taken without a person or a
//! fingerprint that says so.

mod answers;
mod files;

use std::{path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use mercury_adapter::{Answer, Connector, Presented, Step};
use mercury_model::{Running, Scope, VlanSet};
use serde_json::json;

use super::{Common, DONE, Ended, Failure, Output, found, log, print};
use crate::{
    config::{Dialects, LogFormat, LogLevel},
    inventory::{CliSettings, Face, GnmiSettings, NvueSettings, RestconfSettings, Switch},
    registry,
};
use answers::{Answers, Question};
use files::{Staged, quoted};

/// What is asked for where no flag says it.
#[derive(Clone, Debug, Args)]
pub(super) struct InitArguments {
    /// The folder for `mercury.toml` and `inventory.toml`.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
    /// What the switch is to be called.
    #[arg(long)]
    name: Option<String>,
    /// Its address or host name.
    #[arg(long)]
    address: Option<String>,
    /// Its TCP port; the dialect's or the protocol's own.
    #[arg(long)]
    port: Option<u16>,
    /// How it is spoken to.
    #[arg(long, value_enum)]
    protocol: Option<Speaks>,
    /// Its dialect, as `mercury dialect list` has it.
    #[arg(long)]
    dialect: Option<String>,
    /// The user to log in as.
    #[arg(long)]
    username: Option<String>,
    /// The file that holds the password, which nobody else may read. The password itself
    /// is not asked for.
    #[arg(long, value_name = "FILE", conflicts_with = "password_env")]
    password_file: Option<PathBuf>,
    /// The environment variable that holds the password.
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,
    /// The VLANs that may be configured, such as 100-199; without it none may.
    #[arg(long, value_name = "VLANS")]
    allowed_vlans: Option<String>,
    /// The SHA-256 fingerprint of its host key or certificate, as it is known from
    /// elsewhere: then that is what it must show, and nobody is asked.
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
    /// Ask nothing; takes a fingerprint.
    #[arg(long, requires = "fingerprint")]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Speaks {
    Netconf,
    Gnmi,
    Restconf,
    Nvue,
    Cli,
}

/// All that is to be written, but for who the switch is.
struct Entry {
    name: String,
    address: String,
    port: Option<u16>,
    speaks: Speaks,
    dialect: String,
    username: String,
    password: String,
    allowed_vlans: String,
}

pub(super) async fn run(common: &Common, arguments: &InitArguments) -> Ended {
    log::begin(LogFormat::Human, LogLevel::Error)?;
    if common.dialects.is_some() {
        let message = "init knows the built-in dialects alone; name the folder in what it has written";
        return Err(Failure::Other(message.to_owned()));
    }
    files::are_free(&arguments.into)?;
    let mut answers = Answers::new(arguments.yes);
    let entry = arguments.entry(&mut answers)?;
    let name = &entry.name;
    let at_switch = |error: &dyn std::fmt::Display| Failure::Other(format!("{name}: {error}"));
    let connector = entry.stranger()?;
    let presented = connector.presented().await.map_err(|error| at_switch(&error))?;
    let presented = presented.ok_or_else(|| at_switch(&"it shows nothing that it could be known by"))?;
    if !is_believed(arguments, &mut answers, name, &presented)? {
        print::talk(&format!("{name}: nothing was written, and nobody has logged in"));
        return Ok(found());
    }
    // What the switch itself says of how it is to be spoken to is only known once it is.
    let first = Staged::write(&arguments.into, &entry.text(&presented, &[]))?;
    let switch = first.loaded()?;
    let more = connected(&switch)?.probe().await.map_err(|error| at_switch(&error))?.entry;
    drop(first);
    let staged = Staged::write(&arguments.into, &entry.text(&presented, &more))?;
    let switch = staged.loaded()?;
    let running = read(&switch).await.map_err(|reason| at_switch(&reason))?;
    let written = staged.keep()?;
    match common.output {
        Output::Json => print::json(&json!({
            "switch": name, "fingerprint": presented.fingerprint, "interfaces": running.interfaces.len(),
            "vlans": running.vlans.len(), "written": written,
        })),
        Output::Human => {
            let ports = print::counted(running.interfaces.len(), "port", "ports");
            let vlans = print::counted(running.vlans.len(), "VLAN", "VLANs");
            print::line(&format!("{name} was read: {ports}, {vlans}"));
            written.iter().for_each(|file| print::line(&format!("written: {}", file.display())));
            let settings = arguments.into.join(files::SETTINGS);
            print::line(&format!("next: mercury --config {} config check", settings.display()));
        }
    }
    Ok(DONE)
}

/// Whether the switch is the one that is meant, as somebody has said.
fn is_believed(
    arguments: &InitArguments,
    answers: &mut Answers,
    name: &str,
    presented: &Presented,
) -> Result<bool, Failure> {
    let Presented { what, fingerprint } = presented;
    if let Some(expected) = &arguments.fingerprint {
        let is_it = expected.trim_end_matches('=') == fingerprint;
        if !is_it {
            print::talk(&format!("{name} shows another {what}: {fingerprint}, not {expected}"));
        }
        return Ok(is_it);
    }
    print::talk(&format!("{name} shows its {what}: {fingerprint}"));
    answers.confirmed("Compare it with what the switch's own console shows. Is it that one")
}

fn connected(switch: &Arc<Switch>) -> Result<Box<dyn Connector>, Failure> {
    registry::connector(switch, &Dialects::default()).map_err(Failure::because)
}

/// What the switch has, as Mercury would read it.
async fn read(switch: &Arc<Switch>) -> Result<Running, String> {
    let connector = connected(switch).map_err(|failure| failure.to_string())?;
    let mut session = connector.connect().await.map_err(|error| error.to_string())?;
    let flight = session.flight(&[Step::Read(Scope::all())], switch.timing.reply_timeout).await;
    session.close().await;
    match (flight.results.into_iter().next(), flight.lost) {
        (Some(Ok(Answer::Running(running))), _) => Ok(*running),
        (Some(Err(refusal)), _) => Err(refusal.to_string()),
        (_, Some(lost)) => Err(lost.to_string()),
        _ => Err("it answered nothing".to_owned()),
    }
}

impl InitArguments {
    fn entry(&self, answers: &mut Answers) -> Result<Entry, Failure> {
        let question = |flag, text, usual| Question { flag, text, usual };
        let named = question("--name", "Name of the switch", None);
        let name = answers.asked(named, self.name.as_deref(), word)?;
        let addressed = question("--address", "Its address or host name, with :PORT if it is not the usual one", None);
        let (address, behind) = answers.asked(addressed, self.address.as_deref(), place)?;
        let speaks = match self.protocol {
            Some(speaks) => speaks,
            None => {
                let spoken = question("--protocol", "Protocol: netconf, gnmi, restconf, nvue or cli", Some("netconf"));
                let known = |word: &str| {
                    Speaks::from_str(word, true)
                        .map_err(|_| format!("{word:?} is none of netconf, gnmi, restconf, nvue and cli"))
                };
                answers.asked(spoken, None, known)?
            }
        };
        let dialect = question("--dialect", "Its dialect", Some("openconfig"));
        let dialect = answers.asked(dialect, self.dialect.as_deref(), known_dialect)?;
        let username =
            answers.asked(question("--username", "User to log in as", None), self.username.as_deref(), word)?;
        let password = match (&self.password_file, &self.password_env) {
            (Some(file), _) => from_file(file).map_err(Failure::Other)?,
            (None, Some(name)) => format!("{{ env = {} }}", quoted(name)),
            (None, None) => {
                let password = question("--password-file", "File that holds its password, or env:NAME", None);
                answers.asked(password, None, |given| match given.strip_prefix("env:") {
                    Some("") => Err("env: wants the name of a variable behind it".to_owned()),
                    Some(name) => Ok(format!("{{ env = {} }}", quoted(name))),
                    None => from_file(given.as_ref()),
                })?
            }
        };
        let text = "VLANs that may be configured, such as 100-199; empty is none yet";
        let vlans = |text: &str| match text {
            "" => Ok(String::new()),
            text => text.parse::<VlanSet>().map(|_| text.to_owned()).map_err(|error| error.to_string()),
        };
        let allowed_vlans =
            answers.asked(question("--allowed-vlans", text, Some("")), self.allowed_vlans.as_deref(), vlans)?;
        Ok(Entry { name, address, port: self.port.or(behind), speaks, dialect, username, password, allowed_vlans })
    }
}

/// A name, an address or a user.
fn word(text: &str) -> Result<String, String> {
    let is_word = !text.is_empty() && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    if is_word { Ok(text.to_owned()) } else { Err(format!("{text:?} is empty, or has blanks in it")) }
}

/// An address or host name, and the port that may stand behind it: `192.0.2.1:830`,
/// `[2001:db8::1]:830`.
fn place(text: &str) -> Result<(String, Option<u16>), String> {
    let text = word(text)?;
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    match text.rsplit_once(':') {
        // Other colons are IPv6's own.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let number = port.parse::<u16>().ok().filter(|port| *port > 0);
            let number = number.ok_or_else(|| format!("{port:?} behind the address is no TCP port"))?;
            Ok((bare(host), Some(number)))
        }
        _ => Ok((bare(&text), None)),
    }
}

fn known_dialect(name: &str) -> Result<String, String> {
    let dialects = Dialects::default();
    if dialects.iter().any(|dialect| dialect.name == name) {
        return Ok(name.to_owned());
    }
    let known: Vec<&str> = dialects.iter().map(|dialect| dialect.name.as_str()).collect();
    Err(format!("there is no dialect {name:?}; there are {}", known.join(", ")))
}

fn from_file(file: &std::path::Path) -> Result<String, String> {
    let named = |error: std::io::Error| format!("{}: {error}", file.display());
    if !std::fs::metadata(file).map_err(named)?.is_file() {
        return Err(format!("{}: is no file", file.display()));
    }
    let absolute = std::path::absolute(file).map_err(named)?;
    let text = absolute.to_str().ok_or_else(|| format!("{}: not UTF-8", file.display()))?;
    Ok(format!("{{ file = {} }}", quoted(text)))
}

impl Entry {
    /// The switch as somebody who is not known yet: nobody logs in.
    fn stranger(&self) -> Result<Box<dyn Connector>, Failure> {
        let mut switch = Switch::new(&self.name, &self.address, &self.dialect, &self.username);
        switch.identity.port = self.port;
        switch.face = match self.speaks {
            Speaks::Netconf => switch.face,
            Speaks::Gnmi => Face::Gnmi(GnmiSettings::default()),
            Speaks::Restconf => Face::Restconf(RestconfSettings::default()),
            Speaks::Nvue => Face::Nvue(NvueSettings::default()),
            Speaks::Cli => Face::Cli(CliSettings::default()),
        };
        connected(&Arc::new(switch))
    }

    /// A `[[switch]]` table; what is said here goes before what a probe says.
    fn text(&self, presented: &Presented, more: &[(String, String)]) -> String {
        let (protocol, pins) = match self.speaks {
            Speaks::Netconf => ("netconf", "host_key_fingerprints"),
            Speaks::Gnmi => ("gnmi", "tls_pins"),
            Speaks::Restconf => ("restconf", "tls_pins"),
            Speaks::Nvue => ("nvue", "tls_pins"),
            Speaks::Cli => ("cli", "host_key_fingerprints"),
        };
        let vlans = match self.allowed_vlans.as_str() {
            "" => "[]".to_owned(),
            vlans => quoted(vlans),
        };
        let mut keys = vec![
            ("name", quoted(&self.name)),
            ("address", quoted(&self.address)),
            ("protocol", quoted(protocol)),
            ("dialect", quoted(&self.dialect)),
            ("username", quoted(&self.username)),
            ("password", self.password.clone()),
            (pins, format!("[{}]", quoted(&presented.fingerprint))),
            ("allowed_vlans", vlans),
        ];
        keys.extend(self.port.map(|port| ("port", port.to_string())));
        let own: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        let more = more.iter().filter(|(key, _)| !own.contains(&key.as_str()));
        let more: String = more.map(|(key, value)| format!("{key} = {value}\n")).collect();
        let keys: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("[[switch]]\n{keys}{more}")
    }
}
