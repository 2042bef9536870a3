//! A switch that an adapter's kit plays, and a change there and back on it; included
//! by each kit.

use std::{fmt::Display, sync::Arc};

use mercury_adapter::{Dialect, Unrenderable};
use mercury_model::{DeviceConfig, Intended, InterfaceName, Plan, Running, Scope};

use crate::case::everything;

/// A switch of a dialect, as it shows itself.
pub(crate) trait Switch: Clone {
    /// What is sent to it.
    type Change: Display;
    /// How it is spoken to.
    const PROTOCOL: &'static str;
    /// The form of its state, as `tests/peers/published.py` calls it.
    const FORM: &'static str;

    fn dialect(&self) -> &Arc<Dialect>;
    /// What a session would see of `scope`.
    fn read(&self, scope: &Scope) -> Running;
    fn rendered(&self, plan: &Plan) -> Result<Self::Change, Unrenderable>;
    fn apply(&mut self, change: &Self::Change) -> Result<(), String>;
    /// Every leaf with its path, sorted; without what is Mercury's of a request
    /// about a port and an aggregate.
    fn leaves(&self, without: Option<(&InterfaceName, &InterfaceName)>) -> Vec<String>;
    /// What it has, for the modules.
    fn text(&self) -> String;
    /// Whatever else must hold after a change.
    fn assert_held(&self, _before: &Self, _what: &str) {}
}

/// Brings a switch that has `running` to what is intended, and back; whether there
/// was a way back.
pub(crate) fn arrives<S: Switch>(switch: &mut S, what: &str, running: &DeviceConfig, intended: DeviceConfig) -> bool {
    let before = switch.read(&everything());
    assert_eq!(before.config, *running, "{what}");
    let intended = Intended(intended);
    let change = switch.rendered(&Plan::between(&before, &intended)).unwrap();
    switch.apply(&change).unwrap_or_else(|problem| panic!("{what}: {problem}\n{change}"));
    let after = switch.read(&everything());
    assert!(intended.is_met_by(&after), "{what}: {:?}\n{change}", after.config);
    assert!(Plan::between(&after, &intended).is_empty(), "{what}: there is more to do");
    let back = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
    let Ok(back) = switch.rendered(&back) else { return false };
    switch.apply(&back).unwrap_or_else(|problem| panic!("{what}: {problem}\n{back}"));
    assert!(switch.read(&everything()).is_as(&before.config), "{what}\n{back}");
    true
}
