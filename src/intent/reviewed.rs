//! A change that people have seen: it is made as they saw it, or not at all.

use mercury_model::{Plan, Running};
use serde_json::{Value, json};

use crate::fault::Fault;

/// The most differences that are told.
const MAX_TOLD: usize = 16;

/// What was seen of a change to one switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// What the switch had of what the change is about.
    pub before: Value,
    /// What was to be changed, an edit a text.
    pub plan: Vec<String>,
    /// What was to be sent; `None` where nothing was to be.
    pub payload: Option<String>,
}

impl Reviewed {
    /// What a switch has, as it is kept.
    #[must_use]
    pub fn shown(running: &Running) -> Value {
        json!(running)
    }

    /// A plan's edits, as they are kept.
    #[must_use]
    pub fn edits(plan: &Plan) -> Vec<String> {
        plan.edits.iter().map(ToString::to_string).collect()
    }

    /// Whether the change is still the one that was seen.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::InvalidValue`]: what of the switch is another now, or
    /// that the plan is.
    pub fn still(&self, running: &Running, plan: &Plan) -> Result<(), Fault> {
        let edits = Self::edits(plan);
        if edits.is_empty() && !self.plan.is_empty() {
            return Err(stale("the switch is already as the plan would make it, so there is nothing left to do"));
        }
        let mut moved = Vec::new();
        compare("", &self.before, &Self::shown(running), &mut moved);
        if !moved.is_empty() {
            moved.truncate(MAX_TOLD);
            return Err(stale(&format!("the switch has changed since: {}", moved.join("; "))));
        }
        if edits != self.plan {
            return Err(stale(&format!("what would be changed is now: {}", edits.join("; "))));
        }
        Ok(())
    }

    /// Whether what is to be sent is what was seen, to the byte.
    ///
    /// # Errors
    /// As of [`Reviewed::still`].
    pub fn carries(&self, payload: &str) -> Result<(), Fault> {
        if self.payload.as_deref() == Some(payload) {
            return Ok(());
        }
        Err(stale("what would be sent is not what was reviewed, as the switch is spoken to in another way"))
    }
}

fn stale(what: &str) -> Fault {
    Fault::value("plan", format!("nothing was sent: {what}"))
}

/// The leaves that differ, with both values.
fn compare(path: &str, before: &Value, now: &Value, moved: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match (before, now) {
        (one, other) if one == other => {}
        (Value::Object(before), Value::Object(now)) => {
            let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
            for name in names {
                let value = |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                compare(&below(name), &value(before), &value(now), moved);
            }
        }
        // One that was not there, or is not there now: leaf by leaf, as people read it.
        (Value::Null, Value::Object(now)) if !path.is_empty() => {
            moved.push(format!("{path} was not there"));
            compare(path, &json!({}), &Value::Object(now.clone()), moved);
        }
        (Value::Object(before), Value::Null) if !path.is_empty() => {
            moved.push(format!("{path} is not there any more"));
            compare(path, &Value::Object(before.clone()), &json!({}), moved);
        }
        (before, now) => moved.push(format!("{path} was {} and is {}", in_words(before), in_words(now))),
    }
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_plan_was_made_already_is_told_as_that() {
        let before = Running::default();
        let reviewed = |plan: &[&str]| Reviewed {
            before: json!({"interfaces": "others"}),
            plan: plan.iter().map(|edit| (*edit).to_owned()).collect(),
            payload: None,
        };
        let nothing = Plan::between(&before, &mercury_model::Intended(before.config.clone()));
        let told = reviewed(&["Ethernet1: mtu none -> 9000"]).still(&before, &nothing).unwrap_err();
        assert!(told.message.contains("already as the plan would make it"), "{told}");
        let told = reviewed(&[]).still(&before, &nothing).unwrap_err();
        assert!(told.message.contains("has changed since"), "{told}");
    }

    #[test]
    fn what_moved_is_told_in_words() {
        let port = json!({"name": "e1", "description": null, "switched-vlan": {"access-vlan": 5}});
        for (before, now, expected) in [
            (json!({"a": {"b": null}}), json!({"a": {"b": "moved"}}), vec!["a/b was none and is \"moved\""]),
            (json!({"a": {"b": 5}}), json!({"a": {}}), vec!["a/b was 5 and is none"]),
            (json!({"a": [1, "x"]}), json!({"a": []}), vec!["a was 1, \"x\" and is "]),
            (
                json!({"interfaces": {}}),
                json!({"interfaces": {"e1": port}}),
                vec![
                    "interfaces/e1 was not there",
                    "interfaces/e1/name was none and is \"e1\"",
                    "interfaces/e1/switched-vlan was not there",
                    "interfaces/e1/switched-vlan/access-vlan was none and is 5",
                ],
            ),
            (
                json!({"vlans": {"5": {"vlan-id": 5}}}),
                json!({"vlans": {}}),
                vec!["vlans/5 is not there any more", "vlans/5/vlan-id was 5 and is none"],
            ),
        ] {
            let mut moved = Vec::new();
            compare("", &before, &now, &mut moved);
            assert_eq!(moved, expected);
        }
    }
}
