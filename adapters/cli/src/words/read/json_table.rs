//! Tables in JSON, one row a block: `{"headings":["name","tag"],"data":[["p1",100]]}`, as
//! Open vSwitch's tools print them (RFC 7047 section 5.1 has the values).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use mercury_adapter::{CliWords, JsonProblem, Share, Shown, json as counted};
use mercury_model::{InterfaceName, InterfaceScope, Scope};
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    Unreadable,
    blocks::named_by,
    bonds::{self, Lost, Places},
};
use crate::words::Asked;

/// What the system has no use of.
#[derive(Default)]
pub(crate) struct Unused {
    /// Why, by the names of ports.
    pub(crate) why: BTreeMap<String, String>,
    /// The bonds one of whose interfaces is of use: they are there so that one may fail.
    pub(crate) in_part: BTreeSet<String>,
}

/// Octets that a port takes beside its name and what is said of it.
const ENTRY: usize = 96;

/// The column that names a row.
const KEY: &str = "name";

/// A row of a table.
pub(super) struct Row<'r> {
    pub(super) table: &'r str,
    headings: &'r [String],
    cells: &'r [Value],
}

impl<'r> Row<'r> {
    pub(super) fn cell(&self, heading: &str) -> Option<&'r Value> {
        self.headings.iter().zip(self.cells).find(|(own, _)| *own == heading).map(|(_, cell)| cell)
    }

    /// Each with its heading.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'r str, &'r Value)> {
        self.headings.iter().map(String::as_str).zip(self.cells)
    }

    pub(super) fn name(&self) -> Option<String> {
        self.cell(KEY).and_then(Value::as_str).map(one_line)
    }
}

/// What a table's columns are called, which stands behind its rows.
#[derive(Deserialize)]
struct Headings<'a> {
    #[serde(borrow)]
    headings: &'a RawValue,
    #[serde(rename = "data")]
    _data: IgnoredAny,
}

/// The blocks that the rows of all tables are: of those that are not asked for, the line
/// that begins them. Each line of a block begins with its table.
///
/// # Errors
/// [`Unreadable`]: these are not the tables that there should be, the last change was not applied yet, or there is no
/// room.
pub(super) fn blocks(
    words: &CliWords,
    asked: Asked<'_>,
    shown: &Shown,
    text: &str,
    share: &mut Share,
) -> Result<String, Unreadable> {
    let (mut blocks, mut places) = (String::new(), Places::default());
    each(shown, text, share, &mut |row| block(words, asked, row, &mut places, &mut blocks))?;
    share.grow(places.octets())?;
    if let Some(own) = &words.bonds {
        places.tell(words, own, |name| asked.has(name), &mut blocks);
    }
    share.release(places.octets());
    share.grow(blocks.len())?;
    Ok(blocks)
}

/// Why the system has no use of what is configured on ports, of those that are asked for: it
/// has what is configured all the same.
///
/// # Errors
/// [`Unreadable`]: these are not the tables that there should be, or there is no room.
pub(crate) fn unused(
    words: &CliWords,
    scope: &Scope,
    answers: &[String],
    share: &mut Share,
) -> Result<Unused, Unreadable> {
    let mut unused = Unused::default();
    let Some(device) = &words.device else { return Ok(unused) };
    let asked_of = |name: String| named_by(words, &name).filter(|name| Asked::of(&scope.interfaces).has(name));
    for (shown, answer) in words.shows.iter().zip(answers) {
        let mut places = Places::default();
        let mut bonds: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        each(shown, answer, share, &mut |row| {
            let bond = words.bonds.as_ref().and_then(|own| places.row(own, row).map(str::to_owned));
            let Some(name) = row.name().filter(|_| row.table == device.table) else { return Ok(Some(())) };
            let error = row.cell(&device.error).and_then(Value::as_str).filter(|error| !error.is_empty());
            let is_there = row.cell(&device.number).and_then(Value::as_i64).is_some_and(|number| number > 0);
            let why = match error {
                Some(error) => Some(one_line(error)),
                None => (!is_there).then(|| "there is no such device".to_owned()),
            };
            if let Some(bond) = bond {
                bonds.entry(bond).or_default().push(why.as_ref().map(|why| format!("{name}: {why}")));
            }
            unused.why.extend(asked_of(name).zip(why));
            Ok(Some(()))
        })?;
        let told = |why: &Option<String>| ENTRY + why.as_ref().map_or(0, String::len);
        let of_bonds = bonds.iter().map(|(bond, all)| ENTRY + bond.len() + all.iter().map(told).sum::<usize>());
        share.grow(places.octets() + of_bonds.sum::<usize>())?;
        for (bond, interfaces) in bonds {
            let dead: Vec<&str> = interfaces.iter().flatten().map(String::as_str).collect();
            let Some(bond) = asked_of(bond).filter(|_| !dead.is_empty()) else { continue };
            let is_in_part = dead.len() < interfaces.len();
            let more = if is_in_part { "; on its other interfaces it is" } else { "" };
            unused.why.insert(bond.clone(), format!("{}{more}", dead.join(", ")));
            unused.in_part.extend(is_in_part.then_some(bond));
        }
    }
    share.grow(unused.why.iter().map(|(name, why)| ENTRY + name.len() + why.len()).sum())?;
    Ok(unused)
}

