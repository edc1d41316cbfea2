"""What one client can take of the server, and that it takes nothing from the others."""
import os
import socket
import struct
import time

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_testing import opaque, u32, u64
from rpc_client import RpcError, bind_reserved, call_bytes, receive_record

GREEDY, MODEST, STRANGER = "10.50.1.9", "10.50.1.10", "10.50.1.11"
MIB = 1 << 20


@pytest.fixture
def site(network, server, tmp_path):
    """A function that starts the server, with more about the greedy client's host."""
    path = tmp_path / "root"
    path.mkdir()
    (path / "file").write_bytes(bytes(range(256)) * 4096)
    for address in (GREEDY, MODEST, STRANGER):
        network.client_address(address)

    def start(greedy=""):
        running = server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            option root-path "{path}";
            host greedy {{ hardware ethernet 22:22:22:22:00:00; fixed-address {GREEDY}; {greedy} }}
            host modest {{ hardware ethernet 22:22:22:22:00:01; fixed-address {MODEST}; }}""")
        running.path = str(path)
        return running
    return start


def resident(server):
    with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) * 1024


def connect(network, address):
    made = network.client.socket(kind=socket.SOCK_STREAM)
    bind_reserved(made, address)
    made.connect((testing.SERVER_ADDRESS, 2049))
    return made


def works(client, root):
    """It reads, writes, makes and removes as if it were alone."""
    _, file = client.lookup(root, "file")
    assert client.read(file, 256, 65536)[1] == bytes(range(256)) * 256
    status, made, _ = client.create(root, "mine")
    assert status == nfs.OK
    assert client.write(made, 0, b"x" * 1000)[0] == nfs.OK
    assert client.remove(root, "mine") == nfs.OK


def test_a_bandwidth_holds_its_machine_and_no_other(network, site):
    running = site("nfs-bandwidth 100000;")
    greedy = nfs.Client(network.client, tcp=True, source=GREEDY)
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    root = greedy.mount(running.path)
    modest.mount(running.path)
    _, file = greedy.lookup(root, "file")
    began = time.monotonic()
    assert greedy.read(file, 0, 50000)[0] == nfs.OK
    calls = [greedy.send(nfs.NFS, 3, 6, opaque(file) + u64(0) + u32(50000)) for _ in range(5)]
    # While its calls wait, the other's do not; and none of its own is lost.
    works(modest, root)
    assert modest.read(file, 0, MIB)[0] == nfs.OK
    for call in calls:
        assert greedy.receive(*call).u32() == nfs.OK
    # Those 300,000 bytes, but for 25,000 at once, are paid for before the next call.
    assert greedy.read(file, 0, 1)[0] == nfs.OK
    assert time.monotonic() - began >= 2.5
    greedy.close()
    modest.close()


def test_a_bandwidth_holds_datagrams_too(network, site):
    running = site("nfs-bandwidth 100000;")
    greedy = nfs.Client(network.client, source=GREEDY)
    root = greedy.mount(running.path)
    _, file = greedy.lookup(root, "file")
    began = time.monotonic()
    for _ in range(5):
        assert greedy.read(file, 0, 32768)[0] == nfs.OK
    assert time.monotonic() - began >= 0.7
    # Calls that change something run once, however late.
    call = opaque(root) + opaque("new") + u32(nfs.GUARDED) + nfs.sattr3()
    assert greedy.read(file, 0, 60000)[0] == nfs.OK
    xid, message = call_bytes(nfs.NFS, 3, 8, call, auth=greedy.auth)
    for _ in range(3):
        greedy.socket(nfs.NFS).send(message)
    assert greedy.receive(nfs.NFS, xid & 0xffffffff).u32() == nfs.OK
    greedy.close()


def test_calls_that_wait_take_little_memory(network, site):
    running = site("nfs-bandwidth 65536;")
    greedy = nfs.Client(network.client, tcp=True, source=GREEDY)
    root = greedy.mount(running.path)
    _, file, _ = greedy.create(root, "big")
    assert greedy.write(file, 0, bytes(200000), nfs.UNSTABLE)[0] == nfs.OK
    write = opaque(file) + u64(0) + u32(MIB, nfs.UNSTABLE) + opaque(bytes(MIB))
    greedy.close()
    before = resident(running)
    sockets = [connect(network, GREEDY) for _ in range(16)]
    for each in sockets:
        each.setblocking(False)
        message = b"".join(struct.pack(">I", 0x80000000 | len(call)) + call for call in
                           [call_bytes(nfs.NFS, 3, 7, write, auth=greedy.auth)[1]
                            for _ in range(8)])
        while message:
            try:
                message = message[each.send(message):]
            except BlockingIOError:
                break
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    works(modest, modest.mount(running.path))
    # 128 calls of one MiB each want to come in; a lane takes 8 MiB, and one more per connection.
    if not os.environ.get("BOOTWIRE_SANITIZED"):
        assert resident(running) - before < 64 * MIB
    for each in sockets:
        each.close()
    modest.close()


def test_calls_that_are_cut_off_hold_what_they_reserve(network, site):
    """Where a full call lay before, too: such room is no gift to who sends a part of a short one."""
    running = site()
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    root = modest.mount(running.path)
    _, file, _ = modest.create(root, "big")
    full = call_bytes(nfs.NFS, 3, 7, opaque(file) + u64(0) + u32(MIB, nfs.UNSTABLE) +
                      opaque(bytes(MIB)), auth=modest.auth)[1]
    works(modest, root)
    before = resident(running)
    cut_off = []
    for address in (GREEDY, MODEST):
        for _ in range(15):  # with the client's own the 16 that an address may have, should all fall to one lane
            made = connect(network, address)
            made.settimeout(20)
            try:
                made.sendall(struct.pack(">I", 0x80000000 | len(full)) + full)
                receive_record(made)
                made.sendall(struct.pack(">I", 0x80000000 | 66000) + bytes(65900))
            except TimeoutError:
                pass
            cut_off.append(made)
    if not os.environ.get("BOOTWIRE_SANITIZED"):
        assert resident(running) - before < 12 * MIB
    for made in cut_off:
        made.close()
    works(modest, root)
    modest.close()


def test_a_strangers_long_record_is_refused(network, site):
    running = site()
    stranger, known = connect(network, STRANGER), connect(network, MODEST)
    for each in (stranger, known):
        each.sendall(struct.pack(">I", 0x80000000 | 100000))
    assert stranger.recv(1) == b""
    assert "a connection from 10.50.1.11 to tcp port 2049 is closed" in running.log
    _, call = call_bytes(nfs.NFS, 3, 0)
    known.sendall(call + bytes(100000 - len(call)))
    assert len(receive_record(known)) == 24
    stranger.close()
    known.close()


@pytest.mark.parametrize("source", [GREEDY, STRANGER])
def test_a_flood_of_datagrams_stops_nobody(network, site, source):
    running = site()
    flood = network.client.socket()
    bind_reserved(flood, source)
    flood.connect((testing.SERVER_ADDRESS, 2049))
    flood.setblocking(False)
    greedy = nfs.Client(network.client, source=GREEDY)
    root = greedy.mount(running.path)
    calls = [call_bytes(nfs.NFS, 3, 8, opaque(root) + opaque(f"flood{number % 50}") +
                        u32(nfs.UNCHECKED) + nfs.sattr3(size=0))[1] for number in range(1000)]
    noise = [os.urandom(200) for _ in range(1000)]
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    for _ in range(10):
        for message in calls + noise:
            try:
                flood.send(message)
            except (BlockingIOError, ConnectionError):
                pass
        works(modest, root)
    assert running.running
    modest.close()
    greedy.close()
    flood.close()


def test_half_records_and_deaf_clients_stop_nobody(network, site):
    running = site()
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    root = modest.mount(running.path)
    _, file = modest.lookup(root, "file")
    read = call_bytes(nfs.NFS, 3, 6, opaque(file) + u64(0) + u32(MIB))[1]
    record = struct.pack(">I", 0x80000000 | len(read)) + read
    greedy = []
    for number in range(16):
        made = connect(network, GREEDY)
        made.setblocking(False)
        try:
            if number % 2:
                made.send(struct.pack(">I", 0x80000000 | MIB) + bytes(500000))
            else:
                while True:
                    made.send(record)
        except BlockingIOError:
            pass
        greedy.append(made)
    for _ in range(20):
        works(modest, root)
    for made in greedy:
        made.close()
    with pytest.raises((RpcError, OSError, EOFError)):
        nfs.Client(network.client, tcp=True, source=STRANGER).getattr(root)
    modest.close()


def test_deaf_readers_cost_no_memory(network, site):
    """Of what they asked for and do not take, the server holds a file and a place in it."""
    running = site()
    modest = nfs.Client(network.client, tcp=True, source=MODEST)
    root = modest.mount(running.path)
    _, file = modest.lookup(root, "file")
    assert modest.read(file, 0, MIB)[1] == bytes(range(256)) * 4096
    read = call_bytes(nfs.NFS, 3, 6, opaque(file) + u64(0) + u32(MIB))[1]
    before = resident(running)
    deaf = []
    for _ in range(16):
        made = connect(network, GREEDY)
        for _ in range(8):
            made.sendall(struct.pack(">I", 0x80000000 | len(read)) + read)
        deaf.append(made)
    for _ in range(5):
        works(modest, root)
    assert resident(running) < before + 16 * MIB
    for made in deaf:
        made.close()
    # Their descriptors come back, and whoever reads has what is there now.
    with open(os.path.join(running.path, "file"), "r+b") as local:
        local.truncate(300000)
    status, data, end = modest.read(file, 0, MIB)[:3]
    assert (status, data, end) == (nfs.OK, (bytes(range(256)) * 4096)[:300000], True)
    modest.close()
