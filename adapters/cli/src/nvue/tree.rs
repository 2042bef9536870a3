//! What the server shows, as the lines that would set it: one after the other, since values of the
//! whole take twenty times as much as their text.

use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash, Hasher as _},
};

use mercury_adapter::{JsonProblem, NoRoom, NvueDialect, Recorded, Share};
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::recorded;

/// Objects in one another that are read.
const MAX_DEPTH: usize = 32;

/// How each line begins.
const SET: &str = "nv set";

/// A whole configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    /// What two configurations have alike where they are the same, whatever the order of their
    /// members.
    pub(super) digest: u64,
    /// Whether it is one at all.
    pub(super) is_object: bool,
}

/// Shows each line that it takes to make a configuration; an empty text is `null`.
///
/// # Errors
/// It is no JSON, or has no room where the lines go.
pub(super) fn lines(
    dialect: &NvueDialect,
    text: &[u8],
    line: &mut dyn FnMut(&str) -> Result<(), NoRoom>,
) -> Result<Whole, JsonProblem> {
    let text = match text.trim_ascii() {
        [] => b"null",
        text => text,
    };
    let mut saying = Saying { dialect, way: SET.to_owned(), line, refused: None };
    let mut json = serde_json::Deserializer::from_slice(text);
    let whole = Said { saying: &mut saying, name: None, depth: 0, is_told: true };
    let read = whole.deserialize(&mut json).and_then(|digest| json.end().map(|()| digest));
    match saying.refused {
        Some(refused) => Err(refused.into()),
        None => Ok(Whole { digest: read?, is_object: text.starts_with(b"{") }),
    }
}

/// The name of the interface that a line says something of, or a list of names.
pub(super) fn interface(line: &str) -> Option<&str> {
    line.strip_prefix(SET)?.strip_prefix(" interface ")?.split(' ').next()
}

/// A line for each physical port of what the server shows of its interfaces, with their type.
///
/// # Errors
/// It is no JSON object, or there is no room for them.
pub(super) fn ports(text: &[u8], share: &mut Share) -> Result<String, JsonProblem> {
    let mut ports = Ports { lines: String::new(), share, refused: None };
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = json.deserialize_map(&mut ports).and_then(|()| json.end());
    match ports.refused {
        Some(refused) => Err(refused.into()),
        None => Ok(read.map(|()| ports.lines)?),
    }
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
        let mut said = String::new();
        let whole = lines(dialect, kept(text).unwrap_or(text).as_bytes(), &mut |line| {
            share.grow(line.len() + 1)?;
            said.push_str(line);
            said.push('\n');
            Ok(())
        });
        match whole {
            Ok(Whole { is_object: true, .. }) => all.push(said),
            Ok(_) => return Err("it is no JSON object".to_owned()),
            Err(JsonProblem::NoRoom(error)) => return Err(error.to_string()),
            Err(JsonProblem::Malformed(error)) => return Err(format!("it is no JSON: {error}")),
        }
    }
    recorded(&dialect.cli, &all.iter().map(String::as_str).collect::<Vec<_>>(), overlays, share)
}

/// What is below the first `set` of a list of objects, as configurations are kept.
fn kept(text: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Kept<'a> {
        #[serde(borrow)]
        set: Option<&'a RawValue>,
    }
    fn set(item: &RawValue) -> Option<&str> {
        serde_json::from_str::<Kept<'_>>(item.get()).ok()?.set.map(RawValue::get)
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    items.into_iter().find_map(set)
}

struct Saying<'s> {
    dialect: &'s NvueDialect,
    /// The line up to here.
    way: String,
    line: &'s mut dyn FnMut(&str) -> Result<(), NoRoom>,
    /// What cannot be said through serde is said beside it.
    refused: Option<NoRoom>,
}

impl Saying<'_> {
    fn tell<E: serde::de::Error>(&mut self) -> Result<(), E> {
        (self.line)(&self.way).map_err(|refused| {
            let error = E::custom(&refused);
            self.refused = Some(refused);
            error
        })
    }
}

/// A value, which comes to its digest.
struct Said<'v, 's> {
    saying: &'v mut Saying<'s>,
    /// What it is called, where it is an object's member.
    name: Option<&'v str>,
    depth: usize,
    /// Whether it has lines of its own; nothing has below what is too deep.
    is_told: bool,
}

impl Said<'_, '_> {
    fn scalar<E: serde::de::Error>(self, kind: char, text: &str) -> Result<u64, E> {
        if self.is_told {
            let of = self.saying.way.len();
            self.saying.way.push(' ');
            self.saying.way.push_str(&quoted(&word(text)));
            self.saying.tell()?;
            self.saying.way.truncate(of);
        }
        Ok(digest(&(kind, text)))
    }

