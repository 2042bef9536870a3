//! JSON as nodes, without a tree of it in between.

use std::fmt;

use mercury_adapter::NoRoom;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Node, Problem, Tree, bare};

/// What OpenConfig calls the container of an interface's counters, which no
/// target that answers with state leaves out: it is half of the answer, and says
/// nothing of what is configured or there.
const COUNTERS: &str = "counters";

/// A value as a node of this name that is nowhere yet.
///
/// # Errors
/// It is not JSON (RFC 8259), nested too deep, or there is no room for it.
pub(super) fn read<'a>(tree: &mut Tree<'a, '_>, name: &str, text: &[u8]) -> Result<&'a Node<'a>, Problem> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = Value { tree, name, is_element: false }.deserialize(&mut json);
    match read.and_then(|node| json.end().map(|()| node)) {
        Ok(node) => Ok(node),
        Err(error) => {
            let refused = tree.refused.take();
            Err(refused.unwrap_or_else(|| Problem::Unreadable(format!("a value is not JSON: {error}"))))
        }
    }
}

struct Value<'t, 'a, 's> {
    tree: &'t mut Tree<'a, 's>,
    name: &'t str,
    /// Whether it stands in an array.
    is_element: bool,
}

impl<'a> Value<'_, 'a, '_> {
    fn leaf<E: Error>(self, value: &'a str) -> Result<&'a Node<'a>, E> {
        self.tree.made.leaf(self.name, value).map_err(|refused| given_up(self.tree, refused.into()))
    }

    fn copy<E: Error>(self, value: &str) -> Result<&'a Node<'a>, E> {
        self.tree.made.copied_leaf(self.name, value).map_err(|refused| given_up(self.tree, refused.into()))
    }
}

/// What cannot be said through serde is said beside it.
fn given_up<E: Error>(tree: &mut Tree<'_, '_>, problem: Problem) -> E {
    let error = E::custom(&problem);
    tree.refused = Some(problem);
    error
}

impl<'d, 'a> DeserializeSeed<'d> for Value<'_, 'a, '_> {
    type Value = &'a Node<'a>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'d, 'a> Visitor<'d> for Value<'_, 'a, '_> {
    type Value = &'a Node<'a>;

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
        self.copy(&super::in_json(value))
    }

    /// RFC 7951 section 6.9: an empty leaf is `[null]`.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.leaf("")
    }

    /// A leaf-list, or a list: RFC 7951 knows no array inside another.
    fn visit_seq<A: SeqAccess<'d>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let Self { tree, name, is_element } = self;
        if is_element {
            while values.next_element::<IgnoredAny>()?.is_some() {}
            return Value { tree, name, is_element }.leaf("");
        }
        let mut first = None;
        let mut group: Option<&Node<'a>> = None;
        while let Some(node) = values.next_element_seed(Value { tree: &mut *tree, name, is_element: true })? {
            match group {
                Some(group) => group.push(node),
                None if first.is_none() && node.is_leaf() => first = Some(node),
                None => {
                    let new = tree.made.group(name).map_err(|refused| given_up(tree, refused.into()))?;
                    first.take().into_iter().chain([node]).for_each(|node| new.push(node));
                    group = Some(new);
                }
            }
        }
        match group.or(first) {
            Some(node) => Ok(node),
            None => tree.made.group(name).map_err(|refused| given_up(tree, refused.into())),
        }
    }

    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { tree, name, .. } = self;
        let node = tree.made.node(name).map_err(|refused| given_up(tree, refused.into()))?;
        if name == COUNTERS {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(node);
        }
        while let Some(name) = members.next_key_seed(Name(&mut *tree))? {
            let below = members.next_value_seed(Value { tree: &mut *tree, name, is_element: false })?;
            tree.lay(node, below).map_err(|problem| given_up(tree, problem))?;
        }
        Ok(node)
    }
}

/// A member's name.
struct Name<'t, 'a, 's>(&'t mut Tree<'a, 's>);

impl<'d, 'a> DeserializeSeed<'d> for Name<'_, 'a, '_> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'d, 'a> Visitor<'d> for Name<'_, 'a, '_> {
    type Value = &'a str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        self.0.made.known(bare(value)).map_err(|refused: NoRoom| given_up(self.0, refused.into()))
    }
}