/// What ports hold besides.
#[derive(Default)]
pub(super) struct Besides {
    /// What is not Mercury's and would be lost.
    pub(super) lost: BTreeMap<InterfaceName, String>,
    /// What has to be there still when it goes, as [`mercury_model::Running::seen`] has it.
    pub(super) seen: BTreeMap<InterfaceName, String>,
}

/// Ports of a switch that is read whole of which is kept what they hold: who changes ports asks for
/// those alone.
const MANY: usize = 256;

/// What of ports is not Mercury's and would be lost if their rows went, of those that are asked
/// for, and what is there: of an interface that joins a bond its port's, and of a bond that goes its own.
///
/// # Errors
/// [`Unreadable`]: these are not the tables that there should be, or there is no room.
pub(super) fn besides(
    words: &CliWords,
    scope: &Scope,
    answers: &[String],
    share: &mut Share,
) -> Result<Besides, Unreadable> {
    let mut besides = Besides::default();
    let Some(own) = &words.bonds else { return Ok(besides) };
    let is_asked = |name: &str| Asked::of(&scope.interfaces).has(name);
    let mut keeps = true;
    for (shown, answer) in words.shows.iter().zip(answers) {
        let mut lost = Lost::default();
        each(shown, answer, share, &mut |row| {
            lost.row(own, row);
            if keeps
                && row.table == own.columns.ports
                && let Some(name) = row.name().and_then(|name| named_by(words, &name)).filter(|name| is_asked(name))
            {
                besides.seen.extend(name.parse().ok().map(|name| (name, bonds::same(own, row))));
                keeps = scope.interfaces != InterfaceScope::All || besides.seen.len() < MANY;
            }
            Ok(Some(()))
        })?;
        share.grow(lost.octets())?;
        besides.lost.extend(lost.told(words, is_asked));
    }
    if !keeps {
        besides.seen.clear();
    }
    share.grow(besides.seen.iter().map(|(name, seen)| ENTRY + name.as_str().len() + seen.len()).sum())?;
    Ok(besides)
}

/// What is done with a row; `None` where it is none of its table.
type EachRow<'e> = dyn FnMut(&Row<'_>) -> Result<Option<()>, Unreadable> + 'e;

fn each(shown: &Shown, text: &str, share: &mut Share, with: &mut EachRow<'_>) -> Result<(), Unreadable> {
    let odd = || Unreadable::malformed(shown.command.as_str());
    let mut json = serde_json::Deserializer::from_str(text);
    let mut names = shown.tables.iter();
    let values = |text: &str, share: &mut Share| match counted(text.as_bytes(), share) {
        Ok(Value::Array(values)) => Ok(values),
        Ok(_) | Err(JsonProblem::Malformed(_)) => Err(odd()),
        Err(JsonProblem::NoRoom(error)) => Err(error.into()),
    };
    for table in serde_json::Deserializer::from_str(text).into_iter::<Headings<'_>>() {
        let headings = values(table.map_err(|_| odd())?.headings.get(), share)?;
        let headings: Option<Vec<String>> = headings.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        let headings = headings.ok_or_else(odd)?;
        let name = names.next().ok_or_else(odd)?;
        let mut failed = None;
        let mut each = |row: &str| {
            let before = share.used();
            let read = values(row, share)
                .and_then(|cells| with(&Row { table: name, headings: &headings, cells: &cells })?.ok_or_else(odd));
            share.release(share.used().saturating_sub(before));
            failed = read.err();
            failed.is_none()
        };
        let read = Rows { each: &mut each }.deserialize(&mut json);
        if let Some(error) = failed {
            return Err(error);
        }
        read.map_err(|_| odd())?;
    }
    if names.next().is_some() { Err(odd()) } else { Ok(()) }
}

