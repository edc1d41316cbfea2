"""Every recording of tests/captures, played to a running server.

Each request of the recorded machine goes out as it was recorded, byte for byte, with what the
recorded server had chosen replaced by what this one chose: the leased address, the exported path,
the file handles. Each answer must obey that client's rules (doc/clients.md).
"""
import re
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

import bootwire_testing as testing
from rpc_client import opaque, take_opaque

RECORDINGS = sorted(path.name for path in testing.CAPTURES.glob("*.pcap"))
CONTENT = bytes(range(256)) * 20 + b"the end"
INIT = bytes(range(255, -1, -1)) * 400
RECORDED_ROOT = b"/export/nb5"


def rpc_fields(body):
    """xid, program, version, procedure, place of the arguments of a call."""
    xid, _, _, program, version, procedure = struct.unpack("!6I", body[:24])
    place = 24
    for _ in range(2):
        place += 8 + (struct.unpack("!I", body[place + 4:place + 8])[0] + 3 & ~3)
    return xid, program, version, procedure, place


class Replay:
    """One recorded machine in front of a running server."""

    def __init__(self, network, packets, root):
        self.network = network
        self.packets = packets
        self.root = root
        self.wire = network.client.wire("eth0")
        self.mac = next(p.src for p in packets if p.src.startswith("22:22"))
        self.asked = set()
        self.leased = None
        self.recorded = None
        self.given_address = None
        self.handles = {}
        self.answers = []

    def requests(self):
        return [p for p in self.packets
                if p.src == self.mac and IP in p and UDP in p and p[IP].version == 4]

    def run(self):
        for packet in self.requests():
            port = packet[UDP].dport
            if port == 67:
                self.dhcp(packet)
            elif port == 69:
                self.tftp(packet)
            elif port in (111, 2049):
                self.rpc(packet)

    # ---- DHCP

    def patch(self, data):
        if not self.leased or not self.recorded:
            return data
        return data.replace(socket.inet_aton(self.recorded), socket.inet_aton(self.leased))

    def dhcp(self, packet):
        recorded = bytes(packet[UDP].payload)
        options = dict(testing.dhcp_options(recorded[240:])[0])
        source = packet[IP].src
        # The recorded lease stands in option 50, or is where the loader sends from.
        if 50 in options:
            self.recorded = socket.inet_ntoa(options[50])
        elif source != "0.0.0.0":
            self.recorded = source
        body = self.patch(recorded)
        if source != "0.0.0.0":
            source = self.leased
        self.wire.send(Ether(src=self.mac, dst=packet.dst) /
                       IP(src=source, dst=packet[IP].dst, id=packet[IP].id) /
                       UDP(sport=packet[UDP].sport, dport=67) / body)
        xid = struct.unpack("!I", body[4:8])[0]
        again = (xid, options[53]) in self.asked
        self.asked.add((xid, options[53]))
        replies = [self.dhcp_answer(xid)]
        if again:
            # It has not heard: by unicast and by broadcast.
            if not struct.unpack("!H", body[10:12])[0] & 0x8000:
                replies.append(self.dhcp_answer(xid))
                assert {r.destination for r in replies} == {replies[0].yiaddr, "255.255.255.255"}
        for reply in replies:
            self.check_reply(reply, body, options, again)
            if reply.message_type == testing.ACK:
                # What comes next is another boot, even with the transaction id of this one.
                self.asked.clear()
        self.leased = replies[0].yiaddr
        self.answers.append((packet, replies[0]))

    def dhcp_answer(self, xid):
        frame = self.wire.receive(
            lambda f: testing.is_dhcp_reply(f) and testing.DhcpReply(f).xid == xid)
        assert frame is not None, f"no answer to {xid:#x}"
        return testing.DhcpReply(frame)

    def check_reply(self, reply, body, options, again):
        request_type = options[53][0]
        vendor = options.get(60, b"")
        assert reply.message_type == {1: testing.OFFER, 3: testing.ACK}[request_type], reply
        assert (reply.op, reply.htype, reply.hlen) == (2, 1, 6)
        assert reply.chaddr == body[28:44]
        assert reply.flags == struct.unpack("!H", body[10:12])[0]
        assert (reply.source, reply.source_port) == (testing.SERVER_ADDRESS, 67)
        assert reply.destination_port == 68
        # One machine, one address, whatever it says of itself.
        assert reply.yiaddr == (self.leased or reply.yiaddr)
        assert reply.option_address(54) == testing.SERVER_ADDRESS
        assert reply.siaddr == testing.SERVER_ADDRESS
        # Sizes and padding.
        limit = 548
        if 57 in options:
            limit = max(limit, struct.unpack("!H", options[57])[0] - 28)
        assert 300 <= len(reply.bytes) <= limit
        assert reply.pads == 0
        end = 240 + sum(2 + len(value) for _, value in reply.option_list)
        assert reply.bytes[end] == 255 and not any(reply.bytes[end + 1:])
        assert 52 not in reply.options or not vendor.startswith(b"NetBSD")
        # The way: to an address that the machine cannot be asked for by ARP.
        if reply.flags & 0x8000 or (again and reply.destination == "255.255.255.255"):
            assert (reply.destination, reply.ether_destination) == \
                ("255.255.255.255", "ff:ff:ff:ff:ff:ff")
        else:
            assert (reply.destination, reply.ether_destination) == (reply.yiaddr, self.mac)
        # The file, in both places, and nothing but it.
        if vendor.startswith(b"HTTPClient"):
            assert reply.options[60].startswith(b"HTTPClient")
        if reply.file:
            assert reply.options[67].rstrip(b"\0") == reply.file
        if b"iPXE" in options.get(77, b""):
            assert b"\xb0\x01\x01" in reply.options[175]  # no-pxedhcp
        if vendor.startswith(b"NetBSD"):
            assert reply.options[17].rstrip(b"\0") == str(self.root).encode()

    # ---- TFTP

    def address(self):
        if self.given_address is None:
            self.given_address = self.network.client_address(self.leased)
        return self.given_address

    def socket_of(self, packet):
        made = self.network.client.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.address(), packet[UDP].sport))
        return made

    def tftp(self, packet):
        body = bytes(packet[UDP].payload)
        name, _, *rest = body[2:].split(b"\0")[:-1]
        asked = dict(zip(rest[::2], rest[1::2]))
        with self.socket_of(packet) as client:
            client.sendto(body, (testing.SERVER_ADDRESS, 69))
            data, peer = client.recvfrom(70000)
            code, = struct.unpack("!H", data[:2])
            if name in (b"boot.scr.uimg", b"dtb/"):
                assert code == 5 and data[2:4] == b"\0\1" and len(data) > 8, data
                return
            block_size = 512
            if asked:
                assert code == 6, data
                words = data[2:].split(b"\0")[:-1]
                granted = dict(zip(words[::2], words[1::2]))
                assert set(granted) <= set(asked)
                if b"tsize" in asked:
                    assert int(granted[b"tsize"]) == len(CONTENT)
                if b"blksize" in asked:
                    block_size = int(granted[b"blksize"])
                    assert block_size == int(asked[b"blksize"])
                client.sendto(b"\0\4\0\0", peer)
                data = client.recvfrom(70000)[0]
            assert self.tftp_rest(client, peer, data, block_size) == CONTENT

    def tftp_rest(self, client, peer, data, block_size):
        """Acknowledges each block, as the smallest client does, whatever the window."""
        got, expected = b"", 1
        while True:
            code, block = struct.unpack("!HH", data[:4])
            assert code == 3, data
            if block == expected:
                got += data[4:]
                expected += 1
                client.sendto(struct.pack("!HH", 4, block), peer)
                if len(data) - 4 < block_size:
                    return got
            data = client.recvfrom(70000)[0]

    # ---- ONC RPC

    def rpc(self, packet):
        body = bytes(packet[UDP].payload)
        xid, program, version, procedure, place = rpc_fields(body)
        arguments = body[place:]
        port = {100000: 111, 100005: 20048, 100003: 2049}[program]
        if program == 100005:
            assert take_opaque(arguments, 0)[0] == RECORDED_ROOT
            arguments = opaque(str(self.root).encode())
        elif program == 100003:
            handle, rest = take_opaque(arguments, 0)
            arguments = opaque(self.handles[handle]) + arguments[rest:]
        with self.socket_of(packet) as client:
            client.sendto(body[:place] + arguments, (testing.SERVER_ADDRESS, port))
            answer = client.recv(70000)
        # Accepted, verifier AUTH_NONE, success.
        assert answer[:24] == struct.pack("!6I", xid, 1, 0, 0, 0, 0), answer[:24].hex()
        check = {(100000, 3): self.getport, (100005, 1): self.mnt, (100003, 1): self.getattr,
                 (100003, 3): self.lookup, (100003, 4): self.access, (100003, 6): self.read,
                 (100003, 16): self.readdir, (100003, 19): self.fsinfo}
        check[program, procedure](answer[24:], body[place:], version)

    def recorded_result(self, call):
        xid = call[:4]
        for packet in self.packets:
            if UDP in packet and packet[UDP].sport in (111, 2049):
                data = bytes(packet[UDP].payload)
                if data[:4] == xid and data[4:8] == b"\0\0\0\1":
                    return data[24:]
        return None

    def recorded_of(self, arguments):
        """The recorded server's result for the call with these arguments."""
        for packet in self.requests():
            if packet[UDP].dport == 2049 and bytes(packet[UDP].payload).endswith(arguments):
                return self.recorded_result(bytes(packet[UDP].payload))
        return None

    def getport(self, result, arguments, _):
        program, = struct.unpack("!I", arguments[:4])
        assert result == struct.pack("!I", {100005: 20048, 100003: 2049}[program])

    def mnt(self, result, arguments, version):
        assert result[:4] == bytes(4)
        if version == 1:
            assert len(result) == 36
            return
        handle, place = take_opaque(result, 4)
        assert 1 <= len(handle) <= 32
        count, *flavors = struct.unpack(f"!{(len(result) - place) // 4}I", result[place:])
        assert count == len(flavors) and 1 in flavors
        self.handles[take_opaque(self.recorded_of(arguments), 4)[0]] = handle

    def getattr(self, result, arguments, _):
        recorded = self.recorded_of(arguments)
        # Status, type and (of a plain file) mode.
        assert result[:8] == recorded[:8] and len(result) == 88

    def fsinfo(self, result, arguments, _):
        status, follows = struct.unpack("!II", result[:8])
        assert status == 0
        rtmax, _, _, wtmax, _, _, _ = struct.unpack("!7I", result[8 + 84 * follows:][:28])
        assert rtmax >= 4096 and wtmax >= 4096

    def readdir(self, result, arguments, _):
        status, follows = struct.unpack("!II", result[:8])
        assert status == 0
        for name in (b"dev", b"sbin"):
            assert opaque(name) in result[8:]

    def lookup(self, result, arguments, _):
        recorded = self.recorded_of(arguments)
        assert result[:4] == recorded[:4]
        if result[:4] == bytes(4):
            handle = take_opaque(result, 4)[0]
            assert 1 <= len(handle) <= 32
            self.handles[take_opaque(recorded, 4)[0]] = handle

    def access(self, result, arguments, _):
        assert result[:8] == struct.pack("!II", 0, 1)
        asked, = struct.unpack("!I", arguments[-4:])
        assert struct.unpack("!I", result[-4:])[0] == asked

    def read(self, result, arguments, _):
        offset, count = struct.unpack("!QI", arguments[-12:])
        status, follows = struct.unpack("!II", result[:8])
        assert (status, count) == (0, 32768)
        place = 8 + 84 * follows
        got, end = struct.unpack("!II", result[place:place + 8])
        # All that FSINFO promised, in one datagram.
        assert got == count and end == 0
        assert take_opaque(result, place + 8)[0] == INIT[offset:offset + count]


