//! Revisions, and which of their states follows which.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// A request that is answered and not done.
#[derive(Debug)]
pub(super) struct Refused(pub(super) u16, pub(super) String);

/// How an apply was to go otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    Usual,
    Hangs,
    Invalid(String),
}

#[derive(Debug)]
struct Revision {
    state: &'static str,
    config: Value,
    message: Option<String>,
    issue: Option<String>,
    /// What is to become of it where it is being applied: asked for once, it has.
    ending: Ending,
    confirm: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Store {
    ports: Vec<String>,
    applied: Value,
    startup: Value,
    is_saved: bool,
    revisions: BTreeMap<u32, Revision>,
    last: u32,
    /// What waits to be confirmed: which, what was applied before, and until when.
    waiting: Option<(u32, Value, Instant)>,
}

impl Store {
    pub(super) fn new(config: Value, ports: &[&str]) -> Self {
        let ports = ports.iter().map(|name| (*name).to_owned()).collect();
        let startup = config.clone();
        let revisions = BTreeMap::new();
        Self { ports, applied: config, startup, is_saved: true, revisions, last: 0, waiting: None }
    }

    pub(super) fn applied(&self) -> &Value {
        &self.applied
    }

    pub(super) fn startup(&self) -> &Value {
        &self.startup
    }

    pub(super) fn states(&self) -> Vec<(String, String)> {
        self.revisions.iter().map(|(name, own)| (name.to_string(), own.state.to_owned())).collect()
    }

    pub(super) fn apply_foreign(&mut self, patch: &Value) {
        self.last += 1;
        merge(&mut self.applied, patch);
        (self.is_saved, self.waiting) = (false, None);
        let config = self.applied.clone();
        let revision =
            Revision { state: "applied", config, message: None, issue: None, ending: Ending::Usual, confirm: None };
        self.revisions.insert(self.last, revision);
    }

    pub(super) fn make(&mut self) -> Value {
        self.last += 1;
        let config = self.applied.clone();
        let revision =
            Revision { state: "pending", config, message: None, issue: None, ending: Ending::Usual, confirm: None };
        let shown = revision.shown();
        self.revisions.insert(self.last, revision);
        json!({self.last.to_string(): shown})
    }

    pub(super) fn config(&self, name: &str) -> Result<&Value, Refused> {
        match name {
            "applied" => Ok(&self.applied),
            "startup" => Ok(&self.startup),
            name => Ok(&self.of(name)?.config),
        }
    }

    /// Every interface that there is: the ports, and what is configured beside them.
    pub(super) fn interfaces(&self) -> Value {
        let mut all: Map<String, Value> = Map::new();
        for name in ["eth0", "lo"] {
            all.insert(name.to_owned(), json!({"type": if name == "lo" { "loopback" } else { "eth" }}));
        }
        for name in &self.ports {
            all.insert(name.clone(), json!({"type": "swp"}));
        }
        for (name, own) in self.applied.get("interface").and_then(Value::as_object).into_iter().flatten() {
            let kind = own.get("type").cloned().unwrap_or_else(|| kind(name).into());
            all.insert(name.clone(), json!({"type": kind}));
        }
        all.into()
    }

    pub(super) fn shown(&mut self, name: &str) -> Result<Value, Refused> {
        if name == "applied" {
            return Ok(json!({"state": if self.is_saved { "saved" } else { "applied" }, "transition": nothing()}));
        }
        let number = self.number(name)?;
        let shown = self.of(name)?.shown();
        // Whoever asks sees it at work once.
        self.end(number);
        Ok(shown)
    }

    pub(super) fn all(&self) -> Value {
        self.revisions.iter().map(|(name, own)| (name.to_string(), own.shown())).collect::<Map<_, _>>().into()
    }

    pub(super) fn merge(&mut self, name: &str, patch: &Value) -> Result<(), Refused> {
        let number = self.number(name)?;
        let revision = self.revisions.get_mut(&number).ok_or_else(missing)?;
        if revision.state != "pending" {
            return Err(Refused(409, format!("revision {name} is {} and no longer changed", revision.state)));
        }
        if !patch.is_object() {
            return Err(Refused(400, "the body is no JSON object".to_owned()));
        }
        merge(&mut revision.config, patch);
        Ok(())
    }

    pub(super) fn apply(&mut self, name: &str, asked: &Value, ending: Ending) -> Result<Value, Refused> {
        let number = self.number(name)?;
        let busy =
            self.revisions.iter().find(|(other, own)| **other != number && ["apply", "confirm"].contains(&own.state));
        if let Some((other, own)) = busy {
            return Err(Refused(409, format!("revision {other} is {}", own.state)));
        }
        let revision = self.revisions.get_mut(&number).ok_or_else(missing)?;
        if revision.state != "pending" {
            return Err(Refused(400, format!("{} may not become apply", revision.state)));
        }
        let seconds = asked.pointer("/state-controls/confirm").and_then(Value::as_u64).filter(|seconds| *seconds > 0);
        revision.confirm = seconds.map(Duration::from_secs);
        revision.message = asked.get("message").and_then(Value::as_str).map(ToOwned::to_owned);
        (revision.state, revision.ending) = ("apply", ending);
        Ok(revision.shown())
    }

    /// What was begun is done.
    fn end(&mut self, number: u32) {
        let Some(revision) = self.revisions.get_mut(&number).filter(|own| own.state == "apply") else { return };
        let issue = match &revision.ending {
            Ending::Hangs => return,
            Ending::Invalid(words) => Some(words.clone()),
            Ending::Usual => invalid(&revision.config, &self.ports),
        };
        if issue.is_some() {
            (revision.state, revision.issue) = ("invalid", issue);
            return;
        }
        let before = std::mem::replace(&mut self.applied, revision.config.clone());
        self.is_saved = false;
        match revision.confirm {
            None => revision.state = "applied",
            Some(time) => {
                revision.state = "confirm";
                self.waiting = Some((number, before, Instant::now() + time));
            }
        }
    }

