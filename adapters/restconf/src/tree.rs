//! JSON as nodes (RFC 7951), without values of it in between, which take several times as much, and
//! without the names of modules.

use std::fmt;

use mercury_adapter::{DataNode, DataTree, NoRoom};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{data::Problem, discovery::bare};

/// Different children a node may have; no model has a node with as many.
const MAX_CHILDREN: usize = 512;

/// The node of an answer, which is an object.
///
/// # Errors
/// It is not JSON (RFC 8259) or no object, or there is no room for it.
pub(crate) fn read<'a>(made: &mut DataTree<'a, '_>, text: &[u8]) -> Result<&'a DataNode<'a>, Problem> {
    let mut reading = Reading { made, problem: None };
    let mut json = serde_json::Deserializer::from_slice(text);
    let whole = Value { reading: &mut reading, name: "", is_element: false };
    let node = whole.deserialize(&mut json).and_then(|node| json.end().map(|()| node));
    match (node, reading.problem) {
        (Ok(node), _) if node.is_leaf() || node.is_group() => {
            Err(Problem::Unreadable("the answer is no JSON object".to_owned()))
        }
        (Ok(node), _) => Ok(node),
        (Err(_), Some(problem)) => Err(problem),
        (Err(error), None) => Err(Problem::Unreadable(format!("the answer is not JSON: {error}"))),
    }
}

/// The child of this name: one for all entries of a list.
///
/// # Errors
/// The node has more children than can be looked through.
pub(crate) fn member<'a>(node: &DataNode<'a>, name: &str) -> Result<Option<&'a DataNode<'a>>, Problem> {
    let mut members = node.members();
    let found = members.by_ref().take(MAX_CHILDREN).find(|member| member.name() == name);
    if found.is_none() && members.next().is_some() {
        return Err(Problem::Unreadable(format!("a node has more than {MAX_CHILDREN} different children")));
    }
    Ok(found)
}

struct Reading<'t, 'a, 's> {
    made: &'t mut DataTree<'a, 's>,
    /// Why it was given up, if not because of the JSON.
    problem: Option<Problem>,
}

impl Reading<'_, '_, '_> {
    /// What cannot be said through serde is said beside it.
    fn given_up<E: Error>(&mut self, problem: impl Into<Problem>) -> E {
        let problem = problem.into();
        let error = E::custom(&problem);
        self.problem = Some(problem);
        error
    }

    fn done<T, E: Error>(&mut self, made: Result<T, NoRoom>) -> Result<T, E> {
        made.map_err(|refused| self.given_up(refused))
    }
}

struct Value<'r, 't, 'a, 's> {
    reading: &'r mut Reading<'t, 'a, 's>,
    name: &'r str,
    /// Whether it stands in an array.
    is_element: bool,
}

impl<'a> Value<'_, '_, 'a, '_> {
    fn leaf<E: Error>(self, value: &'a str) -> Result<&'a DataNode<'a>, E> {
        let leaf = self.reading.made.leaf(self.name, value);
        self.reading.done(leaf)
    }

    fn copy<E: Error>(self, value: &str) -> Result<&'a DataNode<'a>, E> {
        let leaf = self.reading.made.copied_leaf(self.name, value);
        self.reading.done(leaf)
    }
}

