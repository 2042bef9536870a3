"""Attaching and letting go, as network services need it: each is done, or it is an error."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, NamedTuple

from .client import Client
from .errors import MercuryError, NoAnswer, Unknown
from .types import Network, Port


class Attachment(NamedTuple):
    """A port, all of its links, and the network that it is to be on."""

    port: Port
    network: Network

    @property
    def place(self) -> Dict[str, Any]:
        """Where it is, whatever it is on."""
        return self.port["binding:profile"]


def attach(client: Client, wanted: Attachment) -> None:
    """Puts a port on its network. Raises what `errors` has."""
    try:
        client.attach_port(*wanted)
    except NoAnswer as error:
        _settled(client, error)


def let_go(client: Client, attached: Attachment, whatever: bool) -> None:
    """Takes a port off its network, or off any network (`whatever`). Raises what `errors` has."""
    try:
        client.detach_port(attached.port, None if whatever else attached.network)
    except NoAnswer as error:
        _settled(client, error)


def attach_all(client: Client, wanted: Iterable[Attachment]) -> None:
    """All or none: where one fails, those before it are let go again, and it too where nobody
    knows what became of it, as far as that can be done. The failure is raised.
    """
    done: List[Attachment] = []
    for attachment in wanted:
        try:
            attach(client, attachment)
        except MercuryError as error:
            doubtful = [attachment] if in_doubt(error) else []
            raise Failed([error, *let_go_all(client, done + doubtful, False)]) from error
        done.append(attachment)


def attach_each(client: Client, wanted: Iterable[Attachment]) -> List[MercuryError]:
    """All, whatever fails; what failed."""
    return _each(wanted, lambda attachment: attach(client, attachment))


def let_go_all(client: Client, attached: Iterable[Attachment], whatever: bool) -> List[MercuryError]:
    """All, whatever fails; what failed."""
    return _each(attached, lambda attachment: let_go(client, attachment, whatever))


def in_doubt(error: MercuryError) -> bool:
    """Whether what failed so may have been done."""
    return isinstance(error, (NoAnswer, Unknown, Failed))


class Failed(MercuryError):
    """One or several failures."""

    def __init__(self, errors: List[MercuryError]):
        super().__init__("; ".join(dict.fromkeys(str(error) for error in errors)))
        self.errors = errors


def _each(attachments: Iterable[Attachment], do: Callable[[Attachment], None]) -> List[MercuryError]:
    failures = []
    for attachment in attachments:
        try:
            do(attachment)
        except MercuryError as error:
            failures.append(error)
    return failures


def _settled(client: Client, error: NoAnswer) -> None:
    """Looks for what had no answer; it is not repeated."""
    try:
        made = client.settle(error)
    except MercuryError as other:
        raise Failed([error, other]) from error
    if not made:
        raise error