    fn is_deep(&self) -> bool {
        self.depth >= MAX_DEPTH
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl<'d> DeserializeSeed<'d> for Said<'_, '_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'d>>(self, from: D) -> Result<u64, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Said<'_, '_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
        self.scalar('s', text)
    }

    fn visit_bool<E: serde::de::Error>(self, boolean: bool) -> Result<u64, E> {
        self.scalar('b', if boolean { "true" } else { "false" })
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
        self.scalar('n', &number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<u64, E> {
        self.scalar('n', &number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<u64, E> {
        self.scalar('n', &serde_json::Value::from(number).to_string())
    }

    /// What is unset has no line.
    fn visit_unit<E: serde::de::Error>(self) -> Result<u64, E> {
        Ok(digest(&'0'))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut items: A) -> Result<u64, A::Error> {
        let (is_deep, depth) = (self.is_deep(), self.depth + 1);
        let Self { saying, is_told, .. } = self;
        let mut all = digest(&'[');
        while let Some(item) =
            items.next_element_seed(Said { saying: &mut *saying, name: None, depth, is_told: is_told && !is_deep })?
        {
            all = digest(&(all, item));
        }
        if is_told && is_deep {
            saying.tell()?;
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<u64, A::Error> {
        let (is_deep, depth) = (self.is_deep(), self.depth + 1);
        let Self { saying, name, is_told, .. } = self;
        let of = saying.way.len();
        // Of two orders of the same members the sum is the same.
        let (mut sum, mut count) = (0_u64, 0_usize);
        while let Some(Name(name)) = members.next_key()? {
            if is_told && !is_deep {
                saying.way.push(' ');
                saying.way.push_str(&word(&name));
            }
            let own = Said { saying: &mut *saying, name: Some(&*name), depth, is_told: is_told && !is_deep };
            let value = members.next_value_seed(own)?;
            saying.way.truncate(of);
            sum = sum.wrapping_add(digest(&(&*name, value)));
            count += 1;
        }
        // What holds nothing is there all the same, but for what is only a group of others; of what
        // is deeper than anything that is asked for is told that it is there.
        let is_there = |name: &str| count > 0 || !saying.dialect.groups.contains(name);
        if is_told && (is_deep || count == 0) && name.is_some_and(is_there) {
            saying.tell()?;
        }
        Ok(digest(&('{', count, sum)))
    }
}

/// A member's name, which is a piece of the text where nothing in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The ports among interfaces.
struct Ports<'s> {
    lines: String,
    share: &'s mut Share,
    refused: Option<NoRoom>,
}

/// What a physical port is.
const PORT: &str = "swp";

impl<'d> Visitor<'d> for &mut Ports<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of interfaces")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut members: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        struct Interface<'a> {
            #[serde(borrow, rename = "type")]
            kind: Cow<'a, str>,
        }
        while let Some((Name(name), shown)) = members.next_entry::<Name<'_>, &RawValue>()? {
            // One that is shown in another way is no port that is known.
            let kind = serde_json::from_str::<Interface<'_>>(shown.get()).ok().map(|own| own.kind);
            if kind.as_deref() != Some(PORT) {
                continue;
            }
            let line = format!("{SET} interface {}\n", name.replace(char::is_control, ""));
            if let Err(refused) = self.share.grow(line.len()) {
                let error = A::Error::custom(&refused);
                self.refused = Some(refused);
                return Err(error);
            }
            self.lines.push_str(&line);
        }
        Ok(())
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

    fn dialect() -> std::sync::Arc<NvueDialect> {
        let dialects = mercury_adapter::builtin().unwrap();
        dialects.into_iter().find_map(|dialect| dialect.nvue.clone()).unwrap().into()
    }

    fn said(text: &str) -> (Whole, Vec<String>) {
        let mut all = Vec::new();
        let whole = lines(&dialect(), text.as_bytes(), &mut |line| {
            all.push(line.to_owned());
            Ok(())
        });
        (whole.unwrap(), all)
    }

    #[test]
    fn each_leaf_is_a_line_and_what_is_empty_is_there_unless_it_is_a_group() {
        let text = r#"{"a":{"b":[1,"x y",{"c":true}],"d":{},"x":{"y":{}},"e":null,"f":"'q"},"g\u0007":-1.5,"h":[]}"#;
        let expected = [
            "nv set a b 1",
            "nv set a b x y",
            "nv set a b c true",
            "nv set a d",
            "nv set a x y",
            "nv set a f \"'q\"",
            "nv set g\u{fffd} -1.5",
        ];
        assert_eq!(said(text).1, expected);
        let group = dialect().groups.first().cloned().unwrap();
        assert_eq!(said(&format!("{{\"a\":{{\"{group}\":{{}},\"b\":1}}}}")).1, ["nv set a b 1"]);
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        assert_eq!(said(&deep).1, [format!("nv set{}", " a".repeat(MAX_DEPTH))]);
    }

    #[test]
    fn configurations_are_alike_whatever_the_order_of_their_members() {
        let of = |text| said(text).0.digest;
        assert_eq!(of(r#"{"a":{"b":1,"c":[1,2]},"d":null}"#), of(r#" {"d":null,"a":{"c":[1,2],"b":1}}"#));
        let all = [
            "",
            "{}",
            "[]",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"a":{}}"#,
            r#"{"a":true}"#,
            r#"{"a":"true"}"#,
            r#"{"a":[1,2]}"#,
            r#"{"a":[2,1]}"#,
            r#"{"a":[1],"b":[2]}"#,
            r#"{"a":[2],"b":[1]}"#,
        ];
        let digests: std::collections::BTreeSet<u64> = all.into_iter().map(of).collect();
        assert_eq!(digests.len(), all.len());
        assert_eq!(["", "{}", "[]"].map(|text| said(text).0.is_object), [false, true, false]);
    }

    #[test]
    fn ports_are_those_of_their_type() {
        let text = r#"{"swp1":{"type":"swp"},"eth0":{"type":"eth"},"swp2":{"link":{},"type":"s\u0077p"},"x":5,"y":{},
                       "z":{"type":7}}"#;
        let mut share = Budget::new(1 << 20).share(MAX_REPLY);
        assert_eq!(ports(text.as_bytes(), &mut share).unwrap(), "nv set interface swp1\nnv set interface swp2\n");
        assert_eq!(interface("nv set interface swp1 type swp"), Some("swp1"));
        assert_eq!(interface("nv set interface swp1"), Some("swp1"));
        assert_eq!(interface("nv set interfaces"), None);
        for odd in ["", "[]", "{} {}", "null"] {
            assert!(matches!(ports(odd.as_bytes(), &mut share), Err(JsonProblem::Malformed(_))), "{odd}");
        }
        let many: Vec<String> = (0..4_000).map(|port| format!("\"swp{port}\":{{\"type\":\"swp\"}}")).collect();
        let text = format!("{{{}}}", many.join(","));
        let refused = ports(text.as_bytes(), &mut Budget::new(0).share(MAX_REPLY));
        assert!(matches!(refused, Err(JsonProblem::NoRoom(_))));
    }

    /// A line of a bond says something of its member, and one of `vlan10` of a VLAN.
    #[test]
    fn what_is_read_part_by_part_is_what_is_read_at_once() {
        let port = |port: usize| {
            let said = json!({"access": port % 100 + 1, "stp": {"admin-edge": "on"}});
            let text = format!("rack {port}, second from above");
            let of = json!({"bridge": {"domain": {"br_default": said}}, "description": text, "type": "swp"});
            (format!("swp{port}"), of)
        };
        let bond = |bond: usize| {
            let members = format!("swp{},swp{}", 1_000 + 2 * bond, 1_001 + 2 * bond);
            (format!("bond{bond}"), json!({"bond": {"member": {members: {}}, "mlag": {"id": bond}}, "type": "bond"}))
        };
        let other = |(name, of): (&str, serde_json::Value)| (name.to_owned(), of);
        let others = [
            ("vlan10", json!({"ip": {"address": {"192.0.2.1/24": {}}}, "type": "svi"})),
            ("swp700-800,swp900", json!({"link": {"mtu": 9000}})),
        ];
        let ports = (1..600).map(port).chain((1..50).map(bond)).chain(others.into_iter().map(other));
        let config = json!({
            "bridge": {"domain": {"br_default": {"vlan": {"1-100": {}}}}},
            "interface": ports.collect::<serde_json::Map<_, _>>(),
        });
        let (dialect, text) = (dialect(), config.to_string());
        let each = |line: &mut dyn FnMut(&str) -> Result<(), NoRoom>| {
            lines(&dialect, text.as_bytes(), line).map(drop).map_err(|_| NoRoom::Reply { limit: 0 })
        };
        let read = |octets| {
            let mut share = Budget::new(1 << 30).share(MAX_REPLY);
            crate::words::running_of_lines(&dialect.cli, &mercury_model::Scope::all(), (&each, octets), &mut share)
        };
        let (whole, parts) = (read(0).unwrap(), read(1 << 20).unwrap());
        // Ports, bonds and what they have, the list, and the interface of a VLAN.
        assert_eq!(whole.interfaces.len(), 599 + (49 + 2 * 49) + (101 + 1) + 1);
        assert_eq!(whole.interfaces[&"swp1002".parse().unwrap()].aggregate_id, Some("bond1".parse().unwrap()));
        assert_eq!(whole.interfaces[&"swp750".parse().unwrap()].mtu, Some(9000));
        assert_eq!(parts, whole);
    }

    /// A leaf that is known and whose value is not says nothing of what the port carries.
    #[test]
    fn a_port_whose_vlans_are_not_understood_is_left_alone() {
        let dialect = dialect();
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
