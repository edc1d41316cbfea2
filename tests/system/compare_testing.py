"""bootwire beside ISC dhcpd: one configuration, the same packets, the replies compared.

Each server has a network of its own with the same addresses. Silence is no matter of time: behind
each packet goes the request of a machine that both servers always acknowledge, and they answer in
order, so that what has not come before that acknowledgment does not come. (It is broadcast: frames
to one machine may leave before the datagrams of the same turn.)
"""
import pathlib
import re
import signal
import socket
import struct
import subprocess

from scapy.packet import Raw

import bootwire_testing as testing
from bootwire_testing import ACK, DISCOVER, INFORM, NAK, OFFER, RELEASE, DECLINE, REQUEST

DIFFERENCES = testing.SOURCE / "doc" / "isc-differences.md"

# What both configurations begin with: dhcpd neither pings nor updates names, as bootwire does not;
# and what is left of a lease would depend on how long the packets take.
PREFIX = """ping-check false; dhcp-cache-threshold 0; ddns-update-style none; log-facility local7;
host compare-sentinel { hardware ethernet 02:00:00:00:ff:fe; fixed-address 10.50.1.254; allow booting; }
"""
SENTINEL_MAC, SENTINEL_ADDRESS = "02:00:00:00:ff:fe", "10.50.1.254"

# Addresses that the client's side answers ARP for, and a relay's network behind it.
CLIENT_ADDRESS = "10.50.1.9"
LOCAL_NETWORKS = ("10.50.1.16/28", "10.50.1.32/27", "10.50.1.64/26", "10.50.1.128/25",
                  "10.60.0.0/16", "10.61.0.0/16")
ROUTED_NETWORKS = ("10.60.0.0/16", "10.61.0.0/16")

NAMES = {DISCOVER: "DISCOVER", OFFER: "OFFER", REQUEST: "REQUEST", DECLINE: "DECLINE", ACK: "ACK",
         NAK: "NAK", RELEASE: "RELEASE", INFORM: "INFORM", None: "BOOTP"}


def documented_differences():
    """The table of doc/isc-differences.md: {id: (field, kind, scope)}."""
    rows = {}
    for line in DIFFERENCES.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[a-z0-9-]+", cells[0]) and set(cells[0]) != {"-"} \
                and cells[0] != "id":
            rows[cells[0]] = (cells[1], cells[2], cells[3])
    return rows


def reply_of(frame):
    """The DhcpReply in a frame; dhcpd leaves END out where the options fill the packet."""
    data = bytes(frame[testing.UDP].payload)[:frame[testing.UDP].len - 8] + b"\xff"
    frame[testing.UDP].remove_payload()
    frame[testing.UDP].len += 1
    return testing.DhcpReply(frame / Raw(data))


class Side:
    """One of the two servers, and the machines that ask it."""

    def __init__(self, number, directory):
        self.directory = directory
        self.network = testing.Network(number, directory)
        self.network.set_up()
        self.network.client_address(CLIENT_ADDRESS)
        for each in LOCAL_NETWORKS:
            self.network.client.ip("route", "add", "local", each, "dev", "lo")
        for each in ROUTED_NETWORKS:
            self.network.server.ip("route", "add", each, "via", CLIENT_ADDRESS)
        self.wire = self.network.client.wire("eth0", udp_port=None)
        self.server_mac = re.search(r"link/ether (\S+)", self.network.server.ip(
            "link", "show", testing.BRIDGE))[1]
        self.offered = {}  # MAC -> (address, server identifier)
        self.xid = 0x5000

    def close(self):
        self.stop()
        self.wire.close()
        self.network.tear_down()

    def send(self, step):
        """Sends a packet; returns its xid."""
        self.xid += 1
        step = dict(step)
        kind, mac = step.pop("kind"), step.pop("mac")
        address, server = self.offered.get(mac, ("0.0.0.0", "10.50.1.1"))
        options = [(53, bytes([kind]))] if kind else []
        for name, code in (("requested", 50), ("server", 54)):
            value = step.pop(name, None)
            value = {"offered": address if name == "requested" else server}.get(value, value)
            if value:
                options.append((code, socket.inet_aton(value)))
        prl = step.pop("prl", None)
        options += step.pop("options", [])
        if prl is not None:
            options.append((55, bytes(prl)))
        if step.get("ciaddr") == "offered":
            step["ciaddr"] = address
        unicast = step.pop("unicast", False)
        source = step.pop("source", "0.0.0.0")
        source = {"offered": address}.get(source, source)
        source_port = step.pop("source_port", 68)
        machine = testing.Machine(self.wire, mac)
        data = testing.bootp_request(mac, options, xid=self.xid, **step)
        frame = (testing.Ether(src=machine.mac,
                               dst=self.server_mac if unicast else "ff:ff:ff:ff:ff:ff") /
                 testing.IP(src=source, dst="10.50.1.1" if unicast else "255.255.255.255") /
                 testing.UDP(sport=source_port, dport=67) / data)
        self.wire.send(frame)
        return self.xid

    def ask(self, step):
        """Sends a packet; returns the first reply to it as DhcpReply, or None."""
        xid = self.send(step)
        fence = self.send({"kind": REQUEST, "mac": SENTINEL_MAC, "requested": SENTINEL_ADDRESS,
                           "flags": 0x8000})
        found = None
        while True:
            frame = self.wire.receive(testing.is_dhcp_reply)
            assert frame is not None, f"{self.name} answers no more\n{self.log()}"
            reply = reply_of(frame)
            if reply.xid == fence:
                assert reply.message_type == ACK, f"{self.name}: {reply}\n{self.log()}"
                return found
            if reply.xid == xid and found is None:
                found = reply
                if reply.message_type in (OFFER, ACK) and reply.yiaddr != "0.0.0.0":
                    self.offered[step["mac"]] = (
                        reply.yiaddr, socket.inet_ntoa(reply.options.get(54, bytes(4))))


