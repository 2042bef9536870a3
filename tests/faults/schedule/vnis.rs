//! Ports on VNIs: what binds a VLAN comes with the first port and goes with the last, never
//! binds it to two VNIs, and other people's stays.

use std::collections::BTreeMap;

use mercury::{inventory::Switch as Entry, outcome::Report};
use mercury_model::VlanId;
use mercury_sim::Handle;

use super::{Schedule, Trouble, Want, What, draw::milliseconds};
use crate::{
    chance::Chance,
    kind::Kind,
    ovsdb::{self, Deed},
    world::{ANYWHERE, Ports, VNIS, VTEP, Wish, serves_vnis_on, vni},
};

/// The VLANs that are bound to VNIs, where callers name them.
pub(super) const VLANS: [u16; 2] = [3000, 3001];
/// Those that the entry has for them, where callers name none: two more than there are VNIs,
/// beside what others have taken.
const FREE: [u16; 8] = [3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007];
/// Another's VNI, on a VLAN of theirs.
const THEIRS: (u32, u16) = (20_900, 900);
/// What somebody has left on a VLAN that is set aside for VNIs.
const LEFT: (u32, u16) = (20_901, 3001);

const NAMED: Vnis = Vnis::Named(Bound::ByEndpoint);
const ANY: Vnis = Vnis::Anywhere(Bound::ByEndpoint);

/// How a switch serves VNIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vnis {
    /// Not at all.
    #[default]
    None,
    /// On the VLANs that callers name.
    Named(Bound),
    /// On those that its entry has for them. All such switches are to have the same for one
    /// that a request names on several.
    Anywhere(Bound),
}

/// What binds a VLAN to a VNI on a switch with an OpenConfig tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// An entry of the VTEP's list.
    ByEndpoint,
    /// A network instance of its own.
    ByInstance,
}

impl Vnis {
    /// Those that switches of this kind are drawn with.
    pub(super) fn of(kind: Kind) -> impl Iterator<Item = Self> {
        let ways: &[Bound] =
            if kind == Kind::Ovsdb { &[Bound::ByEndpoint] } else { &[Bound::ByEndpoint, Bound::ByInstance] };
        ways.iter().flat_map(|way| [Self::Named(*way), Self::Anywhere(*way)])
    }

    /// The VLANs that are set aside for VNIs.
    pub(super) const fn vlans(self) -> &'static [u16] {
        match self {
            Self::None => &[],
            Self::Named(_) => &VLANS,
            Self::Anywhere(_) => &FREE,
        }
    }

    /// What may be wished for.
    pub(super) const fn wishes(self) -> &'static [Wish] {
        match self {
            Self::None => &[],
            Self::Named(_) => &VNIS,
            Self::Anywhere(_) => &ANYWHERE,
        }
    }

    /// Whether the entry says which VLANs there are.
    pub(super) const fn is_anywhere(self) -> bool {
        matches!(self, Self::Anywhere(_))
    }

    /// The same, with something else to bind a VLAN.
    const fn bound(self, bound: Bound) -> Self {
        match self {
            Self::None => Self::None,
            Self::Named(_) => Self::Named(bound),
            Self::Anywhere(_) => Self::Anywhere(bound),
        }
    }

    /// Lets an entry serve them.
    pub(super) fn tune(self, entry: &mut Entry) {
        match self {
            Self::None => {}
            Self::Named(_) => serves_vnis_on(entry, "3000-3001"),
            Self::Anywhere(_) => {
                serves_vnis_on(entry, "3000-3007");
                entry.rules.mlag_domain = Some("pair".to_owned());
            }
        }
        if let Self::Named(Bound::ByInstance) | Self::Anywhere(Bound::ByInstance) = self {
            "openconfig_evpn".clone_into(&mut entry.identity.dialect);
            let own = entry.rules.overlay.as_mut().unwrap();
            own.route_distinguisher = Some("192.0.2.1:{vlan}".parse().unwrap());
        }
    }
}

