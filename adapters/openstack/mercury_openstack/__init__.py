"""Calls Mercury, which configures switch ports for bare-metal servers."""

from .auth import Basic, Certificate, Digest, KeystonePassword, Token
from .client import Client
from .errors import MercuryError, NoAnswer, NotAdmitted, NotSent, RpcError

__all__ = ["Basic", "Certificate", "Client", "Digest", "KeystonePassword", "MercuryError", "NoAnswer", "NotAdmitted",
           "NotSent", "RpcError", "Token"]
