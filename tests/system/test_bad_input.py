"""What should not come, comes: nonsense on every port, files and disks that are not as they should
be, configurations with errors, ports that are taken. The answer is a clear error to the client and
in the log, the server goes on, and nothing is lost."""
import contextlib
import os
import random
import re
import shutil
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

import bootwire_testing as testing
import rpc_client as rpc
from rpc_client import MOUNT, NFS, PORTMAP, Rpc, auth_sys, mount3, opaque, take_opaque

MAC = "22:22:22:22:00:40"
ADDRESS = "10.50.1.40"
NFS3ERR = {"PERM": 1, "NOENT": 2, "IO": 5, "ACCES": 13, "NOTDIR": 20, "ISDIR": 21, "NOSPC": 28,
           "STALE": 70, "BADHANDLE": 10001}
CONTENT = bytes(range(256)) * 64


def config(tmp_path, root=None, more=""):
    (tmp_path / "tftp").mkdir(exist_ok=True)
    (tmp_path / "tftp" / "file").write_bytes(CONTENT)
    if root is None:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
    return f"""
        tftp-root "{tmp_path}/tftp";
        subnet 10.50.1.0 netmask 255.255.255.0 {{
            range 10.50.1.200 10.50.1.250;
        }}
        host client {{
            hardware ethernet {MAC};
            fixed-address {ADDRESS};
            next-server 10.50.1.1;
            filename "/file";
            option root-path "{root}";
        }}
        {more}
        """


def still_serves(network, machine, tmp_path):
    """Every service does its work for a client."""
    network.client.ip("addr", "replace", f"{ADDRESS}/24", "dev", "eth0")
    client = machine(MAC)
    client.wire.drain()
    assert client.lease().yiaddr == ADDRESS
    with network.client.socket() as tftp:
        assert testing.TftpRead(tftp, b"file").rest() == CONTENT
    for tcp in (False, True):
        with Rpc(network.client, PORTMAP, tcp) as portmap:
            assert portmap.call(2, 0) == b""
        with Rpc(network.client, MOUNT, tcp) as mount:
            assert mount.call(3, 0) == b""
        with Rpc(network.client, NFS, tcp) as nfs:
            assert nfs.call(3, 0) == nfs.call(2, 0) == b""
    status, handle = mount3(network.client, tmp_path / "root")
    assert status == 0
    assert nfs3(network, 1, opaque(handle))[:4] == bytes(4)


def nfs3(network, procedure, arguments, auth=None):
    with Rpc(network.client, NFS) as nfs:
        return nfs.call(3, procedure, arguments, auth)


def status_of(result):
    return struct.unpack("!I", result[:4])[0]


# ------------------------------------------------------------------------------- nonsense on a port

def recorded_requests(port):
    """What recorded clients sent to a port."""
    found = []
    for path in testing.CAPTURES.glob("*.pcap"):
        for packet in testing.capture(path.name):
            if IP in packet and UDP in packet and packet[UDP].dport == port:
                found.append(bytes(packet[UDP].payload))
    return found


def nonsense(valid, count=150, largest=9000):
    """Truncated, mutated, oversized and random packets, the same in every run."""
    rng = random.Random(len(valid))
    made = [b"", b"\0", bytes(largest), b"\xff" * largest, rng.randbytes(largest)]
    for each in valid[:40]:
        made.append(each[:rng.randrange(len(each))])
        made.append(each + rng.randbytes(largest - len(each)))
    for _ in range(count):
        data = bytearray(rng.choice(valid))
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
        made.append(bytes(data))
        made.append(rng.randbytes(rng.randrange(min(largest, 1500))))
    return made


def dhcp_samples():
    return [each for each in recorded_requests(67) if len(each) >= 240]


def rpc_samples(program):
    """Calls of every procedure, and the recorded ones."""
    made = [each for each in recorded_requests(111) + recorded_requests(2049)
            if struct.unpack("!I", each[12:16])[0] == program]
    handle = opaque(bytes(range(32)))
    arguments = [b"", handle, bytes(range(32)), handle + opaque(b"name"),
                 handle + struct.pack("!QI", 0, 0xffffffff), opaque(b"/" * 1000),
                 struct.pack("!I", 0xffffffff), handle + struct.pack("!QQQII", 0, 0, 0, 0, 0)]
    for version in (1, 2, 3, 4, 5):
        for procedure in range(24):
            for each in arguments:
                made.append(rpc.request(program, version, procedure, each, auth_sys(),
                                        xid=len(made)))
    return made


