//! What binds a VLAN of SR Linux to a VNI (srl_nokia-tunnel-interfaces, -bgp-evpn, -bgp-vpn).
//!
//! | the model | SR Linux |
//! |---|---|
//! | the VTEP `vxlan1` | `tunnel-interface[name=vxlan1]`, whose address is that of `system0.0` |
//! | VNI 10100 on VLAN 100 | `vxlan-interface[index=100]` of it: bridged, `ingress/vni` 10100 |
//! | bound | `network-instance[name=vlan-100]/vxlan-interface[name=vxlan1.100]` |
//! | told of by BGP | `protocols/bgp-evpn` and `bgp-vpn` of that, each with its instance 1 |
//!
//! VNI, VLAN and EVI are three numbers. The EVI is the VLAN's, which has one of its own on
//! the switch; so the route target, which all switches share, is always said: made of the
//! EVI, it would be another on each switch, or another VNI's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use mercury_model::{Evpn, FloodMode, InterfaceName, Overlay, RouteId, Segment, VlanId, Vni, VniState};

use super::{
    Template, Unsayable, Writer,
    nodes::{
        DEFAULTS_OF_BGP, DEFAULTS_OF_EVPN, DEFAULTS_OF_TUNNEL, DEFAULTS_OF_VPN, OWN_OF_EVPN, OWN_OF_TUNNEL, OWN_OF_VPN,
        STATE_OF_TUNNEL,
    },
    read::{bare, below, is_default, named, text},
    words::{self, EVPN, INSTANCE, MEMBER, NETWORK_INSTANCE, TUNNEL, VPN, VXLAN, path},
};
use crate::{Data, Names, Node, NodePath, Origin, OverlayTree, SegmentForms, SegmentLeaf, operations::Value};

/// The subinterface whose address tunnels have (`use-system-ipv4-address`).
const ADDRESS: &str = "system0.0";
/// An identity of another module than the leaf's has its module's name (RFC 7951 section 6.8).
const BRIDGED: &str = "srl_nokia-interfaces:bridged";
/// The origin of what is configured, beside what the switch made itself (srl_nokia-bgp-vpn).
const MANUAL: &str = "manual";
/// What a route target begins with there.
const TARGET: &str = "target:";

/// What is said of each VNI, and what must be there. What lies where is said in code.
pub fn tree() -> &'static OverlayTree {
    static TREE: LazyLock<OverlayTree> = LazyLock::new(|| OverlayTree {
        entry: Some(words::tunnel().join(&words::entry(VXLAN, "index", "{vlan-id}"))),
        vni: path("ingress/vni"),
        vlan: None,
        leaves: [
            (SegmentLeaf::RouteDistinguisher, NodePath::default()),
            (SegmentLeaf::RouteTarget, NodePath::default()),
        ]
        .into(),
        floods: [(FloodMode::Bgp, false)].into(),
        auto: vec![SegmentLeaf::RouteDistinguisher],
        by_lines: false,
        bgp: None,
        also: Vec::new(),
        foreign: Vec::new(),
        forms: SegmentForms::default(),
        others: Vec::new(),
        vtep: Some(words::tunnel()),
        state: None,
        needs: Vec::new(),
        highest: Vni::MAX,
    });
    &TREE
}

