"""kill -9 in the middle of a storm of leases and writes: what was acknowledged is there afterwards."""
import random
import struct
import threading

import pytest

import bootwire_testing as testing
from rpc_client import NFS, Rpc, mount3, opaque, take_opaque

WRITER_MAC = "22:22:22:22:00:60"
WRITER = "10.50.1.9"
BLOCK = 4096
BATCH = 12


def config(tmp_path):
    return f"""
        default-lease-time 3600;
        subnet 10.50.1.0 netmask 255.255.255.0 {{
            range 10.50.1.20 10.50.1.250;
        }}
        host writer {{
            hardware ethernet {WRITER_MAC};
            fixed-address {WRITER};
            option root-path "{tmp_path}/root";
        }}
        """


class Writer(threading.Thread):
    """Creates files and writes blocks over NFS v3 until the server is gone; `acknowledged` has
    (name, block number, byte) of every write that was answered."""

    def __init__(self, network, root, number):
        super().__init__()
        self.network = network
        self.root = root
        self.number = number
        self.acknowledged = []

    def run(self):
        try:
            with Rpc(self.network.client, NFS, tcp=True) as nfs:
                self.write_for_ever(nfs)
        except (EOFError, ConnectionError):
            pass

    def write_for_ever(self, nfs):
        for count in range(1000):
            name = f"file-{self.number}-{count}"
            mode = struct.pack("!IIIIIIII", 0, 1, 0o644, 0, 0, 0, 0, 0)
            result = nfs.call(3, 8, opaque(self.root) + opaque(name.encode()) + mode)
            assert result[:8] == struct.pack("!II", 0, 1)
            handle = take_opaque(result, 8)[0]
            for block in range(8):
                byte = (self.number * 50 + count + block) & 0xff
                stable = block % 3  # UNSTABLE, DATA_SYNC, FILE_SYNC
                result = nfs.call(3, 7, opaque(handle) + struct.pack(
                    "!QII", block * BLOCK, BLOCK, stable) + opaque(bytes([byte]) * BLOCK))
                assert result[:4] == bytes(4)
                self.acknowledged.append((name, block, byte))


class Leases:
    """A crowd of machines that all ask at once; `acknowledged` maps each MAC to its address."""

    def __init__(self, network):
        self.wire = network.client.wire("eth0", udp_port=68)
        self.acknowledged = {}
        self.macs = {}

    def receive(self, timeout):
        frame = self.wire.receive(testing.is_dhcp_reply, timeout)
        return testing.DhcpReply(frame) if frame is not None else None

    def take(self, reply):
        mac = reply.chaddr[:6].hex(":")
        if mac in self.macs and reply.message_type == testing.ACK:
            self.acknowledged[mac] = reply.yiaddr
            return True
        return False

    def storm(self, first, enough):
        """Batch after batch asks for leases, until `enough` are acknowledged, in mid-batch."""
        count = 0
        for batch in range(first, first + 200, BATCH):
            machines = [testing.Machine(self.wire, f"22:22:22:23:{number >> 8:02x}:{number & 255:02x}")
                        for number in range(batch, batch + BATCH)]
            self.macs.update((machine.mac, machine) for machine in machines)
            for each in machines:
                each.send_dhcp(testing.DISCOVER)
            waiting = set(machine.mac for machine in machines)
            while waiting:
                reply = self.receive(testing.PATIENCE)
                assert reply is not None
                mac = reply.chaddr[:6].hex(":")
                if reply.message_type == testing.OFFER and mac in waiting:
                    self.macs[mac].send_dhcp(testing.REQUEST, [
                        (50, testing.address_bytes(reply.yiaddr)), (54, reply.options[54])])
                elif self.take(reply):
                    waiting.discard(mac)
                    count += 1
                    if count >= enough:
                        return

    def rest(self):
        """What was still on its way when the server died was acknowledged too."""
        while (reply := self.receive(0.5)) is not None:
            self.take(reply)


@pytest.mark.timeout(180)
def test_nothing_acknowledged_is_lost(network, server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    running = server(config(tmp_path))
    network.client_address(WRITER)
    status, handle = mount3(network.client, root)
    assert status == 0
    leases = Leases(network)
    rng = random.Random(1)
    written = []
    for round_number in range(4):
        writers = [Writer(network, handle, round_number * 2 + number) for number in range(2)]
        for each in writers:
            each.start()
        leases.storm(round_number * 100, rng.randrange(15, 45))
        testing.wait_until(lambda: all(each.acknowledged for each in writers), "the writers")
        running.kill()
        for each in writers:
            each.join()
            written += each.acknowledged
        leases.rest()
        running.start()
        check_leases(leases)
        check_writes(network, root, handle, written)
    leases.wire.close()


def check_leases(leases):
    assert len(set(leases.acknowledged.values())) == len(leases.acknowledged)
    for mac, address in leases.acknowledged.items():
        # As after a reboot: it asks for the address that it had (RFC 2131, section 4.3.2).
        machine = leases.macs[mac]
        reply = machine.receive_dhcp(machine.send_dhcp(
            testing.REQUEST, [(50, testing.address_bytes(address))]))
        assert reply is not None and reply.message_type == testing.ACK, (mac, address, reply)
        assert reply.yiaddr == address


def check_writes(network, root, handle, written):
    for name, block, byte in written:
        with open(root / name, "rb") as file:
            file.seek(block * BLOCK)
            assert file.read(BLOCK) == bytes([byte]) * BLOCK, (name, block)
    # The handle from before is good.
    with Rpc(network.client, NFS) as nfs:
        for name in sorted({name for name, _, _ in written})[-3:]:
            result = nfs.call(3, 3, opaque(handle) + opaque(name.encode()))
            assert result[:4] == bytes(4)