def test_nonsense_to_dhcp(network, server, machine, tmp_path):
    running = server(config(tmp_path))
    wire = network.client.wire("eth0")
    for data in nonsense(dhcp_samples(), largest=1472):
        wire.send(Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff") /
                  IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / data)
        wire.drain()
    wire.close()
    # Larger than a frame, in fragments.
    network.client_address(ADDRESS)
    with network.client.socket() as client:
        for size in (2000, 9000, 65507):
            client.sendto(dhcp_samples()[0].ljust(size, b"\xff"), (testing.SERVER_ADDRESS, 67))
    assert running.running
    still_serves(network, machine, tmp_path)


def test_no_answer_goes_round_in_circles(network, server, tmp_path):
    """What belongs to no transfer, or to another protocol, is not answered."""
    server(config(tmp_path))
    network.client_address(ADDRESS)
    with network.client.socket() as client:
        for data in (b"", b"\0", b"\0\3\0\1data", b"\0\4\0\1", b"\0\5\0\1no\0", b"\0\6a\0b\0",
                     b" !\"#$%&'()"):
            client.sendto(data, (testing.SERVER_ADDRESS, 69))
        # The first answer belongs to the request.
        assert testing.TftpRead(client, b"file").rest() == CONTENT


def test_nonsense_to_tftp(network, server, machine, tmp_path):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    valid = recorded_requests(69) + [
        testing.tftp_request(b"file"), testing.tftp_request(b"file", opcode=2),
        testing.tftp_request(b"file", [(b"blksize", b"99999999999999999999"), (b"tsize", b"-1"),
                                       (b"windowsize", b"0"), (b"timeout", b"")]),
        testing.tftp_request(b"file", mode=b"netascii"), b"\0\3\0\1data", b"\0\4\0\1",
        b"\0\5\0\1no\0", b"\0\6blksize\0" b"512\0"]
    sent = nonsense(valid)
    for data in sent:
        with network.client.socket() as client:
            client.sendto(data, (testing.SERVER_ADDRESS, 69))
    assert running.running
    # The same to the port of a transfer: from its peer, and from somebody else.
    with network.client.socket() as client, network.client.socket() as stranger:
        transfer = testing.TftpRead(client, b"file")
        for data in sent[:60]:
            stranger.sendto(data, transfer.peer)
        assert transfer.rest() == CONTENT
    still_serves(network, machine, tmp_path)


def test_a_request_that_is_none_gets_an_error(network, server, tmp_path):
    """Each with the code of RFC 1350 and a text for the client's screen."""
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    (tmp_path / "tftp" / "directory").mkdir()
    for request, code in ((testing.tftp_request(b"missing"), 1),
                          (testing.tftp_request(b"directory"), None),
                          (testing.tftp_request(b"directory/"), None),
                          (testing.tftp_request(b""), None),
                          (testing.tftp_request(b"../bootwire.conf"), None),
                          (testing.tftp_request(b"file", opcode=2), None),
                          (b"\0\1file", 4), (b"\0\1file\0octet", 4),
                          (b"\0\x09nonsense\0", 4)):
        with network.client.socket() as client:
            client.sendto(request, (testing.SERVER_ADDRESS, 69))
            answer = client.recv(2000)
        assert answer[:2] == b"\0\5" and answer[-1:] == b"\0" and len(answer) > 8, answer
        if code is not None:
            assert answer[3] == code
    running.wait_for_log("directory")
    running.wait_for_log("RFC 1350")


@pytest.mark.parametrize("program", [PORTMAP, MOUNT, NFS])
def test_nonsense_to_rpc_over_udp(network, server, machine, tmp_path, program):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    valid = rpc_samples(program)
    with Rpc(network.client, program) as calls:
        for data in valid + nonsense(valid, largest=60000):
            with contextlib.suppress(ConnectionRefusedError):
                calls.socket.send(data)
            calls.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                while True:
                    calls.socket.recv(70000)
            calls.socket.settimeout(testing.PATIENCE)
    assert running.running
    still_serves(network, machine, tmp_path)


