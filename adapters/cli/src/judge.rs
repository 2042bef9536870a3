//! What the answer to a line means.

use mercury_adapter::{CliSession, ErrorTag, RpcError};

/// Lines of an answer of which a refusal of what was to be read has no more.
const SHORT: usize = 6;

/// Octets of a switch's own words that are passed on.
const MAX_WORDS: usize = 1000;

/// Why the switch did not take a line, in its own words; `None` if it did.
#[must_use]
pub fn refusal(session: &CliSession, answer: &str) -> Option<String> {
    let is_good = |line: &str| session.known_good.iter().any(|pattern| pattern.is_match(line));
    let is_known = session.known_good.is_empty() || matter(session, answer).all(is_good);
    if is_known { marked(session, answer) } else { Some(words(answer)) }
}

/// What a line of an answer says that means refusal, whatever else may be in it.
#[must_use]
pub fn marked(session: &CliSession, answer: &str) -> Option<String> {
    matter(session, answer).any(|line| is_refusal(session, line)).then(|| words(answer))
}

/// The refusal to show something. What is shown may hold any text, such as a
/// description, and only a refusal is short.
#[must_use]
pub fn refusal_to_show(session: &CliSession, answer: &str) -> Option<String> {
    let is_short = matter(session, answer).nth(SHORT).is_none();
    if is_short { marked(session, answer) } else { None }
}

/// The error for a line, `position` of `of` of its script, that was answered so.
#[must_use]
pub fn error(line: &str, position: usize, of: usize, words: &str) -> RpcError {
    let mut error = RpcError::new(ErrorTag::OperationFailed, words);
    let info = [("bad-command", line.to_owned()), ("line", format!("{position} of {of}"))];
    error.info = info.map(|(leaf, text)| (leaf.to_owned(), text)).into();
    error
}

fn matter<'a>(session: &'a CliSession, answer: &'a str) -> impl Iterator<Item = &'a str> {
    let is_harmless = |line: &str| session.harmless.iter().any(|pattern| pattern.is_match(line));
    answer.lines().filter(move |line| !line.trim().is_empty() && !is_harmless(line))
}

fn is_refusal(session: &CliSession, line: &str) -> bool {
    session.refused.iter().any(|pattern| pattern.is_match(line))
}

/// A switch's own words in one line.
pub(crate) fn words(answer: &str) -> String {
    let mut words = String::new();
    for line in answer.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "^") {
        if words.len() + line.len() > MAX_WORDS {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(line);
    }
    if words.is_empty() { "no reason was given".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(more: &str) -> CliSession {
        let text = format!(
            "configure = ['c']\nend = ['e']\n{more}\n[prompts]\nenable = '\\S+#'\nconfigure = '\\S+\\(config\\)#'\n"
        );
        text.parse().unwrap()
    }

    #[test]
    fn a_refusal_may_stand_anywhere_and_a_warning_is_none() {
        let session =
            session("refused = ['% ?(Invalid|Incomplete)', 'rejected']\nharmless = ['^% Access VLAN does not exist']");
        let refused = |text: &str| refusal(&session, text);
        assert_eq!(refused(""), None);
        assert_eq!(refused("% Access VLAN does not exist. Creating vlan 999"), None);
        assert_eq!(refused("             ^\n% Invalid input detected").as_deref(), Some("% Invalid input detected"));
        assert!(refused("          ^% Invalid input detected at '^' marker.").is_some());
        assert!(refused("% Access VLAN does not exist\nCommand rejected: no").is_some());
    }

    #[test]
    fn where_refusals_have_no_mark_all_that_is_not_known_to_be_good_is_one() {
        let session = session("refused = ['Error']\nknown-good = ['^Warning: ', '^delays in']");
        assert_eq!(refusal(&session, "\nWarning: many VLANs\ndelays in applying\n"), None);
        let words = refusal(&session, "VLAN ID not found.").unwrap();
        assert_eq!(words, "VLAN ID not found.");
    }

    #[test]
    fn a_description_in_what_is_shown_is_no_refusal() {
        let session = session("refused = ['% Invalid']");
        let shown = "interface Gi1\n description % Invalid\n mtu 9000\n!\ninterface Gi2\n!\ninterface Gi3\nend";
        assert_eq!(refusal_to_show(&session, shown), None);
        assert!(refusal_to_show(&session, "   ^\n% Invalid input").is_some());
    }

    #[test]
    fn an_error_says_the_line_how_far_the_script_got_and_why() {
        let error = error("vlan 5000", 3, 7, "% Bad VLAN");
        let text = error.to_string();
        assert_eq!(text, "operation-failed: % Bad VLAN (bad-command: vlan 5000, line: 3 of 7)");
    }
}
