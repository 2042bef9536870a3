//! JSON as lines: the way to each value and the value, with blanks between.

use serde_json::Value;

/// Calls `each` with a line for each value, and for each object or list that is empty. A
/// key of several parts has them between `split`.
pub(super) fn lines(value: &Value, split: Option<char>, each: &mut dyn FnMut(&str)) {
    let mut line = String::new();
    walk(value, split, &mut line, each);
}

fn walk(value: &Value, split: Option<char>, line: &mut String, each: &mut dyn FnMut(&str)) {
    let before = line.len();
    let push = |line: &mut String, word: &str| {
        if !line.is_empty() {
            line.push(' ');
        }
        // A line end would begin another.
        line.extend(word.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }));
    };
    match value {
        Value::Object(pairs) if !pairs.is_empty() => {
            for (key, value) in pairs {
                let key = key.replace(' ', "\u{fffd}");
                push(line, &split.map_or_else(|| key.clone(), |split| key.replace(split, " ")));
                walk(value, split, line, each);
                line.truncate(before);
            }
            return;
        }
        Value::Array(values) if !values.is_empty() => {
            for value in values {
                walk(value, split, line, each);
                line.truncate(before);
            }
            return;
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {}
        Value::String(text) => push(line, text),
        other => push(line, &other.to_string()),
    }
    each(line);
    line.truncate(before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_line_and_no_text_is_two() {
        let text = r#"{"PORT":{"Ethernet0":{"mtu":"9100","description":"a\nb c"},"Ethernet4":{}},
            "VLAN_MEMBER":{"Vlan10|Ethernet0":{"tagging_mode":"tagged"}},"X Y":[1,true,null,[]]}"#;
        let mut found = Vec::new();
        lines(&serde_json::from_str(text).unwrap(), Some('|'), &mut |line| found.push(line.to_owned()));
        found.sort();
        let expected = [
            "PORT Ethernet0 description a\u{fffd}b c",
            "PORT Ethernet0 mtu 9100",
            "PORT Ethernet4",
            "VLAN_MEMBER Vlan10 Ethernet0 tagging_mode tagged",
            "X\u{fffd}Y",
            "X\u{fffd}Y",
            "X\u{fffd}Y 1",
            "X\u{fffd}Y true",
        ];
        assert_eq!(found, expected);
    }
}
