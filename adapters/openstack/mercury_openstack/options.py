"""The settings of `[mercury]`, in ironic.conf and in Neutron's configuration."""

from __future__ import annotations

from typing import Any, List, Tuple

from oslo_config import cfg

from .auth import Basic, Certificate, Digest, KeystonePassword, Token, _Way
from .client import Client

GROUP = "mercury"
# Of a node's life, but for its tenant's, which its ports have.
NETWORKS = ("provisioning", "cleaning", "inspection", "rescuing", "servicing")

CLIENT = [
    cfg.StrOpt("url", help="Where Mercury is: http://HOST:6190, https://HOST:6190 or "
                           "unix:///run/mercury/mercury.sock."),
    cfg.StrOpt("auth_type", default="none", help="How this service shows Mercury who it is.",
               choices=["none", "http_basic", "http_digest", "certificate", "keystone"]),
    cfg.StrOpt("username", help="For http_basic, http_digest and keystone."),
    cfg.StrOpt("password", secret=True, help="For http_basic, http_digest and keystone."),
    cfg.BoolOpt("allow_plaintext_passwords", default=False,
                help="Whether passwords and tokens may go to another machine over http://, where everybody on the "
                     "way can read them."),
    cfg.StrOpt("cafile", help="A file of certificates by which Mercury's is believed; without one, "
                              "those of the system."),
    cfg.StrOpt("certfile", help="For certificate: this service's own, PEM."),
    cfg.StrOpt("keyfile", help="Its key, PEM."),
    cfg.StrOpt("auth_url", help="For keystone: its identity API, such as https://keystone:5000/v3."),
    cfg.StrOpt("project_name", default="service", help="For keystone."),
    cfg.StrOpt("user_domain_name", default="Default", help="For keystone."),
    cfg.StrOpt("project_domain_name", default="Default", help="For keystone."),
    cfg.StrOpt("keystone_cafile", help="A file of certificates by which Keystone's is believed."),
    cfg.IntOpt("timeout", default=120, min=5, max=3600, help="Seconds that one request may take."),
    cfg.IntOpt("retry_for", default=60, min=0, max=3600,
               help="Seconds for which a request is repeated where Mercury's answer says that this may help."),
]
NETWORK = [
    cfg.IntOpt(f"{name}_network", min=1, max=4094,
               help=f"The {name} VLAN. A node's driver_info may have another, under the same name.")
    for name in NETWORKS
]


def register(conf: Any, networks: bool) -> None:
    """Makes the settings known."""
    conf.register_opts(CLIENT + NETWORK if networks else CLIENT, group=GROUP)


def client() -> List[Tuple[str, List[Any]]]:
    """For oslo-config-generator, of Neutron."""
    return [(GROUP, CLIENT)]


def ironic() -> List[Tuple[str, List[Any]]]:
    """For oslo-config-generator, of Ironic."""
    return [(GROUP, CLIENT + NETWORK)]


def make(conf: Any) -> Client:
    """The client that the settings ask for.

    Raises ValueError, which names the setting, where one is missing or would tell a secret.
    """
    settings = conf[GROUP]
    return Client(needed(settings, "url"), way(settings), verify=settings.cafile or True, timeout=settings.timeout,
                  retry_for=settings.retry_for, allow_plaintext_passwords=settings.allow_plaintext_passwords)


def way(settings: Any) -> _Way:
    """How the client shows who it is."""
    def pair() -> Tuple[str, str]:
        return needed(settings, "username"), needed(settings, "password")

    if settings.auth_type == "http_basic":
        return Basic(*pair())
    if settings.auth_type == "http_digest":
        return Digest(*pair())
    if settings.auth_type == "certificate":
        return Certificate(needed(settings, "certfile"), needed(settings, "keyfile"))
    if settings.auth_type == "keystone":
        return Token(KeystonePassword(
            needed(settings, "auth_url"), *pair(), settings.project_name, settings.user_domain_name,
            settings.project_domain_name, settings.keystone_cafile or True,
            allow_plaintext_passwords=settings.allow_plaintext_passwords))
    return _Way()


def needed(settings: Any, name: str) -> str:
    """A setting that must be there."""
    value = getattr(settings, name)
    if not value:
        raise ValueError(f"[{GROUP}] {name} is missing")
    return value
