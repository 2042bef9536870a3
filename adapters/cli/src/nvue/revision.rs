//! What the states of a revision mean.

use serde_json::Value;

/// How far a revision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing was done with it yet.
    Pending,
    /// It is being applied, taken back or saved.
    AtWork,
    /// It is applied until it is confirmed, or not.
    Waiting,
    /// It is applied.
    Applied,
    /// It is not, whether it was refused, or failed, or was taken back.
    Failed,
}

impl Standing {
    /// Of a word that is not known, that it ends in nothing that is.
    pub(super) fn of(state: &str) -> Self {
        match state {
            "pending" | "empty" | "inactive" | "previous" => Self::Pending,
            "applied" | "applied_and_saved" | "saved" => Self::Applied,
            "confirm" | "ays" => Self::Waiting,
            "invalid" | "detached" | "ays_no" | "ignore_fail" | "ignore_fail_no" => Self::Failed,
            other if other.ends_with("_fail") || other.ends_with("_error") => Self::Failed,
            _ => Self::AtWork,
        }
    }
}

/// What is shown of one revision.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) state: String,
    shown: Value,
}

impl Revision {
    /// Of an object, or of one in another by its name, as some releases show it.
    pub(super) fn read(shown: Value) -> Option<Self> {
        let state = |value: &Value| Some(value.get("state")?.as_str()?.to_owned());
        if let Some(state) = state(&shown) {
            return Some(Self { state, shown });
        }
        let inner = shown.as_object().filter(|members| members.len() == 1)?.values().next()?.clone();
        Some(Self { state: state(&inner)?, shown: inner })
    }

    pub(super) fn standing(&self) -> Standing {
        Standing::of(&self.state)
    }

    /// Whether its message holds this word, wherever that is shown.
    pub(super) fn mentions(&self, word: &str) -> bool {
        mentions(&self.shown, word)
    }

    /// Why it failed, in the switch's own words.
    pub(super) fn words(&self) -> String {
        let transition = self.shown.get("transition");
        let issues = transition.and_then(|own| own.get("issue")).and_then(Value::as_object);
        let messages = issues.into_iter().flat_map(|issues| issues.values());
        let mut words: Vec<&str> = messages.filter_map(|issue| issue.get("message")?.as_str()).collect();
        words.extend(transition.and_then(|own| own.get("progress")?.as_str()));
        let words: Vec<String> = words.into_iter().map(crate::judge::words).filter(|said| !said.is_empty()).collect();
        format!("the revision is {}: {}", self.state, words.join("; "))
    }
}

fn mentions(shown: &Value, word: &str) -> bool {
    match shown {
        Value::String(text) => text.contains(word),
        Value::Array(items) => items.iter().any(|item| mentions(item, word)),
        Value::Object(members) => members.values().any(|member| mentions(member, word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As they are shown in public clients and in NVIDIA's manuals.
    #[test]
    fn states_that_were_seen_are_known() {
        for (state, standing) in [
            ("pending", Standing::Pending),
            ("apply", Standing::AtWork),
            ("checking", Standing::AtWork),
            ("reloading", Standing::AtWork),
            ("auto_saving", Standing::AtWork),
            ("confirm_yes", Standing::AtWork),
            ("confirm_no", Standing::AtWork),
            ("confirm", Standing::Waiting),
            ("applied_and_saved", Standing::Applied),
            ("invalid", Standing::Failed),
            ("ays_fail", Standing::Failed),
            ("confirm_fail", Standing::Failed),
            ("verify_error", Standing::Failed),
            ("ignore_fail", Standing::Failed),
        ] {
            assert_eq!(Standing::of(state), standing, "{state}");
        }
    }

    #[test]
    fn a_failure_is_told_in_the_switchs_own_words() {
        let issue = json!({"0": {"code": "config_invalid", "severity": "error",
            "message": "Config invalid at router.bgp.enable: BGP requires router-id.\n"}});
        let shown = json!({"6": {"state": "invalid", "transition": {"issue": issue, "progress": "Invalid config"}}});
        let revision = Revision::read(shown).unwrap();
        let words =
            "the revision is invalid: Config invalid at router.bgp.enable: BGP requires router-id.; Invalid config";
        assert_eq!(revision.words(), words);
        assert!(Revision::read(json!({"1": {}, "2": {}})).is_none());
    }
}
