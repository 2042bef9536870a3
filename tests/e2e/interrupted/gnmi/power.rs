//! The switch gets SIGKILL at an RPC, and comes back with the configuration it
//! had at the very start, or not at all.

use super::{
    super::step::{agrees, attach, before_or_intended, detach},
    step::{Step, disturb, impatient, known, serve, steps},
};
use crate::harness::{Kind, Switch, Target, wait};

fn killed_at(methods: &[&str], kind: Kind, moments: &[&'static str]) {
    let Some(switch) = Target::own(kind).map(Switch::Target) else { return };
    let Switch::Target(target) = &switch else { unreachable!() };
    let mercury = serve(impatient(&switch));
    let steps = steps(&switch, &mercury);
    let steps = steps.iter().filter(|step| methods.contains(&step.method));
    for step in steps.flat_map(|step| moments.iter().map(|moment| step.at(moment))) {
        // What it comes back with.
        detach(&mercury);
        let before = switch.look();
        disturb(&switch, &step, "kill");
        let said = std::thread::scope(|scope| {
            let asked = scope.spawn(|| attach(&mercury, 100));
            wait("the power cut", || target.fired());
            target.power_on();
            asked.join().unwrap()
        });
        let made = before_or_intended(&step, &before, &switch.look(), 100);
        agrees(&step, &said, made);
        known(&step, &said);
    }
    attach(&mercury, 903).unwrap();
}

#[test]
fn a_power_cut_around_the_set_on_gnmi_lemming() {
    killed_at(&["Set"], Kind::Lemming, &["before", "after"]);
}

#[test]
fn a_power_cut_at_any_rpc_on_gnmi_gnxi() {
    killed_at(&["Get", "Set"], Kind::Gnxi, &["before", "after"]);
}

/// What a switch has that stays away cannot be known, once it may have begun.
#[test]
fn a_gnmi_switch_that_stays_away_is_unknown_or_unreachable() {
    let Some(switch) = Target::own(Kind::Gnxi).map(Switch::Target) else { return };
    let Switch::Target(target) = &switch else { unreachable!() };
    let mercury = serve(impatient(&switch).with("lock_wait", 1).with("connect_timeout", 1));
    let first = steps(&switch, &mercury);
    let step = |index: usize, moment| -> Step { first[index].at(moment) };
    for (step, kind) in [
        (step(0, "before"), "unreachable"),
        (step(1, "before"), "unknown"),
        (step(1, "after"), "unknown"),
        (step(2, "before"), "unknown"),
    ] {
        detach(&mercury);
        disturb(&switch, &step, "kill");
        let error = attach(&mercury, 100).unwrap_err();
        assert_eq!(error.kind(), kind, "{step:?}: {error:?}");
        assert!(target.fired(), "{step:?} never came");
        target.power_on();
        attach(&mercury, 903).unwrap();
    }
}
