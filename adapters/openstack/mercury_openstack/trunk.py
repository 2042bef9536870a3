"""Trunks whose parent is a baremetal port."""

from __future__ import annotations

from typing import Any, Dict, Optional

from neutron.db import segments_db
from neutron.objects.ports import Port
from neutron.plugins.ml2 import db
from neutron.services.trunk.drivers import base
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import directory
from neutron_lib.services.trunk import constants
from oslo_config import cfg

from .ports import bound, check_tags

NAME = "mercury"


class MercuryTrunkDriver(base.DriverBase):
    """Has a bound parent carry its sub-ports' VLANs, as they come and go."""

    def __init__(self, mechanism: Any):
        super().__init__(NAME, (portbindings.VIF_TYPE_OTHER,), (constants.SEGMENTATION_TYPE_VLAN,),
                         can_trunk_bound_port=True)
        self._mechanism = mechanism

    @property
    def is_loaded(self) -> bool:
        return NAME in cfg.CONF.ml2.mechanism_drivers

    @registry.receives(resources.TRUNK_PLUGIN, [events.AFTER_INIT])
    def register(self, resource: Any, event: Any, trigger: Any, payload: Any = None) -> None:
        super().register(resource, event, trigger, payload=payload)
        for resource in (resources.TRUNK, resources.SUBPORTS):
            registry.subscribe(self.judged, resource, events.PRECOMMIT_CREATE)
            registry.subscribe(self.changed, resource, events.AFTER_CREATE)
            registry.subscribe(self.changed, resource, events.AFTER_DELETE)

    def judged(self, resource: Any, event: Any, trigger: Any, payload: Any) -> None:
        """Refuses what the switch could not tell apart, before Neutron keeps it."""
        trunk = payload.desired_state if payload.desired_state is not None else payload.states[0]
        # Neutron's port with all of its extensions would be another transaction's.
        port = Port.get_object(payload.context.elevated(), id=trunk.port_id)
        if any(binding.vnic_type == portbindings.VNIC_BAREMETAL for binding in port.bindings):
            new = trunk.sub_ports if resource == resources.TRUNK else payload.metadata["subports"]
            check_tags(payload.context, [
                {"port_id": sub_port.port_id, "segmentation_id": sub_port.segmentation_id} for sub_port in new])

    def changed(self, resource: Any, event: Any, trigger: Any, payload: Any) -> None:
        """The parent's links get what it carries now."""
        trunk = payload.states[-1]
        port = directory.get_plugin().get_port(payload.context.elevated(), trunk.port_id)
        if not bound(port):
            return
        network = directory.get_plugin().get_network(payload.context.elevated(), port["network_id"])
        done = self._mechanism.attach_again(payload.context, port, network, segment(payload.context, port))
        if not (resource == resources.TRUNK and event == events.AFTER_DELETE):
            trunk.update(status=constants.TRUNK_ACTIVE_STATUS if done else constants.TRUNK_ERROR_STATUS)


def segment(context: Any, port: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """What a bound port is bound to."""
    admin = context.elevated()
    levels = db.get_binding_level_objs(admin, port["id"], port[portbindings.HOST_ID])
    return segments_db.get_segment_by_id(admin, levels[-1].segment_id) if levels else None
