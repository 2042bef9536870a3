"""A call for each of Mercury's methods."""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Dict, List, Optional, Union

from .auth import _Way
from .errors import HttpError, MercuryError, NoAnswer, RpcError
from .transport import Transport
from .types import Changed, Network, Port, PortState, SwitchEntry, Verified

LOG = logging.getLogger(__name__)

FIRST_PAUSE = 1.0       # seconds before the first repetition; each pause is twice the one before
LONGEST_PAUSE = 30.0


class Client:
    """Calls the Mercury at `url`: `http://HOST:6190`, `https://…` or `unix:///run/mercury/mercury.sock`.

    `auth` is one of `mercury_openstack.auth`. `verify` is a file of certificates by which
    Mercury's is believed, or True for those that the system trusts. One try takes at most
    `timeout` seconds. Where an answer says that the same request may succeed later it is made
    again, until `retry_for` seconds are over; after anything else it is not. Every call raises
    what `errors` has. `context` is what Mercury's log shows of the caller: `request_id`, `user`,
    `project_id`. `Basic` and `Token` over http:// to another machine are a ValueError, unless
    `allow_plaintext_passwords` says that everybody on the way may read them.
    """

    def __init__(self, url: str, auth: Optional[_Way] = None, *, verify: Union[bool, str] = True,
                 timeout: float = 120, retry_for: float = 60, context: Optional[Dict[str, str]] = None,
                 sleep: Callable[[float], None] = time.sleep, allow_plaintext_passwords: bool = False):
        self._transport = Transport(url, auth, verify, timeout, allow_plaintext_passwords)
        self._retry_for, self._sleep = retry_for, sleep
        self._context = context

    def __repr__(self) -> str:
        return f"Client({self._transport.shown!r})"

    def for_context(self, **context: Optional[str]) -> "Client":
        """The same client, for somebody else's request."""
        other = object.__new__(Client)
        other.__dict__.update(self.__dict__, _context={name: text for name, text in context.items() if text})
        return other

    def call(self, method: str, params: Optional[Dict[str, Any]] = None) -> Any:
        """Any method by its name."""
        params = dict(params or {})
        sent = {**params, "context": self._context} if self._context else params
        left, pause = self._retry_for, FIRST_PAUSE
        while True:
            try:
                return self._transport.ask(method, sent)
            except (RpcError, HttpError) as error:
                wait = later(error, pause)
                if wait is None or wait > left:
                    raise
                LOG.info("%s: %s; it is tried again in %s s", method, error, wait)
            self._sleep(wait)
            left, pause = left - wait, min(2 * pause, LONGEST_PAUSE)

    # Ironic's methods.

    def update_port(self, switch_id: Optional[str], port_name: Optional[str], description: Optional[str], mode: str,
                    native_vlan: Optional[int], allowed_vlans: Optional[List[int]] = None,
                    default_vlan: Optional[int] = None, lag_name: Optional[str] = None) -> PortState:
        """Puts VLANs on one port of a switch."""
        return self.call("update_port", {
            "switch_id": switch_id, "port_name": port_name, "description": description, "mode": mode,
            "native_vlan": native_vlan, "allowed_vlans": allowed_vlans, "default_vlan": default_vlan,
            "lag_name": lag_name})

    def reset_port(self, switch_id: Optional[str], port_name: Optional[str], native_vlan: Optional[int] = None,
                   allowed_vlans: Optional[List[int]] = None, default_vlan: Optional[int] = None) -> PortState:
        """Puts `default_vlan` on it, or else the switch's own, or none."""
        return self.call("reset_port", {
            "switch_id": switch_id, "port_name": port_name, "native_vlan": native_vlan,
            "allowed_vlans": allowed_vlans, "default_vlan": default_vlan})

    def get_switches(self) -> Dict[str, SwitchEntry]:
        """The switches, by name, without secrets."""
        return self.call("get_switches")

    def update_lag(self, switch_ids: List[str], lag_name: str, description: Optional[str], mode: str,
                   native_vlan: Optional[int], aggregation_mode: str, allowed_vlans: Optional[List[int]] = None,
                   default_vlan: Optional[int] = None) -> Dict[str, Any]:
        """Makes an aggregate, or changes it, on all of the switches or on none."""
        return self.call("update_lag", {
            "switch_ids": switch_ids, "lag_name": lag_name, "description": description, "mode": mode,
            "native_vlan": native_vlan, "aggregation_mode": aggregation_mode, "allowed_vlans": allowed_vlans,
            "default_vlan": default_vlan})

    def delete_lag(self, switch_ids: List[str], lag_name: str) -> Dict[str, Any]:
        """Removes it; its members are idle ports again."""
        return self.call("delete_lag", {"switch_ids": switch_ids, "lag_name": lag_name})

    # Neutron's words.

    def attach_port(self, port: Port, network: Network) -> Changed:
        """Puts a network on every link of a port, on all switches or on none."""
        return self.call("attach_port", {"port": port, "network": network})

    def update_attached_port(self, port: Port, network: Network) -> Changed:
        """The same under the name `update_port`."""
        return self.call("update_port", {"port": port, "network": network})

    def detach_port(self, port: Port, network: Optional[Network] = None) -> Changed:
        """Puts every link on the switch's own default; one that is on another network than
        the one that is named stays there."""
        params: Dict[str, Any] = {"port": port}
        return self.call("detach_port", params if network is None else {**params, "network": network})

    def add_network(self, network: Network) -> Changed:
        """Makes the VLAN where Mercury makes VLANs."""
        return self.call("add_network", {"network": network})

    def delete_network(self, network: Network) -> Changed:
        """Removes the VLAN where no port has it."""
        return self.call("delete_network", {"network": network})

    def is_link_valid(self, port: Port, network: Optional[Network] = None) -> bool:
        """Whether the links may be configured so; switches are asked."""
        params: Dict[str, Any] = {"port": port}
        return self.call("is_link_valid", params if network is None else {**params, "network": network})

    def is_port_supported(self, port: Port, network: Optional[Network] = None) -> bool:
        """Whether the links' switches and ports may be configured; no switch is asked."""
        params: Dict[str, Any] = {"port": port}
        return self.call("is_port_supported", params if network is None else {**params, "network": network})

    def get_allowed_network_types(self) -> List[str]:
        """The kinds of networks that `attach_port` takes."""
        return self.call("get_allowed_network_types")

    # What changes nothing.

    def plan_port(self, **params: Any) -> Changed:
        """What `update_port` with these parameters would change and send."""
        return self.call("plan_port", params)

    def plan(self, method: str, params: Dict[str, Any]) -> Changed:
        """What a change would change and send."""
        return self.call("mercury.plan", {"method": method, "params": params})

    def verify(self, method: str, params: Dict[str, Any]) -> Verified:
        """Where switches differ from what a change would have made of them."""
        return self.call("mercury.verify", {"method": method, "params": params})

    def settle(self, error: NoAnswer) -> bool:
        """Whether the change that had no answer is made. It is looked for, not repeated; that
        too may raise what `errors` has.
        """
        params = {name: value for name, value in error.params.items() if name != "context"}
        return self.verify(error.method, params)["matches"]


def later(error: MercuryError, pause: float) -> Optional[float]:
    """In how many seconds the answer lets the request be made again; None for never."""
    if isinstance(error, RpcError):
        return pause if error.retry else None
    after = error.retry_after if isinstance(error, HttpError) else None
    return None if after is None else min(max(after, 0.0), LONGEST_PAUSE)
