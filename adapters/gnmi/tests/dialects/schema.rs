//! Each case against the modules that the dialect's vendor publishes: what is
//! sent, and the whole of the datastore before and after.

use std::sync::Arc;

use mercury_adapter::Dialect;

use crate::{
    case::{self, plan},
    dialect, dialects,
    published::{self, Document},
    render, request,
    round_trip::{device, visible},
    text,
};

fn documents(dialect: &Arc<Dialect>) -> Vec<Document> {
    let mut documents = Vec::new();
    for case in case::all().iter().filter_map(|case| case.of(&dialect.name)) {
        let Ok(operations) = render(dialect, &plan(&case.running, &case.intended)) else { continue };
        let set = request(dialect, &operations);
        let mut switch = device(dialect, &visible(dialect, &case.running));
        let mut add = |what: &str, form, text| {
            documents.push(Document { name: format!("{}, {what}", case.name), form, text });
        };
        add("sent", "set-request", text::shown(&set));
        add("before", "state-json", switch.data.to_string());
        switch.apply(&set).unwrap();
        add("after", "state-json", switch.data.to_string());
    }
    documents
}

#[test]
fn every_case_is_valid_by_the_vendors_own_modules() {
    let judged = |dialect: &Arc<Dialect>| published::judge("gnmi", dialect, &documents(dialect));
    let problems: Vec<String> = dialects().iter().flat_map(judged).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The checker itself: whatever is wrong is found.
#[test]
fn what_is_damaged_is_not_valid() {
    let damage = |name: &str, damages: &[(&str, &str, &str, &str)]| {
        let dialect = dialect(name);
        published::damage(&dialect, &documents(&dialect), damages);
    };
    damage(
        "openconfig",
        &[
            ("attach-access, sent", "access-vlan uint_val 100", "access-vlan uint_val 4095", "range"),
            ("attach-access, sent", "\"vlan-id\":100", "\"vlan-id\":\"100\"", "vlan-id"),
            ("attach-access, sent", "string_val \"ACCESS\"", "string_val \"ACCES\"", "enumeration"),
            ("attach-access, sent", "[vlan-id=100]", "[id=100]", "has the keys"),
            ("retag-access-to-trunk, sent", "20..30", "20-30", "union"),
            ("detach, sent", "/switched-vlan", "/switched-vlans", "no any:switched-vlans"),
            ("undescribe-and-enable, sent", "/config/description", "/state/description", "is not configuration"),
            (
                "create-lag-with-members-and-lacp, sent",
                "openconfig-if-aggregate:aggregation",
                "aggregation",
                "not found",
            ),
            (
                "create-lag-with-members-and-lacp, after",
                "\"aggregate-id\":\"Port-Channel7",
                "\"aggregate-id\":\"Port-Channel8",
                "leafref",
            ),
            ("retag-access-to-trunk, after", "\"TRUNK\"", "\"ACCESS\"", "When condition"),
        ],
    );
    damage(
        "nokia_srl",
        &[
            ("mtu, sent", "9216", "10000", "range"),
            ("attach-access, after", "\"vlan-tagging\":true", "\"vlan-tagging\":false", "vlan-tagging"),
            ("attach-access, after", "\"type\":\"mac-vrf\"", "\"type\":\"mac-vrff\"", "identityref"),
        ],
    );
    damage(
        "sonic",
        &[
            (
                "attach-access, sent",
                "/openconfig-vlan:switched-vlan",
                "/openconfig-vlan:switched",
                "no openconfig-vlan:switched",
            ),
            ("attach-access, sent", "access-vlan\":100", "access-vlan\":0", "range"),
        ],
    );
}
