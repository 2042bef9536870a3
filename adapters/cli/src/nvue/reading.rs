//! What is applied, as data. Nothing is made of the whole of it: neither values nor lines.

use std::{collections::BTreeSet, sync::Arc};

use mercury_adapter::{JsonProblem, Lost, NoRoom, Share, off_worker};
use mercury_http::no_room;
use mercury_model::{InterfaceName, InterfaceScope, Running, Scope};
use tokio::time::Instant;

use super::{
    Failure, NvueSession,
    client::Text,
    session::left,
    tree::{self, Whole},
};
use crate::{Unreadable, words::running_of_lines};

/// What is applied, and nothing that was not said.
const APPLIED: &str = "/?rev=applied&filled=false";
/// Every interface that there is, and what it is.
const INTERFACES: &str = "/interface?include=%2F%2A%2Ftype";
/// Scopes that are remembered to have been read.
const HELD: usize = 16;

/// What is applied.
pub(super) struct Applied {
    pub(super) text: Text,
    pub(super) whole: Whole,
    /// Whether something is said of each port that is asked for by its name.
    pub(super) is_said: bool,
}

impl NvueSession {
    /// What is applied now, and whether something is said of each port of a scope.
    pub(super) async fn applied(&mut self, scope: &Scope, until: Instant) -> Result<Applied, Failure> {
        let text = self.client.text(APPLIED, left(until)).await?;
        let (dialect, asked, octets) = (Arc::clone(&self.dialect), scope.interfaces.clone(), text.body.len());
        let work = move || {
            let mut unsaid: BTreeSet<&str> = match &asked {
                InterfaceScope::All => BTreeSet::new(),
                InterfaceScope::Named(names) => names.iter().map(InterfaceName::as_str).collect(),
            };
            let whole = tree::lines(&dialect, &text.body, &mut |line| {
                if let Some(name) = tree::interface(line) {
                    unsaid.remove(name);
                }
                Ok(())
            })?;
            let is_said = asked != InterfaceScope::All && unsaid.is_empty();
            Ok(Applied { text, whole, is_said })
        };
        self.client.understood(octets, work).await
    }

    pub(super) async fn running(&mut self, scope: &Scope, until: Instant) -> Result<Running, Failure> {
        let Applied { text: Text { body, mut share }, whole, is_said } = self.applied(scope, until).await?;
        if !whole.is_object {
            return Err(Failure::unreadable("what is applied is no JSON object"));
        }
        if self.read.replace(whole.digest) != Some(whole.digest) {
            self.held.clear();
        }
        let asked = scope.clone();
        // A port of which nothing is said is in no configuration.
        let (ports, of_ports) = if is_said { (String::new(), None) } else { self.ports(until).await? };
        let (dialect, scope) = (Arc::clone(&self.dialect), scope.clone());
        let octets = ports.len() + body.len();
        let read = off_worker(octets, move || {
            let lines = |line: &mut dyn FnMut(&str) -> Result<(), NoRoom>| {
                ports.lines().try_for_each(&mut *line)?;
                match tree::lines(&dialect, &body, line) {
                    Err(JsonProblem::NoRoom(refused)) => Err(refused),
                    // It was read before.
                    Ok(_) | Err(JsonProblem::Malformed(_)) => Ok(()),
                }
            };
            let found = running_of_lines(&dialect.cli, &scope, (&lines, octets), &mut share);
            drop(of_ports);
            found
        });
        match read.await.map_err(|unfinished| Lost::Closed(unfinished.to_string()))? {
            Ok(found) => {
                self.held.retain(|own| *own != asked);
                if self.held.len() == HELD {
                    self.held.remove(0);
                }
                self.held.push(asked);
                Ok(found)
            }
            Err(Unreadable::NoRoom(error)) => Err(no_room(&error).into()),
            Err(error) => Err(Failure::unreadable(error.to_string())),
        }
    }

    /// A line for each physical port that there is, and what they take of the memory.
    async fn ports(&mut self, until: Instant) -> Result<(String, Option<Share>), Failure> {
        let Text { body, mut share } = self.client.text(INTERFACES, left(until)).await?;
        let octets = body.len();
        let read = move || match tree::ports(&body, &mut share) {
            Err(JsonProblem::Malformed(error)) if error.is_data() => Ok(None),
            Err(problem) => Err(problem),
            Ok(ports) => {
                drop(body);
                share.shrink(ports.len());
                Ok(Some((ports, Some(share))))
            }
        };
        let ports = self.client.understood(octets, read).await?;
        ports.ok_or_else(|| Failure::unreadable("interfaces are no JSON object"))
    }
}
