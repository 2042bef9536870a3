//! Reading a scope: by Get, or by Subscribe ONCE.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use futures_util::{StreamExt as _, stream};
use mercury_adapter::{Reading, running};
use mercury_gnmi_proto::gnmi::{GetRequest, Notification, get_request::DataType};
use mercury_model::{InterfaceScope, Running, Scope};
use tonic::{Code, Status};

use super::{GnmiSession, unreadable};
use crate::{
    operations::Node,
    query,
    status::{Failure, failure},
    tree::Tree,
};

/// Gets under way at once; NX-OS allows no more than 16 calls.
const AT_ONCE: usize = 8;

impl GnmiSession {
    /// What the target has inside `scope`.
    pub(super) async fn read(&mut self, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        let nodes = query::entries(&self.dialect.tree, &self.instance, scope);
        let mut tree = Tree::default();
        if self.subscribes() {
            return self.read_once(nodes, scope, timeout).await;
        }
        match self.get(&nodes, timeout).await {
            Ok(notifications) => add(&mut tree, &notifications)?,
            Err(status) if status.code() == Code::Unimplemented && self.reading == Reading::Auto => {
                tracing::debug!("Get is not implemented; reading by Subscribe ONCE from now on");
                self.learned.no_get.store(true, Relaxed);
                return self.read_once(nodes, scope, timeout).await;
            }
            Err(status) => return Err(failure(&status, timeout)),
        }
        let found = self.decode(&tree, scope)?;
        let lacp = query::lacp(&self.dialect.tree, &found);
        if lacp.is_empty() {
            return Ok(found);
        }
        let more = self.get(&lacp, timeout).await.map_err(|status| failure(&status, timeout))?;
        add(&mut tree, &more)?;
        self.decode(&tree, scope)
    }

    fn subscribes(&self) -> bool {
        match self.reading {
            Reading::Get => false,
            Reading::Subscribe => true,
            Reading::Auto => self.learned.no_get.load(Relaxed),
        }
    }

    /// One Get a node, at once: a single missing node would fail a joint one.
    async fn get(&mut self, nodes: &[Node], timeout: Duration) -> Result<Vec<Notification>, Status> {
        let typed = !self.learned.no_get_type.load(Relaxed);
        let kind = if typed { DataType::Config } else { DataType::All };
        match self.get_as(nodes, kind, timeout).await {
            Err(status) if typed && matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => {
                let found = self.get_as(nodes, DataType::All, timeout).await?;
                tracing::debug!("Get takes no type; asking for everything from now on");
                self.learned.no_get_type.store(true, Relaxed);
                Ok(found)
            }
            other => other,
        }
    }

    async fn get_as(&mut self, nodes: &[Node], kind: DataType, timeout: Duration) -> Result<Vec<Notification>, Status> {
        self.flights += nodes.len().div_ceil(AT_ONCE) as u64;
        let requests: Vec<GetRequest> = nodes.iter().map(|node| self.form.get(node, kind)).collect();
        let client = self.client.clone();
        let call = move |request| {
            let client = client.clone();
            async move { client.get(request, timeout).await }
        };
        let answers: Vec<_> = stream::iter(requests).map(call).buffered(AT_ONCE).collect().await;
        let mut notifications = Vec::new();
        for answer in answers {
            match answer {
                Ok(answer) => notifications.extend(answer.notification),
                // Section 3.3.4: there is no such data.
                Err(status) if status.code() == Code::NotFound => {}
                Err(status) => return Err(status),
            }
        }
        Ok(notifications)
    }

    async fn read_once(&mut self, mut nodes: Vec<Node>, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        let tree = &self.dialect.tree;
        if let Some(lacp) = &tree.lacp {
            // What is missing is no error here, so everything is asked for at once.
            match &scope.interfaces {
                InterfaceScope::Named(_) => {
                    let ports = nodes.iter().filter(|node| node.path == tree.interface);
                    let more: Vec<_> =
                        ports.map(|port| Node { path: lacp.interface.clone(), names: port.names.clone() }).collect();
                    nodes.extend(more);
                }
                InterfaceScope::All => {
                    nodes.push(Node { path: lacp.interface.parent(), names: mercury_adapter::Names::default() });
                }
            }
        }
        let mut found = Tree::default();
        if !nodes.is_empty() {
            let nodes: Vec<_> = nodes.iter().flat_map(|node| query::containers(tree, node)).collect();
            self.flights += 1;
            let notifications = self.client.once(self.form.once(&nodes), timeout).await;
            add(&mut found, &notifications.map_err(|status| failure(&status, timeout))?)?;
        }
        self.decode(&found, scope)
    }

    fn decode(&self, tree: &Tree, scope: &Scope) -> Result<Running, Failure> {
        running(&self.dialect.tree, &self.instance, tree.root(), scope).map_err(|problem| unreadable(&problem))
    }
}

fn add(tree: &mut Tree, notifications: &[Notification]) -> Result<(), Failure> {
    notifications.iter().try_for_each(|one| tree.add(one)).map_err(|problem| unreadable(&problem))
}
