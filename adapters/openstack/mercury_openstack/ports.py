"""What Neutron knows of a baremetal port, in Mercury's words."""

from __future__ import annotations

from typing import Any, Dict, List

from neutron.db import segments_db
from neutron.objects import ports as objects
from neutron_lib import constants, exceptions
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api

from .changes import Attachment

# What Mercury is told of a port, and its profile.
PORT = ("id", "mac_address", "admin_state_up", portbindings.VNIC_TYPE)
PROFILE = ("local_link_information", "local_group_information")


class OtherTag(exceptions.InvalidInput):
    """A sub-port whose tag is another than its network's VLAN: the switch would put the
    server on the network whose VLAN that tag is.
    """

    message = ("Sub-port %(port)s is tagged %(tag)s, but the VLAN of its network is %(vlan)s; a baremetal server needs "
               "the network's own (segmentation_type inherit)")


def links(port: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The links of a baremetal port; none of any other."""
    if port.get(portbindings.VNIC_TYPE) != portbindings.VNIC_BAREMETAL:
        return []
    return (port.get(portbindings.PROFILE) or {}).get("local_link_information") or []


def bound(port: Dict[str, Any]) -> bool:
    """Whether it is a baremetal port that is bound."""
    return bool(links(port)) and port[portbindings.VIF_TYPE] == portbindings.VIF_TYPE_OTHER


def still_asked(plugin_context: Any, port: Dict[str, Any]) -> bool:
    """Whether Neutron still has a port, on this host and with these links."""
    binding = objects.PortBinding.get_object(plugin_context.elevated(), port_id=port["id"],
                                             host=port[portbindings.HOST_ID])
    return (binding is not None and binding.vnic_type == portbindings.VNIC_BAREMETAL
            and (binding.profile or {}) == port[portbindings.PROFILE])


def shared(plugin_context: Any, port: Dict[str, Any]) -> bool:
    """Whether another port that is bound has one of its links."""
    own = links(port)
    others = objects.PortBinding.get_objects(plugin_context.elevated(), vnic_type=portbindings.VNIC_BAREMETAL,
                                             vif_type=portbindings.VIF_TYPE_OTHER)
    return any(same_link(link, other) for binding in others if binding.port_id != port["id"]
               for other in (binding.profile or {}).get("local_link_information") or [] for link in own)


def same_link(one: Dict[str, Any], other: Dict[str, Any]) -> bool:
    """Whether both are the same port of the same switch, by its number or by its name."""
    return one.get("port_id") == other.get("port_id") and any(
        one.get(name) and one.get(name) == other.get(name) for name in ("switch_id", "switch_info"))


def attachment(plugin_context: Any, port: Dict[str, Any], network: Dict[str, Any],
               segment: Dict[str, Any]) -> Attachment:
    """What Mercury is to make of a port. Raises OtherTag."""
    made = described(port)
    trunk = port.get("trunk_details")
    if trunk is not None:
        check_tags(plugin_context, trunk["sub_ports"])
        tags = sorted(sub_port["segmentation_id"] for sub_port in trunk["sub_ports"])
        made["trunk_details"] = {"sub_ports": [{"segmentation_id": tag} for tag in tags]}
    return Attachment(made, named(network, segment))


def described(port: Dict[str, Any]) -> Dict[str, Any]:
    """A port, without what is Neutron's alone."""
    made = {name: port[name] for name in PORT if port.get(name) is not None}
    profile = port[portbindings.PROFILE]
    return {**made, portbindings.PROFILE: {name: profile[name] for name in PROFILE if profile.get(name)}}


def named(network: Dict[str, Any], segment: Dict[str, Any]) -> Dict[str, Any]:
    """A network by the segment of it that is meant."""
    made = {"id": network["id"], "name": network.get("name"), "mtu": network.get("mtu"),
            "network_type": segment[api.NETWORK_TYPE], "segmentation_id": segment[api.SEGMENTATION_ID],
            "physical_network": segment[api.PHYSICAL_NETWORK]}
    return {name: value for name, value in made.items() if value is not None}


def check_tags(plugin_context: Any, sub_ports: List[Dict[str, Any]]) -> None:
    """Refuses a tag that is not the VLAN of its sub-port's network."""
    admin = plugin_context.elevated()
    for sub_port in sub_ports:
        network = objects.Port.get_object(admin, id=sub_port["port_id"]).network_id
        vlans = [segment[api.SEGMENTATION_ID] for segment in segments_db.get_network_segments(admin, network)
                 if segment[api.NETWORK_TYPE] == constants.TYPE_VLAN]
        if sub_port["segmentation_id"] not in vlans:
            raise OtherTag(port=sub_port["port_id"], tag=sub_port["segmentation_id"],
                           vlan=", ".join(map(str, vlans)) or "none")
