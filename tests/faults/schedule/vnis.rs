//! Ports on VNIs: what binds a VLAN comes with the first port and goes with the last, never
//! binds it to two VNIs, and other people's stays.

use mercury_sim::{Handle, Mode};

use super::Schedule;
use crate::{
    chance::Chance,
    kind::Kind,
    world::{Ports, VNIS, VTEP, vni},
};

/// The VLANs that are bound to VNIs.
pub(super) const VLANS: [u16; 2] = [3000, 3001];
/// Another's VNI, on a VLAN of theirs.
const THEIRS: [u32; 2] = [20_900, 900];
/// What somebody has left on a VLAN that is set aside for VNIs.
const LEFT: [u32; 2] = [20_901, 3001];

impl Schedule {
    /// Drawn apart, so that most seeds are what they were before.
    pub(super) fn with_vnis(&mut self, chance: &mut Chance) {
        if !chance.one_in(3) {
            return;
        }
        for (index, switch) in self.switches.iter_mut().enumerate() {
            // Which would have to be told what the network team has made to keep it at a reboot.
            if switch.kind == Kind::Netconf(Mode::RunningStartup) || chance.one_in(3) {
                continue;
            }
            switch.has_vnis = true;
            let wants = self.requests.iter_mut().flat_map(|request| &mut request.wants);
            for (_, wish) in wants.filter(|want| want.switch == index).flat_map(|want| &mut want.ports) {
                if !chance.one_in(3) {
                    *wish = chance.of(&VNIS);
                }
            }
        }
    }
}

/// The VTEP, and what others have bound.
pub(super) fn begin(handle: &Handle) {
    let bound = [THEIRS, LEFT].map(|[vni, vlan]| {
        format!(
            "<local-endpoint-vni><vni>{vni}</vni><config><vni>{vni}</vni><vni-type>L2</vni-type>\
             <bridge-domain>{vlan}</bridge-domain></config></local-endpoint-vni>"
        )
    });
    let bound = format!("<local-endpoint-vnis>{}</local-endpoint-vnis></vxlan>", bound.concat());
    handle.change_running(&VTEP.replace("</vxlan>", &bound)).unwrap();
}

/// Whether the key is that of what binds a VLAN which is set aside for that.
pub(super) fn is_one(key: &str) -> bool {
    let own = VLANS.iter().map(|id| vni(*id).to_string()).chain([LEFT[0].to_string()]);
    own.into_iter().any(|own| key == format!("VNI {own}"))
}

/// Holds what binds VLANs against the ports. Where it is not `known` what became of a
/// request, what it bound may be left, but no port is on a VLAN that is bound to nothing or
/// to what it was not to be.
pub(super) fn hold(start: &Ports, now: &Ports, known: bool) -> Result<(), String> {
    for id in VLANS {
        let is_bound = |(key, text): &(&String, &String)| {
            key.starts_with("VNI ") && text.contains(&format!("\"bridge-domain\":{id}"))
        };
        let bound: Vec<_> = now.iter().filter(is_bound).map(|(key, _)| key.as_str()).collect();
        let is_used = now.values().any(|text| text.contains(&format!("\"access-vlan\":{id}")));
        let wanted = format!("VNI {}", vni(id));
        let left = format!("VNI {}", LEFT[0]);
        let is_left = bound == [left.as_str()] && start.get(&left) == now.get(&left);
        let told = || format!("VLAN {id}, which ports have: {is_used}, is bound to {bound:?}");
        if is_used && bound != [wanted.as_str()] || bound.len() > 1 {
            return Err(told());
        }
        if !is_used && known && !bound.is_empty() && !is_left {
            return Err(format!("{}: it was left behind", told()));
        }
    }
    Ok(())
}
