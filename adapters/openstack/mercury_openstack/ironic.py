"""Ironic's network interface `mercury`, for clouds without ironic-networking and Neutron.

The networks of a node's life are VLANs of `[mercury]` in ironic.conf, or of its driver_info.
What its tenant has is in `extra.switchport` of its ports, and of a portgroup whose links are
bonded then: `mode` (access, trunk), `native_vlan`, and `allowed_vlans` of a trunk. Each
call waits until Mercury has answered.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ironic.common import exception, states
from ironic.conf import CONF
from ironic.drivers import base
from ironic.drivers.modules.network import common
from oslo_log import log

from . import changes, options
from .changes import Attachment
from .client import Client
from .errors import MercuryError

LOG = log.getLogger(__name__)


class MercuryNetwork(common.VIFPortIDMixin, base.NetworkInterface):
    """Translates what Ironic wants for Mercury, which decides."""

    def __init__(self) -> None:
        super().__init__()
        options.register(CONF, networks=True)
        self._client: Optional[Client] = None

    def get_properties(self) -> Dict[str, str]:
        return {f"{name}_network": f"The {name} VLAN, 1 to 4094, instead of [mercury]'s. Optional."
                for name in options.NETWORKS}

    def validate(self, task: Any) -> None:
        """Whether settings and ports make sense, and Mercury serves every port; switches are
        not asked.
        """
        client = self._mercury(task)
        for name in options.NETWORKS:
            vlan_of(task, name)
        attachments = tenant(task.ports, task.portgroups)
        for name in ("provisioning", "cleaning"):
            attachments += single(task, name) if vlan_of(task, name) is not None else []
        for attachment in attachments:
            try:
                if not client.is_port_supported(attachment.port):
                    raise exception.InvalidParameterValue(
                        f"Mercury does not serve what port or portgroup {attachment.port['id']} is linked to")
            except MercuryError as error:
                raise exception.NetworkError(f"Mercury could not be asked: {error}") from error

    # A node's tenant.

    def configure_tenant_networks(self, task: Any) -> None:
        self._attach(task, self._given(task.ports, task.portgroups))

    def unconfigure_tenant_networks(self, task: Any) -> None:
        self._let_go(task, tenant(task.ports, task.portgroups), whatever=True)

    # The other networks of its life.

    def add_provisioning_network(self, task: Any) -> None:
        self._add(task, "provisioning")

    def remove_provisioning_network(self, task: Any) -> None:
        self._remove(task, "provisioning")

    def add_cleaning_network(self, task: Any) -> Dict[str, Any]:
        return self._add(task, "cleaning")

    def remove_cleaning_network(self, task: Any) -> None:
        self._remove(task, "cleaning")

    def validate_rescue(self, task: Any) -> None:
        needed(task, "rescuing")

    def add_rescuing_network(self, task: Any) -> Dict[str, Any]:
        return self._add(task, "rescuing")

    def remove_rescuing_network(self, task: Any) -> None:
        self._remove(task, "rescuing")

    def validate_inspection(self, task: Any) -> None:
        if vlan_of(task, "inspection") is None:
            raise exception.UnsupportedDriverExtension(driver=task.node.driver, extension="inspection")

    def add_inspection_network(self, task: Any) -> Dict[str, Any]:
        return self._add(task, "inspection")

    def remove_inspection_network(self, task: Any) -> None:
        self._remove(task, "inspection")

    def add_servicing_network(self, task: Any) -> Dict[str, Any]:
        return self._add(task, "servicing")

    def remove_servicing_network(self, task: Any) -> None:
        self._remove(task, "servicing")

    # What changes while a tenant has the node.

    def vif_attach(self, task: Any, vif_info: Dict[str, Any]) -> None:
        """Gives a port or portgroup a name, and an active node's its network too."""
        vif = vif_info["id"]
        holder = common.get_free_port_like_object(task, vif, set(), vif_info)
        if task.node.provision_state == states.ACTIVE:
            self._attach(task, of_holder(task, holder))
        self._save_vif_to_port_like_obj(holder, vif)

    def vif_detach(self, task: Any, vif_id: str) -> None:
        """Takes the name away, and an active node's network too."""
        holder = self._get_port_like_obj_by_vif_id(task, vif_id)
        if task.node.provision_state == states.ACTIVE:
            self._let_go(task, of_holder(task, holder), whatever=True)
        self._clear_vif_from_port_like_obj(holder)

    def port_changed(self, task: Any, port_obj: Any) -> None:
        """An active node's other switchport or link counts at once, or is refused."""
        if {"extra", "local_link_connection", "portgroup_id"} & set(port_obj.obj_what_changed()):
            ports = [port_obj if port.uuid == port_obj.uuid else port for port in task.ports]
            self._becomes(task, ports, task.portgroups)

    def portgroup_changed(self, task: Any, portgroup_obj: Any) -> None:
        """As `port_changed`."""
        if {"extra", "mode", "properties", "name"} & set(portgroup_obj.obj_what_changed()):
            groups = [portgroup_obj if group.uuid == portgroup_obj.uuid else group for group in task.portgroups]
            self._becomes(task, task.ports, groups)

    def _becomes(self, task: Any, ports: List[Any], groups: List[Any]) -> None:
        before = {a.port["id"]: a for a in self._given(task.ports, task.portgroups)}
        after = {a.port["id"]: a for a in self._given(ports, groups)}
        if task.node.provision_state != states.ACTIVE:
            return
        gone = [a for name, a in before.items() if name not in after or after[name].place != a.place]
        new = [a for name, a in after.items() if before.get(name) != a]
        try:
            self._let_go(task, gone, whatever=False)
            self._attach(task, new)
        except exception.NetworkError as error:
            # Ironic does not keep the change, so the switches must not either.
            touched = {a.port["id"] for a in gone + new}
            failures = changes.attach_each(self._mercury(task), [a for name, a in before.items() if name in touched])
            if failures:
                raise exception.NetworkError(
                    f"{error}; and what was there before could not be put back: {changes.Failed(failures)}") from error
            raise

    def _given(self, ports: List[Any], groups: List[Any]) -> List[Attachment]:
        """What the tenant has. Where VIFs are used, a port without one is not its."""
        named = {holder.uuid for holder in ports + groups if self._get_vif_id_by_port_like_obj(holder)}
        return [a for a in tenant(ports, groups) if not named or a.port["id"] in named]

    def _add(self, task: Any, name: str) -> Dict[str, Any]:
        needed(task, name)
        attachments = single(task, name)
        if not attachments:
            raise exception.NetworkError(
                f"No port of node {task.node.uuid} that it boots from has a local_link_connection, so none can be "
                f"put on the {name} network")
        self._attach(task, attachments)
        return {}

    def _remove(self, task: Any, name: str) -> None:
        if vlan_of(task, name) is not None:
            self._let_go(task, single(task, name), whatever=False)

    def _attach(self, task: Any, attachments: List[Attachment]) -> None:
        try:
            changes.attach_all(self._mercury(task), attachments)
        except MercuryError as error:
            raise exception.NetworkError(f"Node {task.node.uuid}: {error}") from error

    def _let_go(self, task: Any, attachments: List[Attachment], whatever: bool) -> None:
        failures = changes.let_go_all(self._mercury(task), attachments, whatever)
        if failures:
            raise exception.NetworkError(f"Node {task.node.uuid}: {changes.Failed(failures)}")

    def _mercury(self, task: Any) -> Client:
        if self._client is None:
            try:
                self._client = options.make(CONF)
            except ValueError as error:
                raise exception.MissingParameterValue(str(error)) from error
        context = task.context
        return self._client.for_context(
            request_id=getattr(context, "request_id", None), user=getattr(context, "user_id", None),
            project_id=getattr(context, "project_id", None))


