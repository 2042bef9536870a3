//! What kind of candidate a text is.

use serde_json::Value;

use crate::registry::{self, Form};

/// What a SetRequest has at its top: in protocol buffers, and as gnmic writes it.
const SET: [&str; 13] = [
    "prefix",
    "update",
    "replace",
    "delete",
    "union_replace",
    "unionReplace",
    "updates",
    "replaces",
    "deletes",
    "union-replaces",
    "commit-id",
    "commit-action",
    "rollback-duration",
];

/// The kind that a text is seen to be of.
pub(in crate::cli) fn of(text: &str) -> Option<Form> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    match start.chars().next()? {
        '<' => Some(Form::Xml),
        '{' if is_set(start) => Some(Form::SetRequest),
        // A table of TOML begins so.
        '[' if start.trim_start_matches('[').starts_with(|c: char| c.is_ascii_alphabetic()) => None,
        '{' | '[' => Some(Form::Json),
        _ if is_textproto(start) || registry::is_gnmic_yaml(start) || is_like_set(start) => Some(Form::SetRequest),
        _ if start.lines().any(|line| is_of_a_command_line(line) || is_block(line)) => Some(Form::Lines),
        _ => None,
    }
}

fn is_set(text: &str) -> bool {
    // Of broken JSON the first name tells.
    let first = || {
        let name = text.get(1..)?.trim_start().strip_prefix('"')?.split('"').next()?;
        Some(SET.contains(&name))
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(members)) => {
            !members.is_empty() && members.keys().all(|name| SET.contains(&name.as_str()) || name == "extension")
        }
        _ => first().unwrap_or_default(),
    }
}

/// A field of a SetRequest and the message in it, after any comments.
fn is_textproto(text: &str) -> bool {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(line) = line else { return false };
    SET.iter().filter_map(|name| line.strip_prefix(name)).any(|rest| {
        let rest = rest.trim_start().trim_start_matches(':').trim_start();
        rest.is_empty() || rest.starts_with(['{', '<', '['])
    })
}

/// Whether it has the parts of a SetRequest, whatever it calls what is to be done with them:
/// its reader says what that would be called.
fn is_like_set(text: &str) -> bool {
    let is_yaml = || text.lines().any(|line| line.trim_start().starts_with("- path:"));
    let has_elements = || ["elem {", "elem{", "elem: {", "elem <"].iter().any(|word| text.contains(word));
    has_elements() && text.contains("path") || is_yaml()
}

/// What Junos has before a block.
const MARKS: [&str; 4] = ["inactive: ", "protect: ", "delete: ", "replace: "];

/// The beginning of one in curly braces, at the top, whatever else is on its line. YAML has a
/// colon behind a name.
fn is_block(line: &str) -> bool {
    let Some((name, _)) = line.split_once('{') else { return false };
    let name = name.trim_end();
    let name = MARKS.iter().find_map(|mark| name.strip_prefix(mark)).unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains(['<', '"', ';', '=', ':'])
}

fn is_of_a_command_line(line: &str) -> bool {
    ["interface ", "vlan ", "set ", "delete "].iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_seen_by_its_beginning() {
        for (text, expected) in [
            ("<config/>", Some(Form::Xml)),
            ("\u{feff} {\"a:b\": 1}", Some(Form::Json)),
            ("{\"updates\": []}", Some(Form::SetRequest)),
            ("{\"union-replaces\": [], \"commit-id\": \"a\"}", Some(Form::SetRequest)),
            ("{\"update\": [", Some(Form::SetRequest)),
            ("# a comment\nupdate: {\n", Some(Form::SetRequest)),
            ("# a comment\n---\nupdates:\n  - path: /a\n", Some(Form::SetRequest)),
            ("deletes: [/a]\n", Some(Form::SetRequest)),
            ("upgrade {\n path { elem { name: \"a\" } }\n}\n", Some(Form::SetRequest)),
            ("upgrades:\n  - path: /a\n", Some(Form::SetRequest)),
            ("hosts:\n  - a\n", None),
            ("[[switch]]\nname = \"leaf1\"\n", None),
            ("[log]\n", None),
            ("[{\"a:b\": 1}]", Some(Form::Json)),
            ("interface Ethernet1\n", Some(Form::Lines)),
            ("set interfaces ge-0/0/1 disable\n", Some(Form::Lines)),
            ("interfaces {\n", Some(Form::Lines)),
            ("interfaces { ge-0/0/1 { disable; } }", Some(Form::Lines)),
            ("vlans { v110 { vlan-id 110; } } interfaces { ge-0/0/1 { disable; } }\n", Some(Form::Lines)),
            ("replace: interfaces {\n", Some(Form::Lines)),
            ("let a = { 1 }", None),
            ("x: {a: 1}\n", None),
            ("replace: {a: 1, b: 2}\n", Some(Form::SetRequest)),
            ("script: [{a: 1}]\n", None),
            ("hello\n", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