@pytest.fixture
def replay(network, server, tmp_path):
    made = []

    def run(name, host=""):
        packets = testing.capture(name)
        root = tmp_path / "root"
        tftp = tmp_path / "tftp"
        (root / "dev").mkdir(parents=True)
        (root / "sbin").mkdir()
        (root / "dev" / "console").touch()
        (root / "sbin" / "init").write_bytes(INIT)
        (root / "sbin" / "init").chmod(0o555)
        tftp.mkdir()
        replayed = Replay(network, packets, root)
        made.append(replayed)
        names = [bytes(p[UDP].payload)[2:].split(b"\0")[0].decode().lstrip("/")
                 for p in replayed.requests() if p[UDP].dport == 69]
        for each in names:
            if each not in ("boot.scr.uimg", "dtb/"):
                (tftp / each).write_bytes(CONTENT)
        first = next((each for each in names if (tftp / each).is_file()), "snponly.efi")
        running = server(f"""
            tftp-root "{tftp}";
            subnet 10.50.1.0 netmask 255.255.255.0 {{
                range 10.50.1.200 10.50.1.250;
            }}
            host recorded {{
                hardware ethernet {replayed.mac};
                next-server {testing.SERVER_ADDRESS};
                filename "{first}";
                option root-path "{root}";
                {host}
            }}
            """)
        replayed.run()
        return replayed, running

    yield run
    for each in made:
        each.wire.close()


