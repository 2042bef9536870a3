//! The same, of a real etcd.

use std::time::Duration;

use etcd_client::{
    Compare, CompareOp, EventType, GetOptions, KeyValue, LeaseGrantOptions, PutOptions, ResponseHeader, SortOrder,
    SortTarget, Txn, TxnOp, TxnOpResponse, WatchFilterType, WatchOptions, WatchResponse,
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use super::{
    connection::{Connection, fault, plain},
    keys::{Asked, Before, Event, Events, Keys, Made},
};
use crate::config::Etcd;

impl Keys for Connection {
    fn settings(&self) -> &Etcd {
        self.settings()
    }

    fn grant(&self, lease: i64, seconds: i64) -> Asked<'_, Duration> {
        let options = LeaseGrantOptions::new().with_id(lease);
        async move {
            let asked = self.ask(|mut client| async move { client.lease_grant(seconds, Some(options)).await });
            Ok(Duration::from_secs(u64::try_from(asked.await?.ttl()).unwrap_or(0)))
        }
        .boxed()
    }

    fn keep_alive(&self, lease: i64, limit: Duration) -> Asked<'_, ()> {
        self.ask_within(limit, move |mut client| async move { client.lease_keep_alive(lease).await.map(drop) }).boxed()
    }

    fn revoke(&self, lease: i64) -> Asked<'_, ()> {
        self.ask(move |mut client| async move { client.lease_revoke(lease).await.map(drop) }).boxed()
    }

    fn make<'a>(&'a self, key: &'a str, value: String, lease: i64, queue: &'a str) -> Asked<'a, Option<Made>> {
        let put = TxnOp::put(key, value, Some(PutOptions::new().with_lease(lease)));
        let new = Compare::create_revision(key, CompareOp::Equal, 0);
        let txn = Txn::new().when([new]).and_then([put, TxnOp::get(queue, Some(oldest()))]);
        async move {
            let answer = self.ask(|mut client| async move { client.txn(txn).await }).await?;
            if !answer.succeeded() {
                return Ok(None);
            }
            let oldest = answer.op_responses().into_iter().find_map(|response| match response {
                TxnOpResponse::Get(found) => found.kvs().first().map(|first| text(first.key())),
                _ => None,
            });
            Ok(Some(Made { revision: answer.header().map_or(0, ResponseHeader::revision), oldest }))
        }
        .boxed()
    }

    fn put<'a>(&'a self, key: &'a str, value: String, lease: i64) -> Asked<'a, ()> {
        let options = PutOptions::new().with_lease(lease);
        self.ask(move |mut client| async move { client.put(key, value, Some(options)).await.map(drop) }).boxed()
    }

    fn delete<'a>(&'a self, key: &'a str) -> Asked<'a, ()> {
        self.ask(move |mut client| async move { client.delete(key, None).await.map(drop) }).boxed()
    }

    fn before<'a>(&'a self, key: &'a str, made: i64, queue: &'a str) -> Asked<'a, Option<Before>> {
        let there = Compare::create_revision(key, CompareOp::Equal, made);
        let before = GetOptions::new()
            .with_prefix()
            .with_max_create_revision(made - 1)
            .with_sort(SortTarget::Create, SortOrder::Descend)
            .with_limit(1);
        let txn =
            Txn::new().when([there]).and_then([TxnOp::get(queue, Some(before)), TxnOp::get(queue, Some(oldest()))]);
        async move {
            let answer = self.ask(|mut client| async move { client.txn(txn).await }).await?;
            if !answer.succeeded() {
                return Ok(None);
            }
            let mut found = answer.op_responses().into_iter().filter_map(|response| match response {
                TxnOpResponse::Get(mut answer) => Some(answer.take_kvs().into_iter().next()),
                _ => None,
            });
            let (Some(before), Some(first)) = (found.next(), found.next()) else {
                return Err(fault("half of an answer is missing").into());
            };
            Ok(Some(Before {
                newest: before.map(|before| text(before.key())),
                oldest: first.map_or_else(String::new, |first| plain(&text(first.value()))),
                revision: answer.header().map_or(0, ResponseHeader::revision),
            }))
        }
        .boxed()
    }

    fn all<'a>(&'a self, keys: &'a str) -> Asked<'a, (Vec<(String, String)>, i64)> {
        let options = GetOptions::new().with_prefix();
        async move {
            let found = self.ask(|mut client| async move { client.get(keys, Some(options)).await }).await?;
            let pair = |pair: &KeyValue| (text(pair.key()), text(pair.value()));
            Ok((found.kvs().iter().map(pair).collect(), found.header().map_or(0, ResponseHeader::revision)))
        }
        .boxed()
    }

    fn changes<'a>(&'a self, keys: &'a str, from: i64) -> Asked<'a, Events> {
        let options = WatchOptions::new().with_prefix().with_start_revision(from);
        async move {
            let mut client = self.client().await?;
            let told = client.watch(keys, Some(options)).await.map_err(|error| fault(&error))?;
            let next = |(client, mut told): (_, etcd_client::WatchStream)| async move {
                let changes = match told.message().await {
                    Ok(Some(told)) if !told.canceled() => Ok(changes(&told)),
                    Ok(_) => return None,
                    Err(error) => Err(fault(&error)),
                };
                Some((changes, (client, told)))
            };
            Ok(stream::unfold((client, told), next).boxed())
        }
        .boxed()
    }

    fn left<'a>(&'a self, key: &'a str, from: i64) -> BoxFuture<'a, ()> {
        let options = WatchOptions::new().with_start_revision(from).with_filters([WatchFilterType::NoPut]);
        async move {
            if let Ok(mut client) = self.client().await
                && let Ok(mut changes) = client.watch(key, Some(options)).await
            {
                while let Ok(Some(change)) = changes.message().await {
                    if !change.events().is_empty() {
                        return;
                    }
                }
            }
            std::future::pending::<()>().await;
        }
        .boxed()
    }
}

fn changes(told: &WatchResponse) -> Vec<Event> {
    let change = |event: &etcd_client::Event| {
        let pair = event.kv()?;
        Some(match event.event_type() {
            EventType::Put => Event::Put(text(pair.key()), text(pair.value())),
            EventType::Delete => Event::Deleted(text(pair.key())),
        })
    };
    told.events().iter().filter_map(change).collect()
}

/// The key that was made first: that of whoever has the lock.
fn oldest() -> GetOptions {
    GetOptions::new().with_prefix().with_sort(SortTarget::Create, SortOrder::Ascend).with_limit(1)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
