"""Portmap, mount, and what carries NFS: real programs, and clients that no one would want."""
import contextlib
import os
import random
import re
import socket
import struct

import pytest

import bootwire_testing as testing
from rpc_client import (MOUNT, NFS, PORTMAP, PORTS, Client, call_bytes, opaque,
                        receive_record)

MINE, OTHERS, STRANGERS = "10.50.1.9", "10.50.1.10", "10.50.1.11"
ACCES, NOENT, NOTDIR = 13, 2, 20
STALE, BADHANDLE = 70, 10001


class Site:
    """A server with two hosts, each with a root of its own, and their addresses on the client."""

    def __init__(self, network, server, directory):
        self.network = network
        self.directory = directory
        self.roots = {}
        for name in ("mine", "others"):
            root = directory / "roots" / name
            (root / "usr" / "share").mkdir(parents=True)
            (root / "file").write_bytes(name.encode())
            self.roots[name] = str(root)
        self.server = server(self.config(self.roots["mine"]), "-d")
        for address in (MINE, OTHERS, STRANGERS):
            network.client_address(address)
        self.clients = []

    def config(self, mine):
        return f"""
            subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host mine {{
                hardware ethernet 22:22:22:22:00:00;
                fixed-address {MINE};
                option root-path "{mine}";
            }}
            host others {{
                hardware ethernet 22:22:22:22:00:01;
                fixed-address {OTHERS};
                option root-path "10.50.1.1:{self.roots['others']},vers=3";
            }}
            """

    def client(self, address=MINE):
        self.clients.append(Client(self.network.client, address))
        return self.clients[-1]

    def close(self):
        for each in self.clients:
            each.close()


