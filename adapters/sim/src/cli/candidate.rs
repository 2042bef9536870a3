//! A candidate that one session at a time may have, and its commits.

use std::time::Duration;

use super::{CliHandle, SetGrammar, sets::Sets};

/// Everything about the candidate and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) running: Sets,
    /// The session that has the candidate, and what it entered.
    pub(super) held: Option<(u64, Sets)>,
    /// What ran before a commit that waits to be confirmed, and which of the commits.
    waiting: Option<(usize, Sets)>,
    /// What each commit said of itself.
    history: Vec<String>,
}

impl Candidates {
    /// Undoes a commit that was not confirmed.
    pub(super) fn lapse(&mut self, which: Option<usize>) {
        if let Some((_, before)) = self.waiting.take_if(|(own, _)| which.is_none_or(|which| which == *own)) {
            self.running = before;
            self.history.push("by root via other".to_owned());
        }
    }

    fn commit(&mut self, session: u64, comment: &str) -> usize {
        if let Some((_, candidate)) = self.held.as_ref().filter(|(own, _)| *own == session) {
            self.running = candidate.clone();
        }
        self.history.push(comment.to_owned());
        self.history.len()
    }

    /// The newest first.
    fn history(&self) -> Vec<String> {
        let newest = self.history.iter().rev().enumerate();
        newest
            .flat_map(|(number, said)| {
                format!("{number}   2026-11-28 18:00:00 UTC {said}").lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// A line in configuration mode; what is said, and whether the mode is left.
pub(super) fn configure(switch: &CliHandle, grammar: &SetGrammar, session: u64, line: &str) -> (Vec<String>, bool) {
    let mut state = switch.state();
    let own = &mut state.candidates;
    let (before, verb) = (own.running.clone(), line.split(' ').next().unwrap_or_default());
    let said = |text: &str| (vec![text.to_owned()], false);
    match line {
        "" => return (Vec::new(), false),
        line if line == grammar.end || grammar.abort.as_deref() == Some(line) => {
            own.held = None;
            return (Vec::new(), true);
        }
        line if line == grammar.discard => {
            own.held = Some((session, before));
            return said("load complete");
        }
        line if line == grammar.commit => {
            own.waiting = None;
            own.commit(session, "by mercury via cli");
            return said(&grammar.committed);
        }
        _ => {}
    }
    if let Some(rest) = grammar.confirmed.as_deref().and_then(|confirmed| line.strip_prefix(confirmed)) {
        let (minutes, comment) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let Ok(count) = minutes.parse::<u64>() else { return said(&grammar.unknown) };
        let comment = comment.trim_start_matches("comment").trim().trim_matches('"');
        let which = own
            .commit(session, &format!("by mercury via cli commit confirmed, rollback in {count}mins\n    {comment}"));
        let (_, before) = own.waiting.take().unwrap_or((which, before));
        own.waiting = Some((which, before));
        drop(state);
        let (switch, wait) = (switch.clone(), Duration::from_secs(count.saturating_mul(60)));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            switch.state().candidates.lapse(Some(which));
        });
        let text = format!("commit confirmed will be automatically rolled back in {count} minutes unless confirmed");
        return (vec![text, grammar.committed.clone()], false);
    }
    if verb == "show" {
        let way = line.trim_start_matches("show").split('|').next().unwrap_or_default().trim();
        return (own.held.as_ref().map(|(_, candidate)| candidate.at(way)).unwrap_or_default(), false);
    }
    if let Some((_, way)) = grammar.candidate.iter().find(|(command, _)| command == line) {
        return (own.held.as_ref().map(|(_, candidate)| candidate.at(way)).unwrap_or_default(), false);
    }
    if let Some(lines) = shown(own, grammar, line).filter(|_| grammar.inside.is_empty()) {
        return (lines, false);
    }
    if let Some(line) = line.strip_prefix(grammar.inside.as_str()).filter(|_| !grammar.inside.is_empty()) {
        return (shown(own, grammar, line).unwrap_or_else(|| vec![grammar.unknown.clone()]), false);
    }
    let answer = match &mut own.held {
        Some((_, candidate)) => candidate.enter(grammar, line),
        None => Some(grammar.unknown.clone()),
    };
    (answer.into_iter().collect(), false)
}

/// What a command shows outside configuration mode.
pub(super) fn shown(own: &Candidates, grammar: &SetGrammar, line: &str) -> Option<Vec<String>> {
    let way = grammar.shows.iter().find(|(command, _)| command == line).map(|(_, way)| own.running.at(way));
    way.or_else(|| (line == grammar.history).then(|| own.history()))
}

/// Takes the candidate, if nobody has it.
pub(super) fn enter(switch: &CliHandle, grammar: &SetGrammar, session: u64) -> Result<(), String> {
    let mut state = switch.state();
    let own = &mut state.candidates;
    if own.held.is_some() {
        return Err(grammar.locked.clone());
    }
    own.held = Some((session, own.running.clone()));
    Ok(())
}

/// What a session had goes with it.
pub(super) fn leave(switch: &CliHandle, session: u64) {
    switch.state().candidates.held.take_if(|(own, _)| *own == session);
}