impl Schedule {
    /// Drawn apart, so that most seeds are what they were before.
    pub(super) fn with_vnis(&mut self, chance: &mut Chance) {
        if !chance.one_in(3) {
            return;
        }
        for index in 0..self.switches.len() {
            // Which would have to be told what the network team has made to keep it at a reboot.
            if self.switches[index].kind.saves() || chance.one_in(3) {
                continue;
            }
            self.serve(index, NAMED, chance);
        }
    }

    /// Of the switches that serve VNIs, some bind them by instances. Drawn apart.
    pub(super) fn with_instances(&mut self, chance: &mut Chance) {
        for switch in self.switches.iter_mut().filter(|switch| switch.kind != Kind::Ovsdb) {
            if chance.one_in(3) {
                switch.vnis = switch.vnis.bound(Bound::ByInstance);
            }
        }
    }

    /// Open vSwitches that serve VNIs, and switches that find VLANs for them. Drawn apart.
    pub(super) fn with_overlays(&mut self, chance: &mut Chance, length: usize) {
        if !chance.one_in(3) {
            return;
        }
        for index in 0..self.switches.len() {
            let kind = self.switches[index].kind;
            if kind.saves() || chance.one_in(4) {
                continue;
            }
            self.serve(index, chance.of(&[NAMED, ANY, ANY]), chance);
            if kind == Kind::Ovsdb {
                for _ in 0..chance.below(3) {
                    let at = milliseconds(chance, length);
                    let what = self.binding(index, chance);
                    self.troubles.push(Trouble { at, what });
                }
            }
        }
        // One network on several switches.
        for request in &mut self.requests {
            let anywhere = |want: &&mut Want| self.switches[want.switch].vnis.is_anywhere();
            let mut wants: Vec<_> = request.wants.iter_mut().filter(anywhere).collect();
            if wants.len() > 1 && chance.one_in(2) {
                let wish = chance.of(&ANYWHERE);
                wants.iter_mut().filter_map(|want| want.ports.first_mut()).for_each(|(_, own)| *own = wish);
            }
        }
    }

    fn serve(&mut self, index: usize, vnis: Vnis, chance: &mut Chance) {
        self.switches[index].vnis = vnis;
        if vnis.is_anywhere() {
            // What only a hidden port has looks like what none has, and goes.
            self.troubles.retain(|one| !matches!(one.what, What::Hide { switch, .. } if switch == index));
        }
        let wants = self.requests.iter_mut().flat_map(|request| &mut request.wants);
        for (_, wish) in wants.filter(|want| want.switch == index).flat_map(|want| &mut want.ports) {
            if !chance.one_in(3) || matches!(wish, Wish::Vni(_) | Wish::AnyVlan(_)) {
                *wish = chance.of(vnis.wishes());
            }
        }
    }

    /// Somebody else binds one of the VLANs that are set aside.
    fn binding(&self, switch: usize, chance: &mut Chance) -> What {
        let deed = Deed::Binds(chance.of(&[3000, 3002]));
        let (nth, is_before) = (1 + chance.below(6), !chance.one_in(3));
        What::Meddle { switch, port: 1, deed, nth, is_before, number: self.troubles.len() }
    }
}

/// The VTEP, and what others have bound.
pub(super) fn begin(handle: &Handle, vnis: Vnis) {
    if let Some(ovsdb) = handle.ovsdb() {
        return ovsdb::begin_vnis(&ovsdb, THEIRS, LEFT);
    }
    if let Vnis::Named(Bound::ByInstance) | Vnis::Anywhere(Bound::ByInstance) = vnis {
        handle.change_running(VTEP).unwrap();
        return [THEIRS, LEFT].iter().for_each(|(vni, vlan)| handle.change_running(&instance(*vni, *vlan)).unwrap());
    }
    let bound = [THEIRS, LEFT].map(|(vni, vlan)| {
        format!(
            "<local-endpoint-vni><vni>{vni}</vni><config><vni>{vni}</vni><vni-type>L2</vni-type>\
             <bridge-domain>{vlan}</bridge-domain></config></local-endpoint-vni>"
        )
    });
    let bound = format!("<local-endpoint-vnis>{}</local-endpoint-vnis></vxlan>", bound.concat());
    handle.change_running(&VTEP.replace("</vxlan>", &bound)).unwrap();
}

