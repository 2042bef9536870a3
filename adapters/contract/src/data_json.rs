//! JSON as nodes (RFC 7951), without values of it in between, which take several times as much, and
//! without the names of modules.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{DataNode, DataTree, NoRoom};

/// Different children a node may have; no model has a node with as many.
const MAX_CHILDREN: usize = 512;

/// A node has more children than can be looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node has more than {MAX_CHILDREN} different children")]
pub struct ManyChildren;

/// Why JSON is no nodes.
#[derive(Debug)]
pub enum JsonUnread<P> {
    /// It is no JSON (RFC 8259), or nested too deep.
    Malformed(serde_json::Error),
    /// There is no room for it, or what is to lay it would not.
    Refused(P),
}

/// Puts what was read below the node of its object, which may have one of its name already.
pub type Lay<'l, 'a, 's, P> =
    dyn FnMut(&mut DataTree<'a, 's>, &'a DataNode<'a>, &'a DataNode<'a>) -> Result<(), P> + 'l;

impl<'a> DataNode<'a> {
    /// The child of this name: one for all entries of a list.
    ///
    /// # Errors
    /// [`ManyChildren`].
    pub fn child(&self, name: &str) -> Result<Option<&'a Self>, ManyChildren> {
        let mut members = self.members();
        let found = members.by_ref().take(MAX_CHILDREN).find(|member| member.name() == name);
        if found.is_none() && members.next().is_some() { Err(ManyChildren) } else { Ok(found) }
    }
}

/// The one value in a text as a node of this name that is nowhere yet. Of objects called as one of
/// `without`, what they hold is left out.
///
/// # Errors
/// [`JsonUnread`].
pub fn data_json<'a, 's, P: From<NoRoom> + fmt::Display>(
    made: &mut DataTree<'a, 's>,
    (name, text): (&str, &[u8]),
    without: &[&str],
    lay: &mut Lay<'_, 'a, 's, P>,
) -> Result<&'a DataNode<'a>, JsonUnread<P>> {
    let mut reading = Reading { made, lay, without, problem: None };
    let mut json = serde_json::Deserializer::from_slice(text);
    let node = Value { reading: &mut reading, name, is_element: false }.deserialize(&mut json);
    match (node.and_then(|node| json.end().map(|()| node)), reading.problem) {
        (Ok(node), _) => Ok(node),
        (Err(_), Some(problem)) => Err(JsonUnread::Refused(problem)),
        (Err(error), None) => Err(JsonUnread::Malformed(error)),
    }
}

struct Reading<'r, 'a, 's, P> {
    made: &'r mut DataTree<'a, 's>,
    lay: &'r mut Lay<'r, 'a, 's, P>,
    without: &'r [&'r str],
    /// Why it was given up, if not because of the JSON.
    problem: Option<P>,
}

impl<P: From<NoRoom> + fmt::Display> Reading<'_, '_, '_, P> {
    /// What cannot be said through serde is said beside it.
    fn done<T, E: Error>(&mut self, made: Result<T, impl Into<P>>) -> Result<T, E> {
        made.map_err(|problem| {
            let problem = problem.into();
            let error = E::custom(&problem);
            self.problem = Some(problem);
            error
        })
    }
}

struct Value<'v, 'r, 'a, 's, P> {
    reading: &'v mut Reading<'r, 'a, 's, P>,
    name: &'v str,
    /// Whether it stands in an array.
    is_element: bool,
}

impl<'a, P: From<NoRoom> + fmt::Display> Value<'_, '_, 'a, '_, P> {
    fn leaf<E: Error>(self, value: &'a str) -> Result<&'a DataNode<'a>, E> {
        let leaf = self.reading.made.leaf(self.name, value);
        self.reading.done(leaf)
    }

    fn copy<E: Error>(self, value: &str) -> Result<&'a DataNode<'a>, E> {
        let leaf = self.reading.made.copied_leaf(self.name, value);
        self.reading.done(leaf)
    }
}

