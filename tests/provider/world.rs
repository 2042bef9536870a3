//! All that there is: the switches, the Mercurys, and the etcd between them.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt as _;
use mercury::{
    fleet::view::{Member, Subject, View},
    inventory,
    lock::etcd::Event,
};
use tokio::time::Instant;

use crate::{
    chance::drawn,
    etcd::Etcd,
    kind::Kind,
    life::Life,
    mercury::Mercury,
    switch::{Hangs, Switch},
};

/// After a member comes or goes, and after etcd was away, so long two may serve one switch: until
/// all know, a lease has run out, and everybody is a member again.
const TAKE_OVER: Duration = Duration::from_secs(15);

/// The switches of the provider, two to a rack and of one kind.
pub(crate) struct Estate {
    pub(crate) seed: u64,
    pub(crate) kinds: Vec<Arc<Kind>>,
    pub(crate) racks: u32,
    /// Of a thousand switches, how many hang.
    pub(crate) hanging: u32,
}

impl Estate {
    /// How many switches there are.
    pub(crate) const fn len(&self) -> u32 {
        self.racks * 2
    }

    /// Which kind a rack has.
    pub(crate) fn which(&self, rack: u32) -> usize {
        let mut left = u32::try_from(drawn(self.seed, "kind", rack) % 100).unwrap();
        let taken = |kind: &Arc<Kind>| match left.checked_sub(kind.share) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        };
        self.kinds.iter().position(taken).expect("shares add up to a hundred")
    }

    pub(crate) fn kind(&self, rack: u32) -> &Arc<Kind> {
        &self.kinds[self.which(rack)]
    }

    pub(crate) const fn switches(&self, rack: u32) -> [u32; 2] {
        [rack * 2, rack * 2 + 1]
    }

    pub(crate) fn name(number: u32) -> String {
        format!("leaf{number:06}")
    }

    /// What its lock is called, which is its address.
    pub(crate) fn lock(number: u32) -> String {
        Ipv4Addr::from(0x0a00_0000 + number).to_string()
    }

    pub(crate) fn entry(&self, number: u32) -> inventory::Switch {
        let mut entry = self.kind(number / 2).entry.clone();
        (entry.identity.name, entry.identity.address) = (Self::name(number), Self::lock(number));
        entry
    }

    fn hangs(&self, number: u32) -> Option<Hangs> {
        let drawn = drawn(self.seed, "hangs", number);
        let how = [Hangs::Silent, Hangs::Mute, Hangs::AtCommits];
        (drawn % 1000 < self.hanging.into()).then(|| how[usize::try_from(drawn / 1000 % 3).unwrap()])
    }
}

/// See the module.
pub(crate) struct World {
    pub(crate) estate: Estate,
    pub(crate) etcd: Arc<Etcd>,
    switches: Mutex<BTreeMap<u32, Arc<Switch>>>,
    mercurys: Mutex<Mercurys>,
    served: Mutex<Served>,
}

#[derive(Default)]
struct Mercurys {
    /// The run of each name that is there now, or was last.
    now: HashMap<String, Arc<Mercury>>,
    /// Those before.
    before: Vec<Arc<Mercury>>,
}

/// Who is to serve what, as etcd has it.
struct Served {
    view: View,
    /// Until when two may serve one switch.
    moving: Instant,
    begun: Instant,
    /// Who served and was not to, outside of such a time.
    astray: Vec<String>,
}

impl World {
    pub(crate) fn new(estate: Estate) -> Arc<Self> {
        let moving = Instant::now() + TAKE_OVER;
        let served = Served { view: View::default(), moving, begun: Instant::now(), astray: Vec::new() };
        let own = Arc::new(Self {
            estate,
            etcd: Etcd::new(),
            switches: Mutex::default(),
            mercurys: Mutex::default(),
            served: Mutex::new(served),
        });
        tokio::spawn(observe(Arc::clone(&own)));
        own
    }

