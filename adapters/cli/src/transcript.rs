//! What a switch was asked and what it answered, in a form that a file holds.
//!
//! Of real switches only what is masked is kept ([`mask`]). What was recorded answers in
//! place of the switch: to the same lines, and to no others.

mod mask;

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Answer, Budget, CliDialect, Flight, Level, Lost, Recorded, Session as _, Share, Step, Traffic};
use mercury_model::{Running, Scope};
use serde::{Deserialize, Serialize};

use crate::{
    LineSession, asks, running,
    wire::{Answering, End, Entry, Reply, Wire},
};

/// The one form there is.
const FORM: u32 = 1;

/// How long what was recorded may take to be read.
const READING: Duration = Duration::from_secs(600);

/// The lines of a session and their answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// By which a file is known to be one; 1.
    mercury_transcript: u32,
    /// The dialect that the switch was spoken to in.
    pub dialect: String,
    /// What that asked to see the configuration; none in files of an earlier Mercury.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asked: Vec<String>,
    exchanges: Vec<Exchange>,
}

/// A line and what it brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    line: String,
    answer: Vec<String>,
    /// What was said beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    beside: Vec<String>,
    ended: Ended,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ended {
    User,
    Enable,
    Configure,
    Status(Option<u32>),
}

/// What reading a switch came to, and what was said on the way.
#[derive(Debug)]
pub struct Recording {
    /// Masked.
    pub transcript: Transcript,
    /// Why it could not be read, if it could not.
    pub failed: Option<String>,
}

impl Transcript {
    /// Whether a text is a transcript, whatever is wrong with it.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with('{') && text.get(..200).unwrap_or(text).contains("\"mercury_transcript\"")
    }

    /// What the switch has, by what it answered.
    ///
    /// # Errors
    /// A sentence: it was spoken to in another dialect, refused to show something, or was
    /// asked for less than the dialect asks for.
    pub async fn read(&self, name: &str, dialect: &Arc<CliDialect>, scope: Scope) -> Result<Running, String> {
        self.is_of(name, dialect, &scope)?;
        let exchanges = self.exchanges.clone();
        let wire = Box::new(Answering(move |line: &str| played(&exchanges, line)));
        let mut session = LineSession::new(wire, Arc::clone(dialect), Budget::shared());
        read(&mut session, scope, READING).await
    }

    /// The same, as what a file shows; of VNIs with `overlays`.
    ///
    /// # Errors
    /// A sentence: it was spoken to in another dialect, or what it holds cannot be read.
    pub fn recorded(
        &self,
        name: &str,
        dialect: &CliDialect,
        overlays: bool,
        share: &mut Share,
    ) -> Result<Recorded, String> {
        let scope = Recorded::scope(overlays);
        self.is_of(name, dialect, &scope)?;
        let mut answers = Vec::new();
        for line in asks(dialect, &scope) {
            answers.push(played(&self.exchanges, &line).map_err(|lost| lost.to_string())?.text);
        }
        let running = running(dialect, &scope, &answers, share).map_err(|error| error.to_string())?;
        Ok(Recorded { running, is_scattered: dialect.tree().is_none(), ..Recorded::default() })
    }

    /// What a dialect asks changes with Mercury: what was asked otherwise is not read as if
    /// it were the answer to what is asked now.
    fn is_of(&self, name: &str, dialect: &CliDialect, scope: &Scope) -> Result<(), String> {
        if self.dialect != name {
            return Err(format!("it was recorded in the dialect {:?}", self.dialect));
        }
        let asks = asks(dialect, scope);
        let was_asked = |line: &String| self.exchanges.iter().any(|exchange| exchange.line == *line);
        let is_as_then = if self.asked.is_empty() { asks.iter().all(was_asked) } else { self.asked == asks };
        if is_as_then {
            return Ok(());
        }
        let now = asks.iter().find(|line| !self.asked.contains(line) && !was_asked(line)).or(asks.first());
        let now = now.map(String::as_str).unwrap_or_default();
        Err(format!(
            "another Mercury recorded it, whose dialect {name} asked for other things; this one asks {now:?}. Record it \
             again"
        ))
    }
}

impl FromStr for Transcript {
    type Err = String;

    /// # Errors
    /// A sentence: it is none, or of a form that is not known.
    fn from_str(text: &str) -> Result<Self, String> {
        let own: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let form = own.mercury_transcript;
        if form == FORM { Ok(own) } else { Err(format!("its form is {form}, and {FORM} is known")) }
    }
}

impl std::fmt::Display for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| std::fmt::Error)?)
    }
}

/// Reads a switch by a session, and keeps what is said.
pub(crate) async fn record(
    wire: Box<dyn Wire>,
    name: &str,
    dialect: &Arc<CliDialect>,
    budget: Budget,
    timeout: Duration,
) -> Recording {
    let kept = Kept::default();
    let recorder = Box::new(Recorder { inner: wire, kept: Arc::clone(&kept) });
    let mut session = LineSession::new(recorder, Arc::clone(dialect), budget);
    let failed = read(&mut session, Scope::all().with_stp(true), timeout).await.err();
    Box::new(session).close().await;
    let asked = asks(dialect, &Scope::all());
    let mut exchanges = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    mask::all(dialect, &mut exchanges);
    Recording {
        transcript: Transcript { mercury_transcript: FORM, dialect: name.to_owned(), asked, exchanges },
        failed,
    }
}

