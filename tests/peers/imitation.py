#!/usr/bin/env python3
"""A switch's command line as others imitate it: fake-switches behind SSH.

    imitation.py MODEL PASSWORD

Prints the port that it listens on, on loopback, and serves until its standard
input ends. Whoever comes in has the name `mercury`; the privileged mode has the
same password. The launcher of fake-switches 1.5.0 hands that over as bytes, which
no one can type.
"""

import sys
import threading
import warnings

warnings.filterwarnings("ignore")

from fake_switches.switch_factory import SwitchFactory  # noqa: E402
from fake_switches.transports import ssh_service  # noqa: E402
from twisted.cred import checkers, portal  # noqa: E402
from twisted.conch.ssh import factory, keys  # noqa: E402
from twisted.internet import reactor  # noqa: E402


def configured(switch):
    """Has what others made: some of these show nothing at all otherwise."""
    switch.ports[-1].description = "uplink"
    for number in (20, 1000, 1001):
        switch.add_vlan(switch.new("Vlan", number))


def main(model, password):
    core = SwitchFactory().get(model, "access-1", password)
    configured(core.switch_configuration)
    checker = checkers.InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(b"mercury", password.encode())
    server = factory.SSHFactory()
    server.portal = portal.Portal(ssh_service.SSHDemoRealm(core))
    server.portal.registerChecker(checker)
    public, private = ssh_service.getRSAKeys()
    server.publicKeys = {b"ssh-rsa": keys.Key.fromString(data=public)}
    server.privateKeys = {b"ssh-rsa": keys.Key.fromString(data=private)}
    port = reactor.listenTCP(0, server, interface="127.0.0.1")
    print(port.getHost().port, flush=True)

    def until_the_end():
        sys.stdin.read()
        reactor.callFromThread(reactor.stop)

    threading.Thread(target=until_the_end, daemon=True).start()
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
