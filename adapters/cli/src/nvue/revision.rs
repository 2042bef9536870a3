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

/// Words of which it is known that something is being done, or waits to be confirmed.
const BUSY: &[&str] = &[
    "apply",
    "auto_saving",
    "ays_yes",
    "checked",
    "checking",
    "confirm",
    "confirm_no",
    "confirm_yes",
    "ignore_fail_yes",
    "ready",
    "readying",
    "reloaded",
    "reloading",
    "verified",
    "verifying",
];
/// Those of a revision that was refused before anything was done with it. What fails later
/// may have been done in part.
const CLEAN: &[&str] = &["invalid", "ays_fail", "ays_no"];
/// How the message of every revision of Mercury's begins that is to be confirmed.
pub(super) const OURS: &str = "mercury ";
/// Of how many issues is told.
const ISSUES: usize = 4;
/// Characters of a state, or of a name, that are told.
const NAME: usize = 64;
/// Characters of an issue that are told.
const ISSUE: usize = 300;

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

    /// Whether something is under way that may be taken back or is not yet shown. Nobody may
    /// ever answer the question of a revision in `ays`, of which nothing was done yet, unless
    /// it is Mercury's: that is answered beforehand, and so waits to be confirmed. The same
    /// holds for words that are not known: such a revision may be years old.
    pub(super) fn is_busy(&self) -> bool {
        BUSY.contains(&self.state.as_str()) || self.state == "ays" && self.mentions(OURS)
    }

    /// Whether it was refused before anything was done with it.
    pub(super) fn is_refused(&self) -> bool {
        CLEAN.contains(&self.state.as_str())
    }

    /// Its state, for people.
    pub(super) fn told(&self) -> String {
        said(&self.state, NAME)
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
        let mut messages = messages.filter_map(|issue| issue.get("message")?.as_str());
        let mut words: Vec<String> = messages.by_ref().take(ISSUES).map(|issue| said(issue, ISSUE)).collect();
        let more = messages.count();
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        let progress = transition.and_then(|own| own.get("progress")?.as_str()).filter(|text| !text.trim().is_empty());
        words.extend(progress.map(|progress| said(progress, ISSUE)));
        format!("the revision is {}: {}", self.told(), words.join("; "))
    }
}

/// The beginning of a switch's own words, in one line without what a terminal obeys.
pub(super) fn said(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    crate::judge::words(&text.chars().take(most).map(plain).collect::<String>())
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

    #[test]
    fn only_what_is_known_to_be_under_way_is_and_only_a_clean_refusal_is_one() {
        let of = |shown: Value| Revision::read(shown).unwrap();
        for state in ["apply", "confirm", "confirm_yes", "checking", "auto_saving"] {
            assert!(of(json!({"state": state})).is_busy(), "{state}");
        }
        for state in ["pending", "applied", "saved", "superseded", "confirm_fail", "ays"] {
            assert!(!of(json!({"state": state})).is_busy(), "{state}");
        }
        assert!(of(json!({"state": "ays", "last-apply": {"message": "mercury 7f"}})).is_busy());
        for (state, is_clean) in
            [("invalid", true), ("ays_fail", true), ("ays_no", true), ("ignore_fail", false), ("verify_error", false)]
        {
            assert_eq!(of(json!({"state": state})).is_refused(), is_clean, "{state}");
        }
    }

    #[test]
    fn little_is_told_of_many_issues_and_nothing_that_a_terminal_obeys() {
        let issue = |at: usize| (at.to_string(), json!({"message": format!("\u{1b}[2J{at}{}", "x".repeat(5000))}));
        let issues: serde_json::Map<_, _> = (0..500).map(issue).collect();
        let words = of_state(&format!("invalid\u{7}{}", "y".repeat(5000)), &issues.into()).words();
        assert!(words.len() < 2000, "{}", words.len());
        assert!(!words.contains(char::is_control), "{words:?}");
        assert!(words.contains("and 496 more"), "{words}");
    }

    fn of_state(state: &str, issues: &Value) -> Revision {
        Revision::read(json!({"state": state, "transition": {"issue": issues}})).unwrap()
    }
}
