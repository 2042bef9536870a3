#!/usr/bin/env python3
"""A switch's command line as others imitate it: fake-switches behind SSH or TELNET.

    imitation.py MODEL PASSWORD [telnet]

Prints the port that it listens on, on loopback, and serves until its standard
input ends. Whoever comes in has the name `mercury`; the privileged mode has the
same password. The launcher of fake-switches 1.5.0 hands that over as bytes, which
no one can type; by TELNET it lets in everybody, and this does not.
"""

import sys
import threading
import warnings

warnings.filterwarnings("ignore")

from fake_switches.brocade import brocade_core  # noqa: E402
from fake_switches.switch_factory import SwitchFactory  # noqa: E402
from fake_switches.terminal.telnet import SwitchTelnetShell  # noqa: E402
from fake_switches.transports import ssh_service  # noqa: E402
from twisted.cred import checkers, portal  # noqa: E402
from twisted.conch.ssh import factory, keys  # noqa: E402
from twisted.internet import protocol, reactor  # noqa: E402


def configured(switch):
    """Has what others made: some of these show nothing at all otherwise."""
    switch.ports[-1].description = "uplink"
    for number in (20, 1000, 1001):
        switch.add_vlan(switch.new("Vlan", number))


class Enabled(brocade_core.EnabledCommandProcessor):
    """Shows a running configuration of which no part is named, where 1.5.0 ends the session: its VLANs, since
    it knows nothing that would be behind them."""

    def do_show(self, *args):
        if args == ("running-config",):
            self.show_run_vlan()
        else:
            super().do_show(*args)


brocade_core.EnabledCommandProcessor = Enabled


class TelnetShell(SwitchTelnetShell):
    """Lets in who has the password."""

    password = None

    def validate_username(self, name):
        self.name = name
        super().validate_username(name)

    def validate_password(self, password):
        if (self.name, password) == ("mercury", self.password):
            super().validate_password(password)
        else:
            self.disable_input_replacement()
            self.write("% Login invalid\n\nUsername: ")
            self.handler = self.validate_username


def by_telnet(core, password):
    TelnetShell.password = password
    server = protocol.Factory()
    server.buildProtocol = lambda _address: TelnetShell(core)
    return server


def by_ssh(core, password):
    checker = checkers.InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(b"mercury", password.encode())
    server = factory.SSHFactory()
    server.portal = portal.Portal(ssh_service.SSHDemoRealm(core))
    server.portal.registerChecker(checker)
    public, private = ssh_service.getRSAKeys()
    server.publicKeys = {b"ssh-rsa": keys.Key.fromString(data=public)}
    server.privateKeys = {b"ssh-rsa": keys.Key.fromString(data=private)}
    return server


def main(model, password, transport="ssh"):
    core = SwitchFactory().get(model, "access-1", password)
    configured(core.switch_configuration)
    server = {"ssh": by_ssh, "telnet": by_telnet}[transport](core, password)
    port = reactor.listenTCP(0, server, interface="127.0.0.1")
    print(port.getHost().port, flush=True)

    def until_the_end():
        sys.stdin.read()
        reactor.callFromThread(reactor.stop)

    threading.Thread(target=until_the_end, daemon=True).start()
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