    pub(super) fn answer(&mut self, name: &str, confirms: bool) -> Result<Value, Refused> {
        let number = self.number(name)?;
        self.end(number);
        let state = self.of(name)?.state;
        let Some((_, before, _)) = self.waiting.take_if(|(own, _, _)| *own == number) else {
            return Err(Refused(400, format!("{state} waits for no answer")));
        };
        if !confirms {
            self.applied = before;
        }
        let revision = self.revisions.get_mut(&number).ok_or_else(missing)?;
        revision.state = if confirms { "applied" } else { "confirm_fail" };
        Ok(revision.shown())
    }

    /// What was begun is done, whoever asks.
    pub(super) fn end_all(&mut self) {
        let numbers: Vec<u32> = self.revisions.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.end(number));
    }

    /// Takes back what was not confirmed in time.
    pub(super) fn lapse(&mut self) {
        if self.waiting.as_ref().is_some_and(|(_, _, until)| Instant::now() >= *until) {
            self.lapse_now();
        }
    }

    pub(super) fn lapse_now(&mut self) {
        let Some((number, before, _)) = self.waiting.take() else { return };
        self.applied = before;
        if let Some(revision) = self.revisions.get_mut(&number) {
            revision.state = "confirm_fail";
        }
    }

    pub(super) fn save(&mut self) -> Value {
        (self.startup, self.is_saved) = (self.applied.clone(), true);
        json!({"state": "save", "transition": nothing()})
    }

    pub(super) fn delete(&mut self, name: &str) -> Result<(), Refused> {
        let number = self.number(name)?;
        let state = self.of(name)?.state;
        if !["pending", "invalid", "confirm_fail"].contains(&state) {
            return Err(Refused(400, format!("revision {name} is {state}")));
        }
        self.revisions.remove(&number);
        Ok(())
    }

    fn number(&self, name: &str) -> Result<u32, Refused> {
        name.parse().ok().filter(|number| self.revisions.contains_key(number)).ok_or_else(missing)
    }

    fn of(&self, name: &str) -> Result<&Revision, Refused> {
        self.revisions.get(&self.number(name)?).ok_or_else(missing)
    }
}

impl Revision {
    fn shown(&self) -> Value {
        let mut transition = nothing();
        if let Some(words) = &self.issue {
            let issue = json!({"code": "config_invalid", "message": words, "severity": "error"});
            transition = json!({"issue": {"0": issue}, "progress": "Invalid config"});
        }
        match &self.message {
            None => json!({"state": self.state, "transition": transition}),
            Some(message) => {
                let last = json!({"message": message, "type": "API"});
                json!({"state": self.state, "transition": transition, "last-apply": last})
            }
        }
    }
}

fn nothing() -> Value {
    json!({"issue": {}, "progress": ""})
}

fn missing() -> Refused {
    Refused(404, "there is no such revision".to_owned())
}

fn kind(name: &str) -> &'static str {
    if name.starts_with("bond") {
        "bond"
    } else if name.starts_with("vlan") {
        "svi"
    } else {
        "swp"
    }
}

/// RFC 7396, which the server's manual tells of without the name: `null` takes away. One
/// member of a choice takes the place of another.
fn merge(config: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        config.clone_from(patch);
        return;
    };
    if !config.is_object() {
        *config = json!({});
    }
    let Value::Object(members) = config else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Why a configuration is invalid.
fn invalid(config: &Value, ports: &[String]) -> Option<String> {
    let empty = Map::new();
    let object = |at: &str| config.pointer(at).and_then(Value::as_object).unwrap_or(&empty).clone();
    let vlans = object("/bridge/domain/br_default/vlan");
    let mut vnis = BTreeMap::new();
    for (vlan, own) in &vlans {
        for vni in own.get("vni").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            if let Some(other) = vnis.insert(vni.clone(), vlan.clone()) {
                return Some(format!(
                    "Config invalid at bridge.domain.br_default: VNI {vni} is on VLANs {other} and {vlan}"
                ));
            }
        }
    }
    let interfaces = object("/interface");
    let members: Vec<String> = interfaces
        .values()
        .filter_map(|own| own.pointer("/bond/member")?.as_object())
        .flat_map(|members| members.keys().cloned())
        .collect();
    for (name, own) in &interfaces {
        let wrong = |what: &str| Some(format!("Config invalid at interface.{name}: {what}"));
        let is_made = own.get("type").is_some() || name.starts_with("bond") || name.starts_with("vlan");
        if !is_made && !ports.contains(name) && !["eth0", "lo"].contains(&name.as_str()) {
            return wrong("there is no such port");
        }
        let Some(bridge) = own.pointer("/bridge/domain/br_default") else { continue };
        if members.contains(name) {
            return wrong("a member of a bond is on no bridge");
        }
        let tagged = bridge.get("vlan").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned();
        let untagged = ["access", "untagged"].iter().filter_map(|leaf| bridge.get(leaf)?.as_u64());
        for vlan in tagged.chain(untagged.map(|id| id.to_string())) {
            if vlan != "1" && !vlans.contains_key(&vlan) {
                return wrong(&format!("VLAN {vlan} is not on the bridge"));
            }
        }
        if bridge.get("access").is_some() && (bridge.get("untagged").is_some() || bridge.get("vlan").is_some()) {
            return wrong("access excludes untagged and vlan");
        }
        let states = own.pointer("/link/state").and_then(Value::as_object).map_or(0, Map::len);
        if states > 1 {
            return wrong("a link has one state");
        }
    }
    None
}