class Dhcpd(Side):
    name = "ISC dhcpd"
    process = None

    def start(self, config):
        self.offered.clear()
        path, leases = self.directory / "dhcpd.conf", self.directory / "dhcpd.leases"
        path.write_text(config)
        leases.write_text("")
        self.log_path = self.directory / "dhcpd.log"
        with open(self.log_path, "wb") as log:
            self.process = self.network.server.popen(
                ["dhcpd", "-4", "-f", "-d", "-cf", path, "-lf", leases,
                 "-pf", self.directory / "dhcpd.pid", testing.BRIDGE], stdout=log, stderr=log)
        testing.wait_until(lambda: "Server starting service" in self.log()
                           or self.process.poll() is not None, lambda: self.log())
        assert self.process.poll() is None, f"dhcpd refuses the configuration:\n{self.log()}"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


class Bootwire(Side):
    name = "bootwire"
    server = None
    count = 0

    def start(self, config):
        self.offered.clear()
        path = self.directory / "bootwire.conf"
        path.write_text(config)
        self.count += 1
        self.server = testing.Server(self.network.server, path,
                                     self.directory / f"state{self.count}",
                                     self.directory / f"bootwire{self.count}.log")
        self.server.start()

    def log(self):
        return self.server.log[-5000:]

    def stop(self):
        if self.server:
            self.server.stop()
            self.server = None


class Pair:
    """Both servers, with one configuration at a time."""

    def __init__(self, directory):
        pathlib.Path(directory).mkdir(exist_ok=True)
        self.dhcpd = Dhcpd(900, directory)
        self.bootwire = Bootwire(901, directory)

    def start(self, config):
        self.stop()
        self.dhcpd.start(PREFIX + config)
        self.bootwire.start(PREFIX + config)

    def stop(self):
        self.dhcpd.stop()
        self.bootwire.stop()

    def close(self):
        self.dhcpd.close()
        self.bootwire.close()

    def ask(self, step):
        """What differs between the replies: [(field, kind, ISC's, ours)]."""
        replies = [side.ask(step) for side in (self.dhcpd, self.bootwire)]
        return compare(*replies)


def inside(pools, address):
    """The pool that an address is of, else the address: which free address a server takes from a
    pool is its own affair."""
    number = struct.unpack("!I", socket.inet_aton(address))[0]
    for low, high in pools:
        bounds = [struct.unpack("!I", socket.inet_aton(each))[0] for each in (low, high)]
        if bounds[0] <= number <= bounds[1]:
            return f"one of {low} to {high}"
    return address


def merged_options(reply):
    """{code: bytes}: parts of one code are one value (RFC 3396), and options stand in the file and
    sname fields, too, where option 52 says so (RFC 2131 section 4.1)."""
    found = {}
    overload = dict(reply.option_list).get(52, b"\0")[0]
    parts = list(reply.option_list)
    for bit, (begin, end) in ((1, (108, 236)), (2, (44, 108))):
        if overload & bit:
            parts += testing.dhcp_options(reply.bytes[begin:end] + b"\xff")[0]
    for code, value in parts:
        if code != 52:
            found[code] = found.get(code, b"") + value
    for code in (43, 175):
        if code in found:
            found[code] = sorted_options(found[code])
    return found, overload


def sorted_options(value):
    """Encapsulated options by their codes: their order means nothing."""
    parts, place = [], 0
    while place + 1 < len(value) and value[place] != 255:
        end = place + 2 + value[place + 1]
        parts.append(value[place:end])
        place = end
    return b"".join(sorted(parts)) + value[place:]


def fields(reply, pools):
    """A reply as {field: value}; None is silence."""
    if reply is None:
        return {"answer": "silence"}
    options, overload = merged_options(reply)
    kind = NAMES[reply.message_type]
    found = {"answer": kind}
    if kind == "NAK":
        found["destination"] = reply.destination
        found["ether"] = reply.ether_destination == "ff:ff:ff:ff:ff:ff"
        found |= {f"option {code}": value.hex() for code, value in options.items()}
        return found
    found |= {
        "yiaddr": inside(pools, reply.yiaddr), "ciaddr": inside(pools, reply.ciaddr),
        "siaddr": reply.siaddr, "giaddr": reply.giaddr, "flags": f"{reply.flags:#06x}",
        "hops": reply.hops, "chaddr": reply.chaddr.hex(), "htype": reply.htype,
        "hlen": reply.hlen, "source": reply.source,
        "destination": inside(pools, reply.destination),
        "broadcast frame": reply.ether_destination == "ff:ff:ff:ff:ff:ff",
        "ports": (reply.source_port, reply.destination_port),
        "sname": "" if overload & 2 else reply.sname.decode("latin-1"),
        "file": "" if overload & 1 else reply.file.decode("latin-1"),
    }
    found |= {f"option {code}": value.hex() for code, value in options.items()}
    return found


_pools = []


def set_pools(pools):
    _pools[:] = pools


def compare(theirs, ours):
    """[(field, kind, ISC's, ours)]; kind: added, missing or value."""
    theirs, ours = fields(theirs, _pools), fields(ours, _pools)
    if theirs["answer"] != ours["answer"]:
        return [("answer", "value", theirs["answer"], ours["answer"])]
    found = []
    for field in sorted({*theirs, *ours}):
        if field not in theirs:
            found.append((field, "added", None, ours[field]))
        elif field not in ours:
            found.append((field, "missing", theirs[field], None))
        elif theirs[field] != ours[field]:
            found.append((field, "value", theirs[field], ours[field]))
    return found