def vlan_of(task: Any, name: str) -> Optional[int]:
    """A network of the node's life; None where there is none."""
    key = f"{name}_network"
    own = task.node.driver_info.get(key)
    if own is None:
        return getattr(CONF.mercury, key)
    text = str(own)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= 4094):
        raise exception.InvalidParameterValue(f"driver_info/{key} must be a VLAN, 1 to 4094")
    return int(text)


def needed(task: Any, name: str) -> int:
    """A network that must be there."""
    vlan = vlan_of(task, name)
    if vlan is None:
        raise exception.MissingParameterValue(
            f"Neither [mercury] {name}_network nor driver_info/{name}_network of the node is there")
    return vlan


def single(task: Any, name: str) -> List[Attachment]:
    """Each port that the node boots from, by itself: it boots before it bonds."""
    network = {"network_type": "vlan", "segmentation_id": vlan_of(task, name)}
    return [Attachment(port(p.uuid, p.address, [p.local_link_connection]), physical(network, p))
            for p in task.ports if p.pxe_enabled and p.local_link_connection]


def tenant(ports: List[Any], groups: List[Any]) -> List[Attachment]:
    """What a node's tenant is to have: each portgroup with a switchport as one, and each
    other port with one.
    """
    bonded = {group.id: group for group in groups if switchport(group)}
    attachments = [of_group(group, [p for p in ports if p.portgroup_id == group.id]) for group in bonded.values()]
    alone = [of_port(p) for p in ports if p.portgroup_id not in bonded and switchport(p)]
    return [attachment for attachment in attachments + alone if attachment]