@pytest.mark.parametrize("program", [PORTMAP, MOUNT, NFS])
def test_nonsense_to_rpc_over_tcp(network, server, machine, tmp_path, program):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    valid = rpc_samples(program)
    bad = nonsense(valid, largest=60000, count=60)
    marks = [b"\x80", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0" * 1000, b"\x80\0\0\0",
             b"\x80\0\0\x04abcd", b"\x80\x10\0\0" + bytes(5000), b"GET / HTTP/1.0\r\n\r\n"]
    open_ones = []
    for data in marks + [struct.pack("!I", 0x80000000 | len(each)) + each for each in bad]:
        made = Rpc(network.client, program, tcp=True)
        with contextlib.suppress(ConnectionError):
            made.socket.sendall(data)
        # Some stay, half a record said and nothing read; the others go. One address may have 16
        # connections in a lane, and all may have come to the same one.
        if len(open_ones) < 12:
            open_ones.append(made)
        else:
            made.close()
    assert running.running
    still_serves(network, machine, tmp_path)
    for each in open_ones:
        each.close()
    still_serves(network, machine, tmp_path)


def test_rpc_errors_say_what_is_wrong(network, server, tmp_path):
    """RFC 5531, section 9: what each refusal says."""
    server(config(tmp_path))
    network.client_address(ADDRESS)

    def refusal(program, request):
        with Rpc(network.client, program) as calls:
            calls.send(request)
            reply = calls.receive()
        assert reply[:8] == request[:4] + b"\0\0\0\1"
        return struct.unpack(f"!{len(reply) // 4 - 2}I", reply[8:])

    for program, low, high in ((PORTMAP, 2, 4), (MOUNT, 1, 3), (NFS, 2, 3)):
        # PROG_UNAVAIL, PROG_MISMATCH with the versions there are, PROC_UNAVAIL, GARBAGE_ARGS.
        assert refusal(program, rpc.request(99999, 1, 0)) == (0, 0, 0, 1)
        assert refusal(program, rpc.request(program, 77, 0)) == (0, 0, 0, 2, low, high)
        assert refusal(program, rpc.request(program, 3, 99, b"", auth_sys())) == (0, 0, 0, 3)
        # RPC_MISMATCH.
        assert refusal(program, rpc.request(program, 3, 0, rpc_version=3)) == (1, 0, 2, 2)
    for program, procedure in ((PORTMAP, 3), (MOUNT, 1), (NFS, 1)):
        assert refusal(program, rpc.request(program, 3, procedure, b"\xff\xff\xff", auth_sys())) \
            == (0, 0, 0, 4)


