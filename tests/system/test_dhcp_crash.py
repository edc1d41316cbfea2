"""kill -9 in a storm of leases: what was acknowledged is there after the restart."""
import random
import select
import socket
import struct
import threading
import time

from bootwire_testing import (ACK, DISCOVER, NAK, OFFER, REQUEST, DhcpReply, address_bytes,
                              bootp_request, is_dhcp_reply)

POOL = "subnet 10.50.0.0 netmask 255.255.0.0 { range 10.50.4.0 10.50.250.255; }\n"
KILLS = 4
STORM_SECONDS = 0.8


class Storm(threading.Thread):
    """Many machines at once that take leases, each a new one as soon as it has its ACK. Frames are
    put together by hand: scapy is too slow to be a storm."""

    AT_ONCE = 40
    # Fewer than the pool holds, however fast the server is; then they start over.
    MACHINES = 12000

    def __init__(self, wire, first):
        super().__init__()
        self.wire = wire
        self.first = first
        self.next = first
        self.acknowledged = {}  # MAC -> address
        self.stopping = False
        self.open = {}          # MAC -> when it asked last, and what to send again

    def send(self, mac, data):
        frame = (b"\xff" * 6 + mac + b"\x08\x00")
        udp = struct.pack("!HHHH", 68, 67, 8 + len(data), 0) + data
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4),
                         b"\xff" * 4)
        total = sum(struct.unpack("!10H", ip))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", ~total & 0xffff) + ip[12:]
        self.open[mac] = (time.monotonic(), data)
        self.wire.socket.send(frame + ip + udp)

    def begin(self):
        mac = bytes.fromhex("2222") + struct.pack(
            "!I", self.first + (self.next - self.first) % self.MACHINES)
        self.next += 1
        self.send(mac, bootp_request(mac.hex(":"), [(53, bytes([DISCOVER]))], xid=self.next))

    def take(self, frame):
        data = frame[42:]
        if frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[34:38] != b"\0\x43\0\x44":
            return
        mac, address, kind = data[28:34], data[16:20], data[242]
        if mac not in self.open:
            return
        if kind == OFFER:
            self.send(mac, bootp_request(mac.hex(":"), [
                (53, bytes([REQUEST])), (50, address), (54, address_bytes("10.50.1.1"))],
                xid=self.next))
        elif kind == ACK:
            del self.open[mac]
            assert self.acknowledged.setdefault(mac, address) == address

    def run(self):
        self.wire.socket.setblocking(False)
        while not self.stopping:
            while len(self.open) < self.AT_ONCE:
                self.begin()
            if select.select([self.wire.socket], [], [], 0.05)[0]:
                try:
                    data, address = self.wire.socket.recvfrom(2000)
                except BlockingIOError:
                    continue
                if address[2] != socket.PACKET_OUTGOING:
                    self.take(data)
            now = time.monotonic()
            for mac, (asked, request) in list(self.open.items()):
                if now - asked > 0.5:
                    self.send(mac, request)


def test_every_acknowledged_lease_survives_kill_9(server, network, machine):
    # The server's own network is wide here: its address gets a wider mask.
    network.server.ip("addr", "add", "10.50.1.2/16", "dev", "boot0")
    running = server(POOL)
    storms = []
    for round_number in range(KILLS):
        storm = Storm(network.client.wire("eth0"), 0x10000 * (round_number + 1))
        storm.start()
        time.sleep(STORM_SECONDS * random.uniform(0.5, 1))
        running.kill()
        # Answers that left before the end may still be on their way into the socket.
        time.sleep(0.2)
        storm.stopping = True
        storm.join()
        storm.wire.close()
        storms.append(storm)
        running.start()
    acknowledged = {}
    for storm in storms:
        acknowledged.update(storm.acknowledged)
    assert len(acknowledged) > 100, "no storm"
    assert len(set(acknowledged.values())) == len(acknowledged), "one address for two machines"

    # Each is still its machine's, by INIT-REBOOT.
    wire = network.client.wire("eth0")
    for mac, address in acknowledged.items():
        storm = Storm(wire, 0)
        storm.send(mac, bootp_request(mac.hex(":"), [(53, bytes([REQUEST])), (50, address)],
                                      xid=0x77))
        frame = wire.receive(lambda f: is_dhcp_reply(f) and DhcpReply(f).xid == 0x77)
        assert frame is not None, running.log[-4000:]
        reply = DhcpReply(frame)
        assert reply.message_type == ACK, reply
        assert address_bytes(reply.yiaddr) == address
    wire.close()
    # And nobody else's.
    for address in random.sample(sorted(acknowledged.values()), 20):
        stranger = machine(f"22:33:{address[0]:02x}:{address[1]:02x}:{address[2]:02x}:{address[3]:02x}")
        offer = stranger.discover([(50, address)])
        assert address_bytes(offer.yiaddr) not in acknowledged.values()
        xid = stranger.send_dhcp(REQUEST, [(50, address), (54, offer.options[54])])
        assert stranger.receive_dhcp(xid).message_type == NAK
        stranger.wire.close()
