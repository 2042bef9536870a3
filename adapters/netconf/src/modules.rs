//! Which modules a server has, by its YANG library (RFC 7895, RFC 8525), its list of
//! schemas (RFC 6022) and its hello (RFC 6020 section 5.6.4), and their texts.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Data, DataNode, Lost, ModuleList, ModuleSource, Refusal, YangModule, off_worker};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    announced::has_library,
    client::Client,
    hello::ServerHello,
    library,
    message::{Reply, ReplyData},
    monitoring, operation,
    session::{lost, understanding},
    xml::Element,
};

/// How long a server may take to say goodbye.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);
/// The module without which no server gives a text.
const MONITORING: &str = "ietf-netconf-monitoring";

/// A session that asks for modules and for nothing else.
pub(crate) struct NetconfModules<S> {
    client: Client<S>,
}

impl<S> NetconfModules<S> {
    pub(crate) const fn new(client: Client<S>) -> Self {
        Self { client }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> NetconfModules<S> {
    async fn listed(&mut self, timeout: Duration) -> Result<ModuleList, Lost> {
        let hello = self.client.hello();
        let library = Element::new(library::NS, "yang-library").empty("module-set");
        let older = Element::new(library::NS, "modules-state");
        let schemas = Element::new(monitoring::NS, "netconf-state").empty("schemas");
        let asked_library = has_library(hello) || hello.module("ietf-yang-library").is_some();
        let mut asked = vec![operation::get(vec![schemas], None)];
        if asked_library {
            asked.extend([operation::get(vec![library], None), operation::get(vec![older], None)]);
        }
        let replies = self.client.flight(&asked, timeout).await.map_err(|error| lost(&error))?;
        let mut replies = replies.into_iter();
        let mut schemas = Vec::new();
        if let Some(data) = replies.next().and_then(|reply| reply.data) {
            schemas = read(data, timeout, schemas_of).await?;
        }
        let mut found = Vec::new();
        for data in replies.filter_map(|reply| reply.data) {
            found.extend(read(data, timeout, library_of).await?);
        }
        Ok(list(self.client.hello(), schemas, found))
    }

    async fn asked(&mut self, modules: &[YangModule], timeout: Duration) -> Result<Vec<Result<String, Refusal>>, Lost> {
        let asked: Vec<Element> = modules.iter().map(get_schema).collect();
        let replies = self.client.flight(&asked, timeout).await.map_err(|error| lost(&error))?;
        let mut texts = Vec::new();
        for Reply { errors, data, .. } in replies {
            texts.push(match data {
                _ if !errors.is_empty() => Err(Refusal::Errors(errors)),
                None => Err(Refusal::Unreadable("no <data>".to_owned())),
                Some(data) => {
                    let text = |data: &DataNode<'_>| data.value().to_owned();
                    let work = off_worker(data.as_str().len(), move || data.with_tree(text));
                    understanding(work, timeout).await?
                }
            });
        }
        Ok(texts)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> ModuleSource for NetconfModules<S> {
    fn list(&mut self, timeout: Duration) -> BoxFuture<'_, Result<ModuleList, Lost>> {
        self.listed(timeout).boxed()
    }

    fn texts<'a>(
        &'a mut self,
        modules: &'a [YangModule],
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<Result<String, Refusal>>, Lost>> {
        self.asked(modules, timeout).boxed()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            if let Err(error) = self.client.close(FAREWELL).await {
                tracing::debug!(%error, "the server did not answer the farewell");
            }
        }
        .boxed()
    }
}

/// What cannot be read tells of no module.
async fn read(
    data: ReplyData,
    timeout: Duration,
    reading: fn(&DataNode<'_>) -> Vec<YangModule>,
) -> Result<Vec<YangModule>, Lost> {
    let work = off_worker(data.as_str().len(), move || data.with_tree(reading));
    Ok(understanding(work, timeout).await?.unwrap_or_default())
}

/// `<get-schema>` (RFC 6022 section 3.1).
fn get_schema(module: &YangModule) -> Element {
    let asked = Element::new(monitoring::NS, "get-schema").leaf("identifier", &module.name);
    let version = module.revision.as_ref().map(|revision| asked.sibling("version").text(revision));
    asked.child_opt(version).leaf("format", "yang")
}

/// What is said of a module in more than one place is put together: the library knows
/// most, then the hello. Where one of those tells, what it leaves out is imported alone.
fn list(hello: &ServerHello, schemas: Vec<YangModule>, library: Vec<YangModule>) -> ModuleList {
    let announced = announced(hello);
    let gives_text = !schemas.is_empty() || monitoring::is_announced(hello);
    let gives_text = gives_text || library.iter().any(|module| module.name == MONITORING);
    let untold = (!gives_text).then(|| "it announces no ietf-netconf-monitoring (RFC 6022)".to_owned());
    let told = [("yang-library", &library), ("hello", &announced), ("netconf-monitoring", &schemas)];
    let told_by = told.iter().filter(|(_, all)| !all.is_empty()).map(|(name, _)| *name).collect();
    let knows = !library.is_empty() || !announced.is_empty();
    let schemas = schemas.into_iter().map(|module| YangModule { import_only: knows, ..module });
    let mut all: BTreeMap<(String, Option<String>), YangModule> = BTreeMap::new();
    let sources = library.into_iter().chain(announced).chain(schemas);
    for module in sources {
        let key = (module.name.clone(), module.revision.clone());
        all.entry(key).or_insert(module);
    }
    ModuleList { modules: all.into_values().collect(), told_by, untold }
}

/// The modules of YANG 1.0 in a hello.
fn announced(hello: &ServerHello) -> Vec<YangModule> {
    let modules = hello.modules().map(|(name, module)| YangModule {
        name,
        revision: module.revision,
        namespace: module.namespace,
        features: module.features,
        deviations: module.deviations,
        ..YangModule::default()
    });
    modules.collect()
}

fn schemas_of(data: &DataNode<'_>) -> Vec<YangModule> {
    let mut nodes: Vec<&DataNode<'_>> = vec![data];
    for name in ["netconf-state", "schemas", "schema"] {
        nodes = nodes.into_iter().flat_map(Data::below).filter(|below| below.name() == name).collect();
    }
    let is_yang = |node: &&DataNode<'_>| {
        let format = leaf(node, "format").unwrap_or_default();
        format.rsplit(':').next() == Some("yang")
    };
    let module = |node: &DataNode<'_>| {
        Some(YangModule {
            name: leaf(node, "identifier")?,
            revision: leaf(node, "version"),
            namespace: leaf(node, "namespace").unwrap_or_default(),
            ..YangModule::default()
        })
    };
    nodes.into_iter().filter(is_yang).filter_map(module).collect()
}

/// The library's older form (`modules-state`) and its newer.
fn library_of(data: &DataNode<'_>) -> Vec<YangModule> {
    let mut modules = Vec::new();
    for top in data.below() {
        if top.name() == "modules-state" {
            add(top, &mut modules);
        }
        let is_set = |set: &&DataNode<'_>| top.name() == "yang-library" && set.name() == "module-set";
        for set in top.below().filter(is_set) {
            add(set, &mut modules);
        }
    }
    modules
}

fn add(set: &DataNode<'_>, modules: &mut Vec<YangModule>) {
    for node in set.below().filter(|node| matches!(node.name(), "module" | "import-only-module")) {
        let Some(name) = leaf(node, "name") else { continue };
        for part in node.below().filter(|below| below.name() == "submodule") {
            let Some(own) = leaf(part, "name") else { continue };
            let revision = leaf(part, "revision");
            modules.push(YangModule { name: own, revision, part_of: Some(name.clone()), ..YangModule::default() });
        }
        let import_only =
            node.name() == "import-only-module" || leaf(node, "conformance-type").as_deref() == Some("import");
        modules.push(YangModule {
            name,
            revision: leaf(node, "revision"),
            namespace: leaf(node, "namespace").unwrap_or_default(),
            features: values(node, "feature"),
            deviations: values(node, "deviation"),
            import_only,
            part_of: None,
        });
    }
}

/// A leaf's value; the older form writes the empty text for none.
fn leaf(node: &DataNode<'_>, name: &str) -> Option<String> {
    let value = node.below().find(|below| below.name() == name)?.value().trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The values of a leaf-list, or the names of a list's entries.
fn values(node: &DataNode<'_>, name: &str) -> Vec<String> {
    let entries = node.below().filter(|below| below.name() == name);
    entries.filter_map(|entry| leaf(entry, "name").or_else(|| Some(entry.value().trim().to_owned()))).collect()
}

#[cfg(test)]
#[path = "modules_tests.rs"]
mod tests;
