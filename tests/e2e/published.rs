//! What Mercury itself would send, judged as candidates by the modules that vendors publish.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Finished, Setup};

/// A vendor's folder, its dialect, how that is spoken, a port of it; and what of the port's candidate is
/// mistaken for what.
type Case = (&'static str, &'static str, &'static str, &'static str, (&'static str, &'static str));

const CASES: [Case; 7] = [
    ("openconfig", "openconfig", "netconf", "Ethernet1", ("110", "5000")),
    ("openconfig", "openconfig", "gnmi", "Ethernet1", ("110", "5000")),
    ("arista", "arista_eos", "netconf", "Ethernet1", ("110", "5000")),
    ("arista", "arista_eos", "gnmi", "Ethernet1", ("110", "5000")),
    ("juniper", "juniper_junos", "netconf", "xe-0/0/1", ("access<", "acess<")),
    ("nokia", "nokia_srl", "gnmi", "ethernet-1/1", ("bridged", "brigded")),
    ("sonic", "sonic", "gnmi", "Ethernet0", ("ACCESS", "ACESS")),
];

fn judged(setup: &Setup, candidate: &Path, dialect: &str, modules: &Path) -> Finished {
    let (candidate, modules) = (candidate.to_str().unwrap(), modules.to_str().unwrap());
    setup.run(&["validate", candidate, "--dialect", dialect, "--yang-dir", modules, "--output", "json"])
}

#[test]
fn what_is_rendered_for_a_vendor_is_valid_by_its_modules_and_a_slip_in_it_is_not() {
    let Some(published) = std::env::var_os("MERCURY_PUBLISHED_MODULES").map(PathBuf::from) else { return };
    let setup = Setup::new();
    for (vendor, dialect, protocol, port, (right, wrong)) in CASES {
        let form = if protocol == "gnmi" { "textproto" } else { "xml" };
        let modules = published.join(vendor);
        for vlans in [&["--access", "110"][..], &["--native", "110", "--trunk", "110-112"]] {
            let words = ["render", "leaf1", port, "--dialect", dialect, "--protocol", protocol, "--as", form];
            let rendered = setup.run(&[&words[..], vlans].concat());
            assert_eq!(rendered.code(), 0, "{dialect} {vlans:?}: {}", rendered.stderr);
            let candidate = setup.write(&format!("leaf1.{form}"), &rendered.stdout);
            let finished = judged(&setup, &candidate, dialect, &modules);
            let told = finished.json();
            let of =
                |level: &str| told["checked"].as_array().unwrap().iter().find(|one| one["level"] == level).cloned();
            let schema = of("schema").unwrap_or_default();
            assert!(schema["skipped"].is_null() && schema["errors"] == 0, "{dialect} {vlans:?}: {told}");
            // What may be there is taken away, and SONiC is told a native VLAN as an access-vlan: warnings.
            let is_error = |one: &&Value| one["severity"] == "error";
            let errors = told["findings"].as_array().unwrap().iter().filter(is_error).count();
            assert_eq!((finished.code(), errors), (0, 0), "{dialect} {vlans:?}: {told}");
        }
        let rendered = setup.run(&[
            "render",
            "leaf1",
            port,
            "--dialect",
            dialect,
            "--protocol",
            protocol,
            "--as",
            form,
            "--access",
            "110",
        ]);
        assert!(rendered.stdout.contains(right), "{dialect}: {}", rendered.stdout);
        let candidate = setup.write(&format!("leaf1.{form}"), &rendered.stdout.replace(right, wrong));
        let finished = judged(&setup, &candidate, dialect, &modules);
        let told = finished.json()["findings"].clone();
        let is_it = |one: &Value| {
            one["code"] == "schema-value" && one["message"].as_str().unwrap().contains(wrong.trim_end_matches('<'))
        };
        assert!(finished.code() == 1 && told.as_array().unwrap().iter().any(is_it), "{dialect}: {told}");
    }
}
