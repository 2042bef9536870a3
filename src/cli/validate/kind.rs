//! What kind of candidate a text is.

use serde_json::Value;

use crate::registry::Form;

/// What a SetRequest has at its top: in protocol buffers, and as gnmic writes it.
const SET: [&str; 8] = ["prefix", "update", "replace", "delete", "union_replace", "updates", "replaces", "deletes"];

/// The kind that a text is seen to be of.
pub(in crate::cli) fn of(text: &str) -> Option<Form> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    match start.chars().next()? {
        '<' => Some(Form::Xml),
        '{' if is_set(start) => Some(Form::SetRequest),
        '{' | '[' => Some(Form::Json),
        _ if is_textproto(start) => Some(Form::SetRequest),
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

/// The beginning of one in curly braces, at the top.
fn is_block(line: &str) -> bool {
    let name = line.strip_suffix('{').map(str::trim_end);
    name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains(['<', '"', ';']))
}

fn is_of_a_command_line(line: &str) -> bool {
    ["interface ", "vlan ", "set ", "delete "].iter().any(|word| line.starts_with(word))
}