impl Writer<'_> {
    pub(super) fn bind(&mut self, vlan: VlanId, after: &Segment) -> Result<(), Unsayable> {
        let refused = |reason: &str| super::unsayable(&after.to_string(), reason);
        let vtep = after.vtep.as_ref().ok_or_else(|| refused("the name of the VTEP is not known"))?;
        let said = tree().visible(after) == *after && after.evpn.bgp_as.is_none();
        if !said {
            return Err(refused("not all of this is said of a VNI there"));
        }
        let target = after.evpn.route_target.as_ref().filter(|target| !target.is_auto());
        let target = target.ok_or_else(|| refused("it would make a route target of the VLAN's number"))?;
        let names = self.names(vlan, after);
        let tunnel = self.operations.entry(Node { path: words::vxlan(vlan), names: names.clone() });
        tunnel.origin = Origin::Merge;
        tunnel.set(&path("type"), Some(super::text(BRIDGED)));
        tunnel.set(&path("ingress/vni"), Some(Value::Number(after.vni.get().into())));
        let member = Self::vxlan_of(vtep, vlan)?;
        let bound = Node { path: words::bound(&member), names: names.clone() };
        self.operations.entry(bound).origin = Origin::Merge;
        let vpn = self.operations.entry(Node { path: words::of_bgp(VPN), names: names.clone() });
        vpn.origin = Origin::Merge;
        if let Some(distinguisher) = after.evpn.route_distinguisher.as_ref().filter(|own| !own.is_auto()) {
            vpn.set(&path("route-distinguisher/rd"), Some(super::text(distinguisher.as_str())));
        }
        let target = format!("{TARGET}{target}");
        for way in ["export-rt", "import-rt"] {
            vpn.set(&path(&format!("route-target/{way}")), Some(super::text(&target)));
        }
        let evpn = self.operations.entry(Node { path: words::of_bgp(EVPN), names });
        evpn.origin = Origin::Merge;
        evpn.set(&path("vxlan-interface"), Some(super::text(&member)));
        evpn.set(&path("evi"), Some(Value::Number(vlan.get().into())));
        Ok(())
    }

    /// The containers of BGP go too: they say something by being there.
    pub(super) fn unbind(&mut self, vlan: VlanId, before: &Segment) -> Result<(), Unsayable> {
        let unknown = || super::unsayable(&before.to_string(), "the name of the VTEP is not known");
        let vtep = before.vtep.as_ref().ok_or_else(unknown)?;
        let (names, member) = (self.names(vlan, before), Self::vxlan_of(vtep, vlan)?);
        for gone in [words::bgp(EVPN), words::bgp(VPN), words::bound(&member), words::vxlan(vlan)] {
            self.remove(gone, names.clone());
        }
        Ok(())
    }

    fn names(&self, vlan: VlanId, segment: &Segment) -> Names {
        Names::default().in_instance(&self.template.name(vlan)).of_segment(segment)
    }

    fn vxlan_of(vtep: &InterfaceName, vlan: VlanId) -> Result<String, Unsayable> {
        let name = words::member(vtep, vlan).map(|name| name.to_string());
        name.ok_or_else(|| super::unsayable(&format!("a VXLAN interface of {vtep}"), "the name gets too long"))
    }
}

/// What binds each VLAN, and what is not Mercury's.
pub(super) fn read<D: Data>(found: &D, template: Template<'_>) -> (BTreeMap<VlanId, Segment>, Overlay) {
    let mut reading = Reading::of(found, template);
    named(found, NETWORK_INSTANCE).for_each(|instance| reading.instance(instance));
    reading.unbound();
    reading.overlay.vteps = named(found, TUNNEL).filter_map(|one| text(one, &["name"])?.parse().ok()).collect();
    let default = named(found, NETWORK_INSTANCE).find(|one| text(*one, &["name"]) == Some("default"));
    let has = |is_it: &dyn Fn(&D) -> bool| default.is_some_and(is_it);
    if !has(&|one| named(one, MEMBER).any(|member| text(member, &["name"]) == Some(ADDRESS))) {
        reading.overlay.lacks.insert(format!("{ADDRESS} in the network instance default"));
    }
    if !has(&|one| below(one, &["protocols", "bgp"]).is_some_and(tells_evpn)) {
        let lack = "BGP that tells of EVPN in the network instance default".to_owned();
        reading.overlay.lacks_for_evpn.insert(lack);
    }
    (reading.segments, reading.overlay)
}

/// Where state tells whether VXLAN interfaces carry frames, and why not; all else that is
/// below them may be far more.
#[must_use]
pub fn states_of() -> Vec<Node> {
    let interface = words::tunnel().join(&words::entry(VXLAN, "index", "{vlan-id}"));
    let leaf = |name: &&str| Node { path: interface.join(&path(name)), names: Names::default() };
    STATE.iter().map(leaf).collect()
}

/// The leaves that tell it.
const STATE: [&str; 2] = ["oper-state", "oper-down-reason"];

