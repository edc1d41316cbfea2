"""What the system tests share: networks, servers, guests, frames. conftest.py tells how to use it."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import pexpect
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapReader, rdpcap

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = SOURCE / "tests" / "captures"
BOOTWIRE = os.environ.get("BOOTWIRE", str(SOURCE / "build/src/command/bootwire"))

SERVER_ADDRESS = "10.50.1.1"
BRIDGE = "boot0"
NAME_PREFIX = "bwtest"

# How long to wait for something that should happen at once, on a machine with much else to do.
PATIENCE = 30.0

SANITIZER_REPORT = re.compile(
    r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|WARNING: ThreadSanitizer|runtime error:")

_libc = ctypes.CDLL(None, use_errno=True)


def require_root():
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces: run them as root", returncode=2)
    if not os.access(BOOTWIRE, os.X_OK):
        pytest.exit(f"there is no program {BOOTWIRE}: build it, or set BOOTWIRE", returncode=2)


def call(*argv):
    """Runs a program that must succeed; returns its standard output."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}"
    return done.stdout


def wait_until(condition, what, timeout=PATIENCE):
    """Calls condition() until it gives something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            description = what() if callable(what) else what
            raise AssertionError(f"waited {timeout:g} s for {description}")
        time.sleep(0.02)


def capture(name):
    """The packets of a recording in tests/captures, or of any pcap file."""
    return rdpcap(str(CAPTURES / name))


# ---------------------------------------------------------------------------------------- networks

def _namespace_names():
    directory = pathlib.Path("/run/netns")
    return [entry.name for entry in directory.iterdir()] if directory.is_dir() else []


def sweep_namespaces():
    """Deletes the namespaces of test runs whose process is gone."""
    for name in _namespace_names():
        match = re.fullmatch(NAME_PREFIX + r"-(\d+)-\d+-\w+", name)
        if match and not os.path.exists(f"/proc/{match[1]}"):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


class Namespace:
    """A network namespace, by its name."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        call("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def delete(self):
        # What still runs in it keeps it alive, nameless: end that first.
        pids = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True)
        for pid in pids.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)

    def ip(self, *arguments):
        return call("ip", "-netns", self.name, *arguments)

    def argv(self, argv):
        """The command line that runs argv in here and does not outlive this process."""
        return ["nsenter", f"--net={self.path}", "--", "setpriv", "--pdeathsig", "KILL", "--",
                *map(str, argv)]

    def popen(self, argv, **keywords):
        keywords.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.argv(argv), **keywords)

    def run(self, argv, timeout=60, **keywords):
        """subprocess.run in here, with its output as text."""
        if "input" not in keywords:
            keywords.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.argv(argv), capture_output=True, text=True, timeout=timeout,
                              **keywords)

    @contextlib.contextmanager
    def entered(self):
        """This thread is in here meanwhile: sockets that it opens stay in here."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        inside = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(inside, 0x40000000) != 0:  # CLONE_NEWNET
                raise OSError(ctypes.get_errno(), f"setns {self.name}")
            try:
                yield
            finally:
                if _libc.setns(outside, 0x40000000) != 0:
                    os.abort()
        finally:
            os.close(inside)
            os.close(outside)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
        with self.entered():
            made = socket.socket(family, kind, protocol)
        made.settimeout(PATIENCE)
        return made

    def wire(self, interface, udp_port=None):
        return Wire(self, interface, udp_port)

    def whole_checksums(self, interface):
        """Turns transmit checksum offload off: a veth would hand on packets without theirs."""
        with self.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            value = bytearray(struct.pack("II", 0x17, 0))  # ETHTOOL_STXCSUM
            address = (ctypes.c_char * len(value)).from_buffer(value)
            request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(address))
            fcntl.ioctl(any_socket, 0x8946, request)  # SIOCETHTOOL


def udp_port_filter(port):
    """A BPF program (as SO_ATTACH_FILTER takes it) for IPv4 datagrams to a port."""
    program = [
        (0x28, 0, 0, 12), (0x15, 0, 6, 0x0800),  # the Ethernet type is IPv4
        (0x30, 0, 0, 23), (0x15, 0, 4, 17),      # its protocol is UDP
        (0xb1, 0, 0, 14),                        # x: the length of the IP header
        (0x48, 0, 0, 16), (0x15, 0, 1, port),    # the destination port
        (0x06, 0, 0, 65536), (0x06, 0, 0, 0),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in program)


class Wire:
    """Raw Ethernet frames on one interface. With `udp_port` only datagrams to it come in: beside
    heavy traffic the socket would overflow otherwise."""

    def __init__(self, namespace, interface, udp_port=None):
        self.interface = interface
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        if udp_port is not None:
            code = ctypes.create_string_buffer(udp_port_filter(udp_port))
            self.socket.setsockopt(socket.SOL_SOCKET, 26, struct.pack(  # SO_ATTACH_FILTER
                "HP", (len(code) - 1) // 8, ctypes.addressof(code)))
        with namespace.entered():
            self.socket.bind((interface, 3))
        self.mac = ":".join(f"{byte:02x}" for byte in self.socket.getsockname()[4])

    def send(self, frame):
        self.socket.send(bytes(frame))

    def receive(self, wanted=lambda frame: True, timeout=PATIENCE):
        """The next frame (scapy's Ether) that came in and that wanted(frame) accepts; None after
        `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data, address = self.socket.recvfrom(65536)
            except (TimeoutError, BlockingIOError):
                return None
            if address[2] == socket.PACKET_OUTGOING:
                continue
            frame = Ether(data)
            if wanted(frame):
                return frame

    def drain(self):
        """Forgets what has come in up to now."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(65536)

    def close(self):
        self.socket.close()


class Recording:
    """tcpdump on an interface, from the moment this exists."""

    def __init__(self, namespace, path, interface=BRIDGE, expression=""):
        self.path = path
        self.messages = open(str(path) + ".messages", "w+")
        self.process = namespace.popen(
            ["tcpdump", "-i", interface, "-n", "-s", "0", "-U", "--immediate-mode", "-Z", "root",
             "-w", path, *expression.split()], stdout=subprocess.DEVNULL, stderr=self.messages)
        wait_until(lambda: "listening on" in pathlib.Path(self.messages.name).read_text(),
                   lambda: "tcpdump: " + pathlib.Path(self.messages.name).read_text())

    def packets(self):
        """Every packet up to now, as scapy packets with .time."""
        found = []
        with contextlib.suppress(EOFError, Exception), PcapReader(str(self.path)) as reader:
            for packet in reader:
                found.append(packet)
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        self.messages.close()


class Network:
    """A server side and a client side, joined by a bridge that nothing else is connected to."""

    def __init__(self, number, directory):
        self.base = f"{NAME_PREFIX}-{os.getpid()}-{number}"
        self.directory = directory
        self.server = self.client = None
        self.recordings = []
        self.tap_count = 0

    def set_up(self):
        self.server = Namespace(self.base + "-server")
        self.client = Namespace(self.base + "-client")
        server, client = self.server, self.client
        server.ip("link", "add", BRIDGE, "type", "bridge", "forward_delay", "0", "stp_state", "0",
                  "mcast_snooping", "0")
        server.ip("link", "add", "veth0", "type", "veth", "peer", "name", "eth0", "netns",
                  client.name)
        server.ip("link", "set", "veth0", "master", BRIDGE)
        for namespace, interface in ((server, BRIDGE), (server, "veth0"), (client, "eth0")):
            namespace.whole_checksums(interface)
            namespace.ip("link", "set", interface, "up")
        server.ip("addr", "add", SERVER_ADDRESS + "/24", "brd", "+", "dev", BRIDGE)

    def tear_down(self):
        for recording in self.recordings:
            recording.stop()
        for namespace in (self.client, self.server):
            if namespace:
                namespace.delete()

    def client_address(self, address="10.50.1.9", prefix=24):
        """Gives network.client's eth0 an address; returns it."""
        self.client.ip("addr", "add", f"{address}/{prefix}", "brd", "+", "dev", "eth0")
        return address

    def tap(self):
        """A new tap interface on the bridge; returns its name."""
        name = f"tap{self.tap_count}"
        self.tap_count += 1
        self.server.ip("tuntap", "add", name, "mode", "tap")
        self.server.ip("link", "set", name, "master", BRIDGE, "up")
        return name

    def record(self, expression=""):
        path = self.directory / f"recording{len(self.recordings)}.pcap"
        self.recordings.append(Recording(self.server, path, expression=expression))
        return self.recordings[-1]


# ----------------------------------------------------------------------------------------- servers

class Server:
    """One configuration and state directory, and the `bootwire serve` that runs with it."""

    def __init__(self, namespace, config, state, log_path, arguments=(), prefix=()):
        self.namespace = namespace
        self.config = config
        self.state = state
        self.log_path = log_path
        self.arguments = list(arguments)
        self.program = BOOTWIRE
        self.prefix = list(prefix)  # a command in front, e.g. ["prlimit", "--fsize=1000"]
        self.process = None
        self.log_path.touch()

    @property
    def log(self):
        """Everything that any run of this server wrote."""
        return self.log_path.read_text(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self, wait=True):
        assert not self.running
        before = len(self.log)
        # LeakSanitizer cannot look at a process that strace(1) holds.
        leaks = {"ASAN_OPTIONS": "detect_leaks=0"} if "strace" in self.prefix else {}
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.popen(
                [*self.prefix, self.program, "serve", "-c", self.config, "--state", self.state,
                 *self.arguments], stdout=log, stderr=log,
                env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1", **leaks})
        if wait:
            wait_until(lambda: re.search(r'^\S+ serving|"text":"serving', self.log[before:], re.M)
                       or not self.running, lambda: "bootwire to serve:\n" + self.log)
            assert self.running, \
                f"bootwire ended with {self.process.returncode}:\n{self.log[before:]}"
        return self

    def wait_for_log(self, pattern, timeout=PATIENCE, since=0):
        """Waits for a match in the log from offset `since` on; returns it."""
        return wait_until(lambda: re.search(pattern, self.log[since:], re.M),
                          lambda: f"{pattern!r} in the log:\n{self.log[since:]}", timeout)

    def stop(self):
        """SIGTERM: it must end cleanly."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"bootwire did not end at SIGTERM:\n{self.log}") from None
        self.process = None
        assert status == 0, f"bootwire ended with {status}:\n{self.log}"
        self.check_sanitizers()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def check_sanitizers(self):
        report = SANITIZER_REPORT.search(self.log)
        assert not report, self.log[max(0, report.start() - 200):][:6000]

    def reload(self, config_text=None, expect=r"read again and in force"):
        """Writes the configuration, sends SIGHUP, waits for what the log says to it."""
        if config_text is not None:
            self.config.write_text(config_text)
        before = len(self.log)
        self.process.send_signal(signal.SIGHUP)
        return self.wait_for_log(expect, since=before)


class ServerFactory:
    """The `server` fixture."""

    def __init__(self, network, directory):
        self.network = network
        self.directory = directory
        self.servers = []

    def __call__(self, config_text, *arguments, state=None, namespace=None, start=True, prefix=()):
        number = len(self.servers)
        config = self.directory / f"bootwire{number or ''}.conf"
        config.write_text(config_text)
        made = Server(namespace or self.network.server, config,
                      state or self.directory / f"state{number or ''}",
                      self.directory / f"bootwire{number or ''}.log", arguments, prefix)
        self.servers.append(made)
        return made.start() if start else made

    def refused(self, config_text, *arguments, namespace=None, state=None):
        """A server that must not start: its exit status and its log."""
        made = self(config_text, *arguments, namespace=namespace, state=state, start=False)
        made.start(wait=False)
        status = made.process.wait(PATIENCE)
        made.process = None
        made.check_sanitizers()
        assert status != 0, made.log
        return status, made.log

    def finish(self):
        """At the end of a test that has passed so far."""
        for each in self.servers:
            each.stop()
            each.check_sanitizers()

    def tear_down(self):
        for each in self.servers:
            if each.running:
                each.process.kill()
                each.process.wait()
            if each.log:
                print(f"---- log of {each.config}\n{each.log[-20000:]}")


# ------------------------------------------------------------------------------------------ guests

class Guest:
    """A QEMU machine on a tap of the network, without KVM, its serial console in hand."""

    def __init__(self, network, directory, number, arguments, mac="22:22:22:22:00:00",
                 model="e1000", network_arguments=None, reboots=False):
        tap = network.tap()
        if network_arguments is None:
            network_arguments = ["-device", f"{model},netdev=wire,mac={mac}"]
        self.log_path = directory / f"console{number}.log"
        self.log_file = open(self.log_path, "wb")
        argv = network.server.argv([
            *arguments, *([] if reboots else ["-no-reboot"]), "-netdev",
            f"tap,id=wire,ifname={tap},script=no,downscript=no", *network_arguments])
        self.console = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE,
                                     logfile=self.log_file, maxread=65536)
        self.console.delaybeforesend = None

    @property
    def log(self):
        self.log_file.flush()
        return self.log_path.read_bytes().decode(errors="replace")

    def expect(self, pattern, timeout=60):
        """Waits until the console says what the regular expression (or the list of them) asks;
        returns the index of the one that matched."""
        try:
            return self.console.expect(pattern, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            raise AssertionError(f"{type(error).__name__} waiting for {pattern!r} on the console:"
                                 f"\n{self.log[-6000:]}") from None

    def send(self, text):
        self.console.send(text)

    def stop(self):
        if not self.log_file.closed:
            self.console.close(force=True)
            print(f"---- {self.log_path.name}\n{self.log[-6000:]}")
            self.log_file.close()


PC = ["qemu-system-x86_64", "-machine", "pc,accel=tcg,graphics=off", "-m", "256", "-nodefaults",
      "-display", "none", "-vga", "none", "-serial", "stdio", "-boot", "n"]
"""A PC without VGA that boots from its network card's ROM (iPXE)."""


# ------------------------------------------------------------------------------------ DHCP, in raw

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)


def address_bytes(text):
    return socket.inet_aton(text)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def dhcp_options(data):
    """Options as (code, value) in the order of the bytes, and the PADs before END. An END is
    required."""
    options, pads, place = [], 0, 0
    while data[place] != 255:
        if data[place] == 0:
            pads += 1
            place += 1
            continue
        code, length = data[place], data[place + 1]
        value = bytes(data[place + 2:place + 2 + length])
        assert len(value) == length, f"option {code} is cut off"
        options.append((code, value))
        place += 2 + length
    return options, pads


class DhcpReply:
    """A BOOTREPLY as it came over the wire."""

    def __init__(self, frame):
        self.frame = frame
        self.ether_destination = frame[Ether].dst
        self.source, self.destination = frame[IP].src, frame[IP].dst
        self.source_port, self.destination_port = frame[UDP].sport, frame[UDP].dport
        self.bytes = bytes(frame[UDP].payload)[:frame[UDP].len - 8]
        data = self.bytes
        self.op, self.htype, self.hlen, self.hops, self.xid, self.secs, self.flags = \
            struct.unpack("!BBBBIHH", data[:12])
        self.ciaddr, self.yiaddr, self.siaddr, self.giaddr = \
            (socket.inet_ntoa(data[i:i + 4]) for i in (12, 16, 20, 24))
        self.chaddr = data[28:44]
        self.sname = data[44:108].split(b"\0")[0]
        self.file = data[108:236].split(b"\0")[0]
        self.cookie = data[236:240]
        self.option_list, self.pads = ([], 0)
        if self.cookie == b"\x63\x82\x53\x63":
            self.option_list, self.pads = dhcp_options(data[240:])
        self.options = dict(self.option_list)

    @property
    def message_type(self):
        """DISCOVER ... INFORM, or None for plain BOOTP."""
        return self.options[53][0] if 53 in self.options else None

    def option_address(self, code):
        return socket.inet_ntoa(self.options[code])

    def __repr__(self):
        return (f"<{self.message_type} {self.yiaddr} for {self.chaddr[:6].hex(':')} to "
                f"{self.destination}, {len(self.bytes)} bytes, file {self.file!r}, "
                f"{self.options}>")


def is_dhcp_reply(frame):
    return (UDP in frame and frame[UDP].dport in (67, 68) and frame[UDP].sport == 67
            and bytes(frame[UDP].payload)[:1] == b"\2")


def bootp_request(mac, options=None, xid=0, secs=0, flags=0, ciaddr="0.0.0.0", giaddr="0.0.0.0",
                  sname=b"", file=b"", hops=0, size=300, cookie=True, op=1, htype=1, hlen=6,
                  chaddr=None, raw=b"\xff"):
    """The bytes of a BOOTREQUEST; `options` are (code, value) pairs, zeros follow END up to `size`
    bytes. `raw` is what stands behind the options in END's place."""
    data = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", op, htype, hlen, hops, xid, secs, flags,
                       address_bytes(ciaddr), bytes(4), bytes(4), address_bytes(giaddr),
                       mac_bytes(mac) if chaddr is None else chaddr, sname, file)
    if cookie:
        data += b"\x63\x82\x53\x63"
        data += b"".join(bytes([code, len(value)]) + value for code, value in options or [])
        data += raw
    return data.ljust(size, b"\0")


class Machine:
    """A DHCP client without an address, in raw frames.

    send_dhcp(type, options, **fields of bootp_request, source=, destination=) sends one request
    (type None: plain BOOTP) and returns its xid; receive_dhcp(xid) the next reply to it as a
    DhcpReply, or None. discover() and request(offer) send and receive in one, and assert that a
    reply came. `identifier` (option 61) and `vendor` (option 60) go into every request when set.
    """

    def __init__(self, wire, mac):
        self.wire = wire
        self.mac = mac
        self.identifier = None
        self.vendor = None

    def send_dhcp(self, message_type, options=(), source="0.0.0.0", destination="255.255.255.255",
                  ether_destination="ff:ff:ff:ff:ff:ff", source_port=68, xid=None, **fields):
        xid = random.getrandbits(32) if xid is None else xid
        wanted = [(53, bytes([message_type]))] if message_type else []
        if self.vendor is not None:
            wanted.append((60, self.vendor))
        if self.identifier is not None:
            wanted.append((61, self.identifier))
        data = bootp_request(self.mac, wanted + list(options), xid=xid, **fields)
        self.wire.send(Ether(src=self.mac, dst=ether_destination) /
                       IP(src=source, dst=destination, id=random.getrandbits(16)) /
                       UDP(sport=source_port, dport=67) / data)
        return xid

    def receive_dhcp(self, xid=None, timeout=PATIENCE):
        def wanted(frame):
            if not is_dhcp_reply(frame):
                return False
            reply = DhcpReply(frame)
            return (reply.chaddr[:6] == mac_bytes(self.mac) and
                    (xid is None or reply.xid == xid))
        frame = self.wire.receive(wanted, timeout)
        return DhcpReply(frame) if frame is not None else None

    def discover(self, options=(), **fields):
        reply = self.receive_dhcp(self.send_dhcp(DISCOVER, options, **fields))
        assert reply is not None, "no answer to DHCPDISCOVER"
        assert reply.message_type == OFFER, reply
        return reply

    def request(self, offer, options=(), **fields):
        """Takes an offer; returns the ACK or NAK."""
        chosen = [(50, address_bytes(offer.yiaddr)), (54, offer.options[54])]
        reply = self.receive_dhcp(self.send_dhcp(REQUEST, chosen + list(options), **fields))
        assert reply is not None, "no answer to DHCPREQUEST"
        return reply

    def lease(self, options=(), **fields):
        """DISCOVER, OFFER, REQUEST, ACK: the ACK."""
        reply = self.request(self.discover(options, **fields), options, **fields)
        assert reply.message_type == ACK, reply
        return reply


# --------------------------------------------------------------------------------- TFTP and ONC RPC

def tftp_request(name, options=(), mode=b"octet", opcode=1):
    """A read request; options are (name, value) pairs of bytes."""
    words = [name, mode, *(word for pair in options for word in pair)]
    return struct.pack("!H", opcode) + b"".join(word + b"\0" for word in words)


class TftpError(Exception):
    """An ERROR packet: .code and .text (bytes)."""

    def __init__(self, packet):
        self.code = struct.unpack("!H", packet[2:4])[0]
        self.text = packet[4:].split(b"\0")[0]
        super().__init__(f"{self.code}: {self.text!r}")


class TftpRead:
    """One transfer, block by block, as the smallest client does it: `next` gives the next block
    (b"" after the last), `rest` all that are left. `options` is what the server granted."""

    def __init__(self, client, name, options=(), server=SERVER_ADDRESS):
        self.client = client
        self.block = 0
        self.ended = False
        self.options = {}
        self.client.sendto(tftp_request(name, options), (server, 69))
        self.packet = self.receive()
        if self.packet[:2] == b"\0\6":
            words = self.packet[2:].split(b"\0")[:-1]
            self.options = dict(zip(words[::2], words[1::2]))
            self.acknowledge()
            self.packet = None
        self.size = int(self.options.get(b"blksize", 512))

    def receive(self):
        packet, self.peer = self.client.recvfrom(70000)
        if packet[:2] == b"\0\5":
            raise TftpError(packet)
        return packet

    def acknowledge(self):
        self.client.sendto(struct.pack("!HH", 4, self.block), self.peer)

    def next(self):
        if self.ended:
            return b""
        packet, self.packet = self.packet or self.receive(), None
        wanted = self.block + 1 & 0xffff
        while packet[:4] != struct.pack("!HH", 3, wanted):
            packet = self.receive()
        self.block = wanted
        self.acknowledge()
        self.ended = len(packet) - 4 < self.size
        return packet[4:]

    def rest(self):
        blocks = []
        while not self.ended:
            blocks.append(self.next())
        return b"".join(blocks)


def have(program):
    return shutil.which(program) is not None
