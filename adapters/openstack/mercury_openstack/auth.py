"""How a caller shows who it is. None of these tells its secret when it is printed."""

from __future__ import annotations

import ipaddress
import urllib.parse
from typing import Callable, Optional, Tuple, Union

import requests
import requests.auth

from .errors import MercuryError, NotSent


class _Way:
    """What requests does to each request, as `requests.auth.AuthBase` has it."""

    cert: Union[None, str, Tuple[str, str]] = None
    # Whether who reads what is sent can use it.
    readable = False

    def prepared(self) -> Optional[requests.auth.AuthBase]:
        """What one session uses."""
        return None

    def refused(self) -> bool:
        """Told of a 401; whether the same request may now be let in."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Basic(_Way):
    """HTTP Basic: name and password. Mercury takes it from other machines over TLS only."""

    readable = True

    def __init__(self, username: str, password: str):
        self._pair = (username.encode(), password.encode())

    def prepared(self) -> requests.auth.AuthBase:
        return requests.auth.HTTPBasicAuth(*self._pair)


class Digest(_Way):
    """HTTP Digest: name and password, of which neither is sent as it is but the name."""

    def __init__(self, username: str, password: str):
        self._pair = (username, password)

    def prepared(self) -> requests.auth.AuthBase:
        return requests.auth.HTTPDigestAuth(*self._pair)


class Certificate(_Way):
    """A certificate and its key (PEM files), shown when TLS begins."""

    def __init__(self, cert: str, key: str):
        self.cert = (cert, key)


class Token(_Way):
    """A token of Keystone's: the text, or what is called for one, before each request. After a
    token was refused its `forget` is called, if it has one, and then it once more.
    """

    readable = True

    def __init__(self, token: Union[str, Callable[..., str]]):
        self._token = token

    def prepared(self) -> requests.auth.AuthBase:
        return _Header(self._now)

    def _now(self) -> str:
        return self._token if isinstance(self._token, str) else self._token()

    def refused(self) -> bool:
        forget = getattr(self._token, "forget", None)
        if forget is not None:
            forget()
        return not isinstance(self._token, str)


class KeystonePassword:
    """Gets tokens from Keystone's identity API (v3) for `Token`, and keeps one until it is
    refused. `verify` is a file of certificates, or True for those that the system trusts.
    `allow_plaintext_passwords` is as that of `Client`.
    """

    def __init__(self, url: str, username: str, password: str, project: str, user_domain: str = "Default",
                 project_domain: str = "Default", verify: Union[bool, str] = True, timeout: float = 30,
                 allow_plaintext_passwords: bool = False):
        if not allow_plaintext_passwords:
            kept_secret(url, "Keystone's password")
        self._url, self._verify, self._timeout = url.rstrip("/"), verify, timeout
        user = {"name": username, "domain": {"name": user_domain}, "password": password}
        self._order = {"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": project, "domain": {"name": project_domain}}}}}
        self._kept: Optional[str] = None

    def __call__(self) -> str:
        if self._kept is None:
            self._kept = self._asked()
        return self._kept

    def forget(self) -> None:
        """The token that is kept was refused."""
        self._kept = None

    def _asked(self) -> str:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(f"{self._url}/auth/tokens", json=self._order, timeout=self._timeout,
                                      verify=self._verify, allow_redirects=False)
        except requests.RequestException as error:
            raise NotSent(f"Keystone could not be asked: {type(error).__name__}") from None
        token = answer.headers.get("X-Subject-Token")
        if answer.status_code != 201 or not token:
            raise MercuryError(f"Keystone gave no token: HTTP {answer.status_code}")
        return token

    def __repr__(self) -> str:
        return "KeystonePassword(…)"


def kept_secret(url: str, what: str) -> None:
    """Raises ValueError where a secret would go over a network as it is."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "unix") and not loopback(parts.hostname or ""):
        raise ValueError(f"{what} would go to {parts.hostname} in plain text over {parts.scheme}://: use https://, or "
                         "set allow_plaintext_passwords")


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class _Header(requests.auth.AuthBase):
    def __init__(self, token: Callable[[], str]):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Auth-Token"] = self._token()
        return request