/// What they tell of these VNIs.
pub fn states<D: Data>(found: &D, segments: &BTreeMap<VlanId, Segment>) -> BTreeMap<Vni, VniState> {
    let mut states = BTreeMap::new();
    for tunnel in named(found, TUNNEL) {
        for one in named(tunnel, VXLAN) {
            let vlan = text(one, &["index"]).and_then(|index| index.parse::<VlanId>().ok());
            let Some(segment) = vlan.and_then(|vlan| segments.get(&vlan)) else { continue };
            let is_its = segment.vtep.as_ref().map(InterfaceName::as_str) == text(tunnel, &["name"]);
            let Some(word) = text(one, &STATE[..1]).filter(|_| is_its) else { continue };
            let why = || text(one, &STATE[1..]).unwrap_or(word).to_owned();
            states.insert(segment.vni, if word == "up" { VniState::Up } else { VniState::Down(why()) });
        }
    }
    states
}

/// Whether BGP, a group or a neighbour of it has the address family EVPN.
fn tells_evpn<D: Data>(bgp: &D) -> bool {
    let is_evpn = |family: &D| text(family, &["afi-safi-name"]).map(bare) == Some("evpn");
    let is_on = |family: &D| text(family, &["admin-state"]) == Some("enable");
    let families = |of: &D| named(of, "afi-safi").any(|family| is_evpn(family) && is_on(family));
    families(bgp) || named(bgp, "group").chain(named(bgp, "neighbor")).any(families)
}

struct Reading<'a, D> {
    template: Template<'a>,
    /// Each VXLAN interface by the name that network instances know it by.
    tunnels: BTreeMap<String, &'a D>,
    segments: BTreeMap<VlanId, Segment>,
    overlay: Overlay,
}

impl<'a, D: Data> Reading<'a, D> {
    fn of(found: &'a D, template: Template<'a>) -> Self {
        let mut tunnels = BTreeMap::new();
        for tunnel in named(found, TUNNEL) {
            let name = text(tunnel, &["name"]).unwrap_or_default();
            for one in named(tunnel, VXLAN) {
                tunnels.insert(format!("{name}.{}", text(one, &["index"]).unwrap_or_default()), one);
            }
        }
        Self { template, tunnels, segments: BTreeMap::new(), overlay: Overlay::default() }
    }

    fn instance(&mut self, instance: &D) {
        let name = text(instance, &["name"]).unwrap_or_default();
        let is_mac_vrf = text(instance, &["type"]).map(bare) == Some("mac-vrf");
        let vlan = self.template.vlan(name).filter(|_| is_mac_vrf);
        let (mut more, mut is_bound) = (BTreeSet::new(), false);
        for entry in named(instance, VXLAN) {
            let Some(member) = text(entry, &["name"]) else { continue };
            let Some(tunnel) = self.tunnels.remove(member) else {
                more.insert(format!("{VXLAN} {member}, which is not there"));
                continue;
            };
            let Some(vni) = text(tunnel, &["ingress", "vni"]).and_then(|vni| vni.parse().ok()) else { continue };
            match vlan {
                Some(vlan) => {
                    is_bound = true;
                    self.state(entry, tunnel, vni);
                    self.bind(vlan, instance, (member, vni), &mut more);
                    more.extend(beside(tunnel, &OWN_OF_TUNNEL, &DEFAULTS_OF_TUNNEL));
                }
                None => drop(self.overlay.taken.insert(vni, format!("the network instance {name}"))),
            }
            self.place(vlan, member, || format!("{VXLAN} {member} of {name}"));
        }
        for protocol in [EVPN, VPN] {
            let Some(own) = below(instance, &["protocols", protocol]) else { continue };
            let instances = || named(own, INSTANCE);
            let (mine, defaults): (&[&str], &[_]) = match protocol {
                EVPN => (&OWN_OF_EVPN, &DEFAULTS_OF_EVPN),
                _ => (&OWN_OF_VPN, &DEFAULTS_OF_VPN),
            };
            more.extend(
                instances()
                    .filter_map(|one| text(one, &["id"]))
                    .filter(|id| *id != "1")
                    .map(|id| format!("{protocol} {INSTANCE} {id}")),
            );
            more.extend(instances().flat_map(|one| beside(one, mine, defaults)));
            more.extend(beside(own, &[INSTANCE], &DEFAULTS_OF_BGP));
            if !is_bound {
                more.insert(protocol.to_owned());
            }
            for evi in instances().filter_map(|one| text(one, &["evi"])) {
                let of = evi.parse::<VlanId>().ok();
                if vlan.is_some() && of != vlan {
                    more.insert(format!("EVI {evi}"));
                }
                if let Some(of) = of.filter(|of| Some(*of) != vlan) {
                    self.beside(of, &format!("EVI {evi} of {name}"));
                }
            }
        }
        if let Some(vlan) = vlan {
            more.into_iter().for_each(|one| self.beside(vlan, &one));
        }
    }

