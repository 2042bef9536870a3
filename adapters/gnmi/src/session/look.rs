//! The second look: what the configuration names at all, by a path without
//! keys, and what there is operational state of.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mercury_adapter::{
    Absent, Answer, Bump, GnmiDialect, Mapping, Names, Node, NodePath, Sighting, mac_vrf, named, off_worker,
};
use mercury_gnmi_proto::gnmi::get_request::DataType;
use mercury_model::{InterfaceName, InterfaceScope, Scope, VlanScope};
use tokio::time::Instant;
use tonic::Status;

use super::{
    GnmiSession,
    read::{finished, questions},
};
use crate::{
    raw::Raw,
    status::{Failure, failure},
    tree::{Problem, Tree},
};

impl GnmiSession {
    /// What there is by another look. A question that is refused tells nothing.
    pub(super) async fn look(&mut self, absent: &Absent, timeout: Duration) -> Result<Answer, Failure> {
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let (name, state) = paths(&dialect);
        let mut seen = Sighting::default();
        if !absent.interfaces.is_empty() {
            let asked = [Node { path: name.clone(), names: Names::default() }];
            let mut names = self.names(&asked, DataType::Config, &name, timeout).await?;
            if names.as_ref().is_none_or(BTreeSet::is_empty) {
                // Not every target takes a path without its keys.
                let scope = Scope { interfaces: InterfaceScope::All, ..Scope::default() };
                let all = questions(&dialect, &instance, self.subscribes()).first(&scope);
                names = self.names(&all, DataType::Config, &name, timeout).await?;
            }
            seen.interfaces = names;
            if let Some(state) = state {
                let asked = [Node { path: state.clone(), names: Names::default() }];
                seen.state = self.names(&asked, DataType::State, &state, timeout).await?;
            }
        }
        // Of several each was asked for by a path of its own, or all that there are.
        if absent.vlans.len() > 1 {
            seen.vlans = Some(BTreeSet::new());
        } else if !absent.vlans.is_empty() {
            let scope = Scope { vlans: VlanScope::All, ..Scope::default() };
            if let Some(found) = answered(self.read(&scope, timeout).await)? {
                seen.vlans = Some(found.config.vlans.into_keys().collect());
            }
        }
        Ok(Answer::Seen(Box::new(seen)))
    }

    /// The interfaces that the answers name at `path`; `None` where there is no
    /// answer.
    async fn names(
        &mut self,
        nodes: &[Node],
        kind: DataType,
        path: &NodePath,
        timeout: Duration,
    ) -> Result<Option<BTreeSet<InterfaceName>>, Failure> {
        let begun = Instant::now();
        let asked = match self.subscribes() {
            true => self.once(nodes, timeout).await,
            false => self.get_kind(nodes, kind, timeout).await,
        };
        let Some(answers) = answered(asked.map_err(|status| failure(&status, timeout)))? else { return Ok(None) };
        let (octets, mut share, path) =
            (answers.iter().map(|answer| answer.octets.len()).sum(), self.client.share(), path.clone());
        let work = off_worker(octets, move || {
            let arena = Bump::new();
            let mut tree = Tree::new(&arena, &mut share)?;
            answers.iter().try_for_each(|answer| tree.add(&answer.octets))?;
            Ok::<_, Problem>(named(tree.root(), &path))
        });
        answered(finished(work, begun + timeout, timeout).await)
    }

    /// As the read does, and by the type that the target takes.
    async fn get_kind(&mut self, nodes: &[Node], kind: DataType, timeout: Duration) -> Result<Vec<Raw>, Status> {
        match kind {
            DataType::Config => self.get(nodes, timeout).await,
            other => self.get_as(nodes, other, timeout).await,
        }
    }
}

/// What an interface has that is configured, and what one has that is there: a
/// subscription shows both.
fn paths(dialect: &GnmiDialect) -> (NodePath, Option<NodePath>) {
    match &dialect.mapping {
        Mapping::Tree(tree) => {
            let name = tree.name.as_ref().map_or_else(|| tree.interface.clone(), |name| tree.interface.join(name));
            (name, tree.oper_status.clone())
        }
        Mapping::MacVrf => (mac_vrf::interface(), Some(mac_vrf::oper_state())),
    }
}

/// What was refused is no answer; a lost session is a failure.
fn answered<T>(asked: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Refused(refusal)) => {
            tracing::debug!(%refusal, "the second look was refused");
            Ok(None)
        }
        Err(lost @ Failure::Lost(_)) => Err(lost),
    }
}
