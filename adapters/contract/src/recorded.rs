//! A switch that is not asked: what it once showed answers in its place.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_model::{InterfaceName, InterfaceScope, List, Running, Scope, VlanId, VlanScope};

use crate::{
    Answer, Capabilities, ConnectError, Connector, Data, Flight, Looking, Names, Refusal, Session, Sighting, Step,
    Traffic, find, named, running,
};

/// What files show of one switch.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Everything that was understood, spanning tree too; VNIs where that was asked for.
    pub running: Running,
    /// The interfaces of which operational state is told.
    pub state: BTreeSet<InterfaceName>,
    /// The lists beside the interfaces' own of which nothing is told.
    pub untold: BTreeSet<List>,
    /// What a port has may stand elsewhere too, so that a part tells nothing.
    pub is_scattered: bool,
    /// What the files leave out is not configured.
    pub is_whole: bool,
    /// The files, for people; empty where there is none.
    pub source: String,
}

impl Recorded {
    /// What data says, where a tree tells what lies where; of VNIs with `overlays`.
    pub fn of<D: Data>(looking: Looking<'_>, data: &D, overlays: bool) -> Self {
        let tree = looking.tree;
        let beside = tree.lists.iter().filter(|(_, own)| own.is_beside);
        let is_told = |path: &crate::NodePath| !find(data, &path.parent(), &Names::default()).is_empty();
        Self {
            running: running(looking, data, &Self::scope(overlays)),
            state: tree.oper_status.as_ref().map(|path| named(data, path)).unwrap_or_default(),
            untold: beside.filter(|(_, own)| !is_told(&own.entry)).map(|(list, _)| *list).collect(),
            is_scattered: tree.inheritance.is_some(),
            ..Self::default()
        }
    }

    /// What is read of what files show: everything, and VNIs with `overlays`. Without, what
    /// binds a VLAN is others', as where a switch is asked.
    #[must_use]
    pub fn scope(overlays: bool) -> Scope {
        Scope::all().with_stp(true).with_overlays(overlays)
    }

    /// Whether it is known which VNI a VLAN is bound to, or that it is bound to none: what
    /// binds it may stand elsewhere than in its own entry.
    #[must_use]
    pub fn tells_vni(&self, vlan: VlanId) -> bool {
        self.is_whole || self.running.segments.contains_key(&vlan)
    }

    /// The part of it inside `scope`.
    ///
    /// # Errors
    /// What the files do not hold, in a sentence: whether that is configured is not
    /// known.
    fn read(&self, scope: &Scope) -> Result<Running, String> {
        if self.source.is_empty() {
            return Err("no file shows what it has".to_owned());
        }
        if !self.is_whole
            && let Some(what) = self.lacks(scope)
        {
            let source = &self.source;
            return Err(format!(
                "{source} does not hold {what}, so what is configured there is not known; if it is the whole running \
                 configuration, say so (--whole)"
            ));
        }
        Ok(self.running.clone().narrowed(scope))
    }

    /// What of `scope` is not there.
    fn lacks(&self, scope: &Scope) -> Option<String> {
        if self.is_scattered {
            return Some("for sure all places where this system keeps what a port has".to_owned());
        }
        let asked = match &scope.interfaces {
            InterfaceScope::All => return Some("every port, which this takes".to_owned()),
            InterfaceScope::Named(asked) => asked,
        };
        let has = &self.running.interfaces;
        if let Some(name) = asked.iter().find(|name| !has.contains_key(*name)) {
            return Some(name.to_string());
        }
        match &scope.vlans {
            VlanScope::All => return Some("every VLAN, which this takes".to_owned()),
            VlanScope::Named(ids) => {
                if let Some(id) = ids.iter().find(|id| !self.running.vlans.contains_key(id)) {
                    return Some(format!("VLAN {id}"));
                }
                if let Some(id) = ids.iter().find(|id| scope.overlays && !self.tells_vni(**id)) {
                    return Some(format!("a VNI of VLAN {id}"));
                }
            }
        }
        let told = |list| !self.untold.contains(&list);
        let aggregate = asked.iter().find(|name| has.get(*name).is_some_and(|port| port.is_aggregate()));
        match aggregate.filter(|_| !told(List::Lacp)) {
            Some(aggregate) => Some(format!("what {aggregate} says of LACP")),
            None => (scope.stp && !asked.is_empty() && !told(List::Stp)).then(|| "spanning tree".to_owned()),
        }
    }
}

/// Answers what is read with what was recorded, and takes no change.
#[derive(Clone, Debug)]
pub struct Offline {
    recorded: Arc<Recorded>,
    capabilities: Capabilities,
}

impl Offline {
    /// A switch of which no more is known than was recorded.
    #[must_use]
    pub fn new(recorded: Recorded) -> Self {
        Self { recorded: Arc::new(recorded), capabilities: Capabilities::unknown() }
    }

    fn step(&self, step: &Step) -> Result<Answer, Refusal> {
        match step {
            Step::Read(scope) => match self.recorded.read(scope) {
                Ok(running) => Ok(Answer::Running(Box::new(running))),
                Err(unknown) => Err(Refusal::Unknown(unknown)),
            },
            Step::Look(_) => {
                let Recorded { running, state, .. } = &*self.recorded;
                let seen = Sighting {
                    interfaces: Some(running.interfaces.keys().cloned().collect()),
                    vlans: Some(running.vlans.keys().copied().collect()),
                    state: Some(state.clone()).filter(|state| !state.is_empty()),
                    untold: None,
                };
                Ok(Answer::Seen(Box::new(seen)))
            }
            _ => Err(Refusal::Unreadable("files take no change".to_owned())),
        }
    }
}

impl Connector for Offline {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session: Box<dyn Session> = Box::new(self.clone());
        std::future::ready(Ok(session)).boxed()
    }
}

impl Session for Offline {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn is_recorded(&self) -> bool {
        true
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], _: Duration) -> BoxFuture<'a, Flight> {
        let results = steps.iter().map(|step| self.step(step)).collect();
        std::future::ready(Flight { results, lost: None }).boxed()
    }

    fn is_usable(&self) -> bool {
        true
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}