    fn bind(&mut self, vlan: VlanId, instance: &D, (member, vni): (&str, Vni), more: &mut BTreeSet<String>) {
        let vtep = member.rsplit_once('.').map_or(member, |(tunnel, _)| tunnel);
        let other = self.segments.iter().find(|(_, own)| own.vni == vni).map(|(other, _)| *other);
        if let Some(other) = other.filter(|other| *other != vlan) {
            self.overlay.taken.insert(vni, format!("VLAN {other} and VLAN {vlan} at once"));
        }
        let vpn = below(instance, &["protocols", VPN]).and_then(|vpn| named(vpn, INSTANCE).next());
        let evpn = below(instance, &["protocols", EVPN]).and_then(|evpn| named(evpn, INSTANCE).next());
        let mut segment = Segment::new(vni).of_vtep(Some(InterfaceName::shown(vtep)));
        if evpn.is_some_and(|evpn| text(evpn, &[VXLAN]) == Some(member)) {
            // Where state is shown, what the switch made of the EVI stands where what was said would.
            let said = |of: &str, leaf: &str, origin: &str| {
                let origin = vpn.and_then(|vpn| text(vpn, &[of, origin]));
                vpn.and_then(|vpn| text(vpn, &[of, leaf])).filter(|_| origin.is_none_or(|origin| origin == MANUAL))
            };
            let [export, import] =
                [("export-rt", "export-route-target-origin"), ("import-rt", "import-route-target-origin")]
                    .map(|(leaf, origin)| said("route-target", leaf, origin));
            let distinguisher = said("route-distinguisher", "rd", "route-distinguisher-origin");
            let mut id = |what: &str, text: Option<&str>| -> Option<RouteId> {
                let own = text.unwrap_or("auto").parse();
                if own.is_err() {
                    more.insert(format!("{what} {}", text.unwrap_or_default()));
                }
                own.ok()
            };
            segment.evpn = Evpn {
                bgp_as: None,
                route_distinguisher: id("route-distinguisher", distinguisher),
                route_target: id("export-rt", export.map(|text| text.strip_prefix(TARGET).unwrap_or(text))),
            };
            // It could not be put back as it was: made of the EVI, Mercury never says it.
            if segment.evpn.route_target.as_ref().is_some_and(RouteId::is_auto) {
                more.insert("a route target that is made of its EVI".to_owned());
            }
            if export != import {
                more.insert(format!("import-rt {}", import.unwrap_or("auto")));
            }
        } else {
            more.insert(format!("no {EVPN} of {member}"));
        }
        self.segments.insert(vlan, segment);
    }

    /// Whether it carries frames, where state is shown too: the interface itself, and its
    /// place in the network instance.
    fn state(&mut self, entry: &D, tunnel: &D, vni: Vni) {
        let states = [entry, tunnel].map(|node| (text(node, &["oper-state"]), text(node, &["oper-down-reason"])));
        let down = states.iter().find(|(state, _)| state.is_some_and(|state| state != "up"));
        let is_up = states.iter().any(|(state, _)| *state == Some("up"));
        let state = match down {
            Some((state, reason)) => VniState::Down(reason.or(*state).unwrap_or_default().to_owned()),
            None if is_up => VniState::Up,
            None => return,
        };
        self.overlay.states.insert(vni, state);
    }

    /// Keeps what somebody else has where a VLAN's own would be.
    fn place(&mut self, of: Option<VlanId>, member: &str, what: impl FnOnce() -> String) {
        let index = member.rsplit_once('.').and_then(|(_, index)| index.parse::<VlanId>().ok());
        if let Some(vlan) = of.filter(|of| Some(*of) != index) {
            self.beside(vlan, &format!("{VXLAN} {member}"));
        }
        if let Some(index) = index.filter(|index| Some(*index) != of) {
            self.beside(index, &what());
        }
    }

