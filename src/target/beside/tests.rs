//! Looks beside changes, on a switch whose every answer waits to be let out.

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Answer, Capabilities, ConnectError, Connector, Flight, Payload, Refusal, Render, Session, Step, Traffic,
    Unrenderable,
};
use mercury_model::{InterfaceScope, Plan, Running, Scope, VlanScope};
use tokio::sync::{Semaphore, oneshot, watch};

use super::*;
use crate::{
    intent::{PortIntent, TargetIntent},
    inventory::Switch,
    outcome::Report,
    pipeline::Work,
    target::{Asker, Target},
};

/// What is asked of it: `change`, `look`, and `beside` where another session is.
struct Fake {
    seen: watch::Sender<Vec<&'static str>>,
    /// Lets answers to changes out, and to looks beside them.
    gates: [Semaphore; 2],
    has_another: bool,
}

#[derive(Clone)]
struct Door(Arc<Fake>);

struct Talk {
    fake: Arc<Fake>,
    gate: usize,
    capabilities: Capabilities,
}

impl Fake {
    fn says(&self, word: &'static str) {
        self.seen.send_modify(|seen| seen.push(word));
    }
}

impl Door {
    fn open(&self, gate: usize) -> Box<dyn Session> {
        Box::new(Talk { fake: Arc::clone(&self.0), gate, capabilities: Capabilities::unknown() })
    }

    async fn saw(&self, words: &[&'static str]) {
        self.0.seen.subscribe().wait_for(|seen| *seen == words).await.unwrap();
    }
}

impl Connector for Door {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async { Ok(self.open(0)) }.boxed()
    }

    fn connect_beside(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>, ConnectError>> {
        self.0.says("beside");
        async { Ok(self.0.has_another.then(|| self.open(1))) }.boxed()
    }
}

impl Render for Door {
    fn render(&self, _: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
        unreachable!("nothing is made")
    }
}

impl Session for Talk {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], _: Duration) -> BoxFuture<'a, Flight> {
        async move {
            let scope = steps.iter().find_map(|step| match step {
                Step::Read(scope) => Some(scope.clone()),
                _ => None,
            });
            let looks = steps.len() == 1 && scope.is_some();
            self.fake.says(if looks { "look" } else { "change" });
            self.fake.gates[self.gate].acquire().await.unwrap().forget();
            match scope.filter(|_| looks) {
                Some(scope) => {
                    let running = Running::new(&mercury_model::DeviceConfig::default(), scope);
                    Flight { results: vec![Ok(Answer::Running(Box::new(running)))], lost: None }
                }
                None => {
                    let refused = |_: &Step| Err(Refusal::Unreadable("it takes no changes".to_owned()));
                    Flight { results: steps.iter().map(refused).collect(), lost: None }
                }
            }
        }
        .boxed()
    }

    fn is_usable(&self) -> bool {
        true
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

fn started(has_another: bool, max_sessions: usize) -> (Target, Door) {
    let gates = [Semaphore::new(0), Semaphore::new(0)];
    let door = Door(Arc::new(Fake { seen: watch::Sender::default(), gates, has_another }));
    let address = format!("192.0.2.{}", 10 * max_sessions + usize::from(has_another));
    let mut switch = Switch::new("leaf1", &address, "openconfig", "mercury");
    switch.timing.max_sessions = max_sessions;
    let dialects = mercury_adapter::builtin().unwrap().into_iter().collect::<Vec<_>>();
    let dialect = crate::registry::dialect(&switch, &dialects).unwrap();
    (Target::start(Arc::new(switch), dialect, Box::new(door.clone()), Box::new(door.clone())), door)
}

fn change(target: &Target, port: &str) -> oneshot::Receiver<Box<Report>> {
    let ports = vec![PortIntent::new(port.parse().unwrap())];
    let intent = TargetIntent { ports, ..TargetIntent::new(&target.switch) };
    target.submit(Work::Apply(intent), None, Asker::default()).unwrap()
}

fn look(target: &Target, port: &str) -> oneshot::Receiver<Box<Report>> {
    let interfaces = InterfaceScope::Named([port.parse().unwrap()].into());
    let scope = Scope { interfaces, vlans: VlanScope::Named([].into()), ..Scope::default() };
    target.submit(Work::Read(scope), None, Asker::default()).unwrap()
}

#[tokio::test]
async fn who_looks_at_another_port_does_not_wait_for_a_change() {
    let (target, door) = started(true, 2);
    let changing = change(&target, "a");
    door.saw(&["change"]).await;
    let looking = look(&target, "b");
    door.saw(&["change", "beside", "look"]).await;
    door.0.gates[1].add_permits(1);
    assert!(looking.await.unwrap().outcome.is_success());
    let mut same = look(&target, "a");
    door.0.gates[0].add_permits(1);
    assert!(!changing.await.unwrap().outcome.is_success());
    assert!(same.try_recv().is_err(), "it waits for its turn");
    door.0.gates[0].add_permits(1);
    same.await.unwrap();
    door.saw(&["change", "beside", "look", "look"]).await;
    target.finish().await;
}

/// What it saw may be half of a change that came after it was asked.
#[tokio::test]
async fn what_a_change_has_come_to_meanwhile_is_looked_at_again_in_turn() {
    let (target, door) = started(true, 2);
    let _changing = change(&target, "a");
    door.saw(&["change"]).await;
    let mut looking = look(&target, "b");
    door.saw(&["change", "beside", "look"]).await;
    let second = change(&target, "b");
    door.0.gates[1].add_permits(1);
    door.0.gates[0].add_permits(2);
    second.await.unwrap();
    assert!(looking.try_recv().is_err());
    door.0.gates[0].add_permits(1);
    assert!(looking.await.unwrap().outcome.is_success());
    target.finish().await;
}

#[tokio::test]
async fn where_there_can_be_no_other_session_looks_are_served_in_turn() {
    for (has_another, max_sessions, words) in
        [(false, 2, vec!["change", "beside", "look", "look"]), (true, 1, vec!["change", "look", "look"])]
    {
        let (target, door) = started(has_another, max_sessions);
        let _changing = change(&target, "a");
        door.saw(&["change"]).await;
        let (first, second) = (look(&target, "b"), look(&target, "c"));
        if !has_another {
            door.saw(&["change", "beside"]).await;
        }
        door.0.gates[0].add_permits(3);
        assert!(first.await.unwrap().outcome.is_success());
        assert!(second.await.unwrap().outcome.is_success());
        door.saw(&words).await;
        target.finish().await;
    }
}

/// Whoever looked is told, and the next look has a session of its own again.
#[tokio::test]
async fn a_panic_ends_one_look_and_no_other() {
    let (target, door) = started(true, 2);
    let changing = change(&target, "a");
    door.saw(&["change"]).await;
    door.0.gates[1].close();
    look(&target, "b").await.expect_err("nobody is left to answer");
    look(&target, "b").await.expect_err("nobody is left to answer");
    door.saw(&["change", "beside", "look", "beside", "look"]).await;
    door.0.gates[0].add_permits(1);
    changing.await.unwrap();
    target.finish().await;
}
