//! `[nvue]` of a dialect file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Reader, yes};
use crate::dialect::{CliDialect, NvueDialect, NvueLeaf, Trust, Wording};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawNvue {
    #[serde(default = "nvue_port")]
    port: u16,
    leaves: BTreeMap<String, NvueLeaf>,
    groups: BTreeSet<String>,
    #[serde(default = "yes")]
    confirms: bool,
}

const fn nvue_port() -> u16 {
    8765
}

impl Reader<'_> {
    /// The words are those of the command line.
    pub(super) fn nvue(&mut self, cli: Option<&CliDialect>, raw: RawNvue, trust: Trust) -> Option<NvueDialect> {
        let cli = cli.filter(|cli| matches!(&cli.words, Wording::Flat(words) if words.shows.len() == 2));
        let Some(cli) = cli else {
            self.problems
                .push("nvue: needs cli.flat, of which one command shows ports and one all that is set".to_owned());
            return None;
        };
        Some(NvueDialect {
            port: raw.port,
            cli: cli.clone(),
            leaves: raw.leaves,
            groups: raw.groups,
            confirms: raw.confirms,
            revision: trust,
        })
    }
}