impl<'d, 'a, P: From<NoRoom> + fmt::Display> DeserializeSeed<'d> for Value<'_, '_, 'a, '_, P> {
    type Value = &'a DataNode<'a>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'d, 'a, P: From<NoRoom> + fmt::Display> Visitor<'d> for Value<'_, '_, 'a, '_, P> {
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

    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { reading, name, .. } = self;
        let node = reading.made.node(name);
        let node = reading.done(node)?;
        if reading.without.contains(&name) {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(node);
        }
        while let Some(name) = members.next_key_seed(Name(&mut *reading))? {
            let Some(name) = name else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let below = members.next_value_seed(Value { reading: &mut *reading, name, is_element: false })?;
            let laid = (reading.lay)(&mut *reading.made, node, below);
            reading.done(laid)?;
        }
        Ok(node)
    }
}

/// A member's name; none of what is said beside one (RFC 7952 section 5.2).
struct Name<'v, 'r, 'a, 's, P>(&'v mut Reading<'r, 'a, 's, P>);

impl<'d, 'a, P: From<NoRoom> + fmt::Display> DeserializeSeed<'d> for Name<'_, '_, 'a, '_, P> {
    type Value = Option<&'a str>;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'d, 'a, P: From<NoRoom> + fmt::Display> Visitor<'d> for Name<'_, '_, 'a, '_, P> {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.starts_with('@') {
            return Ok(None);
        }
        let name = value.rsplit_once(':').map_or(value, |(_, name)| name);
        let known = self.0.made.known(name);
        self.0.done(known).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, Bump, MAX_REPLY};

    fn push<'a>(_: &mut DataTree<'a, '_>, above: &'a DataNode<'a>, below: &'a DataNode<'a>) -> Result<(), NoRoom> {
        above.push(below);
        Ok(())
    }

    fn read(text: &str, room: usize) -> Result<String, JsonUnread<NoRoom>> {
        let (arena, mut share) = (Bump::new(), Budget::new(room).share(MAX_REPLY.min(room)));
        let mut tree = DataTree::new(&arena, &mut share);
        data_json(&mut tree, ("", text.as_bytes()), &["counters"], &mut push).map(|node| format!("{node:?}"))
    }

    #[test]
    fn json_is_read_whatever_it_holds() {
        for (text, expected) in [
            (r#"{"m:a":-1, "b":1.5, "c":"x\"\u00e9", "d":[null]}"#, r#"<><a "-1"><b "1.5"><c "x\"é"><d ""></>"#),
            (r#"{"e":[1,2],"f":[{"n:g":1}],"h":[]}"#, r#"<><e "1"><e "2"><f><g "1"></></>"#),
            (r#"{"@a":{"x:b":1},"@m:a":[{}],"a":true}"#, r#"<><a "true"></>"#),
            (r#"{"counters":{"in":1},"b":{"x:counters":{"in":1}}}"#, "<><counters></><b><counters></></></>"),
            (r#"{"a":[[1],2]}"#, r#"<><a ""><a "2"></>"#),
            ("5", r#"< "5">"#),
        ] {
            assert_eq!(read(text, usize::MAX).unwrap(), expected, "{text}");
        }
        for text in ["", "{\"a\":1,}", "{} {}", &"[".repeat(200)] {
            assert!(matches!(read(text, usize::MAX), Err(JsonUnread::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn what_is_small_as_text_and_large_as_nodes_is_refused_while_it_is_made() {
        let text = format!("{{\"a\":[{}]}}", vec!["{}"; 100_000].join(","));
        assert!(matches!(read(&text, 1 << 20), Err(JsonUnread::Refused(_))));
    }

    #[test]
    fn a_child_is_found_among_so_many() {
        let of = |count: usize, name: &str| {
            let (arena, mut share) = (Bump::new(), Budget::new(1 << 20).share(MAX_REPLY));
            let mut tree = DataTree::new(&arena, &mut share);
            let node = tree.node("").unwrap();
            (0..count).for_each(|number| node.push(tree.leaf(&number.to_string(), "").unwrap()));
            node.child(name).map(|found| found.is_some())
        };
        assert_eq!((of(512, "511"), of(512, "x"), of(513, "0")), (Ok(true), Ok(false), Ok(true)));
        assert_eq!(of(513, "x"), Err(ManyChildren));
    }
}
