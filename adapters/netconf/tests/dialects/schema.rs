//! Each case against the modules that the dialect's vendor publishes: what is
//! sent, and the whole of the datastore before and after.

use std::sync::Arc;

use mercury_adapter::Dialect;

use crate::{
    case::{self, plan},
    dialect, dialects,
    published::{self, Document},
    render,
    round_trip::{device, visible},
};

fn documents(dialect: &Arc<Dialect>) -> Vec<Document> {
    let mut documents = Vec::new();
    for case in case::all().iter().filter_map(|case| case.of(&dialect.name)) {
        let Ok(edit) = render(dialect, &plan(&case.running, &case.intended)) else { continue };
        let mut switch = device(dialect, &visible(dialect, &case.running));
        let mut add = |what: &str, form, text| {
            documents.push(Document { name: format!("{}, {what}", case.name), form, text });
        };
        add("sent", "edit-config", edit.to_string());
        if dialect.name == "juniper_junos" {
            // As a device wants it that is set yang-compliant.
            let published = mercury_netconf::conformance::published("junos-qfx", &edit);
            add("sent in published namespaces", "edit-config", published);
        }
        add("before", "state-xml", switch.data.to_xml().unwrap());
        switch.apply(&edit.content()).unwrap();
        add("after", "state-xml", switch.data.to_xml().unwrap());
    }
    documents
}

#[test]
fn every_case_is_valid_by_the_vendors_own_modules() {
    let judged = |dialect: &Arc<Dialect>| published::judge("netconf", dialect, &documents(dialect));
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
        "arista_eos",
        &[
            ("attach-access, sent", "<access-vlan>100", "<access-vlan>4095", "range"),
            ("attach-access, sent", ">ACCESS<", ">ACCES<", "enumeration"),
            (
                "attach-access, sent",
                "access-vlan>100</access-vlan",
                "acces-vlan>100</acces-vlan",
                "no openconfig-vlan:acces-vlan",
            ),
            ("retag-access-to-trunk, sent", "20..30", "20-30", "union"),
            (
                "detach, sent",
                "openconfig.net/yang/vlan",
                "openconfig.net/yang/vlans",
                "no http://openconfig.net/yang/vlans",
            ),
            ("create-lag-with-members-and-lacp, sent", ">FAST<", ">QUICK<", "enumeration"),
            ("create-lag-with-members-and-lacp, sent", "ieee8023adLag", "ieee8023adLagg", "identityref"),
            (
                "create-lag-with-members-and-lacp, after",
                ">Port-Channel7</aggregate-id",
                ">Port-Channel8</aggregate-id",
                "leafref",
            ),
            ("retag-access-to-trunk, after", ">TRUNK<", ">ACCESS<", "When condition"),
            ("vlan-create-with-name, after", "<vlan-id>100<", "<vlan-id>101<", "leafref"),
        ],
    );
    damage(
        "juniper_junos",
        &[
            (
                "retag-trunk-to-access, sent",
                "<native-vlan-id",
                "<native-vlan",
                "no junos-qfx-conf-interfaces:native-vlan",
            ),
            ("attach-access, sent", ">access<", ">acces<", "enumeration"),
            (
                "attach-access, sent in published namespaces",
                "junos-qfx/conf/interfaces",
                "junos-qfx/conf/interface",
                "no http://yang.juniper.net/junos-qfx/conf/interface:interfaces",
            ),
            ("attach-access, sent", "<vlan-id>100</vlan-id>", "<vlan-tag>100</vlan-tag>", "vlan-tag"),
        ],
    );
}
