//! Steps as lines.
//!
//! A change is entered line by line, and every answer is judged before the next
//! line: at the first refusal configuration mode is left, nothing is saved, and
//! what was entered before it is told. Commit takes it back by the inverse plan,
//! or the switch does where its lines wait for a commit of its own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Absent, Answer, Budget, Capabilities, CliDialect, CliTransport, CommitMode, ConfirmedCommit, Datastore, ErrorTag,
    Flight, Level, Lost, MAX_REPLY, Refusal, RpcError, Session, Share, Sighting, StateTable, Step, StepResult, Traffic,
    When, off_worker,
};
use mercury_model::{InterfaceName, Scope};
use tokio::time::{Instant, timeout_at};

use crate::{
    PortTable, Script, Unreadable, another, asks, candidate, judge, port_states, sh,
    trial::{Found, Trial},
    wire::{End, Entry, Reply, Wire, no_room},
};

/// Blocks that one may stand in.
const MAX_BLOCKS: usize = 4;

/// A session at a command line that carries steps.
pub struct LineSession {
    pub(crate) wire: Box<dyn Wire>,
    pub(crate) dialect: Arc<CliDialect>,
    pub(crate) capabilities: Capabilities,
    pub(crate) budget: Budget,
    /// Configuration mode could not be left.
    pub(crate) is_stuck: bool,
    /// One is in configuration mode, between steps.
    pub(crate) is_inside: bool,
    /// Lines were entered that wait for their commit.
    pub(crate) is_staged: bool,
    trial: Trial,
    /// When the flight ends that is under way, and how long it may take.
    until: (Instant, Duration),
}

/// A step ends with its result, or with the session.
pub(crate) type Carried = Result<StepResult, Lost>;

impl LineSession {
    pub(crate) fn new(wire: Box<dyn Wire>, dialect: Arc<CliDialect>, budget: Budget) -> Self {
        let session = &dialect.session;
        // One command is carried out wholly or not at all.
        let is_one = dialect.words.table().is_some_and(|words| words.command.is_some());
        let capabilities = Capabilities {
            datastore: if session.candidate.is_some() { Datastore::Candidate } else { Datastore::Running },
            confirmed_commit: candidate::confirms(session).then_some(ConfirmedCommit::AnyCommit),
            lock: session.candidate.is_some() && !session.configure.is_empty(),
            atomic_edit: is_one || (!session.commit.is_empty() && session.candidate.is_none()),
            startup: !session.save.is_empty(),
            disables_leavers: dialect.words.table().is_some_and(|words| words.lag_block().is_some()),
            pipelining: is_one && session.transport == CliTransport::Sh,
            ..Capabilities::unknown()
        };
        let until = (Instant::now(), Duration::ZERO);
        Self {
            wire,
            dialect,
            capabilities,
            budget,
            is_stuck: false,
            is_inside: false,
            is_staged: false,
            trial: Trial::default(),
            until,
        }
    }

    async fn carry(&mut self, steps: &[Step], timeout: Duration) -> Flight {
        let (mut results, deadline) = (Vec::new(), Instant::now() + timeout);
        self.until = (deadline, timeout);
        while let Some(rest @ [_, ..]) = steps.get(results.len()..) {
            match timeout_at(deadline, self.next(rest)).await {
                Ok(Ok(carried)) => results.extend(carried),
                Ok(Err(lost)) => return Flight { results, lost: Some(lost) },
                Err(_) => return Flight { results, lost: Some(Lost::Timeout(timeout)) },
            }
        }
        Flight { results, lost: None }
    }

    /// The first of these steps, or as many as go out at once.
    async fn next(&mut self, steps: &[Step]) -> Result<Vec<StepResult>, Lost> {
        match steps {
            [step @ Step::Stage(payload), Step::Read(scope), ..] if self.capabilities.pipelining => {
                match payload.body::<Script>().map(|script| script.lines.as_slice()) {
                    Some([only]) => self.changed(&only.text, scope).await,
                    _ => Ok(vec![self.step(step).await?]),
                }
            }
            [step, ..] => Ok(vec![self.step(step).await?]),
            [] => Ok(Vec::new()),
        }
    }