/// A VLAN's VNI as one that does as Mercury does would bind it.
fn instance(vni: u32, vlan: u16) -> String {
    let types = "http://openconfig.net/yang/network-instance-types";
    format!(
        "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance><name>vni-{vni}</name>\
         <config><name>vni-{vni}</name><type xmlns:t=\"{types}\">t:L2VSI</type></config>\
         <vlans><vlan><vlan-id>{vlan}</vlan-id><config><vlan-id>{vlan}</vlan-id></config></vlan></vlans>\
         <evpn><evpn-instances><evpn-instance><evi>{vni}</evi><config><evi>{vni}</evi>\
         <encapsulation-type xmlns:t=\"{types}\">t:VXLAN</encapsulation-type>\
         <service-type xmlns:t=\"http://openconfig.net/yang/evpn-types\">t:VLAN_BASED</service-type></config>\
         <vxlan><config><vni>{vni}</vni></config></vxlan>\
         </evpn-instance></evpn-instances></evpn></network-instance></network-instances>"
    )
}

/// Whether the key is that of what binds a VLAN which is set aside for that.
pub(super) fn is_one(key: &str) -> bool {
    let own = VLANS.iter().map(|id| vni(*id)).chain(ANYWHERE.iter().filter_map(|wish| wish.untagged_vni()));
    let own = own.map(|vni| vni.to_string()).chain([LEFT.0.to_string()]);
    own.into_iter().any(|own| key == format!("VNI {own}"))
}

/// What binds a VLAN.
fn bound(now: &Ports, id: u16) -> Vec<&str> {
    let binds = format!("\"bridge-domain\":{id}");
    now.iter()
        .filter(|(key, text)| key.starts_with("VNI ") && text.contains(&binds))
        .map(|(key, _)| key.as_str())
        .collect()
}

/// Whether nothing else binds a VLAN.
pub(super) fn is_bound_to(now: &Ports, id: u16, key: &str) -> bool {
    bound(now, id) == [key]
}

/// How a port is said to be on a VLAN.
fn on(id: u16) -> [String; 2] {
    [format!("\"access-vlan\":{id}"), format!("access, tag {id},")]
}

/// Whether a port is on a VLAN.
pub(super) fn is_used(now: &Ports, id: u16) -> bool {
    now.values().any(|text| on(id).iter().any(|said| text.contains(said)))
}

/// With the VNIs of ports in the place of VLANs that nobody names; those may be there or not.
pub(super) fn by_vni(mut now: Ports, vnis: Vnis) -> Ports {
    if !vnis.is_anywhere() {
        return now;
    }
    for id in FREE {
        let mut bound = bound(&now, id);
        // Who came later, or should have been seen, is judged by `Held`.
        bound.retain(|key| *key != format!("VNI {}", ovsdb::their_vni(id)));
        let vnis = format!("on {bound:?},");
        now.remove(&format!("VLAN {id}"));
        for text in now.values_mut() {
            for said in on(id) {
                *text = text.replace(&said, &vnis);
            }
        }
    }
    now
}

/// What binds a VLAN, whichever VLAN and VNI that are.
pub(super) fn form(now: &Ports, vnis: Vnis) -> Option<String> {
    let (id, key) = vnis.vlans().iter().find_map(|id| {
        let own = bound(now, *id).into_iter().find(|key| is_one(key) && !key.ends_with(&LEFT.0.to_string()))?;
        Some((*id, own))
    })?;
    Some(formed(&now[key], key, id))
}

