//! What the switch does when it does not do what it says.

use std::sync::Arc;

use super::Device;
use crate::{
    datastore::{Container, Datastore, build},
    schema::ROOT,
};

/// The interfaces are here.
const INTERFACES: [&str; 2] = ["interfaces", "interface"];
/// What a twisted interface is described as.
const TWISTED: &str = "not what was asked for";

/// The datastores as they were.
#[derive(Debug)]
pub(crate) struct Snapshot {
    running: Arc<Container>,
    candidate: Option<Arc<Container>>,
}

impl Device {
    /// What [`Device::twist`] compares with.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let state = self.look();
        Snapshot { running: Arc::clone(&state.running), candidate: state.candidate.clone() }
    }

    /// Makes something else of the interfaces that were changed since.
    pub(crate) fn twist(&self, before: &Snapshot) {
        assert!(self.options.schema.is_openconfig(), "where interfaces are is known of OpenConfig alone");
        self.change(|state| {
            if let Some(candidate) = &state.candidate
                && before.candidate.as_ref() != Some(candidate)
            {
                let twisted = twisted(candidate, before.candidate.as_ref().unwrap_or(&before.running));
                state.candidate = Some(twisted);
            }
            if state.running != before.running {
                let twisted = twisted(&state.running, &before.running);
                state.store(Datastore::Running, twisted, self.options.mode.startup());
            }
        });
    }
}

fn twisted(now: &Arc<Container>, before: &Container) -> Arc<Container> {
    let mut twisted = Container::clone(now);
    let earlier = before.list(&ROOT, &INTERFACES);
    for (name, entry) in now.list(&ROOT, &INTERFACES).into_iter().flatten() {
        if earlier.and_then(|earlier| earlier.get(name)) != Some(entry) {
            let path = [INTERFACES[0], INTERFACES[1], name.as_str(), "config", "description"];
            build::set(&mut twisted, &ROOT, &path, TWISTED);
        }
    }
    Arc::new(twisted)
}
