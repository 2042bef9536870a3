"""One request, one answer: HTTP as Mercury speaks it."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import uuid
from typing import Any, Dict, Optional, Union

import requests
import urllib3.exceptions

from . import unix
from .auth import _Way, kept_secret
from .errors import HttpError, MercuryError, NoAnswer, NotAdmitted, NotSent, RpcError

MAX_ANSWER = 64 << 20       # bytes
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class Transport:
    """Where Mercury is and who calls. Threads share none of its connections."""

    def __init__(self, url: str, auth: Optional[_Way], verify: Union[bool, str], timeout: float,
                 allow_plaintext_passwords: bool):
        parts = urllib.parse.urlsplit(url)
        if parts.username or parts.password:
            raise ValueError("name and password do not belong into the URL")
        if parts.scheme not in ("http", "https", "unix"):
            raise ValueError("the URL begins with http://, https:// or unix://")
        if auth is not None and auth.readable and not allow_plaintext_passwords:
            kept_secret(url, "the password or token")
        self.shown = url
        self._path = parts.path if parts.scheme == "unix" else None
        self._url = "http://localhost/" if self._path else url
        self._auth, self._verify, self._timeout = auth or _Way(), verify, timeout
        self._local = threading.local()

    def ask(self, method: str, params: Dict[str, Any]) -> Any:
        """The `result` of one request.

        Raises what `errors` has. A token that was refused is got anew, once.
        """
        number = f"req-{uuid.uuid4()}"
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        # Before this side gives up, so that Mercury says what became of it.
        wait = max(1, int(self._timeout) - 5)
        for last in (False, True):
            status, headers, text = self._exchange(body, {**HEADERS, "Prefer": f"wait={wait}"}, method, params)
            if status != 401 or last or not self._auth.refused():
                break
        if status != 200:
            raise refusal(status, headers, text, method, params)
        return result(number, text, method, params)

    def _exchange(self, body: bytes, headers: Dict[str, str], method: str, params: Dict[str, Any]) -> Any:
        end = time.monotonic() + self._timeout
        try:
            with self._session().post(self._url, data=body, headers=headers, verify=self._verify, stream=True,
                                      timeout=self._timeout, allow_redirects=False) as answer:
                text = b""
                for piece in answer.iter_content(1 << 16):
                    text += piece
                    if len(text) > MAX_ANSWER or time.monotonic() > end:
                        raise NoAnswer(f"the answer to {method} is too long, or takes too long", method, params)
                return answer.status_code, answer.headers, text
        except requests.RequestException as error:
            if never_connected(error):
                raise NotSent(f"{self.shown}: no connection: {told(error)}") from None
            raise NoAnswer(f"{self.shown}: no answer to {method}: {told(error)}", method, params) from None

    def _session(self) -> requests.Session:
        session = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # No proxy, and no password of a .netrc.
            session.trust_env = False
            session.auth, session.cert = self._auth.prepared(), self._auth.cert
            if self._path:
                session.mount("http://", unix.Adapter(self._path))
            self._local.session = session
        return session


def never_connected(error: requests.RequestException) -> bool:
    """Whether it failed before anything could be sent; what cannot be told was sent."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.SSLError):
        # The other side's refusal of this one comes later, and tells nothing.
        return "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))


def told(error: requests.RequestException) -> str:
    """In words, without the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None) or error
    return f"{type(reason).__name__}: {str(reason)[:200]}"


def refusal(status: int, headers: Any, text: bytes, method: str, params: Dict[str, Any]) -> MercuryError:
    """What an answer with another status than 200 says."""
    message = own_words(status, text)
    if message is None:
        message = text[:200].decode(errors="replace")
        if not 300 <= status < 500:
            return NoAnswer(f"no answer to {method} by Mercury: HTTP {status}: {message}", method, params)
    after = headers.get("Retry-After", "")
    kind = NotAdmitted if status in (401, 403) else HttpError
    return kind(status, message, float(after) if after.isdigit() else None)


def own_words(status: int, text: bytes) -> Optional[str]:
    """The message of Mercury's own refusal, `{"error": {"code": STATUS, "message": …}}`; None
    where somebody else refused.
    """
    try:
        answer = json.loads(text)
        message = answer["error"]["message"]
        return message if answer == {"error": {"code": status, "message": str(message)}} else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def result(number: str, text: bytes, method: str, params: Dict[str, Any]) -> Any:
    """The `result` of an answer."""
    try:
        answer = json.loads(text)
        if answer["id"] != number:
            raise ValueError("another id")
        if "result" in answer:
            return answer["result"]
        error = RpcError.of(answer["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoAnswer(f"the answer to {method} is no JSON-RPC response", method, params) from None
    raise error
