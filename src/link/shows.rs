//! Whether a reply shows what was asked for by its name.

use mercury_adapter::Step;
use mercury_model::{InterfaceScope, Running, Scope, VlanScope};

/// How many a reply shows of those that were asked for by their names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    Several,
    SomeOfSeveral,
    /// One or none was asked for, or none is there.
    Nothing,
}

/// How many a reply shows of what was asked for.
pub(super) fn shown(scope: &Scope, running: &Running) -> Shows {
    let interfaces = match &scope.interfaces {
        InterfaceScope::Named(names) => (names.len(), running.interfaces.len()),
        InterfaceScope::All => (0, 0),
    };
    let vlans = match &scope.vlans {
        VlanScope::Named(ids) => (ids.len(), running.vlans.len()),
        VlanScope::All => (0, 0),
    };
    let both = [interfaces, vlans];
    match (both.iter().any(|(_, shown)| *shown > 1), both.iter().any(|(asked, shown)| *asked > 1 && *shown == 1)) {
        (true, _) => Shows::Several,
        (false, true) => Shows::SomeOfSeveral,
        (false, false) => Shows::Nothing,
    }
}

/// The same step without names to match.
pub(super) fn widened(step: &Step) -> Step {
    let Step::Read(scope) = step else { return step.clone() };
    let interfaces = match &scope.interfaces {
        InterfaceScope::Named(names) if names.is_empty() => scope.interfaces.clone(),
        _ => InterfaceScope::All,
    };
    let vlans = match &scope.vlans {
        VlanScope::Named(ids) if ids.is_empty() => scope.vlans.clone(),
        _ => VlanScope::All,
    };
    Step::Read(Scope { interfaces, vlans, ..scope.clone() })
}
