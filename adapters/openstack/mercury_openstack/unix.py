"""HTTP over a socket of the file system."""

from __future__ import annotations

import socket
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, path: str, timeout: Any = None):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if isinstance(self.timeout, (int, float)):
                connection.settimeout(self.timeout)
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        return connection


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, path: str):
        super().__init__("localhost", maxsize=1)
        self._path = path

    def _new_conn(self) -> _Connection:
        return _Connection(self._path, self.timeout.connect_timeout)


class Adapter(requests.adapters.HTTPAdapter):
    """Whatever it is asked for goes to the socket at `path`."""

    def __init__(self, path: str):
        super().__init__()
        self._pool = _Pool(path)

    def get_connection_with_tls_context(self, *_args: Any, **_more: Any) -> _Pool:
        return self._pool

    def get_connection(self, *_args: Any, **_more: Any) -> _Pool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return request.path_url

    def close(self) -> None:
        self._pool.close()
        super().close()
