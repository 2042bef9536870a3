"""A node of a released Ironic, in a database and with the drivers of its own, whose network
interface is Mercury's (adapters/openstack).

    openstack_ironic.py FOLDER

FOLDER/mercury.conf is the `[mercury]` of ironic.conf. One JSON object per line on standard
input, one per line on standard output:

    {"ports": [{"extra": ..., "local_link_connection": ..., "portgroup": 0}],
     "portgroups": [{"name": ..., "mode": ..., "extra": ...}], "driver_info": {...}}
    {"do": "add_provisioning_network"}, {"do": "vif_attach", "args": [{"id": "blue"}]}
    {"state": "active"}
    {"port": 0, "becomes": {"extra": {...}}}, {"portgroup": 0, "becomes": {...}}
    {"port": 0, "joins": 0}                             (a portgroup)
    {"result": ...}   or   {"error": {"class": ..., "message": ...}}

The first kind makes a new node, which the others are about.
"""

import json
import logging
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")     # Ironic's libraries deprecate each other on import

from ironic.common import context, driver_factory
from ironic.conductor import task_manager
from ironic.conf import CONF
from ironic.db import api as dbapi
from ironic.db import migration
from ironic import objects
from osprofiler import opts as profiler_opts
from oslo_utils import uuidutils

CONTEXT = context.get_admin_context()
INTERFACES = ("bios", "boot", "console", "deploy", "firmware", "inspect", "management", "power", "raid", "rescue",
              "storage", "vendor")
HERE = """\
[DEFAULT]
rpc_transport = none
host = conductor
state_path = {folder}
enabled_hardware_types = fake-hardware
enabled_network_interfaces = mercury,noop
default_network_interface = mercury
[database]
connection = sqlite:///{folder}/ironic.sqlite
"""


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    logging.disable(logging.CRITICAL)       # standard output and error are the tests'
    (folder / "here.conf").write_text(HERE.format(folder=folder) + "[DEFAULT]\n" + "".join(
        f"enabled_{kind}_interfaces = fake\ndefault_{kind}_interface = fake\n" for kind in INTERFACES))
    CONF([], project="ironic", default_config_files=[str(folder / "here.conf"), str(folder / "mercury.conf")])
    profiler_opts.set_defaults(CONF)
    objects.register_all()
    migration.create_schema()
    dbapi.get_instance().register_conductor({"hostname": CONF.host, "drivers": ["fake-hardware"]})
    driver_factory.HardwareTypesFactory()
    node = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "ports" in command:
                node = Node(**command)
                answer = None
            else:
                answer = node.does(command)
            print(json.dumps({"result": answer}), flush=True)
        except Exception as error:      # whatever Ironic would see
            kind = type(error)
            print(json.dumps({"error": {"class": f"{kind.__module__}.{kind.__qualname__}",
                                        "message": str(error)}}), flush=True)


class Node:
    def __init__(self, ports, portgroups=(), driver_info=None):
        interfaces = {f"{kind}_interface": "fake" for kind in INTERFACES}
        self.node = objects.Node(CONTEXT, uuid=uuidutils.generate_uuid(), driver="fake-hardware",
                                 network_interface="mercury", driver_info=driver_info or {}, **interfaces)
        self.node.create()
        self.groups = [self.made(objects.Portgroup, {}, group) for group in portgroups]
        self.ports = []
        for number, port in enumerate(ports):
            group = port.pop("portgroup", None)
            more = {} if group is None else {"portgroup_id": self.groups[group].id}
            address = f"52:54:00:00:{self.node.id:02x}:{number:02x}"
            self.ports.append(self.made(objects.Port, {"pxe_enabled": True, "address": address, **more}, port))

    def made(self, kind, defaults, values):
        made = kind(CONTEXT, uuid=uuidutils.generate_uuid(), node_id=self.node.id, **{**defaults, **values})
        made.create()
        return made

    def does(self, command):
        if "state" in command:
            self.node.provision_state = command["state"]
            self.node.save()
            return None
        with task_manager.acquire(CONTEXT, self.node.uuid, purpose="a test") as task:
            network = task.driver.network
            if "do" in command:
                return getattr(network, command["do"])(task, *command.get("args", ()))
            # As the conductor does, which saves what was not refused.
            ports = "port" in command
            held = self.ports[command["port"]] if ports else self.groups[command["portgroup"]]
            changed = type(held).get_by_uuid(CONTEXT, held.uuid)
            becomes = command["becomes"] if "becomes" in command else {
                "portgroup_id": self.groups[command["joins"]].id}
            for name, value in becomes.items():
                setattr(changed, name, value)
            network.validate(task)
            (network.port_changed if ports else network.portgroup_changed)(task, changed)
            changed.save()
            return None


if __name__ == "__main__":
    main()