def test_nonsense_stands_in_the_log(network, server, tmp_path):
    """Who sent it, to which port, and what was wrong with it."""
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    place = 0

    def logged(pattern):
        # Of a flood one line a second is written, in each thread: ask again until it comes.
        return re.search(pattern, running.log[place:], re.M)

    def send(port, data, tcp=False):
        with network.client.socket(socket.AF_INET,
                                   socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as client:
            client.connect((testing.SERVER_ADDRESS, port))
            client.send(data)
            if tcp:
                with contextlib.suppress(ConnectionError):
                    assert client.recv(100) == b""

    def expect(pattern, *arguments, **keywords):
        testing.wait_until(lambda: send(*arguments, **keywords) or logged(pattern), pattern)

    expect(rf"warning: dhcp: a packet from {ADDRESS} is no DHCP request: ", 67, b"nonsense")
    expect(rf"warning: .*{ADDRESS}.* tftp.*9 bytes -> .*no request", 69, b"\0\1cut off")
    garbage = {111: rpc.request(PORTMAP, 2, 3, b"\xff\xff"),
               20048: rpc.request(MOUNT, 3, 1, b"\xff\xff"),
               2049: rpc.request(NFS, 3, 1, b"\xff\xff", auth_sys())}
    for port, call in garbage.items():
        expect(rf"warning: 8 bytes from {ADDRESS} to udp port {port} are no RPC call",
               port, b"nonsense")
        expect(rf"warning: a connection from {ADDRESS} to tcp port {port} is closed: .*no record",
               port, b"GET / HTTP/1.0\r\n\r\n", tcp=True)
        place = len(running.log)
        expect(rf"warning: .* from {ADDRESS} over udp: its arguments are cut off", port, call)


# --------------------------------------------------------------- exports that are not as they should

def test_a_root_path_that_is_not_there(network, server, machine, tmp_path):
    running = server(config(tmp_path, root=tmp_path / "nowhere"))
    network.client_address(ADDRESS)
    status, _ = mount3(network.client, tmp_path / "nowhere")
    assert status == NFS3ERR["NOENT"]
    running.wait_for_log("nowhere")
    # Once it is there it is served.
    (tmp_path / "nowhere").mkdir()
    status, _ = mount3(network.client, tmp_path / "nowhere")
    assert status == 0


def test_a_root_path_that_is_a_file(network, server, tmp_path):
    (tmp_path / "root").write_text("no directory")
    running = server(config(tmp_path, root=tmp_path / "root"))
    network.client_address(ADDRESS)
    status, _ = mount3(network.client, tmp_path / "root")
    assert status == NFS3ERR["NOTDIR"]
    running.wait_for_log(r"root")


def test_a_tftp_root_that_vanishes(network, server, machine, tmp_path):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    (tmp_path / "tftp").rename(tmp_path / "away")
    with network.client.socket() as client, pytest.raises(testing.TftpError) as error:
        testing.TftpRead(client, b"file")
    assert error.value.code == 1 and b"tftp-root" in error.value.text
    running.wait_for_log("tftp-root")
    (tmp_path / "away").rename(tmp_path / "tftp")
    still_serves(network, machine, tmp_path)


def test_a_root_path_that_vanishes(network, server, machine, tmp_path):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    (tmp_path / "root" / "file").write_text("here")
    status, handle = mount3(network.client, tmp_path / "root")
    assert status == 0
    shutil.rmtree(tmp_path / "root")
    for procedure, more in ((1, b""), (3, opaque(b"file")), (19, b"")):
        assert status_of(nfs3(network, procedure, opaque(handle) + more)) == NFS3ERR["STALE"]
    assert mount3(network.client, tmp_path / "root")[0] == NFS3ERR["NOENT"]
    running.wait_for_log(str(tmp_path / "root"))
    (tmp_path / "root").mkdir()
    still_serves(network, machine, tmp_path)


def test_a_root_path_that_its_user_may_not_read(network, server, tmp_path):
    """The export's own permissions hold for whoever calls; root stays root."""
    server(config(tmp_path))
    root = tmp_path / "root"
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_mode & 0o5 != 0o5:
            parent.chmod(parent.stat().st_mode | 0o5)
    (root / "secret").write_text("x")
    root.chmod(0o700)
    network.client_address(ADDRESS)
    status, handle = mount3(network.client, root)
    assert status == 0
    lookup = opaque(handle) + opaque(b"secret")
    assert status_of(nfs3(network, 3, lookup, auth_sys(1000, 1000))) == NFS3ERR["ACCES"]
    assert status_of(nfs3(network, 3, lookup)) == 0


def test_nobody_else_mounts_it(network, server, tmp_path):
    running = server(config(tmp_path))
    network.client_address("10.50.1.41")
    assert mount3(network.client, tmp_path / "root")[0] == NFS3ERR["ACCES"]
    running.wait_for_log(r"10\.50\.1\.41")


def test_a_directory_where_a_file_is_asked_for(network, server, tmp_path):
    server(config(tmp_path))
    network.client_address(ADDRESS)
    (tmp_path / "root" / "directory").mkdir()
    (tmp_path / "root" / "file").write_text("x")
    _, root = mount3(network.client, tmp_path / "root")

    def look_up(name):
        result = nfs3(network, 3, opaque(root) + opaque(name))
        assert status_of(result) == 0
        return take_opaque(result, 4)[0]

    read = struct.pack("!QI", 0, 100)
    result = nfs3(network, 6, opaque(look_up(b"directory")) + read)
    assert status_of(result) in (NFS3ERR["ISDIR"], 22)
    assert status_of(nfs3(network, 6, opaque(look_up(b"file")) + read)) == 0
    # And the other way round.
    readdir = struct.pack("!QQI", 0, 0, 4096)
    result = nfs3(network, 16, opaque(look_up(b"file")) + readdir)
    assert status_of(result) == NFS3ERR["NOTDIR"]


def test_a_handle_that_nobody_gave(network, server, tmp_path):
    server(config(tmp_path))
    network.client_address(ADDRESS)
    _, handle = mount3(network.client, tmp_path / "root")
    for forged in (bytes(32), bytes([handle[0] ^ 1]) + handle[1:],
                   handle[:-1] + bytes([handle[-1] ^ 1]), handle[:8], b""):
        assert status_of(nfs3(network, 1, opaque(forged))) in (NFS3ERR["BADHANDLE"],
                                                                   NFS3ERR["STALE"])


# ------------------------------------------------------------------------------------------ full disk

def private_disk(directory, size="512k"):
    """A command prefix: the server sees a small disk of its own at the directory."""
    directory.mkdir()
    return ["unshare", "-m", "sh", "-c",
            f'mount -t tmpfs -o size={size} none "{directory}" && exec "$@"', "sh"]


def seen_by(running, path):
    """A path as the server sees it."""
    return f"/proc/{running.pid}/root{path}"


def fill(path):
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def test_a_full_disk_under_the_leases(network, server, machine, tmp_path):
    state = tmp_path / "disk"
    running = server(config(tmp_path), state=state, prefix=private_disk(state))
    before = machine("22:22:22:22:00:50").lease().yiaddr
    filler = seen_by(running, state / "filler")
    fill(filler)
    # As many new machines as it takes: none of them gets an ACK that is not on disk.
    offset = len(running.log)
    refused = None
    for number in range(60):
        client = machine(f"22:22:22:22:01:{number:02x}")
        offer = client.receive_dhcp(client.send_dhcp(testing.DISCOVER), timeout=2)
        if offer is None:
            refused = client
            break
        chosen = [(50, testing.address_bytes(offer.yiaddr)), (54, offer.options[54])]
        reply = client.receive_dhcp(client.send_dhcp(testing.REQUEST, chosen), timeout=2)
        if reply is None or reply.message_type != testing.ACK:
            refused = client
            break
    if refused is not None:
        running.wait_for_log(r"error: .*(full|No space)", since=offset)
    assert running.running
    os.unlink(filler)
    # With room again it goes on, and knows what it knew.
    if refused is not None:
        assert refused.lease().yiaddr
    assert machine("22:22:22:22:00:50").lease().yiaddr == before


def test_a_full_disk_under_an_export(network, server, tmp_path):
    disk = tmp_path / "root"
    running = server(config(tmp_path, root=disk), prefix=private_disk(disk))
    network.client_address(ADDRESS)
    status, root = mount3(network.client, disk)
    assert status == 0
    # sattr3: nothing set but the mode.
    created = nfs3(network, 8, opaque(root) + opaque(b"file") +
                   struct.pack("!IIIIIIII", 0, 1, 0o644, 0, 0, 0, 0, 0))
    assert status_of(created) == 0
    handle = take_opaque(created, 8)[0]

    def write(offset):
        block = bytes([offset // 8192 & 0xff]) * 8192
        return status_of(nfs3(network, 7, opaque(handle) + struct.pack("!QII", offset, 8192, 2)
                              + opaque(block)))

    offset, status = 0, 0
    while status == 0 and offset < 4 << 20:
        status = write(offset)
        offset += 8192 if status == 0 else 0
    assert status == NFS3ERR["NOSPC"]
    # What was acknowledged is there; room made is room to write.
    with open(seen_by(running, disk / "file"), "rb") as written:
        for place in range(0, offset, 8192):
            assert written.read(8192) == bytes([place // 8192 & 0xff]) * 8192
    with open(seen_by(running, disk / "file"), "r+b") as written:
        written.truncate(0)
    assert write(0) == 0


# ------------------------------------------------------------------------------------- configuration

@pytest.mark.parametrize("text, line, says", [
    ("subnet 10.50.1.0 netmask 255.255.255.0 {\n    range 10.50.1.200 10.50.1.250\n}\n", (2, 3),
     ";"),
    ("subnet 10.50.1.0 netmask 255.255.255.0 {\n", (1, 2), "}"),
    ("host x { hardware ethernet 22:22:22:22:22:zz; }\n", (1,), ""),
    ("host x { fixed-address 10.50.1; }\n", (1,), ""),
    ("option routers nonsense-nonsense.invalid.;\noption subnet-mask 1.2.3;\n", (1, 2), ""),
    ("default-lease-time soon;\n", (1,), "soon"),
])
def test_a_configuration_error_shows_the_place(server, tmp_path, text, line, says):
    """FILE:LINE:COLUMN: error: what was expected; the line; a mark under the column."""
    _, log = server.refused(text)
    found = re.search(r"^(\S+):(\d+):(\d+): error: (.+)\n(?:    (.*)\n    ( *)\^)?", log, re.M)
    assert found, log
    assert found[1] == str(tmp_path / "bootwire.conf")
    assert int(found[2]) in line
    if "file ends" not in found[4]:
        assert found[5] == text.splitlines()[int(found[2]) - 1]
    assert says in found[4]


def test_a_configuration_that_is_not_there(server, tmp_path, network):
    done = network.server.run([testing.BOOTWIRE, "serve", "-c", tmp_path / "missing.conf"])
    assert done.returncode == 1
    assert "missing.conf" in done.stderr and "No such file" in done.stderr


def test_a_bad_reload_changes_nothing(network, server, machine, tmp_path):
    good = config(tmp_path)
    running = server(good)
    running.reload("host {", expect="stays in force")
    still_serves(network, machine, tmp_path)
    running.reload(good)
    still_serves(network, machine, tmp_path)


@pytest.mark.parametrize("protocol, port", [("udp", 67), ("udp", 69), ("udp", 111), ("tcp", 111),
                                            ("udp", 20048), ("tcp", 20048), ("udp", 2049),
                                            ("tcp", 2049)])
def test_a_port_in_use_names_its_holder(network, server, tmp_path, protocol, port):
    kind = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}[protocol]
    with network.server.socket(socket.AF_INET, kind) as taken:
        taken.bind(("", port))
        if protocol == "tcp":
            taken.listen()
        _, log = server.refused(config(tmp_path))
    assert re.search(rf"error: .*\b{port}\b.*\bpython3.*\b{os.getpid()}\b", log), log


def test_a_state_directory_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").touch()
    _, log = server.refused(config(tmp_path), state=tmp_path / "file" / "state")
    assert "error: " in log and "file/state" in log


# ------------------------------------------------------------------------------- signals in mid-work

def test_a_reload_does_not_drop_a_transfer(network, server, tmp_path):
    text = config(tmp_path)
    running = server(text)
    network.client_address(ADDRESS)
    with network.client.socket() as client:
        transfer = testing.TftpRead(client, b"file", [(b"blksize", b"512")])
        got = transfer.next() + transfer.next()
        running.reload(text)
        got += transfer.next()
        # A configuration that serves another directory: the open file is the open file.
        (tmp_path / "elsewhere").mkdir()
        running.reload(text.replace(f'tftp-root "{tmp_path}/tftp"',
                                    f'tftp-root "{tmp_path}/elsewhere"'))
        got += transfer.rest()
    assert got == CONTENT
    with network.client.socket() as client, pytest.raises(testing.TftpError):
        testing.TftpRead(client, b"file")


def test_a_reload_does_not_drop_a_connection(network, server, tmp_path):
    text = config(tmp_path)
    running = server(text)
    network.client_address(ADDRESS)
    _, handle = mount3(network.client, tmp_path / "root")
    with Rpc(network.client, NFS, tcp=True) as nfs:
        assert status_of(nfs.call(3, 1, opaque(handle))) == 0
        running.reload(text)
        assert status_of(nfs.call(3, 1, opaque(handle))) == 0


def test_an_end_in_mid_work_is_clean(network, server, machine, tmp_path):
    """SIGTERM with transfers and connections open: exit 0, nothing reported."""
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    machine(MAC).discover()
    connection = Rpc(network.client, NFS, tcp=True)
    connection.socket.sendall(b"\x80\0\0\x28half")
    with network.client.socket() as client:
        transfer = testing.TftpRead(client, b"file")
        transfer.next()
        running.stop()
    connection.close()


def test_the_log_holds_no_control_characters(network, server, machine, tmp_path):
    """Whatever bytes a client chooses, a terminal that shows the log stays as it is."""
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    with network.client.socket() as client, pytest.raises(testing.TftpError):
        testing.TftpRead(client, b"\x1b[2Jname\x07\xff\n")
    rude = machine("22:22:22:22:00:66")
    rude.vendor = b"\x1b]0;title\x07"
    rude.lease([(12, b"\x1b[31mname\n")], file=b"\x1b[2Jfile")
    mount3(network.client, "/\x1b[2Jpath\n")
    running.wait_for_log("path")
    assert not re.search(r"[^\n -~]", running.log)


def test_a_flood_of_refusals_does_not_flood_the_log(network, server, tmp_path):
    running = server(config(tmp_path))
    network.client_address(ADDRESS)
    with network.client.socket() as client:
        for number in range(3000):
            client.sendto(testing.tftp_request(b"missing%d" % number),
                          (testing.SERVER_ADDRESS, 69))
            if number % 20 == 0:
                client.recv(2000)
    running.wait_for_log("missing0")
    lines = running.log.count('RRQ "missing')
    assert 0 < lines < 1500, lines
