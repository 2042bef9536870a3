//! Any two configurations: the Set between them leads from one to the other,
//! wherever paths end and whatever values are.

use std::sync::Arc;

use mercury_adapter::{Dialect, GnmiEncoding, LeafValues, WriteLevel};
use mercury_model::{DeviceConfig, SwitchedVlan, TrunkVlans, Vlan, VlanSet, VlanStatus};
use proptest::{prelude::*, sample::select};

use crate::{
    case::plan,
    configs::config,
    dialect, names, render, request,
    round_trip::{device, read, visible},
};

/// Plain OpenConfig in every way a dialect may choose.
fn openconfig() -> BoxedStrategy<Arc<Dialect>> {
    const LEVELS: [WriteLevel; 3] = [WriteLevel::Entry, WriteLevel::List, WriteLevel::Leaf];
    const VALUES: [LeafValues; 3] = [LeafValues::Scalar, LeafValues::Json, LeafValues::Object];
    const ENCODINGS: [GnmiEncoding; 3] = [GnmiEncoding::JsonIetf, GnmiEncoding::Json, GnmiEncoding::Proto];
    (select(&LEVELS[..]), select(&VALUES[..]), select(&ENCODINGS[..]), any::<bool>(), any::<bool>())
        .prop_map(|(level, values, encoding, replace, json_prefixes)| {
            let mut changed = (*dialect("openconfig")).clone();
            let gnmi = changed.gnmi.as_mut().unwrap();
            gnmi.write_level = level;
            gnmi.leaf_values = if encoding == GnmiEncoding::Proto { LeafValues::Scalar } else { values };
            gnmi.encoding = Some(encoding);
            gnmi.replace = replace;
            gnmi.json_prefixes = json_prefixes;
            Arc::new(changed)
        })
        .boxed()
}

/// A configuration that a system without a word for everything can have: each
/// trunk lists VLANs, its native one among them and never alone, and each VLAN
/// that a port names is there.
fn sayable(dialect: &Dialect, config: &DeviceConfig) -> DeviceConfig {
    let mut config = config.clone();
    config.interfaces.retain(|port, _| names::name(&dialect.name, port).is_some());
    let mut config = visible(dialect, &names::of(&dialect.name, &config).unwrap());
    for interface in config.interfaces.values_mut() {
        interface.switched_vlan = interface.switched_vlan.take().and_then(|vlans| match vlans {
            SwitchedVlan::Foreign(_) => None,
            SwitchedVlan::Access { vlan } => vlan.map(SwitchedVlan::access),
            SwitchedVlan::Trunk { native, vlans } => {
                let other: VlanSet = "4000".parse().unwrap();
                let set = if let TrunkVlans::Only(set) = vlans { set.union(&other) } else { other };
                let set = native.map_or(set.clone(), |native| set.with(native));
                Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(set) })
            }
        });
        for id in interface.switched_vlan.iter().flat_map(|vlans| vlans.named_vlans().iter().collect::<Vec<_>>()) {
            config.vlans.entry(id).or_insert(Vlan { id, name: None, status: VlanStatus::Active });
        }
    }
    config
}

fn leads(dialect: &Arc<Dialect>, running: &DeviceConfig, intended: &DeviceConfig) -> Result<(), TestCaseError> {
    let mut switch = device(dialect, running);
    let operations = render(dialect, &plan(running, intended)).unwrap();
    let set = request(dialect, &operations);
    switch.apply(&set).map_err(|problem| TestCaseError::fail(format!("{problem}\n{operations}")))?;
    let arrived = read(dialect, &switch);
    prop_assert_eq!(&arrived, intended, "{}", operations);
    prop_assert!(plan(&arrived, intended).is_empty());
    Ok(())
}

proptest! {
    #[test]
    fn a_set_leads_from_running_to_intended(
        dialect in openconfig(), (running, intended) in (config(), config()),
    ) {
        leads(&dialect, &running, &intended)?;
    }

    #[test]
    fn a_set_leads_there_on_systems_shaped_otherwise(
        name in select(&["sonic", "dell_sonic", "nokia_srl"][..]), (running, intended) in (config(), config()),
    ) {
        let dialect = dialect(name);
        leads(&dialect, &sayable(&dialect, &running), &sayable(&dialect, &intended))?;
    }

    #[test]
    fn where_values_are_scalars_nothing_is_json((running, intended) in (config(), config()), replace in any::<bool>()) {
        let mut dialect = (*dialect("openconfig")).clone();
        let gnmi = dialect.gnmi.as_mut().unwrap();
        (gnmi.encoding, gnmi.replace) = (Some(GnmiEncoding::Proto), replace);
        let dialect = Arc::new(dialect);
        let operations = render(&dialect, &plan(&running, &intended)).unwrap();
        let shown = crate::text::shown(&request(&dialect, &operations));
        prop_assert!(!shown.contains("json"), "{}", shown);
    }
}
