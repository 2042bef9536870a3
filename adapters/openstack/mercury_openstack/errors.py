"""What a call may raise. No message holds a secret."""

from __future__ import annotations

from typing import Any, Dict, Optional, Type


class MercuryError(Exception):
    """Whatever goes wrong in a call."""


class NotSent(MercuryError):
    """There was no connection, so nothing was asked for."""


class NoAnswer(MercuryError):
    """The request was sent, perhaps, and no usable answer came, or a server error that is not
    in Mercury's words but those of a proxy before it: what was asked for may have been done.
    `Client.settle` finds out by reading; the request is never repeated.
    """

    def __init__(self, message: str, method: str, params: Dict[str, Any]):
        super().__init__(message)
        self.method, self.params = method, params


class HttpError(MercuryError):
    """An HTTP status instead of JSON-RPC, in Mercury's own words or a refusal (3xx, 4xx) of what
    is before it; nothing was done.

    `status` is the status, `retry_after` the seconds of a `Retry-After`, None without one.
    """

    def __init__(self, status: int, message: str, retry_after: Optional[float] = None):
        super().__init__(f"HTTP {status}: {message}")
        self.status, self.retry_after = status, retry_after


class NotAdmitted(HttpError):
    """Mercury does not let this caller in (401), or not to this (403)."""


class RpcError(MercuryError):
    """Mercury's own error: `code` as in JSON-RPC, `message`, and `data` with `class`, `kind`,
    `parameter`, `switch`, `device_errors`, `who_acts` and `retry`, each where it is there.
    """

    kind: Optional[str] = None

    def __init__(self, code: int, message: str, data: Optional[Dict[str, Any]] = None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data or {}

    @property
    def retry(self) -> bool:
        """Whether Mercury says that the same request may succeed later."""
        return self.data.get("retry") is True

    @staticmethod
    def of(error: Dict[str, Any]) -> "RpcError":
        """The exception for the `error` of an answer; one of an unknown kind is an RpcError."""
        data = error.get("data")
        data = data if isinstance(data, dict) else {}
        raised = KINDS.get(data.get("kind"), RpcError)
        return raised(error["code"], str(error["message"]), data)


class InvalidParams(RpcError):
    """A parameter is missing, unknown or of the wrong type."""


class InvalidValue(RpcError):
    """A parameter's value cannot be used or is not allowed."""


class SwitchNotFound(RpcError):
    """No such switch is in the inventory."""


class Entry(RpcError):
    """The switch's entry in the inventory is wrong."""


class Busy(RpcError):
    """Too many requests wait."""


class Locked(RpcError):
    """Somebody else holds the switch's lock."""


class Coordinator(RpcError):
    """What keeps the Mercurys of several hosts apart cannot be asked."""


class Machine(RpcError):
    """Mercury's machine lacks what it takes."""


class Unreachable(RpcError):
    """The switch cannot be reached."""


class HostKey(RpcError):
    """The switch's host key or certificate is another."""


class Credentials(RpcError):
    """The switch does not take the credentials."""


class Protocol(RpcError):
    """The switch does not speak the protocol as it must."""


class Timeout(RpcError):
    """It was not done in time."""


class Refused(RpcError):
    """The switch refused the change."""


class ReadBack(RpcError):
    """The switch took the change and shows something else."""


class Unsupported(RpcError):
    """Dialect or switch cannot express what is asked."""


class Undone(RpcError):
    """Another switch of the request failed, so this one was undone."""


class Unknown(RpcError):
    """What the switch has now could not be found out."""


class Internal(RpcError):
    """Mercury itself failed."""


KINDS: Dict[Optional[str], Type[RpcError]] = {
    "invalid-params": InvalidParams, "invalid-value": InvalidValue, "switch-not-found": SwitchNotFound,
    "entry": Entry, "busy": Busy, "locked": Locked, "coordinator": Coordinator, "machine": Machine,
    "unreachable": Unreachable, "host-key": HostKey, "credentials": Credentials, "protocol": Protocol,
    "timeout": Timeout, "refused": Refused, "read-back": ReadBack, "unsupported": Unsupported, "undone": Undone,
    "unknown": Unknown, "internal": Internal,
}
for _kind, _class in KINDS.items():
    _class.kind = _kind
