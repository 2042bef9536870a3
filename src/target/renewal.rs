//! Targets of one inventory after those of another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use super::{Entry, Target, Task, lock_name};
use crate::{inventory::Switch, lock::Coordinator};

/// A switch that is no longer of the inventory: what was asked of it before is
/// finished, and its session closed.
pub struct Leaving {
    /// Its entry.
    pub switch: Arc<Switch>,
    task: Ending,
}

/// The end of a task, which this does not put off.
struct Ending {
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Leaving {
    fn of(target: &Target) -> Self {
        let Task { finish, stop, ended, .. } = &target.task;
        finish.cancel();
        Self { switch: Arc::clone(&target.switch), task: Ending { stop: stop.clone(), ended: ended.clone() } }
    }

    /// Undoes what is under way, as after a lost session.
    pub fn stop(&self) {
        self.task.stop.cancel();
    }

    /// Waits for its end.
    pub async fn finish(&self) {
        self.task.ended.cancelled().await;
    }

    /// Whether it has come.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.ended.is_cancelled()
    }
}

impl Target {
    /// Targets for entries that were added or changed, and the switches that have no
    /// entry any more. `gone` are the names of entries that were removed or changed.
    ///
    /// A switch that has an entry before and after keeps its task: it takes over what
    /// changed when it has finished what it has begun, and keeps its session where it
    /// would be opened the same way.
    pub fn renewed(
        old: &BTreeMap<String, Arc<Self>>,
        entries: impl IntoIterator<Item = Entry>,
        gone: &BTreeSet<String>,
        locks: &Arc<dyn Coordinator>,
    ) -> (Vec<Self>, Vec<Leaving>) {
        let tasks: BTreeMap<&str, &Task> = old.values().map(|target| (target.lock(), &target.task)).collect();
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, target) in old {
            *left.entry(target.lock()).or_default() += usize::from(!gone.contains(name));
        }
        let (mut targets, mut fresh, mut stayed) = (Vec::new(), Vec::new(), BTreeSet::new());
        for entry in entries {
            let lock = lock_name(&entry.switch, entry.port);
            let Some((lock, task)) = tasks.get_key_value(lock.as_str()) else {
                fresh.push(entry);
                continue;
            };
            let name = entry.switch.identity.name.clone();
            let before = old.get(&name).filter(|target| target.lock() == *lock);
            let number = before.map_or_else(|| task.successors.added(), |target| target.entry);
            let (target, owner) = Self::of(entry, ((*lock).to_owned(), number), task, locks);
            if target.switch.timing.queue > task.queue.max_capacity() {
                tracing::warn!(switch = name, "a longer queue takes a restart; it keeps the length it has");
            }
            task.successors.put(number, Some(Box::new(owner)));
            targets.push(target);
            *left.entry(*lock).or_default() += 1;
            stayed.extend(before.map(|_| name));
        }
        let mut leaving = BTreeMap::new();
        for target in gone.difference(&stayed).filter_map(|name| old.get(name)) {
            if left.get(target.lock()) == Some(&0) {
                leaving.entry(target.lock()).or_insert_with(|| Leaving::of(target));
            } else {
                target.task.successors.put(target.entry, None);
            }
        }
        let seating = old.values().next().map(|target| target.task.seats.seating().clone()).unwrap_or_default();
        targets.extend(Self::start_among(fresh, locks, &seating));
        (targets, leaving.into_values().collect())
    }
}