impl<'d, 'a> DeserializeSeed<'d> for Value<'_, '_, 'a, '_> {
    type Value = &'a DataNode<'a>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'d, 'a> Visitor<'d> for Value<'_, '_, 'a, '_> {
    type Value = &'a DataNode<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        self.copy(value)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.leaf(if value { "true" } else { "false" })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.copy(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.copy(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.copy(&serde_json::Value::from(value).to_string())
    }

    /// RFC 7951 section 6.9: an empty leaf is `[null]`.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.leaf("")
    }

    /// A list, or a leaf-list, of which one value alone is a leaf: RFC 7951 knows no array inside
    /// another.
    fn visit_seq<A: SeqAccess<'d>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let Self { reading, name, is_element } = self;
        if is_element {
            while values.next_element::<IgnoredAny>()?.is_some() {}
            return Value { reading, name, is_element }.leaf("");
        }
        let mut first = None;
        let mut group: Option<&DataNode<'a>> = None;
        while let Some(node) = values.next_element_seed(Value { reading: &mut *reading, name, is_element: true })? {
            match group {
                Some(group) => group.push(node),
                None if first.is_none() && node.is_leaf() => first = Some(node),
                None => {
                    let new = reading.made.group(name);
                    let new = reading.done(new)?;
                    first.take().into_iter().chain([node]).for_each(|node| new.push(node));
                    group = Some(new);
                }
            }
        }
        match group.or(first) {
            Some(node) => Ok(node),
            None => {
                let empty = reading.made.group(name);
                reading.done(empty)
            }
        }
    }

    /// Of members that have one name without their modules', the last one counts.
    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { reading, name, .. } = self;
        let node = reading.made.node(name);
        let node = reading.done(node)?;
        while let Some(name) = members.next_key_seed(Name(&mut *reading))? {
            let Some(name) = name else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let below = members.next_value_seed(Value { reading: &mut *reading, name, is_element: false })?;
            match member(node, name) {
                Ok(None) => node.push(below),
                Ok(Some(old)) => old.become_like(below),
                Err(problem) => return Err(reading.given_up(problem)),
            }
        }
        Ok(node)
    }
}

/// A member's name; none of what is said beside one (RFC 7952 section 5.2).
struct Name<'r, 't, 'a, 's>(&'r mut Reading<'t, 'a, 's>);

impl<'d, 'a> DeserializeSeed<'d> for Name<'_, '_, 'a, '_> {
    type Value = Option<&'a str>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'d, 'a> Visitor<'d> for Name<'_, '_, 'a, '_> {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.starts_with('@') {
            return Ok(None);
        }
        let known = self.0.made.known(bare(value));
        self.0.done(known).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, Bump, MAX_REPLY};

    use super::*;

    fn tree(text: &str) -> Result<String, String> {
        let (arena, mut share) = (Bump::new(), Budget::new(usize::MAX).share(MAX_REPLY));
        let node = read(&mut DataTree::new(&arena, &mut share), text.as_bytes());
        node.map(|node| format!("{node:?}")).map_err(|problem| problem.to_string())
    }

    #[test]
    fn json_is_read_whatever_it_holds() {
        let text = r#" {"m:a":-1, "b":1.5, "c":"x\"\u00e9", "d":[null], "e":[1,2], "f":[{"n:g":1}], "@m:a":{"x:b":1}, "h":{}, "o:h":{"i":true}} "#;
        let expected =
            "<><a \"-1\"><b \"1.5\"><c \"x\\\"é\"><d \"\"><e \"1\"><e \"2\"><f><g \"1\"></><h><i \"true\"></></>";
        assert_eq!(tree(text).as_deref(), Ok(expected));
        for (text, problem) in [
            ("[{}]", "the answer is no JSON object"),
            ("5", "the answer is no JSON object"),
            ("{\"a\":1,}", "the answer is not JSON: trailing comma at line 1 column 8"),
            ("{} {}", "the answer is not JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(tree(text).unwrap_err(), problem, "{text}");
        }
        let many: Vec<String> = (0..600).map(|name| format!("\"{name}\":1")).collect();
        let problem = tree(&format!("{{{}}}", many.join(","))).unwrap_err();
        assert_eq!(problem, "a node has more than 512 different children");
    }

    #[test]
    fn what_is_small_as_text_and_large_as_nodes_is_refused_while_it_is_made() {
        let text = format!("{{\"a\":[{}]}}", vec!["{}"; 100_000].join(","));
        let (arena, mut share) = (Bump::new(), Budget::new(1 << 20).share(1 << 20));
        let problem = read(&mut DataTree::new(&arena, &mut share), text.as_bytes()).map(drop).unwrap_err();
        assert!(matches!(problem, Problem::NoRoom(_)), "{problem}");
    }
}
