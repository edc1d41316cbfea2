"""TFTP: real clients, and packets made by hand for what those never send."""
import hashlib
import itertools
import os
import random
import re
import shutil
import signal
import socket
import struct
import time

import pytest

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS

RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)
SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { }\n"


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def boot_head(sector=0, length=120):
    """A boot file's first four sectors: the magic and its parameters in one of them."""
    head = bytearray(content(2048, seed=7))
    struct.pack_into("<IIIIiI", head, sector * 512 + 4, 0x7886b6d3, length, 0xc, 5, 0, 9600)
    for i in range(sector * 512 + 28, sector * 512 + 8 + length):
        head[i] = 0
    return bytes(head)


class Served:
    """A tftp-root with a server on it, and a client's side."""

    def __init__(self, network, server, directory, statements=""):
        self.network = network
        self.root = directory / "tftp"
        self.root.mkdir()
        self.directory = directory
        self.config = f'tftp-root "{self.root}";\n{statements}{SUBNET}'
        network.client_address("10.50.1.9")
        self.server = server(self.config)

    def put(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return data

    def peer(self):
        return Peer(self.network.client.socket())

    def run(self, *argv):
        return self.network.client.run(argv, cwd=self.directory)


class Peer:
    """A TFTP client that says just what it is told to."""

    def __init__(self, made):
        self.socket = made
        self.server = None

    def request(self, name, *options, opcode=RRQ, mode="octet"):
        words = [name, mode, *map(str, options)]
        data = b"".join(word.encode() + b"\0" for word in words)
        self.server = None
        self.socket.sendto(struct.pack("!H", opcode) + data, (SERVER_ADDRESS, 69))
        return self

    def receive(self, timeout=testing.PATIENCE):
        self.socket.settimeout(timeout)
        data, address = self.socket.recvfrom(70000)
        self.server = self.server or address
        assert address == self.server
        return struct.unpack("!H", data[:2])[0], data[2:]

    def silent(self, timeout):
        try:
            return self.receive(timeout) is None
        except TimeoutError:
            return True

    def send(self, opcode, rest):
        self.socket.sendto(struct.pack("!H", opcode) + rest, self.server)

    def ack(self, block):
        self.send(ACK, struct.pack("!H", block & 0xffff))

    def options(self):
        opcode, data = self.receive()
        assert opcode == OACK, (opcode, data)
        words = data.decode().split("\0")[:-1]
        return dict(zip(words[::2], words[1::2]))

    def block(self):
        opcode, data = self.receive()
        assert opcode == DATA, (opcode, data)
        return struct.unpack("!H", data[:2])[0], data[2:]

    def error(self):
        opcode, data = self.receive()
        assert opcode == ERROR, (opcode, data)
        assert data.endswith(b"\0")
        return struct.unpack("!H", data[:2])[0], data[2:-1].decode()

    def rest(self, size=512, first=1):
        """Everything from block `first` on, each block acknowledged."""
        got = b""
        while True:
            number, data = self.block()
            assert number == first & 0xffff
            got += data
            self.ack(number)
            first += 1
            if len(data) < size:
                return got


@pytest.fixture
def served(network, server, tmp_path):
    return Served(network, server, tmp_path)


def refusal(served, name, **keywords):
    error = served.peer().request(name, **keywords).error()
    served.server.wait_for_log("-> " + re.escape(error[1]))
    return error


def test_programs_fetch_whole_files(served):
    sizes = {"one": 1, "short": 511, "block": 512, "long": 513, "kernel": 3000001}
    for name, size in sizes.items():
        data = served.put("dir/" + name, content(size))
        for program in (["curl", "-sSf", "-o", "got", f"tftp://{SERVER_ADDRESS}/dir/{name}"],
                        ["curl", "-sSf", "--tftp-blksize", "1468", "-o", "got",
                         f"tftp://{SERVER_ADDRESS}/dir/{name}"],
                        ["tftp", "-m", "binary", SERVER_ADDRESS, "-c", "get", "dir/" + name,
                         "got"],
                        ["busybox", "tftp", "-g", "-r", "/dir/" + name, "-l", "got", "-b", "1432",
                         SERVER_ADDRESS]):
            if not shutil.which(program[0]):
                continue
            done = served.run(*program)
            assert done.returncode == 0, (program, done.stdout, done.stderr)
            assert (served.directory / "got").read_bytes() == data, program
            (served.directory / "got").unlink()
    served.server.wait_for_log(
        r'RRQ "dir/kernel" blksize 1468 timeout 6 tsize 0 -> 3000001 bytes in 2044 blocks')


def test_an_empty_file_is_one_empty_block(served):
    served.put("empty", b"")
    peer = served.peer().request("empty")
    assert peer.block() == (1, b"")
    peer.ack(1)
    served.server.wait_for_log(r'RRQ "empty" -> 0 bytes in 1 block$')


def test_blocks_roll_over(served):
    data = served.put("big", content(600003))
    peer = served.peer().request("big", "blksize", 8)
    assert peer.options() == {"blksize": "8"}
    peer.ack(0)
    assert peer.rest(8) == data
    served.server.wait_for_log("600003 bytes in 75001 blocks$")


def test_options(served):
    data = served.put("x", content(5000))
    peer = served.peer().request("x", "TSIZE", 0, "blkSize", 1024, "timeout", 3, "windowsize", 2,
                                 "multicast", "", "blksize", 8)
    assert peer.options() == {"tsize": "5000", "blksize": "1024", "timeout": "3",
                              "windowsize": "2"}
    peer.ack(0)
    got = b""
    for first in (1, 3, 5):
        for number in range(first, min(first + 2, 6)):
            block = peer.block()
            assert block[0] == number
            got += block[1]
        peer.ack(number)
    assert got == data
    assert served.peer().request("x", "blksize", 65535).options() == {"blksize": "65464"}
    assert served.peer().request("x", "windowsize", 65535).options() == {"windowsize": "65535"}
    # What no RFC allows is not acknowledged, and the transfer goes on without it.
    for name, value in (("blksize", 7), ("blksize", "1k"), ("blksize", -8), ("timeout", 0),
                        ("timeout", 256), ("windowsize", 0), ("windowsize", 65536)):
        assert served.peer().request("x", name, value).block() == (1, data[:512])


def test_large_blocks_arrive_in_fragments(served):
    data = served.put("x", content(200000))
    peer = served.peer().request("x", "blksize", 65464)
    peer.options()
    peer.ack(0)
    assert peer.rest(65464) == data


def test_a_client_that_wants_the_size_only(served):
    served.put("x", content(5000))
    peer = served.peer().request("x", "tsize", 0)
    assert peer.options() == {"tsize": "5000"}
    peer.send(ERROR, b"\0\x08User aborted the transfer\0")
    served.server.wait_for_log('the client ended it: error 8 "User aborted the transfer"')
    assert peer.silent(1.5)


def test_a_lost_packet_is_sent_again(served):
    data = served.put("x", content(1300))
    peer = served.peer().request("x", "blksize", 512)
    assert peer.options() == peer.options()  # the first one lost
    peer.ack(0)
    assert peer.block() == peer.block() == (1, data[:512])
    peer.ack(1)
    assert peer.block() == peer.block() == (2, data[512:1024])
    peer.ack(2)
    assert peer.block() == (3, data[1024:])
    peer.ack(3)
    served.server.wait_for_log("1300 bytes in 3 blocks, [0-9]+ times sent again")


def test_a_gap_in_a_window(served):
    data = served.put("x", content(512 * 9))
    peer = served.peer().request("x", "windowsize", 4)
    peer.options()
    peer.ack(0)
    assert [peer.block()[0] for _ in range(4)] == [1, 2, 3, 4]
    peer.ack(2)  # block 3 lost
    assert [peer.block() for _ in range(4)] == \
        [(n, data[512 * (n - 1):512 * n]) for n in (3, 4, 5, 6)]
    peer.ack(2)  # drawn by block 4 of the window before: starts nothing
    peer.ack(6)
    assert [peer.block()[0] for _ in range(4)] == [7, 8, 9, 10]
    peer.ack(10)
    served.server.wait_for_log("4608 bytes in 10 blocks")


def test_duplicate_acknowledgements_start_nothing(served):
    served.put("x", content(3000))
    peer = served.peer().request("x", "timeout", 60)
    peer.options()
    peer.ack(0)
    assert peer.block()[0] == 1
    for _ in range(20):
        peer.ack(1)
    for _ in range(20):
        peer.ack(0)
    assert peer.block()[0] == 2
    peer.ack(2)
    # Anything that a duplicate had started would come first.
    assert peer.block()[0] == 3


def test_netascii(served):
    served.put("text", b"one\ntwo\rthree\r\n" * 100)
    peer = served.peer().request("text", "tsize", 0, mode="NetASCII")
    assert peer.rest() == b"one\r\ntwo\r\0three\r\0\r\n" * 100
    if shutil.which("tftp"):
        served.run("tftp", "-m", "ascii", SERVER_ADDRESS, "-c", "get", "text", "got")
        assert (served.directory / "got").read_bytes() == (served.root / "text").read_bytes()


def test_names_outside_are_refused(served):
    (served.directory / "outside").write_text("secret")
    (served.root / "dir").mkdir()
    (served.root / "out").symlink_to("../outside")
    (served.root / "passwd").symlink_to("/etc/passwd")
    (served.root / "etc").symlink_to("/etc")
    (served.root / "proc").symlink_to("/proc/self/root")
    for name in ("../outside", "/../outside", "dir/../../outside", "..", "dir\\..\\x",
                 "..\\outside"):
        assert refusal(served, name) == (2, 'a name with ".." in it is not served')
    for name in ("out", "passwd"):
        assert refusal(served, name)[0] == 1
    for name in ("etc/passwd", "proc/etc/passwd", "/etc/passwd", str(served.directory / "outside")):
        assert refusal(served, name)[0] == 1
    assert refusal(served, "") == (1, "the request names no file")
    assert refusal(served, "x" * 600)[0] == 1


def test_links_inside_lead_where_they_say(served):
    data = served.put("boot/kernel", content(100))
    (served.root / "relative").symlink_to("boot/kernel")
    (served.root / "absolute").symlink_to("/boot/kernel")
    for name in ("boot/kernel", "/boot/kernel", "//boot/./kernel", "\\Boot\\KERNEL", "relative",
                 "/absolute"):
        assert served.peer().request(name).block() == (1, data)


def test_what_is_no_readable_file(served):
    (served.root / "dir").mkdir()
    os.mkfifo(served.root / "pipe")
    served.put("private", b"key")
    (served.root / "private").chmod(0o600)
    assert refusal(served, "dir") == (2, "dir is a directory")
    assert refusal(served, "pipe") == (2, "pipe is no regular file")
    assert refusal(served, "private")[0] == 2
    assert refusal(served, "gone") == (1, f"no file gone under {served.root}")
    assert refusal(served, "a\x1b[31mb")[1].startswith(r"no file a\x1b[31mb under")
    assert "\x1b" not in served.server.log


def test_writing_and_odd_modes_are_refused(served):
    served.put("x", b"x")
    assert refusal(served, "new", opcode=WRQ) == (2, "this server is read-only")
    assert refusal(served, "x", mode="mail")[0] == 4
    assert refusal(served, "x", mode="image")[0] == 4
    assert not (served.root / "new").exists()


def test_a_root_that_vanished(served):
    served.put("x", b"x")
    served.root.rename(served.directory / "away")
    code, text = served.peer().request("x").error()
    assert code == 1 and "No such file or directory" in text
    served.server.reload()
    served.server.wait_for_log(r"tftp-root .*bootwire.conf:1\) cannot be opened: No such file")
    (served.directory / "away").rename(served.root)
    assert served.peer().request("x").block() == (1, b"x")


def test_no_root_is_said(network, server):
    network.client_address("10.50.1.9")
    server(SUBNET)
    assert Peer(network.client.socket()).request("x").error() == \
        (2, "no tftp-root is configured on this server")


def until_refused(peer, data, size=512):
    """After block 1: the bytes of `data` that come before an error, and the error's text; None where
    all of them come."""
    got = size
    peer.ack(1)
    while got < len(data):
        opcode, rest = peer.receive()
        if opcode == ERROR:
            return got, rest[2:-1].decode()
        assert rest[2:] == data[got:got + size]
        got += len(rest) - 2
        peer.ack(-(-got // size))
    return got, None


def test_a_file_that_shrinks(served):
    data = served.put("x", content(100000))
    peer = served.peer().request("x")
    assert peer.block()[0] == 1
    (served.root / "x").write_bytes(b"")
    sent, error = until_refused(peer, data)
    assert error == "the file became shorter while it was sent"
    assert sent < 50000


@pytest.mark.parametrize("settled", [False, True])
def test_a_file_that_changes_is_never_mixed(served, settled):
    """The old version from memory, where it is there as a whole, or an error; then the new one."""
    old, new = served.put("x", content(200000)), bytes(200000)
    path = served.root / "x"
    os.utime(path, (1e9, 1e9))
    if settled:
        # Old enough to be kept for the next transfer.
        testing.wait_until(lambda: path.stat().st_ctime + 4 < time.time(), "the file to settle")
    peer = served.peer()
    assert peer.request("x").rest() == old
    # From the same port, so that the same data loop serves it.
    assert peer.request("x").block() == (1, old[:512])
    path.write_bytes(new)
    error = until_refused(peer, old)[1]
    assert error == (None if settled else "the file changed while it was sent")
    assert served.peer().request("x").rest() == new
    path.write_bytes(old)
    os.utime(path, (1e9, 1e9))
    assert served.peer().request("x").rest() == old


def test_the_longest_windows(served):
    """Whole files in one window; blocks that the network cuts; what the socket does not take waits."""
    data = served.put("x", content(3000000))
    for size, window in ((1428, 65535), (512, 1000), (65464, 40), (4000, 65535)):
        peer = Peer(served.network.client.socket())
        peer.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        peer.request("x", "blksize", size, "windowsize", window, "timeout", 60)
        assert peer.options()["windowsize"] == str(window)
        peer.ack(0)
        got, number = b"", 0
        while len(got) == number * size:
            block, part = peer.block()
            number += 1
            assert block == number & 0xffff
            got += part
            if number % window == 0 or len(part) < size:
                peer.ack(number)
        assert got == data
        served.server.wait_for_log(f"{len(data)} bytes in {number} blocks\n")


def test_netascii_in_windows(served):
    text = b"".join(b"line %d\r of text\n" % i for i in range(2000))
    served.put("x", text)
    wire = text.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
    peer = served.peer().request("x", "windowsize", 5, "timeout", 60, mode="netascii")
    assert peer.options() == {"windowsize": "5", "timeout": "60"}
    peer.ack(0)
    got = b""
    # Of each other window the third block is lost: it is asked for again, and the same comes.
    lose = False
    while True:
        parts = []
        for _ in range(min(5, len(wire) // 512 + 1 - len(got) // 512)):
            number, part = peer.block()
            assert number == len(got) // 512 + len(parts) + 1
            parts.append(part)
        if lose and len(parts) > 3:
            parts = parts[:2]
        lose = not lose
        got += b"".join(parts)
        peer.ack(len(got) // 512 + (len(parts[-1]) < 512))
        if len(parts[-1]) < 512:
            break
    assert got == wire


def test_a_file_that_is_removed_is_sent_to_its_end(served):
    data = served.put("x", content(4000))
    peer = served.peer().request("x")
    number, first = peer.block()
    (served.root / "x").unlink()
    peer.ack(number)
    assert first + peer.rest(first=2) == data


def test_a_strange_port_does_not_disturb(served):
    data = served.put("x", content(1000))
    peer = served.peer().request("x")
    first = peer.block()[1]
    stranger = served.peer()
    stranger.server = peer.server
    stranger.ack(1)
    assert stranger.error()[0] == 5
    peer.ack(1)
    assert first + peer.rest(first=2) == data


def test_requests_again_from_one_port(served):
    data = served.put("x", content(1000))
    served.put("y", b"other")
    peer = served.peer().request("x", "timeout", 60)
    peer.options()
    port = peer.server
    # The same request again, before any answer to the first one: one transfer.
    peer.request("x", "timeout", 60)
    peer.server = port
    peer.ack(0)
    assert peer.block()[0] == 1
    # A new beginning from the same port: the old transfer is over.
    peer.request("y")
    assert peer.block() == (1, b"other")
    assert peer.server != port
    peer.ack(1)
    served.server.wait_for_log("the client began again from the same port")
    assert peer.request("x").rest() == data


def test_ports_stay_below_32768(served):
    served.put("x", b"x")
    for _ in range(30):
        peer = served.peer().request("x")
        peer.block()
        peer.ack(1)
        assert 1024 < peer.server[1] < 32768


def test_too_many_transfers_of_one_client(served):
    """The limit is per data loop, and the source port chooses the loop."""
    served.put("x", content(10000))
    peers = [served.peer().request("x", "timeout", 200) for _ in range(256 * os.cpu_count() + 40)]
    answers = [peer.receive() for peer in peers]
    refused = [data for opcode, data in answers if opcode == ERROR]
    assert refused and all(b"server busy" in data for data in refused)
    assert len(answers) - len(refused) <= 256 * os.cpu_count()
    # Those that end make room.
    for peer, (opcode, _) in zip(peers, answers):
        if opcode == OACK:
            peer.send(ERROR, b"\0\0\0")
    testing.wait_until(lambda: served.peer().request("x").receive()[0] == DATA, "room again")


def test_nonsense_on_the_port(served):
    served.put("x", b"x")
    sender = served.peer()
    generator = random.Random(5)
    packets = [b"", b"\0", b"\0\1", b"\0\1x", b"\0\1x\0octet", b"\0\4\0\0", b"\0\5\0\0", b"\0\6",
               b"\0\3\0\1" + b"x" * 512, b"\xff" * 1400, b"\0\1" + b"a" * 60000,
               b"\0\1x\0octet\0" + b"blksize\0008\0" * 100]
    packets += [b"\0" + generator.randbytes(generator.randrange(40)) for _ in range(500)]
    for packet in packets:
        sender.socket.sendto(packet, (SERVER_ADDRESS, 69))
    assert served.peer().request("x").block() == (1, b"x")
    assert served.server.running


def test_a_reload_drops_no_transfer(served):
    data = served.put("x", content(5000))
    peer = served.peer().request("x")
    number, first = peer.block()
    other = served.directory / "other"
    other.mkdir()
    (other / "y").write_bytes(b"new root")
    served.server.reload(served.config.replace(str(served.root), str(other)))
    assert served.peer().request("y").block() == (1, b"new root")
    peer.ack(number)
    assert first + peer.rest(first=2) == data


def test_an_end_is_told(served):
    served.put("x", content(5000))
    peer = served.peer().request("x")
    peer.block()
    served.server.process.send_signal(signal.SIGTERM)
    assert peer.error() == (0, "the server ends")


def test_a_port_in_use_names_its_holder(network, server, tmp_path):
    holder = network.server.socket()
    holder.bind(("", 69))
    _, log = server.refused(f'tftp-root "{tmp_path}";\n{SUBNET}')
    assert "udp port 69" in log and "python" in log
    # Without tftp-root the port may be another program's.
    server(SUBNET)
    holder.close()


def test_every_recorded_request_is_answered(served):
    """Each client's own first packet, word for word, for a file that is there."""
    asked = set()
    for path in sorted(testing.CAPTURES.glob("*.pcap")):
        for packet in testing.capture(path.name):
            payload = bytes(packet["UDP"].payload) if packet.haslayer("UDP") else b""
            if payload[:2] == b"\0\1" and packet["UDP"].dport == 69:
                asked.add(payload)
    assert len(asked) >= 5
    for payload in asked:
        words = payload[2:].split(b"\0")
        name = words[0].decode().lstrip("/")
        data = served.put(name, content(3000))
        peer = served.peer()
        peer.socket.sendto(payload, (SERVER_ADDRESS, 69))
        wanted = dict(zip(words[2::2], words[3::2]))
        size = int(wanted.get(b"blksize", 512))
        if wanted:
            agreed = peer.options()
            assert agreed.get("tsize", "3000") == "3000"
            assert int(agreed.get("blksize", 512)) == size
            if "windowsize" in agreed:
                # Its own pace is another test's.
                peer.send(ERROR, b"\0\0\0")
                continue
            peer.ack(0)
        assert peer.rest(size) == data


@pytest.mark.parametrize("sector", [0, 2])
def test_the_console_is_set_on_the_way_out(network, server, tmp_path, sector):
    served = Served(network, server, tmp_path, "boot-timeout 0;\nconsole com0 115200;\n")
    data = served.put("pxeboot", boot_head(sector) + content(3000))
    other = served.put("other", content(3000))
    wanted = bytearray(data)
    struct.pack_into("<IiI", wanted, sector * 512 + 16, 0, 1, 115200)
    for size in (8, 511, 1432):
        peer = served.peer().request("pxeboot", "blksize", size)
        peer.options()
        peer.ack(0)
        assert peer.rest(size) == bytes(wanted)
    assert served.peer().request("other").rest() == other
    assert (served.root / "pxeboot").read_bytes() == data
    served.server.wait_for_log(
        r'"pxeboot".* -> .*; console com0 115200 timeout 0 set on the way out')


def test_the_console_is_a_hosts_own(network, server, tmp_path):
    served = Served(network, server, tmp_path, """
host other { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.8; console com1; }
host this { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.9; console com2 9600; }
""")
    served.put("pxeboot", boot_head())
    got = served.peer().request("pxeboot").rest()
    assert struct.unpack_from("<IiI", got, 16) == (5, 3, 9600)
    served.server.wait_for_log(r"this .*tftp.*console com2 9600 set on the way out")


@pytest.mark.skipif("BOOTWIRE_NETBSD" not in os.environ, reason="BOOTWIRE_NETBSD is not set")
def test_a_real_pxeboot_gets_its_console(network, server, tmp_path):
    loader = os.path.join(os.environ["BOOTWIRE_NETBSD"], "pxeboot_ia32.bin")
    served = Served(network, server, tmp_path, "console com0 9600;\n")
    data = served.put("pxeboot_ia32.bin", open(loader, "rb").read())
    got = served.peer().request("pxeboot_ia32.bin").rest()
    assert hashlib.sha256(got).digest() != hashlib.sha256(data).digest()
    assert len(got) == len(data)
    assert [i for i in range(len(got)) if got[i] != data[i]] == [20]


def test_a_single_port(network, server, tmp_path):
    """Everything comes from port 69; what comes there belongs to the transfer of its sender."""
    served = Served(network, server, tmp_path, "tftp-single-port on;\n")
    data = served.put("x", content(40000))
    options = {"blksize": "1000", "windowsize": "4", "timeout": "60"}
    peers = [served.peer().request("x", *itertools.chain(*options.items())) for _ in range(5)]
    for peer in peers:
        assert peer.options() == options
        assert peer.server[1] == 69
        peer.ack(0)
    stranger = served.peer()
    stranger.server = peers[0].server
    stranger.ack(4)
    assert stranger.silent(0.2)
    for peer in peers:
        got = b""
        for number in range(1, 42):
            block, part = peer.block()
            assert block == number
            got += part
            if number % 4 == 0 or number == 41:
                peer.ack(number)
        assert got == data
        # And another one from the same port.
        assert peer.request("x").rest() == data


def test_a_range_of_ports(network, server, tmp_path):
    served = Served(network, server, tmp_path, "tftp-ports 20000 20005;\n")
    data = served.put("x", content(2000))
    for _ in range(10):
        peer = served.peer().request("x")
        assert peer.rest() == data
        assert 20000 <= peer.server[1] <= 20005
    # Another range for the transfers to come; those under way keep their port.
    under_way = served.peer().request("x", "timeout", 60)
    under_way.options()
    served.server.config.write_text(
        served.server.config.read_text().replace("20000 20005", "1024 1030"))
    served.server.process.send_signal(signal.SIGHUP)
    testing.wait_until(lambda: 1024 <= served_port(served) <= 1030, "the new range")
    under_way.ack(0)
    assert under_way.rest() == data


def served_port(served):
    peer = served.peer().request("x")
    peer.rest()
    return peer.server[1]
