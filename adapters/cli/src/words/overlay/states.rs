//! Whether VNIs carry frames, as a command tells that shows no configuration.

use std::collections::BTreeMap;

use mercury_adapter::{Hole, VniStates};
use mercury_model::{Segment, VlanId, Vni, VniState};

/// What an answer tells of the VNIs that VLANs are bound to. Of one that it leaves out, that it
/// has no word of Mercury's for, or of which it says both, nothing is known.
#[must_use]
pub fn vni_states(words: &VniStates, answer: &str, bound: &BTreeMap<VlanId, Segment>) -> BTreeMap<Vni, VniState> {
    let mut told: BTreeMap<Vni, Option<VniState>> = BTreeMap::new();
    for line in answer.lines() {
        let Some(said) = words.lines.iter().find_map(|form| form.read(line)) else { continue };
        let Some(text) = said.get(Hole::Status) else { continue };
        let Some((_, is_up)) = words.words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) else { continue };
        let number: Option<Option<Vni>> = said.get(Hole::Vni).map(|text| text.parse().ok());
        let vtep = said.get(Hole::Vtep);
        let is_of = |segment: &&Segment| {
            let of_vtep = match (vtep, &segment.vtep) {
                (Some(vtep), Some(own)) => own.as_str().eq_ignore_ascii_case(vtep),
                (Some(_), None) => number.is_some(),
                (None, _) => true,
            };
            of_vtep && number.is_none_or(|vni| vni == Some(segment.vni))
        };
        for segment in bound.values().filter(is_of) {
            let state = match is_up {
                true => VniState::Up,
                false => VniState::Down(format!("{:?} says {:?}", words.command, line.trim())),
            };
            told.entry(segment.vni)
                .and_modify(|known| {
                    known.take_if(|known| *known != state);
                })
                .or_insert(Some(state));
        }
    }
    told.into_iter().filter_map(|(vni, state)| Some((vni, state?))).collect()
}

#[cfg(test)]
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    fn states(dialect: &str, vtep: &str, bound: &[(u16, u32)], answer: &str) -> Vec<String> {
        let dialect = builtin().unwrap().into_iter().find(|own| own.name == dialect).unwrap();
        let cli = dialect.cli.clone().unwrap();
        let words = cli.words.overlay().unwrap().state.clone().unwrap();
        let segment = |vni: u32| Segment::new(u64::from(vni).try_into().unwrap()).of_vtep(vtep.parse().ok());
        let bound = bound.iter().map(|(vlan, vni)| ((*vlan).try_into().unwrap(), segment(*vni))).collect();
        let shown = |(vni, state): (Vni, VniState)| match state {
            VniState::Up => format!("{vni} up"),
            VniState::Down(why) => format!("{vni} down: {why}"),
        };
        vni_states(&words, answer, &bound).into_iter().map(shown).collect()
    }

    /// Titles and columns are those that NX-OS 9 and 10 were seen to show.
    #[test]
    fn nxos_tells_it_of_each_vni_of_a_vtep() {
        let answer = "Codes: CP - Control Plane        DP - Data Plane          \n\
            \x20      UC - Unconfigured         SA - Suppress ARP        \n\
            \x20      MS-IR - Multisite Ingress Replication \n\
            \n\
            Interface VNI      Multicast-group   State Mode Type [BD/VRF]      Flags\n\
            --------- -------- ----------------- ----- ---- ------------------ -----\n\
            nve1      10100    UnicastBGP        Up    CP   L2 [3000]          SA\n\
            nve1      10101    239.1.1.100       Down  CP   L2 [3001]\n\
            nve2      10102    n/a               Up    CP   L2 [3002]\n\
            nve1      10104    UnicastBGP        Init  CP   L2 [3004]\n\
            nve1      50000    n/a               Down  CP   L3 [PROD]\n";
        let bound = [(3000, 10_100), (3001, 10_101), (3002, 10_102), (3003, 10_103), (3004, 10_104)];
        let down = "nve1      10101    239.1.1.100       Down  CP   L2 [3001]";
        assert_eq!(
            states("cisco_nxos", "nve1", &bound, answer),
            ["10100 up".to_owned(), format!("10101 down: \"show nve vni\" says {down:?}")]
        );
        assert_eq!(states("cisco_nxos", "nve1", &bound, "% Invalid command at '^' marker.\n"), [""; 0]);
    }

    #[test]
    fn eos_tells_it_of_its_vtep() {
        let more = "  Hardware is Vxlan\n  Source interface is Loopback1 and is active with 10.1.0.1\n  \
            Static VLAN to VNI mapping is \n    [3000, 10100]\n";
        let told = |line: &str| states("arista_eos", "Vxlan1", &[(3000, 10_100)], &format!("{line}\n{more}"));
        assert_eq!(told("Vxlan1 is up, line protocol is up (connected)"), ["10100 up"]);
        for line in [
            "Vxlan1 is down, line protocol is down (notconnect)",
            "Vxlan1 is administratively down, line protocol is down (disabled)",
        ] {
            assert_eq!(told(line), [format!("10100 down: \"show interfaces Vxlan1\" says {line:?}")]);
        }
        assert_eq!(told("Vxlan2 is up, line protocol is up (connected)"), [""; 0]);
        assert_eq!(told("Vxlan1 is up, line protocol is dormant"), [""; 0]);
    }
}