    pub(crate) fn mercury_name(number: u32) -> String {
        format!("mercury{number:03}")
    }

    /// Starts a process of this name, after another maybe.
    pub(crate) fn start(self: &Arc<Self>, name: &str) {
        let mercury = Mercury::start(self, name);
        let mut mercurys = self.mercurys.lock().unwrap();
        let before = mercurys.now.insert(name.to_owned(), mercury);
        mercurys.before.extend(before);
    }

    pub(crate) fn mercury(&self, name: &str) -> Option<Arc<Mercury>> {
        self.mercurys.lock().unwrap().now.get(name).cloned()
    }

    /// Every run of every process, by name.
    pub(crate) fn mercurys(&self) -> Vec<Arc<Mercury>> {
        let mercurys = self.mercurys.lock().unwrap();
        let mut all: Vec<_> = mercurys.before.iter().chain(mercurys.now.values()).cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// A switch, from when it is first needed.
    pub(crate) fn switch(&self, number: u32) -> Arc<Switch> {
        let mut switches = self.switches.lock().unwrap();
        let new = || Switch::new(self.estate.kind(number / 2), self.estate.hangs(number));
        Arc::clone(switches.entry(number).or_insert_with(new))
    }

    /// The switches that were needed.
    pub(crate) fn touched(&self) -> Vec<(u32, Arc<Switch>)> {
        self.switches.lock().unwrap().iter().map(|(number, switch)| (*number, Arc::clone(switch))).collect()
    }

    /// A member begins to serve a request about the switch with this lock.
    pub(crate) fn served(&self, lock: &str, name: &str) {
        let mut served = self.served.lock().unwrap();
        let own = served.view.served_by(Subject { lock, calls_home: false }).map(str::to_owned);
        if own.as_deref() == Some(name) {
            return;
        }
        if Instant::now() > served.moving && served.astray.len() < 10 {
            let now = served.begun.elapsed().as_secs();
            served.astray.push(format!("{name} served {lock}, {now} s after the start, and not {own:?}"));
        }
    }

    /// From now on nothing tells who is to serve what, for so long.
    pub(crate) fn nobody_knows(&self, time: Duration) {
        self.served.lock().unwrap().moving = Instant::now() + time + TAKE_OVER;
    }

    /// Who served a switch and was not to, without an excuse.
    pub(crate) fn astray(&self) -> Vec<String> {
        self.served.lock().unwrap().astray.clone()
    }

    /// How many members there are, as etcd has it.
    pub(crate) fn members(&self) -> usize {
        self.served.lock().unwrap().view.members().count()
    }

    fn lay(&self, change: &Event) {
        let mut served = self.served.lock().unwrap();
        let name = |key: &str| key.split_once("/members/").map(|(_, name)| name.to_owned());
        match change {
            Event::Put(key, value) => {
                let Some(name) = name(key) else { return };
                served.view.joins(&name, serde_json::from_str::<Member>(value).unwrap());
            }
            Event::Deleted(key) => {
                let Some(name) = name(key) else { return };
                served.view.leaves(&name);
            }
        }
        served.moving = served.moving.max(Instant::now() + TAKE_OVER);
    }
}

/// Follows what etcd has of the members.
async fn observe(world: Arc<World>) {
    let etcd = world.etcd.of(&Arc::new(Life::new()));
    let prefix = format!("{}/.fleet/", etcd.settings().prefix);
    let world = Arc::downgrade(&world);
    let mut from = 0;
    loop {
        // Ends when etcd was away, and begins where it had come to.
        let Ok(mut changes) = etcd.changes(&prefix, from).await else { continue };
        while let Some(Ok(changed)) = changes.next().await {
            let Some(world) = world.upgrade() else { return };
            changed.iter().for_each(|change| world.lay(change));
        }
        if world.upgrade().is_none() {
            return;
        }
        from = etcd.all(&prefix).await.map_or(from, |(_, revision)| revision);
    }
}
