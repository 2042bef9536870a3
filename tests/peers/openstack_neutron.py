"""A released Neutron: ML2 with Mercury's mechanism driver (adapters/openstack) and the trunk
plugin, in the base of Neutron's own tests, with a database in memory.

MERCURY_SETTINGS is a JSON object of Neutron's `[mercury]`. One JSON object per line on
standard input, one per line on standard output:

    {"do": "create", "of": "networks", "body": {"network": ...}}
    {"do": "update", "of": "ports", "id": ..., "body": {"port": ...}}
    {"do": "show" | "delete", "of": "ports", "id": ...}
    {"trunk": "create_trunk", "args": [...]}
    {..., "meanwhile": {"do": "update" | "delete", "id": ..., "body": ...}}   does that with a port,
                                      once, when Mercury is about to be asked for an attach
    {"status": 201, "body": ...}   or   {"error": {"class": ..., "message": ...}}
"""

import json
import os
import sys
import unittest
import warnings
from unittest import mock

warnings.simplefilter("ignore")     # Neutron's libraries deprecate each other on import

import fixtures
from neutron.tests.unit.plugins.ml2 import test_plugin
from neutron_lib import context
from neutron_lib.plugins import directory
from oslo_config import cfg

from mercury_openstack import changes, options

# Neutron's tests take both for themselves.
INPUT, OUTPUT = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")


class Served(test_plugin.Ml2PluginV2TestCase):
    _mechanism_drivers = ["mercury"]

    def preSetUp(self):
        options.register(cfg.CONF, networks=False)
        for name, value in json.loads(os.environ["MERCURY_SETTINGS"]).items():
            cfg.CONF.set_override(name, value, group=options.GROUP)

    def setUp(self):
        super().setUp()
        # All sessions of the database in memory share a connection, and one ends the
        # other's transactions: the trunk plugin is to look in its caller's.
        self.useFixture(fixtures.MockPatch("neutron.services.trunk.plugin.context.get_admin_context",
                                           return_value=self.context))

    def get_additional_service_plugins(self):
        return {"trunk_plugin_name": "trunk"}

    def test_what_is_asked(self):
        for line in INPUT:
            try:
                answer = self.does(**json.loads(line))
            except Exception as error:      # whatever Neutron would see
                answer = {"error": {"class": type(error).__name__, "message": str(error)}}
            print(json.dumps(answer), file=OUTPUT, flush=True)

    def does(self, do=None, of=None, id=None, body=None, trunk=None, args=(), meanwhile=None):
        if meanwhile:
            with mock.patch.object(changes, "attach", self.late(changes.attach, meanwhile)):
                return self.does(do, of, id, body, trunk, args)
        if trunk:
            made = getattr(directory.get_plugin("trunk"), trunk)(self.context, *args)
            return {"status": 200, "body": made}
        if do == "create":
            request = self.new_create_request(of, body, as_admin=True)
        elif do == "update":
            # Ironic's role, to which Neutron leaves the bindings.
            request = self.new_update_request(of, body, id, as_service=True)
        else:
            request = getattr(self, f"new_{do}_request")(of, id, as_admin=True)
        response = request.get_response(self.api)
        return {"status": response.status_int, "body": response.json if response.body else None}

    def late(self, attach, meanwhile):
        """An attach before which something else is done, once."""
        left = [meanwhile]

        def attached(*args):
            if left:
                other, plugin, admin = left.pop(), directory.get_plugin(), context.get_admin_context()
                if other["do"] == "delete":
                    plugin.delete_port(admin, other["id"])
                else:
                    plugin.update_port(admin, other["id"], other["body"])
            attach(*args)
        return attached


if __name__ == "__main__":
    told = sys.stderr
    with open(os.devnull, "w") as nothing:
        sys.stdout = sys.stderr = nothing
        result = unittest.TextTestRunner(stream=nothing).run(unittest.TestSuite([Served("test_what_is_asked")]))
    for _, words in result.errors + result.failures:
        print(words, file=told)
