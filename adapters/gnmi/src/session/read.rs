//! Reading a scope: by Get, or by Subscribe ONCE.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use mercury_adapter::{Node, Reading};
use mercury_gnmi_proto::gnmi::{GetRequest, Notification, get_request::DataType};
use mercury_model::{Running, Scope};
use tonic::{Code, Status};

use super::{GnmiSession, unreadable};
use crate::{
    query::Questions,
    status::{Failure, failure},
    tree::Tree,
};

/// Gets under way at once; NX-OS allows no more than 16 calls.
const AT_ONCE: usize = 8;

impl GnmiSession {
    /// What the target has inside `scope`.
    pub(super) async fn read(&mut self, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        if self.subscribes() {
            return self.read_once(scope, timeout).await;
        }
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let questions = Questions::one_by_one(&dialect, &instance);
        let mut tree = Tree::default();
        match self.get(&questions.first(scope), timeout).await {
            Ok(notifications) => add(&mut tree, &notifications)?,
            Err(status) if status.code() == Code::Unimplemented && self.reading == Reading::Auto => {
                tracing::debug!("Get is not implemented; reading by Subscribe ONCE from now on");
                self.learned.no_get.store(true, Relaxed);
                return self.read_once(scope, timeout).await;
            }
            Err(status) => return Err(failure(&status, timeout)),
        }
        let more = understood(questions.then(&tree, scope))?;
        if !more.is_empty() {
            let more = self.get(&more, timeout).await.map_err(|status| failure(&status, timeout))?;
            add(&mut tree, &more)?;
        }
        understood(questions.decode(&tree, scope))
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

    async fn read_once(&mut self, scope: &Scope, timeout: Duration) -> Result<Running, Failure> {
        let (dialect, instance) = (Arc::clone(&self.dialect), self.instance.clone());
        let questions = Questions::at_once(&dialect, &instance);
        let mut tree = Tree::default();
        self.once(&questions.first(scope), &mut tree, timeout).await?;
        let more = understood(questions.then(&tree, scope))?;
        self.once(&more, &mut tree, timeout).await?;
        understood(questions.decode(&tree, scope))
    }

    async fn once(&mut self, nodes: &[Node], into: &mut Tree, timeout: Duration) -> Result<(), Failure> {
        if nodes.is_empty() {
            return Ok(());
        }
        let scalars = self.learned.once_in_proto.load(Relaxed);
        let answer = match self.once_as(nodes, scalars, timeout).await {
            Err(status) if !scalars && matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => {
                let answer = self.once_as(nodes, true, timeout).await;
                self.learned.once_in_proto.store(answer.is_ok(), Relaxed);
                answer
            }
            other => other,
        };
        add(into, &answer.map_err(|status| failure(&status, timeout))?)
    }

    async fn once_as(&mut self, nodes: &[Node], scalars: bool, timeout: Duration) -> Result<Vec<Notification>, Status> {
        self.flights += 1;
        self.client.once(self.form.once(nodes, scalars), timeout).await
    }
}

fn understood<T>(answer: Result<T, String>) -> Result<T, Failure> {
    answer.map_err(|problem| unreadable(&problem))
}

fn add(tree: &mut Tree, notifications: &[Notification]) -> Result<(), Failure> {
    understood(notifications.iter().try_for_each(|one| tree.add(one)))
}