@pytest.mark.parametrize("name", RECORDINGS)
def test_recording(replay, name):
    host = ""
    if "http" in name:
        host = 'filename "http://10.50.1.1/snponly.efi";'
    replayed, running = replay(name, host)
    assert replayed.answers
    # Each DHCP message and each file stands in the log, under the machine's name.
    steps = [p for p in replayed.requests() if p[UDP].dport in (67, 69)]
    line = rf"recorded \({replayed.mac}.* (dhcp|tftp)/"
    testing.wait_until(lambda: len(re.findall(line, running.log)) >= len(steps),
                       lambda: f"{len(steps)} steps in the log:\n{running.log}")


def test_the_loader_keeps_its_roms_address(replay):
    """The failure that this program exists to end: ISC dhcpd offers the loader another address."""
    replayed, running = replay("isc-dhcpd-loses-netbsd-pxeboot.pcap")
    rom = [reply for packet, reply in replayed.answers if packet[IP].src == "0.0.0.0"]
    loader = [reply for packet, reply in replayed.answers if packet[IP].src != "0.0.0.0"]
    assert rom and loader
    assert {reply.yiaddr for reply in rom + loader} == {rom[0].yiaddr}
    # The ROM's firmware, which has that address, takes the offer in.
    assert loader[0].destination == rom[0].yiaddr
    assert running.log.count("DHCPOFFER " + rom[0].yiaddr) >= 2