/// Adds the block that a row is; `None` where the row is not one of these columns.
fn block(
    words: &CliWords,
    asked: Asked<'_>,
    row: &Row<'_>,
    places: &mut Places,
    blocks: &mut String,
) -> Result<Option<()>, Unreadable> {
    if row.cells.len() != row.headings.len() {
        return Ok(None);
    }
    if let Some([applied, asked]) = &words.applied
        && let (Some(applied), Some(asked)) = (row.cell(applied), row.cell(asked))
        && applied != asked
    {
        return Err(Unreadable::NotApplied { applied: applied.to_string(), asked: asked.to_string() });
    }
    let bond = match &words.bonds {
        Some(own) => places.row(own, row).map(|bond| (own, bond)),
        None => None,
    };
    let Some(name) = row.name() else { return Ok(Some(())) };
    blocks.push_str(&words.interface.enter.fill(|_| Some(name.clone())));
    blocks.push('\n');
    if named_by(words, &name).is_some_and(|name| asked.has(&name)) {
        match bond {
            Some((own, bond)) => Places::member(own, row, bond, blocks),
            None => {
                let is_said = |(heading, cell): &(&String, &Value)| {
                    words.bonds.as_ref().is_none_or(|own| !bonds::says_nothing(own, heading, cell))
                };
                let all = row.headings.iter().zip(row.cells).filter(is_said);
                all.for_each(|(heading, cell)| lines(blocks, row.table, heading, cell));
            }
        }
    }
    Ok(Some(()))
}

