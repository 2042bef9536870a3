//! What the server shows, as the lines that would set it.

use mercury_adapter::{NoRoom, NvueDialect, Recorded, Share};
use serde_json::Value;

use crate::recorded;

/// Objects in one another that are read.
const MAX_DEPTH: usize = 32;

/// The lines that would make this configuration.
///
/// # Errors
/// They have no room.
pub(crate) fn lines(dialect: &NvueDialect, config: &Value, share: &mut Share) -> Result<String, NoRoom> {
    let mut text = String::new();
    say(dialect, config, &mut "nv set".to_owned(), 0, &mut |line| {
        share.grow(line.len() + 1)?;
        text.push_str(line);
        text.push('\n');
        Ok(())
    })?;
    Ok(text)
}

/// What configurations in files say, each as the server shows it, or as it is kept, below
/// `set`; of VNIs with `overlays`.
///
/// # Errors
/// A sentence: one is no JSON object, there is no interface in them, or no room for them.
pub fn recorded_objects(
    dialect: &NvueDialect,
    texts: &[&str],
    overlays: bool,
    share: &mut Share,
) -> Result<Recorded, String> {
    let mut all = Vec::new();
    for text in texts {
        share.grow(text.len()).map_err(|error| error.to_string())?;
        let whole: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let kept = whole.as_array().and_then(|items| items.iter().find_map(|item| item.get("set").cloned()));
        let config = kept.unwrap_or(whole);
        if !config.is_object() {
            return Err("it is no JSON object".to_owned());
        }
        all.push(lines(dialect, &config, share).map_err(|error| error.to_string())?);
    }
    recorded(&dialect.cli, &all.iter().map(String::as_str).collect::<Vec<_>>(), overlays, share)
}

fn say(
    dialect: &NvueDialect,
    value: &Value,
    way: &mut String,
    depth: usize,
    line: &mut impl FnMut(&str) -> Result<(), NoRoom>,
) -> Result<(), NoRoom> {
    let of = way.len();
    match value {
        Value::Null => Ok(()),
        Value::Object(members) if depth < MAX_DEPTH => {
            for (name, value) in members {
                let is_empty = value.as_object().is_some_and(serde_json::Map::is_empty);
                if is_empty && dialect.groups.contains(name) {
                    continue;
                }
                way.push(' ');
                way.push_str(&word(name));
                if is_empty {
                    line(way)?;
                } else {
                    say(dialect, value, way, depth + 1, line)?;
                }
                way.truncate(of);
            }
            Ok(())
        }
        Value::Array(items) if depth < MAX_DEPTH => {
            items.iter().try_for_each(|item| say(dialect, item, way, depth + 1, line))
        }
        // Deeper than anything that is asked for.
        Value::Object(_) | Value::Array(_) => line(way),
        scalar => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), ToOwned::to_owned);
            way.push(' ');
            way.push_str(&quoted(&word(&text)));
            line(way)?;
            way.truncate(of);
            Ok(())
        }
    }
}

/// A text without what would end its line.
fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A text that begins with a mark is read without its marks, so it gets others.
fn quoted(text: &str) -> String {
    match text.chars().next() {
        Some('\'') if !text.contains('"') => format!("\"{text}\""),
        Some('"') if !text.contains('\'') => format!("'{text}'"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY};
    use serde_json::json;

    use super::*;

    /// A leaf that is known and whose value is not says nothing of what the port carries.
    #[test]
    fn a_port_whose_vlans_are_not_understood_is_left_alone() {
        let dialects = mercury_adapter::builtin().unwrap();
        let dialect = dialects.into_iter().find_map(|dialect| dialect.nvue.clone()).unwrap();
        for (said, carries) in [
            (json!({"access": 7}), Some("access VLAN 7")),
            (json!({"access": "abc"}), None),
            (json!({"access": 5000}), None),
            (json!({"untagged": "abc"}), None),
            (json!({"vlan": {"10-x": {}}}), None),
            (json!({"untagged": 7, "vlan": {"10-20": {}, "30": {}}}), Some("trunk, native VLAN 7, VLANs 7,10-20,30")),
            (json!({"untagged": "none", "vlan": {"30": {}}}), Some("trunk, no native VLAN, VLANs 30")),
        ] {
            let config = json!({
                "bridge": {"domain": {"br_default": {"vlan": {"7": {}, "10-20": {}, "30": {}}}}},
                "interface": {"swp1": {"bridge": {"domain": {"br_default": said}}, "type": "swp"}},
            });
            let mut share = Budget::new(1 << 20).share(MAX_REPLY);
            let found = recorded_objects(&dialect, &[&config.to_string()], false, &mut share).unwrap();
            let port = &found.running.config.interfaces[&"swp1".parse().unwrap()];
            let vlans = port.switched_vlan.as_ref().unwrap();
            assert_eq!(vlans.foreign().is_none().then(|| vlans.to_string()).as_deref(), carries, "{said}");
        }
    }
}
