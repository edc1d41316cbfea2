"""A storm of machines: what each of them does, taken from a recorded boot, and the network that they
are on. tests/storm/boot_storm.c is all of them in one process."""
import json
import os
import pathlib
import struct

from scapy.layers.inet import IP, UDP

import bootwire_testing as testing
from rpc_client import MOUNT, NFS, PORTMAP, take_opaque

RECORDING = "netbsd-6-pxeboot-tftp-kernel-then-nfs-root.pcap"
PROGRAM = os.environ.get("BOOT_STORM", str(
    pathlib.Path(testing.BOOTWIRE).parents[2] / "tests/storm/boot_storm"))
TFTP_SIZES = {"px6.bin": 60_000, "netbsd6.gz": 300_000}
INIT_SIZE = 300_000
READ_SIZE = 32768
MACHINES = 500

GETATTR, LOOKUP, ACCESS, READ, READDIR, FSINFO = 1, 3, 4, 6, 16, 19


def config(directory):
    return f"""
        default-lease-time 3600;
        tftp-root "{directory}/tftp";
        subnet 10.50.0.0 netmask 255.255.0.0 {{ range 10.50.2.0 10.50.3.255; }}
        export "{directory}/root" {{ clients 10.50.0.0/16; ro; squash none; }}
        """


def make_files(directory):
    for name, size in TFTP_SIZES.items():
        path = directory / "tftp" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(size))
    for name, size in {"dev/console": 0, "sbin/init": INIT_SIZE}.items():
        path = directory / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


def widen(network):
    """Room for all machines. The storm's process answers ARP for them, as each of them would; but one
    interface receives for all: the kernels are told of it, or the server would see a stranger's
    link address speak for machines' addresses."""
    server, client = network.server, network.client
    server.ip("addr", "flush", "dev", testing.BRIDGE)
    server.ip("addr", "add", testing.SERVER_ADDRESS + "/16", "brd", "+", "dev", testing.BRIDGE)
    network.client_address("10.50.1.9", 16)
    client.ip("route", "add", "local", "10.50.2.0/23", "dev", "eth0")
    client.run(["sh", "-c", "echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore"])
    client.ip("neigh", "replace", testing.SERVER_ADDRESS, "lladdr", link_address(server, testing.BRIDGE),
              "dev", "eth0", "nud", "permanent")
    theirs = link_address(client, "eth0")
    neighbours = "".join(
        f"neigh replace 10.50.{third}.{fourth} lladdr {theirs} dev {testing.BRIDGE} nud permanent\n" for third in (2, 3) for fourth in range(256))
    done = server.run(["ip", "-batch", "-"], input=neighbours)
    assert done.returncode == 0, done.stderr


def link_address(namespace, interface):
    return json.loads(namespace.ip("-json", "link", "show", interface))[0]["address"]


class Recorded:
    """The recorded boot as the steps of a script: see boot_storm.c."""

    def __init__(self, directory):
        self.directory = directory
        self.steps = []
        self.handles = {}   # as recorded: the number that the script has for it
        self.lookups = {}   # calls that wait for their reply: the step that they are
        self.discover = None
        self.asked_for = set()

    def add(self, *words):
        self.steps.append(" ".join(map(str, words)))

    def take(self, packet):
        payload = bytes(packet[UDP].payload)
        port = packet[UDP].dport
        if port == 67:
            self.take_dhcp(packet[IP].src, payload)
        elif port == 69:
            self.take_tftp(payload)
        elif port in (111, 2049):
            self.take_call(payload)
        elif packet[UDP].sport == 2049:
            self.take_reply(payload)

    def take_dhcp(self, source, payload):
        if self.discover is None:
            self.discover = payload
            return
        self.add("dhcp", "none" if source == "0.0.0.0" else "own", self.discover.hex(), payload.hex())
        self.discover = None

    def take_tftp(self, payload):
        """pxeboot opens the kernel again and again to go back in it: once is enough."""
        name, _, *options = payload[2:].rstrip(b"\0").decode().split("\0")
        if name not in self.asked_for:
            options = dict(zip(options[::2], options[1::2]))
            self.add("tftp", name, options.get("blksize", 512), 1, self.directory / "tftp" / name)
            self.asked_for.add(name)

    def take_call(self, payload):
        xid, _, _, program, _, procedure = struct.unpack_from(">6I", payload)
        credentials, = struct.unpack_from(">I", payload, 28)
        arguments = payload[32 + credentials + 8:]
        if program == PORTMAP:
            self.add("port", *struct.unpack_from(">II", arguments))
        elif program == MOUNT:
            self.add("mount", self.directory / "root")
        elif program == NFS:
            self.take_nfs(xid, procedure, arguments)

    def take_nfs(self, xid, procedure, arguments):
        recorded, place = take_opaque(arguments, 0)
        handle = self.handles.setdefault(recorded, len(self.handles))
        if procedure == LOOKUP:
            self.lookups[xid] = (len(self.steps), handle, take_opaque(arguments, place)[0].decode())
            self.steps.append(None)  # what it finds, the reply tells
        elif procedure == READ:
            offset, count = struct.unpack_from(">QI", arguments, place)
            self.read(handle, offset, count)
        elif procedure == READDIR:
            self.add("readdir", handle, struct.unpack_from(">I", arguments, place + 16)[0])
        elif procedure == ACCESS:
            self.add("access", handle, struct.unpack_from(">I", arguments, place)[0])
        else:
            self.add({GETATTR: "getattr", FSINFO: "fsinfo"}[procedure], handle)

    def read(self, handle, offset, count):
        self.add("read", handle, offset, count, self.directory / "root/sbin/init")
        self.init = handle

    def take_reply(self, payload):
        xid, = struct.unpack_from(">I", payload)
        if xid not in self.lookups:
            return
        step, handle, name = self.lookups.pop(xid)
        status, = struct.unpack_from(">I", payload, 24)
        found = -1
        if status == 0:
            found = self.handles.setdefault(take_opaque(payload, 28)[0], len(self.handles))
        self.steps[step] = f"lookup {handle} {name} {found}"


def script(directory):
    """Writes it; returns its path. The recording ends with the first block of init: all of it is read."""
    recorded = Recorded(directory)
    for packet in testing.capture(RECORDING):
        if UDP in packet:
            recorded.take(packet)
    for offset in range(READ_SIZE, INIT_SIZE, READ_SIZE):
        recorded.read(recorded.init, offset, READ_SIZE)
    path = directory / "storm"
    path.write_text("\n".join(recorded.steps) + "\n")
    return path


def blow(network, directory, machines=MACHINES, spread=1, patience=120):
    """All machines boot; returns what boot_storm said, with the key "wrong" where it failed."""
    done = network.client.run(
        [PROGRAM, "--interface", "eth0", "--server", testing.SERVER_ADDRESS, "--script", script(directory),
         "--machines", machines, "--spread", spread, "--patience", patience], timeout=patience + 60)
    if done.stdout:
        return json.loads(done.stdout)
    return {"wrong": done.stderr}


def text(result):
    return (f"{result['finished']} of {result['machines']} machines: fastest {result['fastest']:.2f} s, "
            f"median {result['median']:.2f} s, slowest {result['slowest']:.2f} s "
            f"({result['slowest'] / result['median']:.2f} times the median); medians: DHCP "
            f"{result['dhcp']:.2f} s, TFTP {result['tftp']:.2f} s, NFS "
            f"{result['port'] + result['mount'] + result['nfs']:.2f} s; {result['resent']} sent again")
