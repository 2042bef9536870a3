//! What the targets that read by a dialect have in common.

use std::sync::{Arc, LazyLock};

use mercury_adapter::Dialect;
use mercury_model::{InterfaceScope, Running, Scope, VlanId, VlanScope};

static BUILTIN: LazyLock<Vec<Arc<Dialect>>> =
    LazyLock::new(|| mercury_adapter::builtin().expect("the built-in dialects"));

/// The built-in dialects of which this holds, at least so many.
pub(crate) fn dialects(least: usize, holds: fn(&Dialect) -> bool) -> Vec<Arc<Dialect>> {
    let found: Vec<_> = BUILTIN.iter().filter(|dialect| holds(dialect)).cloned().collect();
    assert!(found.len() >= least, "{} dialects", found.len());
    found
}

/// Everything, and some ports and VLANs.
pub(crate) fn scopes(names: &[&str], vlans: &[u16]) -> [Scope; 2] {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    let vlans = vlans.iter().map(|id| VlanId::try_from(*id).unwrap()).collect();
    let (interfaces, vlans) = (InterfaceScope::Named(names), VlanScope::Named(vlans));
    [Scope::all(), Scope { interfaces, vlans, stp: true, overlays: true }]
}

/// What was read is inside the scope.
pub(crate) fn inside(running: &Running, scope: &Scope) {
    assert!(running.interfaces.keys().all(|name| scope.interfaces.covers(name)), "outside the scope");
    assert!(running.vlans.keys().all(|id| scope.vlans.covers(*id)), "outside the scope");
}

/// An error is a short line.
pub(crate) fn short(sentence: &str) {
    assert!(sentence.len() < 2000, "an error of {} bytes", sentence.len());
    assert!(!sentence.chars().any(char::is_control), "a control character in {sentence:?}");
}
