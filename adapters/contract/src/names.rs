//! What the placeholders of a dialect's paths stand for.

use std::{borrow::Cow, sync::Arc};

use mercury_model::{InterfaceName, Segment, VlanId};

/// What a path's placeholders stand for. Shared, because what a device answers
/// may hold one long name and a million elements below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    name: Option<Arc<str>>,
    instance: Option<Arc<str>>,
    vlan_id: Option<Arc<str>>,
    vlan_name: Option<Arc<str>>,
    vtep: Option<Arc<str>>,
    vni: Option<Arc<str>>,
    bgp_as: Option<Arc<str>>,
}

impl Names {
    /// The names of one interface.
    #[must_use]
    pub fn interface(name: &InterfaceName) -> Self {
        Self { name: Some(Arc::from(name.as_str())), ..Self::default() }
    }

    /// These names, in a network instance.
    #[must_use]
    pub fn in_instance(self, instance: &str) -> Self {
        Self { instance: Some(Arc::from(instance)), ..self }
    }

    /// The names of one VLAN in an instance; `name` where VLANs are keyed so.
    #[must_use]
    pub fn vlan(instance: &str, id: Option<VlanId>, name: Option<&str>) -> Self {
        Self {
            instance: Some(Arc::from(instance)),
            vlan_id: id.map(|id| Arc::from(id.to_string())),
            vlan_name: name.map(Arc::from),
            ..Self::default()
        }
    }

    /// These names, and those of what binds a VLAN to a VNI.
    #[must_use]
    pub fn of_segment(self, segment: &Segment) -> Self {
        let vtep = segment.vtep.as_ref().map(|vtep| Arc::from(vtep.as_str()));
        let bgp_as = segment.evpn.bgp_as.map(|number| Arc::from(number.to_string()));
        Self { vtep, vni: Some(Arc::from(segment.vni.to_string())), bgp_as, ..self }
    }

    /// The text a word of a path stands for; `None` for a placeholder without
    /// a value.
    #[must_use]
    pub fn resolve<'a>(&'a self, word: &'a str) -> Option<Cow<'a, str>> {
        let (fixed, placeholder) = cut(word);
        let value = match placeholder {
            "" => return Some(Cow::Borrowed(fixed)),
            "{name}" => self.name.as_deref(),
            "{type}" => self.name.as_deref().map(|name| split(name).0),
            "{id}" => self.name.as_deref().map(|name| split(name).1),
            "{instance}" => self.instance.as_deref(),
            "{vlan-id}" => self.vlan_id.as_deref(),
            "{vlan-name}" => self.vlan_name.as_deref(),
            "{vtep}" => self.vtep.as_deref(),
            // An EVPN instance bears its VNI's number, as text.
            "{vni}" | "{evi}" => self.vni.as_deref(),
            "{bgp-as}" => self.bgp_as.as_deref(),
            _ => None,
        }?;
        Some(if fixed.is_empty() { Cow::Borrowed(value) } else { Cow::Owned(format!("{fixed}{value}")) })
    }

    /// Takes from `value` what a word's placeholder stands for there; says
    /// whether the value is one the word can stand for.
    pub(crate) fn capture(&mut self, word: &str, value: &str) -> bool {
        let (fixed, placeholder) = cut(word);
        let Some(value) = value.strip_prefix(fixed) else { return false };
        match placeholder {
            "" => return value.is_empty(),
            "{name}" | "{type}" => self.name = Some(Arc::from(value)),
            "{id}" => self.name = self.name.take().map(|kind| Arc::from(format!("{kind}{value}"))),
            "{instance}" => return self.instance.as_deref() == Some(value),
            "{vlan-id}" if fixed.is_empty() => self.vlan_id = Some(Arc::from(value)),
            "{vlan-id}" => {
                // `Vlanity` is no VLAN.
                if value.parse::<VlanId>().is_err() {
                    return false;
                }
                self.vlan_id = Some(Arc::from(value));
            }
            "{vlan-name}" => self.vlan_name = Some(Arc::from(value)),
            // What has several keys for one name is one that has it in each.
            "{vtep}" if self.vtep.is_some() => return self.vtep.as_deref() == Some(value),
            "{vtep}" => self.vtep = Some(Arc::from(value)),
            "{vni}" => self.vni = Some(Arc::from(value)),
            "{bgp-as}" => self.bgp_as = Some(Arc::from(value)),
            _ => {}
        }
        true
    }

    /// The interface name that was found.
    #[must_use]
    pub fn found_interface(&self) -> Option<InterfaceName> {
        self.name.as_deref().and_then(|name| name.parse().ok())
    }

    /// The VLAN's number that was found, as it was written.
    #[must_use]
    pub fn found_vlan_id(&self) -> Option<&str> {
        self.vlan_id.as_deref()
    }

    /// The VNI that was found, as it was written.
    #[must_use]
    pub fn found_vni(&self) -> Option<&str> {
        self.vni.as_deref()
    }

    /// The AS that was found.
    #[must_use]
    pub fn found_bgp_as(&self) -> Option<u32> {
        self.bgp_as.as_deref()?.parse().ok()
    }

    /// The VTEP's name that was found.
    #[must_use]
    pub fn found_vtep(&self) -> Option<InterfaceName> {
        self.vtep.as_deref().map(InterfaceName::shown)
    }

    /// The VLAN name that was found.
    #[must_use]
    pub fn found_vlan_name(&self) -> Option<&str> {
        self.vlan_name.as_deref()
    }
}

/// The fixed text of a word, and its placeholder, if there is one.
fn cut(word: &str) -> (&str, &str) {
    word.split_at(word.find('{').unwrap_or(word.len()))
}

/// `GigabitEthernet1/0/1` is `GigabitEthernet` and `1/0/1`.
fn split(name: &str) -> (&str, &str) {
    name.split_at(name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_name_is_split_before_its_first_digit() {
        assert_eq!(split("GigabitEthernet1/0/1"), ("GigabitEthernet", "1/0/1"));
        assert_eq!(split("mgmt"), ("mgmt", ""));
    }

    #[test]
    fn a_placeholder_behind_a_fixed_text_is_filled_in_and_found_again() {
        let names = Names::vlan("default", 10u16.try_into().ok(), None);
        assert_eq!(names.resolve("Vlan{vlan-id}").unwrap(), "Vlan10");
        let mut found = Names::default();
        assert!(found.capture("Vlan{vlan-id}", "Vlan20"));
        assert_eq!(found.found_vlan_id(), Some("20"));
        for other in ["Ethernet20", "Vlanity", "Vlan", "Vlan4095"] {
            assert!(!Names::default().capture("Vlan{vlan-id}", other), "{other}");
        }
    }
}
