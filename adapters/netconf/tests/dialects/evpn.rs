//! VNIs that are EVPN instances: the ways to flood and the targets that no case has.

use mercury_adapter::SegmentLeaf;
use mercury_model::{DeviceConfig, Segment, Vlan, VlanStatus};
use mercury_netconf::xml::{Element, Node};

use crate::{
    case::plan,
    device::Device,
    dialect,
    published::{self, Document},
    render,
    round_trip::{device, read},
};

/// A switch with VLAN 3000, on VNI 10100 where something is said of that.
fn config(said: Option<&[(SegmentLeaf, &str)]>) -> DeviceConfig {
    let id = "3000".parse().unwrap();
    let vlan = Vlan { id, name: None, status: VlanStatus::Active };
    let segment = |said: &[(SegmentLeaf, &str)]| {
        let mut segment = Segment::new("10100".parse().unwrap()).of_vtep(Some("vtep1".parse().unwrap()));
        for (leaf, text) in said {
            assert!(leaf.set(&mut segment, text));
        }
        segment
    };
    let segments = said.map(|said| (id, segment(said))).into_iter().collect();
    DeviceConfig { vlans: [(id, vlan)].into(), segments, ..DeviceConfig::default() }
}

#[test]
fn a_group_and_a_target_that_is_made_are_said_as_the_modules_have_them() {
    let dialect = dialect("openconfig_evpn");
    let ids = [(SegmentLeaf::RouteDistinguisher, "192.0.2.1:3000"), (SegmentLeaf::RouteTarget, "auto")];
    let mut documents = Vec::new();
    for flood in ["bgp", "multicast 239.1.1.1"] {
        let bound = config(Some(&[ids.as_slice(), &[(SegmentLeaf::Flood, flood)]].concat()));
        let mut switch = device(&dialect, &config(None));
        let edit = render(&dialect, &plan(&read(&dialect, &switch), &bound)).unwrap();
        switch.apply(&edit.content()).unwrap();
        assert_eq!(read(&dialect, &switch), bound, "{flood}");
        let mut add =
            |what: &str, form, text| documents.push(Document { name: format!("{flood}, {what}"), form, text });
        add("sent", "edit-config", edit.to_string());
        add("after", "state-xml", switch.data.to_xml().unwrap());
        let back = render(&dialect, &plan(&bound, &config(None))).unwrap();
        switch.apply(&back.content()).unwrap();
        assert_eq!(read(&dialect, &switch), config(None), "{flood}, back");
    }
    let text = &documents[2].text;
    for said in ["<replication-mode>MULTICAST", "<multicast-group>239.1.1.1", "<export-route-target>AUTO"] {
        assert!(text.contains(said), "{text}");
    }
    let found = published::check(&dialect, &documents).unwrap_or_default();
    assert!(found.values().all(Vec::is_empty), "{found:?}");
    // The statement by which no default instance can have it, and no instance of another kind.
    published::damage(&dialect, &documents, &[("bgp, after", ":L2VSI", ":DEFAULT_INSTANCE", "When condition")]);
    let refused = render(&dialect, &plan(&config(None), &config(Some(&[(SegmentLeaf::Flood, "static 192.0.2.2")]))));
    assert!(refused.unwrap_err().reason.contains("not all of this is said of a VNI"));
}

/// What others have bound to no endpoint can go, and comes back as it was.
#[test]
fn what_names_no_endpoint_is_put_back_without() {
    let dialect = dialect("openconfig_evpn");
    let mut without = config(Some(&[(SegmentLeaf::RouteDistinguisher, "192.0.2.1:3000")]));
    without.segments.values_mut().for_each(|segment| segment.vtep = None);
    let mut switch = device(&dialect, &without);
    let before = switch.data.to_xml().unwrap();
    assert!(before.contains("192.0.2.1:3000") && !before.contains("overlay-endpoint"), "{before}");
    assert_eq!(read(&dialect, &switch), without);
    for (now, wanted) in [(&without, &config(None)), (&config(None), &without)] {
        let edit = render(&dialect, &plan(now, wanted)).unwrap();
        switch.apply(&edit.content()).unwrap();
        assert_eq!(&read(&dialect, &switch), wanted);
    }
    assert_eq!(switch.data.to_xml().unwrap(), before);
}

/// What others have bound may lack what Mercury says of whatever it binds: it can go, and
/// comes back without.
#[test]
fn what_lacks_a_leaf_that_is_always_said_is_put_back_without() {
    let ids = [(SegmentLeaf::RouteDistinguisher, "192.0.2.1:3000"), (SegmentLeaf::RouteTarget, "auto")];
    for (name, said, lacks) in [
        ("openconfig_evpn", ids.as_slice(), &["service-type", "encapsulation-type"][..]),
        ("openconfig", &[], &["vni-type"]),
    ] {
        let dialect = dialect(name);
        let bound = config(Some(said));
        let whole = device(&dialect, &bound);
        for gone in lacks.iter().map(|one| vec![*one]).chain([lacks.to_vec()]) {
            let mut switch = Device { data: without(&whole.data, &gone) };
            let before = switch.data.to_xml().unwrap();
            assert!(gone.iter().all(|leaf| !before.contains(&format!("<{leaf}"))), "{before}");
            let found = read(&dialect, &switch);
            assert_eq!(found, bound, "as far as it is understood, it is the same");
            for (now, wanted) in [(&found, &config(None)), (&config(None), &found)] {
                let edit = render(&dialect, &plan(now, wanted)).unwrap();
                switch.apply(&edit.content()).unwrap();
                assert_eq!(&read(&dialect, &switch), wanted);
            }
            assert_eq!(switch.data.to_xml().unwrap(), before, "{name} without {gone:?}");
        }
    }
}

/// The same without all leaves of these names.
fn without(element: &Element, names: &[&str]) -> Element {
    let kept = element.children.iter().filter_map(|child| match child {
        Node::Element(child) if names.contains(&child.name.as_str()) => None,
        Node::Element(child) => Some(Node::Element(without(child, names))),
        other => Some(other.clone()),
    });
    Element { children: kept.collect(), ..element.clone() }
}