def of_holder(task: Any, holder: Any) -> List[Attachment]:
    """What a port or portgroup is to have, if anything."""
    return [a for a in tenant(task.ports, task.portgroups) if a.port["id"] == holder.uuid]


def of_port(p: Any) -> Optional[Attachment]:
    """A port by itself; None without a link."""
    if not p.local_link_connection:
        return None
    return with_switchport(port(p.uuid, p.address, [p.local_link_connection]), p, p)


def of_group(group: Any, members: List[Any]) -> Optional[Attachment]:
    """A bond of all the links of a portgroup; None without any."""
    linked = sorted((p for p in members if p.local_link_connection), key=lambda p: p.uuid)
    if not linked:
        return None
    made = port(group.uuid, group.address, [p.local_link_connection for p in linked])
    made["binding:profile"]["local_group_information"] = {
        "id": group.uuid, "name": group.name or f"lag-{group.uuid[:8]}", "bond_mode": group.mode,
        "bond_properties": dict(group.properties or {})}
    return with_switchport(made, group, linked[0])


def port(name: str, address: Optional[str], links: List[Dict[str, Any]]) -> Dict[str, Any]:
    """A port as Mercury takes it."""
    made = {"id": name, "binding:vnic_type": "baremetal",
            "binding:profile": {"local_link_information": [dict(link) for link in links]}}
    return {**made, "mac_address": address} if address else made


def with_switchport(made: Dict[str, Any], holder: Any, linked: Any) -> Attachment:
    """The network and the VLANs that `extra.switchport` names; Mercury judges the numbers."""
    wanted = switchport(holder)
    where = f"extra/switchport of {holder.uuid}"
    mode, native = wanted.get("mode"), wanted.get("native_vlan")
    if mode not in ("access", "trunk") or native is None:
        raise exception.InvalidParameterValue(f"{where} must have the mode access or trunk, and a native_vlan")
    if mode == "trunk":
        tagged = wanted.get("allowed_vlans")
        if not isinstance(tagged, list) or not tagged:
            raise exception.InvalidParameterValue(f"{where} is a trunk and must have allowed_vlans")
        made["trunk_details"] = {"sub_ports": [{"segmentation_id": vlan} for vlan in tagged if vlan != native]}
    return Attachment(made, physical({"network_type": "vlan", "segmentation_id": native}, linked))


def switchport(holder: Any) -> Optional[Dict[str, Any]]:
    """What a port or portgroup has for its tenant."""
    found = (holder.extra or {}).get("switchport")
    if found is not None and not isinstance(found, dict):
        raise exception.InvalidParameterValue(f"extra/switchport of {holder.uuid} must be an object")
    return found


def physical(network: Dict[str, Any], p: Any) -> Dict[str, Any]:
    """With the physical network that the port is in, if it says."""
    return {**network, "physical_network": p.physical_network} if p.physical_network else network

