//! A switch that an adapter's kit plays, and a change there and back on it; included
//! by each kit.

use std::{fmt::Display, sync::Arc};

use mercury_adapter::{Dialect, Unrenderable};
use mercury_model::{DeviceConfig, Intended, InterfaceName, Plan, Running, Scope};

use crate::{
    brownfield::Seen,
    case::{self, everything},
    dialects, render, round_trip,
    view::View,
};

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
    /// What may be of a VLAN and means nothing to others: paths without keys.
    fn of_a_vlan(&self) -> Vec<String>;
    /// What it has, for the modules.
    fn text(&self) -> String;
    /// Whatever else must hold after a change.
    fn assert_held(&self, _before: &Self, _what: &str) {}
}

/// Brings a switch that has `running` to what is intended, and back; whether there
/// was a way back.
fn arrives<S: Switch>(switch: &mut S, what: &str, running: &DeviceConfig, intended: DeviceConfig) -> bool {
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

#[test]
fn a_change_arrives_and_is_undone_however_a_switch_shows_what_it_has() {
    let mut arrived = 0;
    for (case, dialect) in
        case::all().iter().flat_map(|case| dialects().into_iter().map(move |dialect| (case, dialect)))
    {
        let Some(case) = case.of(&dialect.name) else { continue };
        if render(&dialect, &case::plan(&case.running, &case.intended)).is_err() {
            continue;
        }
        let [running, intended] = [&case.running, &case.intended].map(|config| round_trip::visible(&dialect, config));
        for view in View::ALL {
            let device = round_trip::device(&dialect, &running);
            let mut seen = Seen { dialect: Arc::clone(&dialect), device, view: Some(view) };
            seen.settle();
            let what = format!("{} {} {view:?}", dialect.name, case.name);
            arrived += usize::from(arrives(&mut seen, &what, &running, intended.clone()));
        }
    }
    assert!(arrived >= 300, "only {arrived}");
}