    /// One command, and behind it those that show what is there then, all at once.
    async fn changed(&mut self, line: &str, scope: &Scope) -> Result<Vec<StepResult>, Lost> {
        let asks = asks(&self.dialect, scope);
        let change = std::iter::once(Entry::of(line, Some(When::Configure)));
        let entries: Vec<_> = change.chain(asks.iter().map(|line| Entry::show(line))).collect();
        let mut share = self.budget.share(MAX_REPLY);
        let mut replies = self.wire.ask(&entries, &mut share).await?;
        if replies.len() != entries.len() {
            return Err(Lost::Protocol("a line was not answered".to_owned()));
        }
        let shown = replies.split_off(1);
        let beside = beside(&shown);
        let words = replies.first().and_then(|reply| self.failed(reply, judge::refusal));
        let staged = words.map_or(Ok(Answer::Done(Vec::new())), |words| Err(refused(line, 1, 1, &words)));
        let read = match self.texts(&asks, 0, shown) {
            Ok(texts) => self.understood(texts, beside, share, scope).await?,
            Err(refusal) => Err(refusal),
        };
        self.trial.begins(line, staged.is_ok());
        let unused = read.as_ref().ok().and_then(|found| self.trial.ends(found));
        let staged = unused.map_or(staged, |words| Err(refused(line, 1, 1, &words)));
        Ok(vec![staged, read.map(|found| Answer::Running(Box::new(found.running)))])
    }

    async fn step(&mut self, step: &Step) -> Carried {
        let impossible = |reason: &str| Ok(Err(Refusal::Unreadable(reason.to_owned())));
        let dialect = Arc::clone(&self.dialect);
        if let Some(candidate) = &dialect.session.candidate {
            match step {
                Step::Lock(own) => return self.lock(candidate, own.as_ref()).await,
                Step::Unlock => return self.unlock().await,
                Step::Discard => return self.discard(candidate).await,
                Step::Settled => return self.settled(candidate, None).await,
                Step::Commit(mode) => return self.commit(candidate, mode).await,
                // Any commit confirms what waits.
                Step::Confirm(_) => return self.commit(candidate, &CommitMode::Plain).await,
                Step::Stage(payload) => {
                    return match payload.body::<Script>() {
                        Some(script) => self.stage(candidate, script).await,
                        None => impossible("the payload is no script"),
                    };
                }
                Step::ReadCandidate(scope) if !candidate.shows.is_empty() && self.is_inside => {
                    return Ok(self
                        .read(&candidate.shows, scope)
                        .await?
                        .map(|found| Answer::Running(Box::new(found.running))));
                }
                _ => {}
            }
        }
        match step {
            // Nothing is staged, and nobody is kept out.
            Step::Lock(_) | Step::Unlock | Step::Discard | Step::Settled | Step::Commit(_) => done(),
            Step::Read(scope) => Ok(self.running(scope).await?.and_then(|found| match self.trial.ends(&found) {
                Some(words) => Err(Refusal::Errors(vec![RpcError::new(ErrorTag::OperationFailed, words)])),
                None => Ok(Answer::Running(Box::new(found.running))),
            })),
            Step::Look(absent) => self.look(absent).await,
            Step::Stage(payload) => match payload.body::<Script>() {
                Some(script) => {
                    self.enter(script).await.inspect(|done| self.trial.begins(&script.to_string(), done.is_ok()))
                }
                None => impossible("the payload is no script"),
            },
            Step::Save => self.save().await,
            Step::ReadCandidate(_) | Step::ReadStartup(_) => impossible("a command line shows one configuration"),
            Step::Validate | Step::Compare => impossible("a command line validates nothing that it does not do"),
            Step::Confirm(_) | Step::Cancel(_) => impossible("no commit waits to be confirmed"),
            Step::ListSessions | Step::KillSession(_) => impossible("sessions are not told"),
        }
    }

    pub(crate) async fn ask(&mut self, line: &str, when: Option<When>) -> Result<Reply, Lost> {
        self.answered(Entry::of(line, when)).await
    }

    pub(crate) async fn answered(&mut self, entry: Entry<'_>) -> Result<Reply, Lost> {
        let mut share = self.budget.share(MAX_REPLY);
        let mut replies = self.wire.ask(&[entry], &mut share).await?;
        replies.pop().ok_or_else(|| Lost::Protocol("a line was not answered".to_owned()))
    }

