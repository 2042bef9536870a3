//! What a server's hello says that it can do.

use std::{collections::BTreeSet, sync::Arc};

use mercury_adapter::{Capabilities, ConfirmedBy, ConfirmedCommit, Datastore, ListTree, NetconfDialect};
use mercury_model::List;

use crate::{
    hello::{ConfirmedCommitVersion, DefaultsMode, ServerHello},
    junos, monitoring,
    session::ReadOnly,
    xml::Element,
};

pub(crate) fn capabilities(
    hello: &ServerHello,
    dialect: &NetconfDialect,
    pipelining: bool,
) -> Result<Capabilities, ReadOnly> {
    let datastore = match (hello.candidate(), hello.writable_running()) {
        (true, _) => Datastore::Candidate,
        (false, true) => Datastore::Running,
        (false, false) => return Err(ReadOnly),
    };
    let is_junos = hello.capabilities.iter().any(|uri| uri == junos::CAPABILITY);
    let confirmed_commit = match (dialect.confirmed_commit, hello.confirmed_commit()) {
        (ConfirmedBy::CommitConfiguration, _) => is_junos.then_some(ConfirmedCommit::AnyCommit),
        (ConfirmedBy::Nothing, _) | (ConfirmedBy::Commit, ConfirmedCommitVersion::None) => None,
        (ConfirmedBy::Commit, ConfirmedCommitVersion::V1_0) => Some(ConfirmedCommit::SameSession),
        (ConfirmedBy::Commit, ConfirmedCommitVersion::V1_1) => Some(ConfirmedCommit::Persist),
    };
    Ok(Capabilities {
        datastore,
        confirmed_commit,
        atomic_edit: hello.rollback_on_error(),
        guarded: false,
        lock: true,
        lists_sessions: monitoring::is_announced(hello),
        startup: hello.startup() || saving(hello, dialect).is_some(),
        unsaved: None,
        pipelining,
        variant: dialect.variant(|module| hello.module(module)?.revision),
        unaggregated: None,
        disables_leavers: false,
        announced: Arc::clone(&hello.capabilities),
    })
}

/// The dialect's own operation for saving, where the server has it and no startup.
pub(crate) fn saving(hello: &ServerHello, dialect: &NetconfDialect) -> Option<Element> {
    let step = dialect.save.as_ref()?.steps.first()?;
    let namespace = &*step.module.namespace;
    let is_there = hello.capabilities.iter().any(|uri| uri.split('?').next() == Some(namespace));
    (is_there && !hello.startup()).then(|| Element::new(namespace, &step.name))
}

/// A server that reports every default is asked for what was set, or to say
/// which are defaults, where it can (RFC 6243).
pub(crate) fn explicit_defaults(hello: &ServerHello) -> Option<DefaultsMode> {
    let with_defaults = hello.with_defaults()?;
    let better = [DefaultsMode::Explicit, DefaultsMode::ReportAllTagged, DefaultsMode::Trim];
    if with_defaults.basic != DefaultsMode::ReportAll {
        return None;
    }
    better.into_iter().find(|mode| with_defaults.also.contains(mode))
}

/// The lists beside the interfaces' own that it can make sense to ask for.
pub(crate) fn lists(hello: &ServerHello, dialect: &NetconfDialect) -> BTreeSet<List> {
    let first = |own: &ListTree| own.entry.steps.first().and_then(|step| step.module.name.clone());
    // A dialect that does not name its modules has no others.
    let own = dialect.tree.lists.iter().filter(|(_, own)| first(own).is_none_or(|module| has(hello, &module)));
    own.map(|(list, _)| *list).collect()
}

/// Whether asking for what a module holds can make sense: it is announced, or
/// no module is (RFC 7950 section 5.6.4 moved them to yang-library).
pub(crate) fn has(hello: &ServerHello, module: &str) -> bool {
    let any = hello.capabilities.iter().any(|capability| capability.contains("module="));
    hello.module(module).is_some() || !any
}

pub(crate) fn has_library(hello: &ServerHello) -> bool {
    hello.capabilities.iter().any(|capability| capability.contains(":yang-library:"))
}