@pytest.fixture
def site(network, server, tmp_path):
    made = Site(network, server, tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_rpcinfo_finds_every_program(site):
    listed = site.network.client.run(["rpcinfo", "-p", testing.SERVER_ADDRESS]).stdout
    rows = {tuple(line.split()[:4]) for line in listed.splitlines()[1:]}
    for program, versions in ((PORTMAP, (2, 3, 4)), (MOUNT, (1, 2, 3)), (NFS, (2, 3))):
        for version in versions:
            for transport in ("udp", "tcp"):
                assert (str(program), str(version), transport, str(PORTS[program])) in rows
                ping = site.network.client.run(
                    ["rpcinfo", "-T", transport, testing.SERVER_ADDRESS, program, version])
                assert ping.returncode == 0, ping.stderr
    whole = site.network.client.run(["rpcinfo", testing.SERVER_ADDRESS])
    assert whole.returncode == 0 and "0.0.0.0.8.1" in whole.stdout  # port 2049
    ping = site.network.client.run(["rpcinfo", "-T", "udp", testing.SERVER_ADDRESS, NFS, 4])
    assert ping.returncode != 0


def test_showmount_tells_exports_and_mounts(site):
    def showmount(option):
        shown = site.network.client.run(["showmount", "--no-headers", option,
                                         testing.SERVER_ADDRESS])
        assert shown.returncode == 0, shown.stderr
        return [line.split() for line in shown.stdout.splitlines()]

    assert showmount("-e") == [[site.roots["mine"], "mine"]]
    assert showmount("-a") == []
    client = site.client()
    for version in (1, 3):
        assert client.mount(site.roots["mine"], version)[0] == 0
    assert client.mount(site.roots["mine"] + "/usr")[0] == 0
    assert sorted(showmount("-a")) == [["mine:" + site.roots["mine"]],
                                       ["mine:" + site.roots["mine"] + "/usr"]]
    client.udp(MOUNT, 1, 3, opaque(site.roots["mine"]))
    assert showmount("-a") == [["mine:" + site.roots["mine"] + "/usr"]]
    client.udp(MOUNT, 3, 4)
    assert showmount("-a") == []


@pytest.mark.parametrize("over", ["udp", "tcp"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_each_host_mounts_its_own_root_and_no_other(site, version, over):
    mine, others, stranger = (site.client(address) for address in (MINE, OTHERS, STRANGERS))
    status, handle = mine.mount(site.roots["mine"], version, over)
    assert status == 0 and len(handle) == 32
    site.server.wait_for_log(rf"mine \(.*{MINE}\) mount: MNT {site.roots['mine']} v{version} over "
                             rf"{over} -> granted")
    # The whole of root-path, as the NetBSD 6 kernel asks.
    assert others.mount(f"10.50.1.1:{site.roots['others']},vers=3", version, over)[0] == 0
    assert mine.mount(site.roots["others"], version, over) == (ACCES, None)
    site.server.wait_for_log(rf"MNT {site.roots['others']} .* -> refused: this host's root-path is "
                             rf"{site.roots['mine']} \(.*bootwire.conf:6\)")
    assert stranger.mount(site.roots["mine"], version, over) == (ACCES, None)
    site.server.wait_for_log(rf"{STRANGERS} mount: .*no host declaration and no lease")
    assert mine.mount("/", version, over) == (ACCES, None)
    assert mine.mount("", version, over) == (ACCES, None)
    assert mine.mount(site.roots["mine"] + "/../others", version, over) == (ACCES, None)
    assert mine.mount(site.roots["mine"] + "/nothing", version, over) == (NOENT, None)
    assert mine.mount(site.roots["mine"] + "/file", version, over) == (NOTDIR, None)
    os.symlink("/etc", site.roots["mine"] + "/out")
    assert mine.mount(site.roots["mine"] + "/out", version, over) == (ACCES, None)
    status, below = mine.mount(site.roots["mine"] + "//usr/./share/", version, over)
    assert status == 0 and below != handle


def test_a_leased_machine_mounts_its_subnets_root(network, server, machine, tmp_path):
    root = tmp_path / "shared"
    root.mkdir()
    running = server(f'''subnet 10.50.1.0 netmask 255.255.255.0 {{
                            range 10.50.1.200 10.50.1.250;
                            option root-path "{root}";
                        }}''')
    rom = machine("22:22:22:22:00:07")
    address = rom.request(rom.discover()).yiaddr
    client = Client(network.client, network.client_address(address))
    status, handle = client.mount(str(root))
    assert status == 0
    # Its lease outlives the server, and so does what follows from it.
    running.kill()
    running.start()
    assert client.getattr3(handle) == 0
    assert client.mount(str(root)) == (0, handle)
    client.close()
    stranger = Client(network.client, network.client_address(STRANGERS))
    assert stranger.mount(str(root)) == (ACCES, None)
    stranger.close()


def test_a_root_path_that_is_gone_is_named(site):
    client = site.client()
    status, handle = client.mount(site.roots["mine"])
    assert status == 0 and client.getattr3(handle) == 0
    os.rename(site.roots["mine"], site.roots["mine"] + "-away")
    assert client.mount(site.roots["mine"]) == (NOENT, None)
    site.server.wait_for_log(rf"the directory {site.roots['mine']} cannot be opened: No such file "
                             r"or directory; make it, or correct the path in .*bootwire.conf:6")
    assert client.mount(site.roots["mine"], 1) == (NOENT, None)
    assert client.getattr3(handle) == STALE
    with open(site.roots["mine"], "w"):
        pass
    assert client.mount(site.roots["mine"]) == (NOTDIR, None)
    os.unlink(site.roots["mine"])
    os.rename(site.roots["mine"] + "-away", site.roots["mine"])
    assert client.mount(site.roots["mine"]) == (0, handle)
    assert client.getattr3(handle) == 0


def test_handles_outlive_the_server(site):
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    _, file = client.lookup3(handle, "file")
    site.server.kill()
    os.rename(site.roots["mine"] + "/file", site.roots["mine"] + "/usr/renamed")
    site.server.start()
    assert client.getattr3(handle) == 0
    assert client.read3(file, 0, 100) == (0, b"mine")
    os.unlink(site.roots["mine"] + "/usr/renamed")
    assert client.getattr3(file) == STALE


def test_forged_handles_open_nothing(site):
    mine, others, stranger = (site.client(address) for address in (MINE, OTHERS, STRANGERS))
    _, handle = mine.mount(site.roots["mine"])
    _, file = mine.lookup3(handle, "file")
    for at in range(32):
        forged = bytearray(file)
        forged[at] ^= 1 << random.randrange(8)
        assert mine.getattr3(bytes(forged)) == BADHANDLE
        assert mine.udp(NFS, 2, 1, bytes(forged)).word() == STALE
    for length in (0, 1, 31, 33, 64):
        assert mine.getattr3(os.urandom(length)) == BADHANDLE
    # A genuine one, in the wrong hands.
    assert others.getattr3(file) == STALE
    assert stranger.udp(NFS, 3, 1, opaque(file)).denied == 5  # AUTH_TOOWEAK
    assert mine.getattr3(file) == 0


def test_reload_moves_the_export(site):
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    fresh = site.directory / "fresh"
    fresh.mkdir()
    site.server.reload(site.config(fresh))
    assert client.mount(site.roots["mine"]) == (ACCES, None)
    assert client.mount(str(fresh))[0] == 0
    assert client.getattr3(handle) == STALE


def test_what_is_not_served_is_said(site):
    client = site.client()
    for over in (client.udp, client.tcp):
        reply = over(100021, 4, 0, port=2049)
        assert reply.status == 1  # PROG_UNAVAIL
        reply = over(NFS, 4, 0)
        assert reply.status == 2 and (reply.word(0), reply.word(1)) == (2, 3)
        reply = over(MOUNT, 7, 1)
        assert reply.status == 2 and (reply.word(0), reply.word(1)) == (1, 3)
        assert over(MOUNT, 3, 99).status == 3  # PROC_UNAVAIL
        assert over(MOUNT, 3, 1, b"\0\0").status == 4  # GARBAGE_ARGS
        assert over(MOUNT, 3, 1, opaque("x" * 1025)).status == 4
        assert over(MOUNT, 3, 0, rpc_version=3).denied == "mismatch"
        assert over(MOUNT, 3, 0, auth=struct.pack(">II", 6, 0)).denied == 2
        assert over(MOUNT, 3, 0, auth=struct.pack(">III", 1, 4, 0)).denied == 1
        assert over(MOUNT, 3, 0, auth=struct.pack(">II", 0, 0)).status == 0
        # Portmap registers nobody, and calls nobody for others.
        assert over(PORTMAP, 2, 1, struct.pack(">IIII", 1, 1, 17, 9)).results == bytes(4)
        assert over(PORTMAP, 2, 3, struct.pack(">IIII", NFS, 3, 17, 0)).word() == 2049
        assert over(PORTMAP, 2, 3, struct.pack(">IIII", 100021, 3, 17, 0)).word() == 0
        assert over(PORTMAP, 2, 5, struct.pack(">III", MOUNT, 1, 0) + opaque("")).word() == 20048
        for version in (3, 4):
            entry = struct.pack(">II", NFS, 3) + opaque("udp") + opaque("") + opaque("")
            assert over(PORTMAP, version, 3, entry).results == opaque("10.50.1.1.8.1")


def test_garbage_on_every_port(site):
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    random.seed(7)
    good = [call_bytes(program, version, procedure, opaque(handle) + bytes(64))[1]
            for program, version, top in ((PORTMAP, 2, 5), (PORTMAP, 4, 12), (MOUNT, 1, 6),
                                          (MOUNT, 3, 5), (NFS, 2, 17), (NFS, 3, 21))
            for procedure in range(top + 1)]
    udp = client.socket(socket.SOCK_DGRAM)
    for port in PORTS.values():
        for data in good:
            for _ in range(4):
                bad = bytearray(data[:random.randrange(len(data) + 1)])
                for _ in range(random.randrange(4)):
                    if bad:
                        bad[random.randrange(len(bad))] = random.choice((0, 1, 0x7f, 0xff))
                udp.sendto(bad, (testing.SERVER_ADDRESS, port))
        udp.sendto(os.urandom(60000), (testing.SERVER_ADDRESS, port))
        udp.sendto(b"", (testing.SERVER_ADDRESS, port))
    for port in PORTS.values():
        for data in [os.urandom(5000), b"\x7f\xff\xff\xff" + bytes(100), b"\x80\0\0\0" * 1000,
                     b"\0\0\0\0" * 1000 + b"\x80\0\0\5xxxxx", b"GET / HTTP/1.0\r\n\r\n",
                     struct.pack(">I", 0x80000000 | 60) + good[-1][:60]]:
            connection = client.connect(port)
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
            except (ConnectionError, OSError) as error:
                assert not isinstance(error, TimeoutError)
            connection.close()
    for over in ("udp", "tcp"):
        assert client.mount(site.roots["mine"], over=over) == (0, handle)
        assert client.getattr3(handle, over) == 0
    assert client.udp(PORTMAP, 2, 0).status == 0


def test_half_a_mark_holds_nobody(site):
    client = site.client()
    halves = []
    for port in PORTS.values():
        for data in (b"\x80", b"\x80\0\0\x64", b"\0\x10\0\0abc"):
            halves.append(client.connect(port))
            halves[-1].sendall(data)
    for over in ("udp", "tcp"):
        status, handle = client.mount(site.roots["mine"], over=over)
        assert status == 0 and client.getattr3(handle, over) == 0


def test_connections_of_one_address_are_limited(site):
    greedy, other = site.client(STRANGERS), site.client()
    for _ in range(300):
        greedy.connect(20048)
    assert other.mount(site.roots["mine"], over="tcp")[0] == 0


def test_who_stops_reading_stops_alone(site):
    size = 4 << 20
    with open(site.roots["mine"] + "/big", "wb") as big:
        big.truncate(size)
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    _, file = client.lookup3(handle, "big")
    read = opaque(file) + struct.pack(">QI", 0, 65536)
    _, call = call_bytes(NFS, 3, 6, read)
    deaf = [client.connect(2049) for _ in range(8)]
    for connection in deaf:
        connection.setblocking(False)
        try:
            while True:
                connection.send(struct.pack(">I", 0x80000000 | len(call)) + call)
        except BlockingIOError:
            pass
    # Whichever thread serves them: others are heard at once.
    for _ in range(16):
        hearing = site.client()
        assert hearing.getattr3(handle, "tcp") == 0
        assert hearing.getattr3(handle, "udp") == 0
        status, data = hearing.read3(file, 0, 32768, "tcp")
        assert status == 0 and data == bytes(32768)
        hearing.close()  # the server has a limit on connections for each address
    resident = int(re.search(r"VmRSS:\s+(\d+) kB",
                             open(f"/proc/{site.server.pid}/status").read())[1])
    if not os.environ.get("BOOTWIRE_SANITIZED"):
        assert resident < 200000
    # The deaf one gets whole records once it listens.
    deaf[0].settimeout(testing.PATIENCE)
    for _ in range(100):
        assert len(receive_record(deaf[0])) > 65536


@pytest.mark.parametrize("size", [1024, 8192, 32768])
def test_reads_over_udp_come_whole(site, size):
    content = os.urandom(100000)
    with open(site.roots["mine"] + "/random", "wb") as random_file:
        random_file.write(content)
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    _, file = client.lookup3(handle, "random")
    got = b""
    while len(got) < len(content):
        status, data = client.read3(file, len(got), size)
        assert status == 0 and data == content[len(got):len(got) + size]
        got += data


def test_a_burst_of_long_reads_over_udp_is_answered_whole(site):
    content = os.urandom(32768)
    with open(site.roots["mine"] + "/random", "wb") as random_file:
        random_file.write(content)
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    _, file = client.lookup3(handle, "random")
    asking = client.socket(socket.SOCK_DGRAM)
    asking.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    calls = [call_bytes(NFS, 3, 6, opaque(file) + struct.pack(">QI", 0, 32768)) for _ in range(32)]
    for _, data in calls:
        asking.sendto(data, (testing.SERVER_ADDRESS, 2049))
    waiting = {xid for xid, _ in calls}
    while waiting:
        reply = asking.recv(65536)
        assert reply.endswith(content)
        waiting.remove(struct.unpack(">I", reply[:4])[0])


def test_a_full_disk_at_the_first_start_is_named(network, server, tmp_path):
    state = tmp_path / "small"
    state.mkdir()
    testing.call("mount", "-t", "tmpfs", "-o", "size=16k", "none", str(state))
    try:
        with open(state / "filler", "wb", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))
        _, log = server.refused("subnet 10.50.1.0 netmask 255.255.255.0 { }\n", state=state)
        assert str(state) in log and "room" in log
    finally:
        testing.call("umount", str(state))


def test_a_repeated_remove_is_answered_the_same(site):
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    for over, name in ((client.udp, "a"), (client.tcp, "b")):
        open(f"{site.roots['mine']}/{name}", "w").close()
        arguments = opaque(handle) + opaque(name)
        first = over(NFS, 3, 12, arguments, xid=77)
        again = over(NFS, 3, 12, arguments, xid=77)
        assert first.word() == 0
        assert again.results == first.results
        assert over(NFS, 3, 12, arguments, xid=78).word() == NOENT


def test_the_log_tells_first_call_and_total(site):
    client = site.client()
    _, handle = client.mount(site.roots["mine"])
    client.getattr3(handle)
    site.server.wait_for_log(r"mine \(.*\) nfs.*: GETATTR v3 over udp -> the first call")
    _, file = client.lookup3(handle, "file")
    client.read3(file, 0, 100)
    client.udp(MOUNT, 3, 3, opaque(site.roots["mine"]))
    site.server.wait_for_log(r"mine \(.*\) nfs.*-> 3 calls, 4 bytes read, 0 bytes written")
    client.getattr3(handle)
    site.server.stop()
    site.server.wait_for_log(r"nfs.*-> 1 calls, 0 bytes read, 0 bytes written")


def test_a_port_in_use_is_named(network, server):
    for kind, protocol, port in ((socket.SOCK_DGRAM, "udp", 111), (socket.SOCK_STREAM, "tcp", 20048),
                                 (socket.SOCK_DGRAM, "udp", 2049)):
        holder = network.server.socket(kind=kind)
        holder.bind(("", port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        _, log = server.refused("subnet 10.50.1.0 netmask 255.255.255.0 { }\n")
        assert re.search(rf"{protocol} port {port} is held by \S+ \(pid {os.getpid()}\)", log)
        holder.close()