    async fn running(&mut self, scope: &Scope) -> Result<Result<Found, Refusal>, Lost> {
        let asks: Vec<String> = asks(&self.dialect, scope).iter().map(|line| self.shown(line)).collect();
        match self.read(&asks, scope).await? {
            Ok(found) => self.with_vni_states(found).await.map(Ok),
            refused => Ok(refused),
        }
    }

    /// Reads what these commands show.
    async fn read(&mut self, asks: &[String], scope: &Scope) -> Result<Result<Found, Refusal>, Lost> {
        let (mut texts, mut share, mut complaint) = (Vec::new(), self.budget.share(MAX_REPLY), None);
        let at_once = if self.dialect.session.transport == CliTransport::Sh { asks.len() } else { 1 };
        for burst in asks.chunks(at_once.max(1)) {
            let entries: Vec<_> = burst.iter().map(|line| Entry::show(line)).collect();
            let replies = self.wire.ask(&entries, &mut share).await?;
            complaint = complaint.or_else(|| beside(&replies));
            match self.texts(asks, texts.len(), replies) {
                Ok(shown) => texts.extend(shown),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        self.understood(texts, complaint, share, scope).await
    }

    /// What the commands from this one on show, unless one of them is refused.
    fn texts(&self, asks: &[String], from: usize, replies: Vec<Reply>) -> Result<Vec<String>, Refusal> {
        let both = asks.iter().enumerate().skip(from).zip(replies);
        both.map(|((position, line), reply)| match self.failed(&reply, judge::refusal_to_show) {
            Some(words) => Err(refused(line, position + 1, asks.len(), &words)),
            None => Ok(reply.text),
        })
        .collect()
    }

    async fn understood(
        &mut self,
        texts: Vec<String>,
        beside: Option<String>,
        mut share: Share,
        scope: &Scope,
    ) -> Result<Result<Found, Refusal>, Lost> {
        if let Some(line) = self.dialect.words.table().and_then(|words| another(words, &texts)) {
            return Ok(Err(Refusal::Unreadable(format!("this is another system than the dialect's: {line}"))));
        }
        let (dialect, scope) = (Arc::clone(&self.dialect), scope.clone());
        let octets = texts.iter().map(String::len).sum();
        let read = off_worker(octets, move || Found::of(&dialect, &scope, &texts, &mut share)).await;
        match read.map_err(|unfinished| Lost::Closed(unfinished.to_string()))? {
            Ok(found) => Ok(Ok(found)),
            Err(Unreadable::NoRoom(error)) => Err(no_room(&error)),
            Err(error) => {
                let beside = beside.map(|words| format!("; beside what it shows it says: {words}"));
                Ok(Err(Refusal::Unreadable(format!("{error}{}", beside.unwrap_or_default()))))
            }
        }
    }

    /// All that is shown, without a scope that could hide something, and every port there is.
    async fn look(&mut self, absent: &Absent) -> Carried {
        let found = match self.running(&Scope::all()).await? {
            Ok(found) => found.running.config,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let interfaces = (!absent.interfaces.is_empty()).then(|| found.interfaces.into_keys().collect());
        let vlans = (!absent.vlans.is_empty()).then(|| found.vlans.into_keys().collect());
        let is_aggregate = |name: &&InterfaceName| !self.dialect.is_aggregate(name);
        let absent = absent.interfaces.iter().filter(is_aggregate).cloned().collect();
        let (state, untold) = self.ports(&absent).await;
        Ok(Ok(Answer::Seen(Box::new(Sighting { interfaces, vlans, state, untold }))))
    }

    /// The ports there are, where one of these is asked for, and why there may be more: who may
    /// see the configuration may not see that too. The session may be lost meanwhile, and what
    /// was seen of the configuration is not.
    async fn ports(&mut self, absent: &BTreeSet<InterfaceName>) -> (Option<BTreeSet<InterfaceName>>, Option<String>) {
        let dialect = Arc::clone(&self.dialect);
        let (mut told, mut untold) = (BTreeSet::new(), Vec::new());
        let (deadline, timeout) = self.until;
        let tables = if absent.is_empty() { 0 } else { dialect.states.len() };
        for (number, StateTable { command, leaves_out, .. }) in dialect.states.iter().enumerate().take(tables) {
            if Instant::now() > deadline - timeout / 2 {
                untold.push(format!("{command:?} was not asked, for lack of time"));
                break;
            }
            // Before the flight itself is given up.
            match timeout_at(deadline - timeout / 10, self.table(number)).await {
                Ok(Ok(Ok(PortTable { ports, unread }))) => {
                    told.extend(ports.into_keys());
                    let unnamed = absent.difference(&told).find(|name| !dialect.spells(name));
                    let unnamed = || unnamed.map(|name| format!("the dialect has no names like {name}"));
                    match unread.map(|why| why.to_string()).or_else(unnamed) {
                        Some(why) if !absent.is_subset(&told) => untold.push(why),
                        _ => return (Some(told), None),
                    }
                    if *leaves_out {
                        break;
                    }
                }
                Ok(Ok(Err(why))) => untold.push(why),
                Ok(Err(lost)) => {
                    untold.push(format!("the answer to {command:?} was lost: {lost}"));
                    break;
                }
                Err(_) => {
                    untold.push(format!("{command:?} was not answered in time"));
                    break;
                }
            }
        }
        ((!told.is_empty()).then_some(told), (!untold.is_empty()).then(|| untold.join("; ")))
    }

    /// What one command tells of ports, or why it does not.
    async fn table(&mut self, number: usize) -> Result<Result<PortTable, String>, Lost> {
        let dialect = Arc::clone(&self.dialect);
        let Some(command) = dialect.states.get(number).map(|table| table.command.as_str()) else {
            return Ok(Err("no command tells".to_owned()));
        };
        // Held until the answer was read.
        let mut share = self.budget.share(MAX_REPLY);
        let line = self.shown(command);
        let reply = self.wire.ask(&[Entry::show(&line)], &mut share).await?.pop();
        let reply = reply.ok_or_else(|| Lost::Protocol("a line was not answered".to_owned()))?;
        if let Some(words) = self.failed(&reply, judge::refusal_to_show) {
            return Ok(Err(format!("{command:?} was refused: {words}")));
        }
        let own = Arc::clone(&dialect);
        let read = off_worker(reply.text.len(), move || {
            let read = own.states.get(number).map(|table| port_states(&own, table, &reply.text));
            drop(share);
            read
        });
        match read.await.map_err(|unfinished| Lost::Closed(unfinished.to_string()))? {
            Some(read) => Ok(read.map_err(|why| why.to_string())),
            None => Ok(Err("no command tells".to_owned())),
        }
    }

    /// Enters a script in configuration mode and leaves it.
    async fn enter(&mut self, script: &Script) -> Carried {
        let session = Arc::clone(&self.dialect.session);
        let of = script.lines.len();
        let Some(waiting) = &session.waiting else { return self.entered(script).await };
        let reply = self.answered(Entry::show(&waiting.show)).await?;
        if let Some(words) = self.failed(&reply, judge::refusal_to_show) {
            return Ok(Err(refused(&waiting.show, 0, of, &words)));
        }
        if waiting.holds.is_match(&reply.text) {
            let words = format!("there are changes that nobody committed yet: {}", judge::words(&reply.text));
            let mut refusal = refused(&waiting.show, 0, of, &words);
            candidate::denied(&mut refusal);
            return Ok(Err(refusal));
        }
        if session.transport != CliTransport::Sh {
            return self.entered(script).await;
        }
        // What is entered from here on is Mercury's, and nobody's when Mercury is gone.
        let guard = sh::guarded(&session.abort);
        let reply = self.ask(&guard, None).await?;
        if let Some(words) = self.failed(&reply, judge::marked) {
            return Ok(Err(refused(&guard, 0, of, &words)));
        }
        let entered = self.entered(script).await?;
        // What is not thrown away yet is when the session ends, which is now.
        if !self.is_stuck {
            self.ask(&sh::unguarded(), None).await?;
        }
        Ok(entered)
    }

    async fn entered(&mut self, script: &Script) -> Carried {
        let session = Arc::clone(&self.dialect.session);
        let of = script.lines.len();
        for line in &session.configure {
            let reply = self.ask(line, Some(When::Configure)).await?;
            if let Some(words) = self.failed(&reply, judge::marked).or_else(|| self.is_out(&reply)) {
                return self.thrown_away(refused(line, 0, of, &words)).await;
            }
        }
        if let Err(refusal) = self.lines(script).await? {
            return self.thrown_away(refusal).await;
        }
        for line in &session.commit {
            let reply = self.ask(line, Some(When::Configure)).await?;
            if let Some(words) = self.failed(&reply, judge::marked) {
                return self.thrown_away(refused(line, of, of, &words)).await;
            }
        }
        match self.leave(true).await? {
            Some((line, words)) => Ok(Err(refused(&line, of, of, &words))),
            None => done(),
        }
    }

    /// Leaves after a refusal, with nothing committed. Where that is refused too, what was entered
    /// may wait there for whoever commits next: it is said, and the session is given up.
    async fn thrown_away(&mut self, mut refusal: Refusal) -> Carried {
        let left = self.leave(false).await?;
        if let (Some((line, words)), Refusal::Errors(errors), false) =
            (left, &mut refusal, self.dialect.session.abort.is_empty())
        {
            self.is_stuck = true;
            let also = format!("what was entered was not thrown away: {words}");
            errors.push(judge::error(&line, 1, 1, &also));
        }
        Ok(Err(refusal))
    }

    /// Leaves configuration mode; what was refused on the way out, if it was.
    pub(crate) async fn leave(&mut self, is_committed: bool) -> Result<Option<(String, String)>, Lost> {
        let session = Arc::clone(&self.dialect.session);
        let lines = if is_committed || session.abort.is_empty() { &session.end } else { &session.abort };
        let Some(last) = lines.last() else { return Ok(None) };
        let mut refused = None;
        // Where one line leads out of one block only, it is entered for each of them.
        for line in lines.iter().chain(std::iter::repeat_n(last, MAX_BLOCKS)) {
            let reply = self.ask(line, Some(When::Configure)).await?;
            self.is_stuck = reply.end == End::Prompt(Level::Configure);
            let words = self.failed(&reply, judge::marked);
            refused = refused.or_else(|| words.map(|words| (line.clone(), words)));
            if !self.is_stuck {
                return Ok(refused);
            }
        }
        Ok(refused.or_else(|| Some((last.clone(), "configuration mode was not left".to_owned()))))
    }

    async fn save(&mut self) -> Carried {
        let session = Arc::clone(&self.dialect.session);
        for (position, line) in session.save.iter().enumerate() {
            let reply = self.ask(line, Some(When::Save)).await?;
            if let Some(words) = self.failed(&reply, judge::marked) {
                return Ok(Err(refused(line, position + 1, session.save.len(), &words)));
            }
        }
        done()
    }

    /// In the switch's own words, why a line did not do what it says.
    pub(crate) fn failed(
        &self,
        reply: &Reply,
        judge: impl Fn(&mercury_adapter::CliSession, &str) -> Option<String>,
    ) -> Option<String> {
        match reply.end {
            // Beside what is shown nothing is anybody's text.
            End::Prompt(_) | End::Status(Some(0)) => judge(&self.dialect.session, &reply.text)
                .or_else(|| judge::marked(&self.dialect.session, &reply.beside)),
            End::Status(status) => {
                let how = status.map_or_else(|| "no exit status".to_owned(), |status| format!("exit status {status}"));
                Some(format!("{how}: {}", judge::words(&reply.said())))
            }
        }
    }

    /// Whether configuration mode was left, or not reached.
    pub(crate) fn is_out(&self, reply: &Reply) -> Option<String> {
        let is_out = !self.dialect.session.configure.is_empty()
            && matches!(reply.end, End::Prompt(level) if level != Level::Configure);
        is_out.then(|| format!("not in configuration mode: {}", judge::words(&reply.text)))
    }
}

impl Session for LineSession {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.carry(steps, timeout).boxed()
    }

    fn is_usable(&self) -> bool {
        self.wire.is_open() && !self.is_stuck
    }

    fn ask_one_by_one(&mut self) {
        self.capabilities.pipelining = false;
    }

    fn traffic(&self) -> Traffic {
        self.wire.traffic()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.wire.close()
    }
}

/// What was said beside the first answer of which something was.
fn beside(replies: &[Reply]) -> Option<String> {
    replies.iter().find(|reply| !reply.beside.trim().is_empty()).map(|reply| judge::words(&reply.beside))
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a step that was carried ends with")]
pub(crate) fn done() -> Carried {
    Ok(Ok(Answer::Done(Vec::<RpcError>::new())))
}

pub(crate) fn refused(line: &str, position: usize, of: usize, words: &str) -> Refusal {
    Refusal::Errors(vec![judge::error(line, position, of, words)])
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