fn formed(text: &str, key: &str, id: u16) -> String {
    text.replace(key.trim_start_matches("VNI "), "@vni@").replace(&id.to_string(), "@vlan@")
}

/// What is to be held against the ports.
pub(super) struct Held<'a> {
    pub(super) vnis: Vnis,
    pub(super) start: &'a Ports,
    /// What binds a VLAN, in good order.
    pub(super) form: &'a str,
    /// The VLANs that somebody else has bound, and whether they were free then.
    pub(super) elsewhere: BTreeMap<u16, bool>,
    /// What ports may have had that others have moved.
    pub(super) had: Vec<&'a str>,
}

impl Held<'_> {
    /// Holds what binds VLANs against the ports. Where it is not `known` what became of a
    /// request, what it bound may be left, but no port is on a VLAN that is bound to nothing or
    /// to what it was not to be.
    pub(super) fn hold(&self, now: &Ports, known: bool) -> Result<(), String> {
        for id in self.vnis.vlans() {
            let (bound, is_used) = (bound(now, *id), is_used(now, *id));
            let told = || format!("VLAN {id}, which ports have: {is_used}, is bound to {bound:?}: {now:#?}");
            match self.elsewhere.get(id) {
                Some(true) if is_used || bound.len() > 1 => return Err(format!("{}: it was another's first", told())),
                Some(_) => continue,
                None => {}
            }
            let left = format!("VNI {}", LEFT.0);
            let is_left = bound == [left.as_str()] && self.start.get(&left) == now.get(&left);
            let is_whole = |key: &&str| is_left || formed(&now[*key], key, *id) == self.form;
            if bound.len() > 1 || !bound.iter().all(is_whole) {
                return Err(told());
            }
            let may_be = |key: &&str| match self.vnis {
                Vnis::Anywhere(_) => !is_left,
                _ => *key == format!("VNI {}", vni(*id)),
            };
            if is_used && !bound.first().is_some_and(may_be) {
                return Err(told());
            }
            let by_vni = format!("on {bound:?},");
            let is_moved =
                || self.had.iter().any(|text| on(*id).iter().chain([&by_vni]).any(|said| text.contains(said)));
            if !is_used && known && !bound.is_empty() && !is_left && !is_moved() {
                return Err(format!("{}: it was left behind", told()));
            }
        }
        Ok(())
    }
}

/// The VLAN of a VNI that a request names on several switches, which are to have the same,
/// is the same as they were read back.
pub(super) fn agreed(reports: &[Report]) -> Result<(), String> {
    let mut vlans: BTreeMap<String, Vec<(VlanId, &str)>> = BTreeMap::new();
    for report in reports.iter().filter(|report| report.outcome.is_success()) {
        for (vlan, segment) in report.now.iter().flat_map(|now| &now.segments) {
            vlans.entry(segment.vni.to_string()).or_default().push((*vlan, &report.switch));
        }
    }
    let named =
        |vni: &String| ANYWHERE.iter().any(|wish| wish.untagged_vni().is_some_and(|own| own.to_string() == *vni));
    let differs = |(_, all): &(&String, &Vec<(VlanId, &str)>)| all.iter().any(|(vlan, _)| *vlan != all[0].0);
    match vlans.iter().filter(|(vni, _)| named(vni)).find(differs) {
        Some((vni, all)) => Err(format!("VNI {vni} has different VLANs: {all:?}")),
        None => Ok(()),
    }
}

/// Whether a VNI could not be had for what others have bound, or for what the switches of a
/// pair had before.
pub(super) fn is_kept(report: &Report, is_pair: bool, is_bound_elsewhere: bool) -> bool {
    let told = report.outcome.fault().map(|fault| fault.message).unwrap_or_default();
    let of_pair =
        ["which are to have the same", "free on all of its switches", "is that of something else of this request"];
    let is_of_pair = is_pair && of_pair.iter().any(|reason| told.contains(reason));
    is_of_pair || is_bound_elsewhere && told.contains("VNI")
}
