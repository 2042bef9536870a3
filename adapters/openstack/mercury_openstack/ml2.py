"""Neutron's ML2 mechanism driver `mercury`: binds baremetal ports through Mercury.

A port is bound when Mercury has put its network on all of its links and read that back, and
not bound when Mercury refuses. Nothing is kept here: a port is let go by what Neutron knew of
it, and a link that is on another network than Neutron believes stays there.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from neutron.db import provisioning_blocks
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import resources
from neutron_lib.plugins.ml2 import api
from oslo_config import cfg
from oslo_log import log

from . import changes, options
from .changes import Attachment
from .client import Client
from .errors import InvalidValue, MercuryError, SwitchNotFound
from .ports import OtherTag, attachment, bound, described, links, named, shared, still_asked
from .trunk import MercuryTrunkDriver

LOG = log.getLogger(__name__)

NAME = "mercury"


class MercuryMechanismDriver(api.MechanismDriver):
    """Translates what Neutron wants for Mercury, which decides."""

    def initialize(self) -> None:
        options.register(cfg.CONF, networks=False)
        self._client = options.make(cfg.CONF)
        self._trunks = MercuryTrunkDriver(self)

    @property
    def connectivity(self) -> str:
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context: Any) -> None:
        """Puts the network on the port's links; binds it to the first segment that they are in."""
        if not links(context.current) or not still_asked(context.plugin_context, context.current):
            return
        for segment in context.segments_to_bind:
            if segment[api.NETWORK_TYPE] != constants.TYPE_VLAN:
                continue
            try:
                wanted = attachment(context.plugin_context, context.current, context.network.current, segment)
                changes.attach(self.client(context.plugin_context), wanted)
            except InvalidValue as error:
                LOG.error("Port %s is not put on segment %s: %s", context.current["id"], segment[api.ID], error)
            except (MercuryError, OtherTag) as error:
                LOG.error("Port %s is not bound: %s", context.current["id"], error)
                if isinstance(error, MercuryError) and changes.in_doubt(error):
                    self._let_go(context.plugin_context, context.current, context.network.current, [segment])
                return
            else:
                self._put(context, segment)
                return

    def update_port_postcommit(self, context: Any) -> None:
        """Lets links go that the port has no more, and says when a bound port is ready."""
        before, now = context.original, context.current
        other_links = not links(now) or before[portbindings.PROFILE] != now[portbindings.PROFILE]
        if links(before) and (other_links or bound(before) and not bound(now)):
            self._let_go(context.plugin_context, before, context.network.current,
                         segments(context, context.original_bottom_bound_segment or context.bottom_bound_segment))
        elif bound(before) and before["admin_state_up"] != now["admin_state_up"]:
            self.attach_again(context.plugin_context, now, context.network.current, context.bottom_bound_segment)
        if bound(now) and not bound(before):
            provisioning_blocks.provisioning_complete(context.plugin_context, now["id"], resources.PORT, NAME)

    def delete_port_postcommit(self, context: Any) -> None:
        """Lets its links go, also where it is not bound: an attach may have been under way, or
        its outcome unknown.
        """
        if links(context.current):
            self._let_go(context.plugin_context, context.current, context.network.current,
                         segments(context, context.bottom_bound_segment))

    def client(self, plugin_context: Any) -> Client:
        """For this request's context."""
        return self._client.for_context(request_id=plugin_context.request_id, user=plugin_context.user_id,
                                        project_id=plugin_context.project_id)

    def attach_again(self, plugin_context: Any, port: Dict[str, Any], network: Dict[str, Any],
                     segment: Optional[Dict[str, Any]]) -> bool:
        """A bound port gets what it has now; whether that was done."""
        if segment is None:
            return False
        try:
            changes.attach(self.client(plugin_context), attachment(plugin_context, port, network, segment))
        except (MercuryError, OtherTag) as error:
            LOG.error("Port %s is not as Neutron has it: %s", port["id"], error)
            return False
        return True

    def _put(self, context: Any, segment: Dict[str, Any]) -> None:
        """Binds a port whose links are on the segment; lets them go where it was deleted or got
        others while that was done, as nobody else knows of them.
        """
        if still_asked(context.plugin_context, context.current):
            context.set_binding(segment[api.ID], portbindings.VIF_TYPE_OTHER, {})
        else:
            LOG.warning("Port %s is not bound: it was changed or deleted meanwhile", context.current["id"])
            self._let_go(context.plugin_context, context.current, context.network.current, [segment])

    def _let_go(self, plugin_context: Any, port: Dict[str, Any], network: Dict[str, Any],
                on: List[Dict[str, Any]]) -> None:
        if shared(plugin_context, port):
            LOG.warning("Port %s is not let go: another bound port has a link of it", port["id"])
            return
        for segment in on:
            try:
                changes.let_go(self.client(plugin_context), Attachment(described(port), named(network, segment)), False)
            except (InvalidValue, SwitchNotFound) as error:
                # So it was never put there, unless Mercury's files changed since.
                LOG.warning("Port %s is not let go of VLAN %s: %s", port["id"], segment[api.SEGMENTATION_ID], error)
            except MercuryError as error:
                LOG.error("Port %s is not let go, and may still have VLAN %s: %s", port["id"],
                          segment[api.SEGMENTATION_ID], error)


def segments(context: Any, bottom: Optional[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Those that a port's links may be on: what it is bound to, or any VLAN of its network."""
    return [bottom] if bottom else [
        segment for segment in context.network.network_segments if segment[api.NETWORK_TYPE] == constants.TYPE_VLAN]
