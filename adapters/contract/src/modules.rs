//! The YANG modules a target says it has, and their texts.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::{Lost, Refusal};

/// A module or submodule of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YangModule {
    /// Its name, as the target spells it: nothing is known of its characters.
    pub name: String,
    /// Its revision date; of gNMI's models the version, which may be another. `None` where
    /// the target gave none.
    pub revision: Option<String>,
    /// The namespace; empty where the target gave none.
    pub namespace: String,
    /// The features the target supports of it.
    pub features: Vec<String>,
    /// The modules that deviate it.
    pub deviations: Vec<String>,
    /// It is there for what others import of it alone, and none of its data is.
    pub import_only: bool,
    /// The module it is part of, where it is a submodule.
    pub part_of: Option<String>,
}

/// The modules of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleList {
    /// Each once, by name and revision.
    pub modules: Vec<YangModule>,
    /// What told of them, for people: "yang-library", say.
    pub told_by: Vec<&'static str>,
    /// Why the target gives no module's text; `None` where it does.
    pub untold: Option<String>,
}

/// Asks one target for its modules. Nothing is changed.
pub trait ModuleSource: Send {
    /// All modules, in one round trip where the target allows.
    ///
    /// # Errors
    /// The session was lost, or took longer than `timeout`.
    fn list(&mut self, timeout: Duration) -> BoxFuture<'_, Result<ModuleList, Lost>>;

    /// The texts of some of them, in their order; a target that is asked for one it does
    /// not have refuses that one. `timeout` is for all of them.
    ///
    /// # Errors
    /// The session was lost.
    fn texts<'a>(
        &'a mut self,
        modules: &'a [YangModule],
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<Result<String, Refusal>>, Lost>>;

    /// Ends the session.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}
