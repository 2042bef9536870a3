//! VLANs that are set aside for VNIs.

use super::*;

#[test]
fn a_mistake_about_vnis_is_found_on_its_line() {
    for (lines, code, key) in [
        ("local_vlans = \"3000-\"", Code::BadValue, "local_vlans"),
        ("vxlan_vtep = 1", Code::WrongType, "vxlan_vtep"),
        ("vxlan_vtep = \"vtep1\"", Code::Conflict, "vxlan_vtep"),
        ("local_vlans = \"3000\"\nallowed_vlans = \"100\"", Code::Conflict, "local_vlans"),
        ("local_vlans = \"3000\"\ndefault_vlan = 3000", Code::Conflict, "local_vlans"),
    ] {
        let text = toml(&format!("dialect = \"openconfig\"\n{lines}\n"));
        let (_, findings) = load(&[("i.toml", &text)], &Context::default());
        assert_eq!(places(&findings), [(code, 7, format!("switch.leaf1.{key}"))], "{lines}");
    }
}

#[test]
fn a_dialect_without_vnis_refuses_them_and_says_why() {
    let of = |dialect: &str| {
        let keys = "local_vlans = \"3000-3009\"\nvxlan_vtep = \"vtep1\"\n";
        load(&[("i.toml", &toml(&format!("dialect = \"{dialect}\"\n{keys}")))], &Context::default())
    };
    let (_, findings) = of("arista_eos");
    assert_eq!(places(&findings), [(Code::Conflict, 7, "switch.leaf1.local_vlans".to_owned())]);
    assert!(findings.to_string().contains("vxlan is not supported: EOS has no place"), "{findings}");
    let (inventory, findings) = of("openconfig");
    assert!(!findings.has_errors(), "{findings}");
    let overlay = inventory.find("leaf1").unwrap().rules.overlay.clone().unwrap();
    assert_eq!((overlay.local_vlans.to_string(), overlay.vtep), ("3000-3009".to_owned(), "vtep1".parse().ok()));
}