    fn beside(&mut self, vlan: VlanId, what: &str) {
        let others = self.overlay.besides.entry(vlan).or_default();
        if !others.is_empty() {
            others.push_str(", ");
        }
        others.push_str(what);
    }

    /// The VXLAN interfaces that no network instance has.
    fn unbound(&mut self) {
        for (member, tunnel) in std::mem::take(&mut self.tunnels) {
            if let Some(vni) = text(tunnel, &["ingress", "vni"]).and_then(|vni| vni.parse().ok()) {
                let of = format!("{member}, which is in no network instance");
                self.overlay.taken.entry(vni).or_insert(of);
            }
            self.place(None, &member, || format!("{VXLAN} {member}, which is in no network instance"));
        }
    }
}

/// What an entry has besides what Mercury puts there, its state, and what is so where
/// nothing is said.
fn beside<D: Data>(entry: &D, own: &[&str], defaults: &[(&[&str], &str)]) -> BTreeSet<String> {
    let is_state = |name: &str| name.starts_with("oper-") || STATE_OF_TUNNEL.contains(&name);
    let more = entry.below().filter(|one| !own.contains(&one.name()) && !is_state(one.name()));
    let more = more.filter(|one| !is_default(*one, &mut Vec::new(), defaults, &is_state));
    more.map(|one| one.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::*;

    struct Node {
        name: String,
        value: String,
        below: Vec<Node>,
    }

    impl Data for Node {
        fn name(&self) -> &str {
            &self.name
        }

        fn value(&self) -> &str {
            &self.value
        }

        fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
        where
            Self: 'a,
        {
            self.below.iter()
        }
    }

    fn node(name: &str, value: &Value) -> Node {
        let (value, below) = match value {
            Value::Table(members) => (String::new(), members.iter().map(|(name, value)| node(name, value)).collect()),
            Value::String(text) => (text.clone(), Vec::new()),
            other => (other.to_string(), Vec::new()),
        };
        Node { name: name.to_owned(), value, below }
    }

    /// With its state, as a subscription shows it: what was not said is there all the same.
    #[test]
    fn what_the_switch_makes_of_an_evi_is_not_what_was_said() {
        for (rd, rt, expected) in [
            ("manual", "manual", ["192.0.2.1:3000", "65000:10100"]),
            ("auto-derived-from-evi", "manual", ["auto", "65000:10100"]),
            ("manual", "auto-derived-from-evi", ["192.0.2.1:3000", "auto"]),
        ] {
            let shown = format!(
                r#"
                [tunnel-interface]
                name = "vxlan1"
                vxlan-interface = {{ index = 3000, type = "bridged", ingress.vni = 10100 }}
                [network-instance]
                name = "vlan-3000"
                type = "mac-vrf"
                vxlan-interface.name = "vxlan1.3000"
                [network-instance.protocols]
                bgp-evpn.bgp-instance = {{ id = 1, vxlan-interface = "vxlan1.3000", evi = 3000 }}
                [network-instance.protocols.bgp-vpn.bgp-instance]
                id = 1
                route-distinguisher = {{ rd = "192.0.2.1:3000", route-distinguisher-origin = "{rd}" }}
                [network-instance.protocols.bgp-vpn.bgp-instance.route-target]
                export-rt = "target:65000:10100"
                export-route-target-origin = "{rt}"
                import-rt = "target:65000:10100"
                import-route-target-origin = "{rt}"
                "#
            );
            let shown = node("", &Value::Table(shown.parse().unwrap()));
            let (segments, overlay) = read(&shown, Template::parse("vlan-{vlan-id}").unwrap());
            let evpn = &segments[&3000u16.try_into().unwrap()].evpn;
            let found = [&evpn.route_distinguisher, &evpn.route_target].map(|id| id.as_ref().unwrap().as_str());
            assert_eq!(found, expected, "{rd} {rt}");
            // One that is made of an EVI is never Mercury's.
            assert_eq!(overlay.besides.is_empty(), rt == "manual", "{:?}", overlay.besides);
        }
    }
}