/// Calls `each` with the JSON of each row of one table, until it says no.
struct Rows<'r> {
    each: &'r mut dyn FnMut(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<(), A::Error> {
        while let Some(key) = table.next_key::<String>()? {
            match key.as_str() {
                "data" => table.next_value_seed(Rows { each: self.each })?,
                _ => drop(table.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<&RawValue>()? {
            if !(self.each)(row.get()) {
                return Err(A::Error::custom("a row that is not read"));
            }
        }
        Ok(())
    }
}

/// A column's lines: of a map one for each pair, of anything else one.
pub(super) fn lines(blocks: &mut String, table: &str, heading: &str, cell: &Value) {
    let kind = cell.get(0).and_then(Value::as_str);
    let held = cell.get(1).and_then(Value::as_array);
    // Writing to a string cannot fail.
    let _ = match (kind, held) {
        (Some("map"), Some(pairs)) => pairs.iter().try_for_each(|pair| {
            let [key, value] = [0, 1].map(|place| pair.get(place).map(scalar).unwrap_or_default());
            writeln!(blocks, " {table} {heading} {key} {value}")
        }),
        (Some("set"), Some(values)) if values.is_empty() => writeln!(blocks, " {table} {heading} []"),
        (Some("set"), Some(values)) => {
            let values: Vec<String> = values.iter().map(scalar).collect();
            writeln!(blocks, " {table} {heading} {}", values.join(","))
        }
        _ => writeln!(blocks, " {table} {heading} {}", scalar(cell)),
    };
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        Value::Array(pair) => pair.last().map(scalar).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// A line end in a value would begin a line of its own.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY, builtin};

    use super::*;

    fn shown(text: &str) -> Result<String, Unreadable> {
        shown_of(&Scope::all(), text)
    }

    fn shown_of(scope: &Scope, text: &str) -> Result<String, Unreadable> {
        let ovs = builtin().unwrap().into_iter().find(|one| one.name == "netmiko_ovs_linux").unwrap();
        let mut share = Budget::shared().share(MAX_REPLY);
        let words = ovs.cli.as_ref().unwrap().words.table().unwrap();
        blocks(words, Asked::of(&scope.interfaces), words.shows.first().unwrap(), text, &mut share)
    }

    #[test]
    fn a_row_is_a_block_and_a_value_with_a_line_end_no_line_of_its_own() {
        let text = r#"{"data":[["eth1",["set",[]],100,["set",[10,20]],["map",[["description","a\n tag 7"],["k","v"]]]]],
            "headings":["name","vlan_mode","tag","trunks","external_ids"]}
            {"data":[["eth1","internal"]],"headings":["name","type"]}
            {"data":[["br0"]],"headings":["name"]} {"data":[],"headings":["output_port"]}
            {"data":[[7,7]],"headings":["cur_cfg","next_cfg"]}"#;
        let expected = "interface eth1\n Port name eth1\n Port vlan_mode []\n Port tag 100\n Port trunks 10,20\n \
                        Port external_ids description a\u{fffd} tag 7\n Port external_ids k v\n\
                        interface eth1\n Interface name eth1\n Interface type internal\n\
                        interface br0\n Bridge name br0\n";
        assert_eq!(shown(text).unwrap(), expected);
        // Of one that is not asked for it is said that it is there.
        let mut scope = Scope::default();
        scope.add_interface("eth2".parse().unwrap());
        assert_eq!(shown_of(&scope, text).unwrap(), "interface eth1\ninterface eth1\ninterface br0\n");
    }

    /// A row takes its room only while it is read; what is small as text and large as values has none.
    #[test]
    fn a_row_or_headings_that_become_large_are_refused_before_they_are_made() {
        let ovs = builtin().unwrap().into_iter().find(|one| one.name == "netmiko_ovs_linux").unwrap();
        let words = ovs.cli.as_ref().unwrap().words.table().unwrap();
        let shown = words.shows.first().unwrap();
        let read = |text: &str| {
            let mut share = Budget::new(1 << 20).share(1 << 20);
            blocks(words, Asked::of(&Scope::all().interfaces), shown, text, &mut share)
        };
        let many = vec!["{}"; 50_000].join(",");
        let row = format!(r#"{{"data":[["eth1",[{many}]]],"headings":["name","tag"]}}"#);
        assert!(matches!(read(&row), Err(Unreadable::NoRoom(_))), "{:?}", read(&row));
        let headings = format!(r#"{{"data":[],"headings":[{}]}}"#, vec![r#""""#; 50_000].join(","));
        assert!(matches!(read(&headings), Err(Unreadable::NoRoom(_))), "{:?}", read(&headings));
    }

    #[test]
    fn a_port_without_a_device_has_no_use_of_its_vlans() {
        let text = r#"{"data":[["gone",10],["there",20],["unasked",30]],"headings":["name","tag"]}
            {"data":[["gone",["set",[]],-1],["there",["set",[]],3],["unasked","could not open it",["set",[]]]],
             "headings":["name","error","ofport"]}
            {"data":[],"headings":["name"]} {"data":[],"headings":["output_port"]}
            {"data":[[7,7]],"headings":["cur_cfg","next_cfg"]}"#;
        let ovs = builtin().unwrap().into_iter().find(|one| one.name == "netmiko_ovs_linux").unwrap();
        let words = ovs.cli.as_ref().unwrap().words.table().unwrap();
        let unused = |scope: &Scope| {
            let found =
                super::unused(words, scope, &[text.to_owned()], &mut Budget::shared().share(MAX_REPLY)).unwrap();
            found.why.into_iter().collect::<Vec<_>>()
        };
        let mut scope = Scope::default();
        ["gone", "there"].iter().for_each(|name| scope.add_interface(name.parse().unwrap()));
        let gone = ("gone".to_owned(), "there is no such device".to_owned());
        assert_eq!(unused(&scope), std::slice::from_ref(&gone));
        assert_eq!(unused(&Scope::all()), [gone, ("unasked".to_owned(), "could not open it".to_owned())]);
    }

    #[test]
    fn what_was_not_applied_yet_or_is_no_table_is_not_read() {
        let empty = r#"{"data":[],"headings":["name"]}"#;
        let waits = format!(r#"{empty}{empty}{empty}{empty}{{"data":[[6,7]],"headings":["cur_cfg","next_cfg"]}}"#);
        assert!(matches!(shown(&waits), Err(Unreadable::NotApplied { .. })));
        // Which table is which is told by how many there are.
        assert_eq!(shown(&empty.repeat(5)).unwrap(), "");
        for text in [
            "ovs-vsctl: unix:/run/db.sock: database connection failed",
            "{}",
            &format!(r#"{{"data":[[1]],"headings":[]}}{}"#, empty.repeat(4)),
            &empty.repeat(4),
            &empty.repeat(6),
        ] {
            assert!(matches!(shown(text), Err(Unreadable::Malformed { .. })), "{text}");
        }
    }
}
