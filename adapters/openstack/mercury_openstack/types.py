"""What goes in and comes out, in the words of Ironic and Neutron. VLANs are numbers, 1 to 4094."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict, Union

Link = TypedDict("Link", {"switch_id": str, "port_id": str, "switch_info": str, "network_type": str}, total=False)
"""One cable: Ironic's `local_link_connection`. One of `network_type` "unmanaged" is left alone."""

Group = TypedDict("Group", {"id": str, "name": str, "bond_mode": str, "bond_properties": Dict[str, Any]}, total=False)
"""How links are bonded: Neutron's `local_group_information`."""

Profile = TypedDict("Profile", {"local_link_information": List[Link], "local_group_information": Group}, total=False)

SubPort = TypedDict("SubPort", {"segmentation_id": int, "segmentation_type": str}, total=False)

Trunk = TypedDict("Trunk", {"sub_ports": List[SubPort]})

Port = TypedDict("Port", {
    "id": str, "mac_address": str, "admin_state_up": bool, "binding:vnic_type": str, "binding:profile": Profile,
    "trunk_details": Trunk}, total=False)
"""A server's port and all of its links."""

NetworkMembers = TypedDict("NetworkMembers", {
    "id": str, "name": str, "network_type": str, "segmentation_id": int, "physical_network": Optional[str],
    "mtu": int}, total=False)

Network = Union[int, NetworkMembers]
"""A network, or just its VLAN."""


class SwitchEntry(TypedDict):
    """A switch as `get_switches` shows it; `allowed_vlans` as ranges, None for all."""

    switch_id: str
    device_name: str
    device_type: Optional[str]
    allowed_vlans: Optional[str]


class Changed(TypedDict, total=False):
    """What a change came to: `switches` has for each its `outcome`, `plan`, and what is there now."""

    changed: bool
    switches: List[Dict[str, Any]]
    warnings: List[str]


class Verified(TypedDict):
    """Whether switches are as a request would have made them; `switches` tells the differences."""

    matches: bool
    switches: List[Dict[str, Any]]


class PortState(TypedDict, total=False):
    """A port as it is now, in Ironic's words, and what happened."""

    switch_id: Optional[str]
    port_name: Optional[str]
    description: Optional[str]
    mode: str
    native_vlan: Optional[int]
    allowed_vlans: List[int]
    default_vlan: Optional[int]
    lag_name: Optional[str]
    status: str
    switch: str
    outcome: str
    changed: bool
    plan: List[str]
    interface: Dict[str, Any]
    warnings: List[str]
