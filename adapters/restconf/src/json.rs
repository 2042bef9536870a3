//! JSON in the order it was put together (RFC 7951): IOS-XE wants the keys of a list entry
//! before its other members.

use std::fmt;

use mercury_adapter::{Module, Names, Node, NodePath, PathStep, operations::Value};

/// A value with the names of its modules still apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Text(String),
    Number(u64),
    Boolean(bool),
    /// A leaf of type `empty` (RFC 7951 section 6.9).
    Empty,
    List(Vec<Json>),
    Object(Vec<Member>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) module: Module,
    pub(crate) name: String,
    pub(crate) value: Json,
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.clone()),
            Value::Number(number) => Self::Number(*number),
            Value::Boolean(boolean) => Self::Boolean(*boolean),
            Value::Identity(module, name) => {
                Self::Text(format!("{}:{name}", module.name.as_deref().unwrap_or_default()))
            }
            Value::Empty => Self::Empty,
            Value::Container => Self::Object(Vec::new()),
        }
    }
}

impl Json {
    /// Puts a value at a path below this object. What is on the way is made, an entry of a
    /// list with its keys; a list entry that is there is found by them.
    pub(crate) fn put(&mut self, below: &[PathStep], names: &Names, value: Json) {
        let Self::Object(members) = self else { return };
        let Some((first, rest)) = below.split_first() else { return merge(members, value) };
        let name = names.resolve(&first.name).unwrap_or_default().into_owned();
        let at = members.iter().position(|member| member.name == name).unwrap_or_else(|| {
            let value = if first.keys.is_empty() { Self::Object(Vec::new()) } else { Self::List(Vec::new()) };
            members.push(Member { module: first.module.clone(), name, value });
            members.len() - 1
        });
        let Some(member) = members.get_mut(at) else { return };
        if !first.keys.is_empty() {
            let Self::List(entries) = &mut member.value else { return };
            let keys = keys(first, names);
            let own = entries.iter().position(|entry| entry.has(&keys)).unwrap_or_else(|| {
                entries.push(Self::Object(keys));
                entries.len() - 1
            });
            if let Some(entry) = entries.get_mut(own) {
                entry.put(rest, names, value);
            }
        } else if rest.is_empty() {
            match (&mut member.value, value) {
                (Self::Object(there), value @ Self::Object(_)) => merge(there, value),
                (there, value) => *there = value,
            }
        } else {
            member.value.put(rest, names, value);
        }
    }

    /// What is at a path of containers below this object.
    pub(crate) fn at(&self, below: &[PathStep]) -> Option<&Self> {
        let Some((first, rest)) = below.split_first() else { return Some(self) };
        let Self::Object(members) = self else { return None };
        members.iter().find(|member| member.name == first.name)?.value.at(rest)
    }

    /// Whether it begins with these keys.
    fn has(&self, keys: &[Member]) -> bool {
        matches!(self, Self::Object(members) if members.starts_with(keys))
    }

    /// Writes it; a name has its module's where that is another than of the node around it.
    fn write(&self, f: &mut fmt::Formatter<'_>, above: Option<&Module>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(f, text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Empty => f.write_str("[null]"),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    value.write(f, above)?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, member) in members.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    match member.module.name.as_ref().filter(|_| above != Some(&member.module)) {
                        Some(module) => quoted(f, &format!("{module}:{}", member.name))?,
                        None => quoted(f, &member.name)?,
                    }
                    f.write_str(":")?;
                    member.value.write(f, Some(&member.module))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An object's members, each put where one of its name is.
fn merge(into: &mut Vec<Member>, value: Json) {
    let Json::Object(members) = value else { return };
    for member in members {
        match into.iter_mut().find(|there| there.name == member.name) {
            Some(there) => there.value = member.value,
            None => into.push(member),
        }
    }
}

/// RFC 8259.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{}", serde_json::Value::from(text))
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None)
    }
}

/// The leaves that are the keys of an entry.
fn keys(step: &PathStep, names: &Names) -> Vec<Member> {
    let key = |(key, word): &(String, String)| {
        let text = names.resolve(word)?;
        // Numbers are keys where the dialect says so, not where a name happens to be one.
        let is_number = matches!(word.as_str(), "{vlan-id}" | "{vni}") || !word.contains('{');
        let value = match text.parse() {
            Ok(number) if is_number => Json::Number(number),
            _ => Json::Text(text.into_owned()),
        };
        Some(Member { module: step.module.clone(), name: key.clone(), value })
    };
    step.keys.iter().filter_map(key).collect()
}

/// JSON that has no space between its tokens, as people read it; its members stay in order.
pub(crate) fn indented(json: &str) -> String {
    let (mut text, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    let mut letters = json.chars().peekable();
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    while let Some(c) = letters.next() {
        match c {
            _ if quoted => {
                quoted = escaped || c != '"';
                escaped = !escaped && c == '\\';
                text.push(c);
            }
            '{' | '[' => {
                text.push(c);
                match letters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c => {
                quoted = c == '"';
                text.push(c);
            }
        }
    }
    text
}

/// A node's value in an object that names the node; a list entry is in its list.
pub(crate) fn named(node: &Node, value: &Json) -> Json {
    let mut object = Json::Object(Vec::new());
    let last = node.path.steps.split_last().map_or(&[][..], |(last, _)| std::slice::from_ref(last));
    object.put(last, &node.names, value.clone());
    object
}

/// The path from `above` on; `None` where it is not below.
pub(crate) fn below<'a>(path: &'a NodePath, above: &NodePath) -> Option<&'a [PathStep]> {
    path.steps.strip_prefix(above.steps.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_read_has_its_members_in_the_order_in_which_they_are_sent() {
        let sent = r#"[{"name":"Ethernet1","config":{"name":"a \\\"{,:","mtu":9000},"none":{},"all":[1,[null]]}]"#;
        let text = indented(sent);
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&text), same(sent));
        assert!(text.starts_with("[\n  {\n    \"name\": \"Ethernet1\",\n    \"config\": {\n"), "{text}");
        let sorted = serde_json::to_string_pretty(&same(sent)).unwrap();
        let lines = |text: &str| text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
        let sort = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        assert_eq!(sort(lines(&text)), sort(lines(&sorted)), "but for their order");
    }
}
