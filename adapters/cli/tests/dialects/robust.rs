//! What no switch would show is no reason to fall over, for any dialect's reader.

use mercury_adapter::{Budget, Dialect, MAX_REPLY};
use mercury_model::Scope;
use proptest::prelude::*;

use crate::dialects;

/// Words of all that dialects read, and some that none does.
const WORDS: &str = "set|delete|deactivate|interfaces|interface|xe-0/0/1|ae1|unit|0|family|ethernet-switching|vlan|members|\
                     interface-mode|trunk|all|vlans|blue|vlan-id|groups|apply-groups|<*>|interface-range|member-range|to|\
                     protocols|rstp|edge|ether-options|802.3ad|\"a b|\"|\\|{|}|[|]|:|,|\"PORT\"|\"VLAN_MEMBER\"|\"Vlan10|Ethernet0\"|\
                     switchport|allowed|nv set|net add|set /|bridge|domain|br_default|ports|vids|bond|access|untagged|none|swp1-3,5|swp1|\
                     subinterface|network-instance|type|mac-vrf|bridged|encap|untagged|single-tagged|vlan-10|1:2|add|except|!|no|description|\u{e9}|10|4095|1-4094|,|\t|\r|\n|\n|\n";

fn text() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = WORDS.split('|').collect();
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.join(" "))
}

fn read(dialect: &Dialect, text: &str) {
    let cli = dialect.cli.as_ref().unwrap();
    let answers = vec![text.to_owned(); cli.words.shows().len()];
    let mut share = Budget::shared().share(MAX_REPLY);
    let _any = mercury_cli::running(cli, &Scope::all().with_stp(true), &answers, &mut share);
    let _any = mercury_cli::recorded(cli, &[text, text], true, &mut share);
}

#[test]
fn no_text_makes_a_reader_panic() {
    let dialects = dialects();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    proptest!(config, |(text in text())| {
        dialects.iter().for_each(|dialect| read(dialect, &text));
    });
}
