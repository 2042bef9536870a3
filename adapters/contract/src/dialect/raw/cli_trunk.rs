//! `[cli.words.trunk]` and `[cli.words.general]` of a dialect file.

use mercury_model::{VlanId, VlanSet};
use serde::Deserialize;

use super::Reader;
use crate::dialect::cli::{GeneralMode, TrunkAbsent, TrunkWords};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTrunkWords {
    list: Option<String>,
    #[serde(default)]
    list_adds: bool,
    shown: Option<String>,
    #[serde(default)]
    tagged_only: bool,
    add: Option<String>,
    remove: Option<String>,
    except: Option<String>,
    clear: Option<String>,
    all: Option<String>,
    none: Option<String>,
    absent: String,
    #[serde(default = "dash")]
    range: String,
    #[serde(default = "comma")]
    separator: String,
    #[serde(default)]
    singly: bool,
    #[serde(default = "longest")]
    longest: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGeneral {
    mode: String,
    pvid: String,
    untagged: Vec<String>,
    tagged: String,
    remove: String,
    starts: u16,
}

fn dash() -> String {
    "-".to_owned()
}

fn comma() -> String {
    ",".to_owned()
}

/// Less than any system known takes in one line.
const fn longest() -> usize {
    160
}

impl Reader<'_> {
    pub(super) fn general(&mut self, raw: RawGeneral) -> Option<GeneralMode> {
        let starts = VlanId::try_from(raw.starts);
        let starts = starts.map_err(|error| self.problems.push(format!("cli.words.general.starts: {error}"))).ok();
        let [pvid, tagged, remove] = [&raw.pvid, &raw.tagged, &raw.remove].map(|text| self.template("general", text));
        let untagged = self.templates("general", &raw.untagged);
        if untagged.is_empty() {
            self.problems.push("cli.words.general.untagged: no line".to_owned());
        }
        Some(GeneralMode { mode: raw.mode, pvid: pvid?, untagged, tagged: tagged?, remove: remove?, starts: starts? })
    }

    pub(super) fn trunk_words(&mut self, undo: &str, raw: RawTrunkWords) -> TrunkWords {
        let mut one = |text: Option<String>| text.and_then(|text| self.template("trunk", &text));
        let list = one(raw.list);
        let clear = raw.clear.or_else(|| list.as_ref().map(|list| format!("{undo} {}", list.bare())));
        let clear = one(clear);
        let (add, remove, except, shown) = (one(raw.add), one(raw.remove), one(raw.except), one(raw.shown));
        if list.is_none() && (add.is_none() || remove.is_none()) {
            self.problems.push("cli.words.trunk: needs list, or both add and remove".to_owned());
        }
        let absent = match raw.absent.as_str() {
            "all" => TrunkAbsent::All,
            "none" => TrunkAbsent::None,
            "unknown" => TrunkAbsent::Unknown,
            vlans => vlans.parse::<VlanSet>().map(TrunkAbsent::Only).unwrap_or_else(|error| {
                self.problems.push(format!("cli.words.trunk.absent: {error}"));
                TrunkAbsent::None
            }),
        };
        TrunkWords {
            list,
            shown,
            list_adds: raw.list_adds,
            tagged_only: raw.tagged_only,
            add,
            remove,
            except,
            clear,
            all: raw.all,
            none: raw.none,
            absent,
            range: raw.range,
            separator: raw.separator,
            singly: raw.singly,
            longest: raw.longest,
        }
    }
}
