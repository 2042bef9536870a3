//! What is told at the end of one way, in full.

use std::sync::Arc;

use mercury_adapter::{ConfirmedCommit, PersistId};

use super::{
    super::{
        command::Next,
        machine::{Commit, Reached, Word},
    },
    Kind,
    place::Place,
    policy, transition,
};
use crate::outcome::Outcome;

const KIND: Kind = Kind {
    candidate: true,
    confirmed: Some(ConfirmedCommit::Persist),
    session: false,
    lock: true,
    atomic: true,
    pipelining: true,
    startup: true,
    alone: true,
};

/// Where one comes to by ways that are told so.
fn end(told: &[&str]) -> Outcome {
    let (transition, policy) = (transition(), policy(KIND));
    let commit = Commit::new(&transition, &policy, true, Some(KIND.capabilities()));
    let mut place = Place::of(commit, KIND, told.len()).hears(Word::Make(PersistId(Arc::from("token"))));
    for told in told {
        let ways = place.onward(KIND);
        let found = ways.iter().find(|(way, _)| way == told);
        place = found.unwrap_or_else(|| panic!("{told} is not a way from {:?}", place.next)).1.clone();
    }
    match place.next {
        Next::End(Reached::Over(outcome)) => *outcome,
        next => panic!("no end: {next:?}"),
    }
}

const COMMIT: &str = "Discard ok, Stage(Intended) ok, Commit(Confirmed { token: true }) ok, Read ok";
const KEEP: &str = "made, now 0ns, has Intended, keep";
const LOCK: &str = "Lock ok, Read ok";
/// The confirmation was carried out, so that there is nothing to cancel.
const CANCEL: &str = "Cancel { token: true } cannot be done";
const CANCEL_AGAIN: &str = "Cancel { token: true } cannot be done, Read ok";

/// Nothing is said to undo by itself what was shown to be there for good.
#[test]
fn what_was_shown_to_be_final_is_not_told_to_settle() {
    let confirmed = [COMMIT, KEEP, "Confirm { token: true } done and lost, late", "opened", CANCEL, "warm", LOCK];
    let shown = ["Discard ok, Commit(Plain) ok, Read ok", "Save lost, late"];
    let gone = ["0ns, now 10s, has Intended", "not opened"];
    let told = [&confirmed[..], &[CANCEL_AGAIN], &shown, &gone].concat();
    let Outcome::Unknown { settles_within, .. } = end(&told) else { panic!("it is known") };
    assert_eq!(settles_within, None);
    // Where it was not shown, it may.
    let told = [&confirmed[..], &["Cancel { token: true } lost, late"], &["0ns, now 10s, has Intended", "not opened"]];
    let Outcome::Unknown { settles_within, .. } = end(&told.concat()) else { panic!("it is known") };
    assert_eq!(settles_within, Some(policy(KIND).confirm_timeout));
}
