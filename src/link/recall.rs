//! What was read on the open session, for as long as the switch itself makes sure that a
//! change that is made from it is carried out only where it is still so.

use mercury_adapter::{Answer, Flight, Session, Step};
use mercury_model::{InterfaceScope, Running, Scope, VlanScope};

/// Readings that are remembered, per switch.
const READINGS: usize = 16;
/// Interfaces that each of them may hold.
const INTERFACES: usize = 64;

/// The last readings, the newest last; no two of them show one interface.
#[derive(Debug, Default)]
pub(super) struct Readings(Vec<Running>);

impl Readings {
    /// The session is gone, or something has happened after which nothing is sure.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes note of what was read, and of what may not be so any more: where something
    /// failed, or was looked for in another way, nothing is kept.
    pub(super) fn flown(&mut self, steps: &[Step], flight: &Flight) {
        let keeps = |step: &Step| {
            matches!(
                step,
                Step::Lock(_)
                    | Step::Discard
                    | Step::Read(_)
                    | Step::Stage(_)
                    | Step::Commit(_)
                    | Step::Confirm(_)
                    | Step::Save
                    | Step::Unlock
            )
        };
        let is_sure = flight.lost.is_none() && flight.results.iter().all(Result::is_ok) && steps.iter().all(keeps);
        if !is_sure {
            return self.clear();
        }
        for result in &flight.results {
            if let Ok(Answer::Running(running)) = result {
                self.0.retain(|other| is_apart(&other.scope, &running.scope));
                if running.interfaces.len() <= INTERFACES {
                    if self.0.len() == READINGS {
                        self.0.remove(0);
                    }
                    self.0.push((**running).clone());
                }
            }
        }
    }

    /// What was read of `scope`, where the session's next change would be held to it.
    pub(super) fn of(&self, scope: &Scope, session: &dyn Session) -> Option<Running> {
        let reading = self.0.iter().find(|running| covers(&running.scope, scope))?;
        session.holds_to(&reading.scope).then(|| reading.clone().narrowed(scope))
    }
}

fn covers(whole: &Scope, part: &Scope) -> bool {
    let interfaces = match (&whole.interfaces, &part.interfaces) {
        (InterfaceScope::All, _) => true,
        (InterfaceScope::Named(whole), InterfaceScope::Named(part)) => part.is_subset(whole),
        (InterfaceScope::Named(_), InterfaceScope::All) => false,
    };
    let vlans = match (&whole.vlans, &part.vlans) {
        (VlanScope::All, _) => true,
        (VlanScope::Named(whole), VlanScope::Named(part)) => part.is_subset(whole),
        (VlanScope::Named(_), VlanScope::All) => false,
    };
    interfaces && vlans && (whole.stp, whole.overlays) == (part.stp, part.overlays)
}

/// Whether no interface is in both.
fn is_apart(one: &Scope, other: &Scope) -> bool {
    match (&one.interfaces, &other.interfaces) {
        (InterfaceScope::Named(one), InterfaceScope::Named(other)) => one.is_disjoint(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{FutureExt as _, future::BoxFuture};
    use mercury_adapter::{Absent, Capabilities, Lost, Refusal, Traffic};
    use mercury_model::DeviceConfig;

    use super::*;

    struct Exact(Capabilities);

    impl Session for Exact {
        fn capabilities(&self) -> &Capabilities {
            &self.0
        }

        fn flight<'a>(&'a mut self, _: &'a [Step], _: Duration) -> BoxFuture<'a, Flight> {
            async { Flight { results: Vec::new(), lost: None } }.boxed()
        }

        fn is_usable(&self) -> bool {
            true
        }

        fn traffic(&self) -> Traffic {
            Traffic::default()
        }

        fn holds_to(&self, _: &Scope) -> bool {
            true
        }

        fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
            async {}.boxed()
        }
    }

    fn scope(ports: &[&str]) -> Scope {
        let named = ports.iter().map(|port| port.parse().unwrap()).collect();
        Scope { interfaces: InterfaceScope::Named(named), ..Scope::default() }
    }

    fn read(readings: &mut Readings, ports: &[&str]) {
        let running = Running::new(&DeviceConfig::default(), scope(ports));
        let flight = Flight { results: vec![Ok(Answer::Running(Box::new(running)))], lost: None };
        readings.flown(&[Step::Read(scope(ports))], &flight);
    }

    fn has(readings: &Readings, ports: &[&str]) -> bool {
        readings.of(&scope(ports), &Exact(Capabilities::unknown())).is_some_and(|found| found.scope == scope(ports))
    }

    #[test]
    fn a_reading_is_there_until_its_ports_are_read_again_or_something_is_not_sure() {
        let mut readings = Readings::default();
        read(&mut readings, &["a", "b"]);
        read(&mut readings, &["c"]);
        assert!(has(&readings, &["a"]) && has(&readings, &["c"]) && !has(&readings, &["a", "c"]));
        read(&mut readings, &["b", "c"]);
        assert!(!has(&readings, &["a"]) && has(&readings, &["b"]));
        let sure = Flight { results: vec![Ok(Answer::Done(Vec::new()))], lost: None };
        readings.flown(&[Step::Save], &sure);
        assert!(has(&readings, &["b"]));
        readings.flown(&[Step::Look(Absent::default())], &sure);
        assert!(!has(&readings, &["b"]), "another look may have been told something newer");
        for unsure in [
            Flight { results: vec![Err(Refusal::Unreadable(String::new()))], lost: None },
            Flight { results: Vec::new(), lost: Some(Lost::Closed(String::new())) },
        ] {
            read(&mut readings, &["a"]);
            readings.flown(&[Step::Unlock], &unsure);
            assert!(!has(&readings, &["a"]));
        }
    }

    #[test]
    fn there_are_no_more_of_them_than_are_to_be() {
        let mut readings = Readings::default();
        for port in 0..3 * READINGS {
            read(&mut readings, &[&format!("port{port}")]);
        }
        assert_eq!(readings.0.len(), READINGS);
        assert!(!has(&readings, &["port0"]) && has(&readings, &["port47"]));
    }
}
