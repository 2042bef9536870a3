//! Steps on a system whose lines wait for a commit of its own.

use std::{sync::Arc, time::Duration};

use mercury_adapter::{
    Answer, Candidate, CliSession, CommitMode, Confirming, ErrorTag, Level, PersistId, Refusal, When,
};

use crate::{
    Script, judge,
    session::{Carried, LineSession, done, refused},
    wire::End,
};

/// A commit waits 1 to 65,535 minutes.
const MOST_MINUTES: u64 = 65_535;

impl LineSession {
    /// Enters configuration mode, which keeps others out, and makes sure that no commit
    /// of theirs waits that ours would confirm.
    pub(crate) async fn lock(&mut self, candidate: &Candidate, own: Option<&PersistId>) -> Carried {
        let session = Arc::clone(&self.dialect.session);
        for (position, line) in session.configure.iter().enumerate() {
            let reply = self.ask(line, Some(When::Configure)).await?;
            self.is_inside = reply.end == End::Prompt(Level::Configure);
            if let Some(words) = self.failed(&reply, judge::marked).or_else(|| self.is_out(&reply)) {
                let mut refusal = refused(line, position + 1, session.configure.len(), &words);
                if candidate.locked.iter().any(|pattern| pattern.is_match(&reply.text)) {
                    denied(&mut refusal);
                }
                return Ok(Err(self.unlock().await?.err().unwrap_or(refusal)));
            }
        }
        match self.settled(candidate, own).await? {
            Err(refusal) => Ok(Err(self.unlock().await?.err().unwrap_or(refusal))),
            settled => Ok(settled),
        }
    }

    /// Leaves configuration mode, without what was not committed.
    pub(crate) async fn unlock(&mut self) -> Carried {
        if !self.is_inside {
            return done();
        }
        let left = self.leave(!self.is_staged).await?;
        (self.is_inside, self.is_staged) = (self.is_stuck, false);
        match left {
            Some((line, words)) => Ok(Err(refused(&line, 1, 1, &words))),
            None => done(),
        }
    }

    /// Throws away what was entered and not committed.
    pub(crate) async fn discard(&mut self, candidate: &Candidate) -> Carried {
        // Who keeps others out knows what was entered.
        if self.has_mode() && !self.is_staged {
            return done();
        }
        for (position, line) in candidate.discard.iter().enumerate() {
            let reply = self.ask(line, Some(When::Configure)).await?;
            if let Some(words) = self.failed(&reply, judge::marked) {
                return Ok(Err(refused(line, position + 1, candidate.discard.len(), &words)));
            }
        }
        self.is_staged = false;
        done()
    }

    pub(crate) async fn stage(&mut self, candidate: &Candidate, script: &Script) -> Carried {
        if self.has_mode() && !self.is_inside {
            return Ok(Err(Refusal::Unreadable("configuration mode was not entered".to_owned())));
        }
        for way in &script.fresh {
            let line = candidate.fresh.replace("{way}", way);
            let reply = self.ask(&line, None).await?;
            let there = || reply.text.contains(way.as_str()).then(|| format!("{way} is there already"));
            if let Some(words) = self.failed(&reply, judge::refusal_to_show).or_else(there) {
                return Ok(Err(refused(&line, 0, script.lines.len(), &words)));
            }
        }
        self.is_staged = true;
        Ok(match self.lines(script).await? {
            Err(refusal) => Err(refusal),
            Ok(()) => Ok(Answer::Done(Vec::new())),
        })
    }

    pub(crate) async fn commit(&mut self, candidate: &Candidate, mode: &CommitMode) -> Carried {
        let session = Arc::clone(&self.dialect.session);
        let waiting = match (mode, &candidate.confirming) {
            (CommitMode::Plain, _) => None,
            (CommitMode::Confirmed { timeout, persist }, Some(confirming)) => {
                Some(confirmed(confirming, *timeout, persist.as_ref()))
            }
            (CommitMode::Confirmed { .. }, None) => {
                return Ok(Err(Refusal::Unreadable("no commit waits to be confirmed".to_owned())));
            }
        };
        if self.has_mode() && !self.is_inside {
            return Ok(Err(Refusal::Unreadable("configuration mode was not entered".to_owned())));
        }
        let lines = waiting.as_ref().map_or(session.commit.as_slice(), std::slice::from_ref);
        for (position, line) in lines.iter().enumerate() {
            let reply = self.ask(line, Some(When::Configure)).await?;
            let is_committed = candidate.committed.is_match(&reply.text);
            let silent = || (!is_committed).then(|| judge::words(&reply.text));
            if let Some(words) = self.failed(&reply, judge::marked).or_else(silent) {
                return Ok(Err(refused(line, position + 1, lines.len(), &words)));
            }
        }
        self.is_staged = false;
        done()
    }

    /// Whether a commit of somebody else waits to be confirmed, which any commit would do.
    pub(crate) async fn settled(&mut self, candidate: &Candidate, own: Option<&PersistId>) -> Carried {
        let Some(confirming) = &candidate.confirming else { return done() };
        let line = self.shown(&confirming.history);
        let reply = self.ask(&line, None).await?;
        if let Some(words) = self.failed(&reply, judge::refusal_to_show) {
            return Ok(Err(refused(&line, 1, 1, &words)));
        }
        let newest = newest(confirming, &reply.text);
        let is_own = own.is_some_and(|own| newest.contains(&*own.0));
        if is_own || !confirming.waits.is_match(&newest) {
            return done();
        }
        let words =
            format!("a commit waits to be confirmed, and any commit would confirm it: {}", judge::words(&newest));
        let mut refusal = refused(&line, 1, 1, &words);
        denied(&mut refusal);
        Ok(Err(refusal))
    }

    /// A command that shows something, as it is entered here.
    pub(crate) fn shown(&self, line: &str) -> String {
        let before = self.dialect.session.candidate.as_ref().filter(|_| self.is_inside);
        format!("{}{line}", before.map_or("", |candidate| candidate.inside.as_str()))
    }

    fn has_mode(&self) -> bool {
        !self.dialect.session.configure.is_empty()
    }
}

/// What such a system can do.
pub(crate) fn confirms(session: &CliSession) -> bool {
    session.candidate.as_ref().is_some_and(|candidate| candidate.confirming.is_some())
}

fn confirmed(confirming: &Confirming, timeout: Duration, name: Option<&PersistId>) -> String {
    let minutes = timeout.as_secs().div_ceil(60).clamp(1, MOST_MINUTES);
    let name = name.map(|name| &*name.0).unwrap_or_default();
    confirming.line.replace("{minutes}", &minutes.to_string()).replace("{name}", name)
}

/// The history's first entry.
fn newest(confirming: &Confirming, history: &str) -> String {
    let mut lines = history.lines().skip_while(|line| !confirming.entry.is_match(line));
    let first = lines.next().into_iter();
    let lines: Vec<&str> = first.chain(lines.take_while(|line| !confirming.entry.is_match(line))).collect();
    lines.join("\n")
}

/// Somebody else is in the way.
pub(crate) fn denied(refusal: &mut Refusal) {
    if let Refusal::Errors(errors) = refusal {
        errors.iter_mut().for_each(|error| error.tag = ErrorTag::LockDenied);
    }
}