async fn read(session: &mut LineSession, scope: Scope, timeout: Duration) -> Result<Running, String> {
    let Flight { results, lost } = session.flight(&[Step::Read(scope)], timeout).await;
    match (results.into_iter().next(), lost) {
        (Some(Ok(Answer::Running(running))), _) => Ok(*running),
        (Some(Err(refusal)), _) => Err(refusal.to_string()),
        (_, Some(lost)) => Err(lost.to_string()),
        _ => Err("there was no answer".to_owned()),
    }
}

type Kept = Arc<Mutex<Vec<Exchange>>>;

/// A wire of which all is kept.
struct Recorder {
    inner: Box<dyn Wire>,
    kept: Kept,
}

impl Wire for Recorder {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        async move {
            let replies = self.inner.ask(lines, share).await?;
            let exchange = |(entry, reply): (&Entry<'_>, &Reply)| Exchange {
                line: entry.line.to_owned(),
                answer: reply.text.lines().map(str::to_owned).collect(),
                beside: reply.beside.lines().map(str::to_owned).collect(),
                ended: match reply.end {
                    End::Prompt(Level::User) => Ended::User,
                    End::Prompt(Level::Enable) => Ended::Enable,
                    End::Prompt(Level::Configure) => Ended::Configure,
                    End::Status(status) => Ended::Status(status),
                },
            };
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(lines.iter().zip(&replies).map(exchange));
            drop(kept);
            Ok(replies)
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.inner.close()
    }
}

/// What was answered to a line.
fn played(exchanges: &[Exchange], line: &str) -> Result<Reply, Lost> {
    let found = exchanges.iter().find(|exchange| exchange.line == line);
    let found = found.ok_or_else(|| Lost::Protocol(format!("{line:?} was not asked when it was recorded")))?;
    let text = |lines: &[String]| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    let end = match found.ended {
        Ended::User => End::Prompt(Level::User),
        Ended::Enable => End::Prompt(Level::Enable),
        Ended::Configure => End::Prompt(Level::Configure),
        Ended::Status(status) => End::Status(status),
    };
    Ok(Reply { text: text(&found.answer), beside: text(&found.beside), end })
}

#[cfg(test)]
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    fn transcript(line: &str, answer: &str, ended: Ended) -> Transcript {
        let answer = answer.lines().map(str::to_owned).collect();
        let exchanges = vec![Exchange { line: line.to_owned(), answer, beside: Vec::new(), ended }];
        Transcript { mercury_transcript: FORM, dialect: "sonic".to_owned(), asked: Vec::new(), exchanges }
    }

    async fn read(own: &Transcript, name: &str) -> Result<Running, String> {
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == name).unwrap();
        // As a file has it.
        let own: Transcript = own.to_string().parse()?;
        assert!(Transcript::is_one(&own.to_string()));
        own.read(name, &Arc::new(dialect.cli.clone().unwrap()), Scope::all()).await
    }

    #[tokio::test]
    async fn what_was_recorded_answers_to_what_was_asked_and_to_nothing_else() {
        const ASKED: &str = "sudo -n show runningconfiguration all";
        const SHOWN: &str = "{\n\"PORT\": {\"Ethernet0\": {\"mtu\": \"9100\"}}\n}";
        let own = transcript(ASKED, SHOWN, Ended::Status(Some(0)));
        assert_eq!(read(&own, "sonic").await.unwrap().interfaces.len(), 1);
        assert!(read(&own, "cisco_ios").await.unwrap_err().contains("dialect \"sonic\""));
        let refused = transcript(ASKED, "sudo: a password is required", Ended::Status(Some(1)));
        assert!(read(&refused, "sonic").await.unwrap_err().contains("exit status 1: sudo: a password is required"));
        let mut complained = own.clone();
        complained.exchanges[0].beside = vec!["Error: the rest cannot be read".to_owned()];
        assert!(read(&complained, "sonic").await.unwrap_err().contains("Error: the rest cannot be read"));
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == "sonic").unwrap();
        complained.exchanges[0].beside.push("sudo: unable to resolve host leaf-7.example.org".to_owned());
        mask::all(dialect.cli.as_ref().unwrap(), &mut complained.exchanges);
        assert_eq!(complained.exchanges[0].beside, ["Error: the rest cannot be read", "text-1"]);
        let mut warned = own.clone();
        warned.exchanges[0].beside = vec!["sudo: unable to resolve host leaf-7".to_owned()];
        assert_eq!(read(&warned, "sonic").await.unwrap().interfaces.len(), 1);
        warned.exchanges[0].answer.clear();
        let why = read(&warned, "sonic").await.unwrap_err();
        assert!(why.ends_with("; beside what it shows it says: sudo: unable to resolve host leaf-7"), "{why}");
        let cut = transcript(ASKED, "{\n\"PORT\": {\n", Ended::Status(Some(0)));
        assert!(read(&cut, "sonic").await.unwrap_err().contains("form it should have, at line 3, column 0"));
        let other = transcript("show version", "SONiC 4", Ended::Status(Some(0)));
        assert!(read(&other, "sonic").await.unwrap_err().contains("another Mercury recorded it"));
        // What was asked then was asked in another way than now, or brought another answer.
        let asking = |line: &str| Transcript { asked: vec![line.to_owned()], ..own.clone() };
        assert!(read(&asking(ASKED), "sonic").await.is_ok());
        let then = read(&asking("sudo -n cat config_db.json"), "sonic").await.unwrap_err();
        assert!(then.contains(&format!("this one asks {ASKED:?}. Record it again")), "{then}");
        let later = own.to_string().replace("\"mercury_transcript\": 1", "\"mercury_transcript\": 2");
        assert!(later.parse::<Transcript>().unwrap_err().contains("form is 2"));
        assert!("{}".parse::<Transcript>().is_err() && !Transcript::is_one(SHOWN));
    }
}
