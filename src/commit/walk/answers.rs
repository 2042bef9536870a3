//! Everything that a switch may answer to a flight.

use std::time::Duration;

use mercury_adapter::{Answer, ErrorTag, Lost, Refusal, RpcError, StepResult};

use super::{
    Kind,
    switch::{Has, Op, Switch},
};

/// What may become of a flight.
#[derive(Clone)]
pub(super) struct Flown {
    pub(super) switch: Switch,
    pub(super) results: Vec<StepResult>,
    pub(super) lost: Option<Lost>,
    pub(super) troubles: usize,
    pub(super) told: String,
    /// Whether the last attempt to save was answered with success.
    pub(super) saved: Option<bool>,
}

/// With at most so many troubles.
pub(super) fn flown(switch: &Switch, kind: Kind, ops: &[Op], now: Duration, most: usize) -> Vec<Flown> {
    let mut begun = vec![Flown {
        switch: switch.clone(),
        results: Vec::new(),
        lost: None,
        troubles: 0,
        told: String::new(),
        saved: None,
    }];
    if switch.ghost.is_some() {
        let mut flown = begun[0].clone();
        flown.switch.vanish(kind, now);
        flown.told.push_str("the lost session ends");
        begun.push(flown);
    }
    let mut ended = Vec::new();
    for index in 0..ops.len() {
        let mut next = Vec::new();
        for flown in begun {
            for flown in answered(&flown, kind, &ops[index..], now) {
                match flown.lost {
                    _ if flown.troubles > most => {}
                    Some(_) => ended.push(flown),
                    None => next.push(flown),
                }
            }
        }
        begun = next;
    }
    ended.extend(begun);
    ended
}

/// Every answer to the first of the steps that are left.
fn answered(flown: &Flown, kind: Kind, ops: &[Op], now: Duration) -> Vec<Flown> {
    let (op, rest) = (ops[0], &ops[1..]);
    let with = |troubles: usize, said: &str, result: Option<StepResult>, act: &dyn Fn(&mut Switch)| {
        let mut next = flown.clone();
        act(&mut next.switch);
        next.troubles += troubles;
        let comma = if next.told.is_empty() { "" } else { ", " };
        next.told.push_str(&format!("{comma}{op:?} {said}"));
        if op == Op::Save {
            next.saved = Some(matches!(result, Some(Ok(_))));
        }
        match result {
            Some(Ok(Answer::Running(_))) => {
                let has = if op == Op::ReadCandidate { next.switch.candidate } else { next.switch.shown() };
                next.results.push(Ok(Answer::Running(Box::new(has.read()))));
            }
            Some(Ok(Answer::Sessions(_))) => next.results.push(Ok(Answer::Sessions(next.switch.sessions()))),
            Some(result) => next.results.push(result),
            None => next.lost = Some(Lost::Closed("it is gone".to_owned())),
        }
        next
    };
    let does = |switch: &mut Switch| {
        switch.does(kind, op, now);
    };
    let nothing = |_: &mut Switch| {};
    let lies = |switch: &mut Switch| switch.lies.say(op);
    let ok = || match op {
        Op::Read | Op::ReadCandidate => Some(Ok(Answer::Running(Box::default()))),
        Op::ListSessions => Some(Ok(Answer::Sessions(Vec::new()))),
        _ => Some(Ok(Answer::Done(Vec::new()))),
    };
    let refused = |tag: ErrorTag| Some(Err(Refusal::Errors(vec![RpcError::new(tag, "no")])));
    let failed = || refused(ErrorTag::OperationFailed);
    let mut all = Vec::new();
    if flown.switch.clone().does(kind, op, now) {
        all.push(with(0, "ok", ok(), &does));
        all.push(with(1, "refused", failed(), &nothing));
        match op {
            Op::Lock if kind.lock => {
                all.push(with(1, "held by another", held(5), &nothing));
                if kind.candidate {
                    all.push(with(1, "dirty", refused(ErrorTag::ResourceDenied), &nothing));
                    // In words, by a server that keeps what a session staged that is over.
                    all.push(with(1, "dirty, in words", failed(), &|switch| switch.candidate = Has::Intended));
                }
            }
            Op::Lock => all.push(with(0, "not supported", refused(ErrorTag::OperationNotSupported), &nothing)),
            Op::Discard => all.push(with(1, "in use", refused(ErrorTag::InUse), &nothing)),
            Op::Confirm { .. } => all.push(with(1, "ok and ignored", ok(), &lies)),
            Op::Save => {
                all.push(with(1, "in use", refused(ErrorTag::InUse), &nothing));
                all.push(with(1, "ok and ignored", ok(), &lies));
            }
            Op::Commit(_) if kind.any_commit() && flown.switch.only_confirms() => {
                all.push(with(1, "in use", refused(ErrorTag::InUse), &nothing));
                all.push(with(1, "ok and ignored", ok(), &lies));
            }
            Op::Stage(_) | Op::Commit(_) => {
                all.push(with(1, "in use", refused(ErrorTag::InUse), &nothing));
                all.push(with(1, "ok and ignored", ok(), &nothing));
                if !kind.atomic {
                    all.push(with(1, "ok and half done", ok(), &|switch| switch.does_half(kind, op, now)));
                    all.push(with(1, "refused and half done", failed(), &|switch| switch.does_half(kind, op, now)));
                }
            }
            _ => {}
        }
        let may_lie = matches!(op, Op::Commit(_) | Op::Confirm { .. } | Op::Cancel { .. } | Op::Save | Op::KillSession);
        if matches!(op, Op::Commit(_)) && !kind.lock && kind.confirmed.is_none() {
            let outdated = || Some(Err(Refusal::Outdated(vec![RpcError::new(ErrorTag::InUse, "no")])));
            all.push(with(1, "outdated by something else", outdated(), &nothing));
            all.push(with(1, "outdated", outdated(), &|switch| switch.running = Has::Others));
        }
        if may_lie || (matches!(op, Op::Stage(_)) && !kind.atomic) {
            all.push(with(1, "refused and done", failed(), &does));
        }
        if matches!(op, Op::Commit(_) | Op::Save) {
            all.push(with(1, "in use and done", refused(ErrorTag::InUse), &does));
        }
        let mut done = flown.switch.clone();
        done.does(kind, op, now);
        if done != flown.switch {
            all.push(with(1, "done and lost", None, &|switch| {
                does(switch);
                switch.is_lost(kind, &[], now);
            }));
            if rest.iter().any(|op| op.matters()) {
                all.push(with(1, "done and lost, more to come", None, &|switch| {
                    does(switch);
                    switch.is_lost(kind, rest, now);
                }));
            }
        }
    } else {
        let result = match op {
            Op::Lock => held(4),
            // gNMI: FAILED_PRECONDITION, where none waits.
            Op::Confirm { .. } if !kind.lock => refused(ErrorTag::InUse),
            _ => failed(),
        };
        all.push(with(0, "cannot be done", result, &nothing));
    }
    all.push(with(1, "lost", None, &|switch| switch.is_lost(kind, &[], now)));
    if ops.iter().any(|op| op.matters()) {
        all.push(with(1, "lost, to come", None, &|switch| switch.is_lost(kind, ops, now)));
    }
    all
}

/// RFC 6241 section 7.5: by this session.
fn held(session: u64) -> Option<StepResult> {
    let mut error = RpcError::new(ErrorTag::LockDenied, "no");
    error.info.push(("session-id".to_owned(), session.to_string()));
    Some(Err(Refusal::Errors(vec![error])))
}
