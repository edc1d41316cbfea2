"""TFTP as its RFCs say it: 1350, 2347, 2348, 2349, 7440, and 1123 section 4.2.3.1.

Scapy makes and reads the packets, so that nothing here agrees with the server by having its code;
four clients that people use fetch whole files.
"""
import itertools
import random
import shutil
import socket
import time

import pytest
from scapy.layers.tftp import (TFTP, TFTP_ACK, TFTP_DATA, TFTP_ERROR, TFTP_OACK, TFTP_Option,
                               TFTP_Options, TFTP_RRQ, TFTP_WRQ)

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS

QUIET = 0.15  # seconds: so long nothing comes where nothing is due, and less than any timer takes
CALM = ("timeout", 3)  # seconds before anything is sent again
SIZE = 5000
SIZES = [0, 1, 511, 512, 513, 1427, 1428, 1429, 65463, 65464, 65465]


def content(size):
    return random.Random(size).randbytes(size)


class Client:
    """A client that says what it is told to. The first answer's port is its transfer's."""

    def __init__(self, made):
        self.socket = made
        # A wide window comes at once, whenever this process has its turn to read it.
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.settimeout(testing.PATIENCE)
        self.peer = None

    def raw(self, data, port=69):
        self.socket.sendto(data, (SERVER_ADDRESS, port))
        return self

    def request(self, name, options=(), mode="octet", layer=TFTP_RRQ):
        packet = TFTP() / layer(filename=name.encode(), mode=mode.encode())
        if options:
            packet /= TFTP_Options(options=[
                TFTP_Option(oname=str(option).encode(), value=str(value).encode())
                for option, value in options])
        return self.raw(bytes(packet))

    def send(self, packet):
        self.socket.sendto(bytes(TFTP() / packet), self.peer)

    def ack(self, block):
        self.send(TFTP_ACK(block=block & 0xffff))

    def receive(self):
        data, self.peer = self.socket.recvfrom(70000)
        return TFTP(data)

    def options(self):
        packet = self.receive()
        assert TFTP_OACK in packet, packet
        return [(option.oname.decode(), option.value.decode())
                for option in packet[TFTP_Options].options]

    def block(self):
        packet = self.receive()
        assert TFTP_DATA in packet, packet
        return packet[TFTP_DATA].block, bytes(packet[TFTP_DATA].payload)

    def error(self):
        packet = self.receive()
        assert TFTP_ERROR in packet, packet
        return packet[TFTP_ERROR].errorcode, packet[TFTP_ERROR].errormsg.decode()

    def nothing(self):
        self.socket.settimeout(QUIET)
        try:
            packet = self.receive()
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(testing.PATIENCE)
        raise AssertionError(f"nothing was due, and this came: {packet!r}")

    def transfer(self, size=512, window=1, first=1, got=b""):
        """Every block from `first` on, a window acknowledged at a time; their bytes together."""
        while True:
            number, data = self.block()
            assert number == first & 0xffff
            got += data
            if first % window == 0 or len(data) < size:
                self.ack(first)
            first += 1
            if len(data) < size:
                return got


class Served:
    """One server for all cases."""

    def __init__(self, directory):
        self.directory = directory
        self.root = directory / "tftp"
        self.root.mkdir()
        self.data = self.put("file", content(SIZE))
        (self.root / "directory").mkdir()
        self.put("private", b"secret")
        (self.root / "private").chmod(0o600)
        self.network = testing.Network("conformance", directory)
        self.factory = testing.ServerFactory(self.network, directory)

    def start(self):
        self.network.set_up()
        self.network.client_address("10.50.1.9")
        self.server = self.factory(f'tftp-root "{self.root}";\n'
                                   "subnet 10.50.1.0 netmask 255.255.255.0 { }\n")
        return self

    def close(self):
        self.factory.tear_down()
        self.network.tear_down()

    def put(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return data

    def client(self):
        return Client(self.network.client.socket())

    def run(self, *argv, **keywords):
        return self.network.client.run(argv, cwd=self.directory, **keywords)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("tftp"))
    try:
        yield made.start()
        made.factory.finish()
    finally:
        made.close()


# ---- Options ----

KNOWN = {"blksize": "1024", "tsize": "0", "timeout": "3", "windowsize": "4"}


@pytest.mark.parametrize("order", itertools.permutations(KNOWN), ids=",".join)
def test_options_in_any_order(served, order):
    client = served.client().request("file", [(name, KNOWN[name]) for name in order])
    assert dict(client.options()) == {**KNOWN, "tsize": str(SIZE)}
    client.ack(0)
    assert client.transfer(1024, 4) == served.data


@pytest.mark.parametrize("option, value, answer", [
    ("BLKSIZE", 1024, "1024"), ("BlkSize", 1024, "1024"), ("TSIZE", 0, str(SIZE)),
    ("TimeOut", 2, "2"), ("WINDOWSIZE", 2, "2"),
    # RFC 2348: 8 to 65464; the server may answer with less than it was asked for, never more.
    ("blksize", 8, "8"), ("blksize", 512, "512"), ("blksize", 65464, "65464"),
    ("blksize", 65465, "65464"), ("blksize", 65535, "65464"), ("blksize", 4294967295, "65464"),
    ("blksize", 7, None), ("blksize", 0, None), ("blksize", -1, None), ("blksize", "", None),
    ("blksize", "big", None), ("blksize", "512k", None), ("blksize", "1e3", None),
    ("blksize", "0x200", None), ("blksize", " 512", None), ("blksize", "9" * 40, None),
    # RFC 2349: 1 to 255 s; the size is the file's, whatever the request says.
    ("timeout", 1, "1"), ("timeout", 255, "255"), ("timeout", 0, None), ("timeout", 256, None),
    ("timeout", "soon", None), ("tsize", 0, str(SIZE)), ("tsize", 77, str(SIZE)),
    # RFC 7440: 1 to 65535.
    ("windowsize", 1, "1"), ("windowsize", 64, "64"), ("windowsize", 0, None),
    ("windowsize", 65536, None), ("windowsize", "wide", None),
    # RFC 2347: what the server does not know it leaves out.
    ("multicast", "", None), ("utimeout", 1000000, None), ("x" * 100, "y" * 100, None),
])
def test_an_option(served, option, value, answer):
    client = served.client().request("file", [(option, value)])
    size = 512
    if answer is None:
        assert client.transfer() == served.data
        return
    assert client.options() == [(option.lower(), answer)]
    client.ack(0)
    size = int(answer) if option.lower() == "blksize" else 512
    window = int(answer) if option.lower() == "windowsize" else 1
    assert client.transfer(size, window) == served.data


def test_a_wide_window_is_taken_whole(served):
    client = served.client().request("file", [("windowsize", 65535), ("blksize", 8)])
    options = dict(client.options())
    assert options["blksize"] == "8" and 1 <= int(options["windowsize"]) <= 65535
    client.ack(0)
    assert client.transfer(8, int(options["windowsize"])) == served.data


def test_an_option_that_comes_twice_counts_once(served):
    client = served.client().request("file", [("blksize", 1024), ("blksize", 8)])
    assert client.options() == [("blksize", "1024")]


def test_unknown_options_among_known_ones(served):
    client = served.client().request("file", [("a", 1), ("blksize", 600), ("b", ""), ("tsize", 0),
                                              ("rollover", 0)])
    assert dict(client.options()) == {"blksize": "600", "tsize": str(SIZE)}


def test_many_options(served):
    client = served.client().request("file", [(f"o{i}", i) for i in range(60)] + [("tsize", 0)])
    assert client.options() == [("tsize", str(SIZE))]


@pytest.mark.parametrize("block_size", [8, 512, 1428, 65464])
@pytest.mark.parametrize("size", SIZES)
def test_the_last_block_is_shorter(served, size, block_size):
    data = served.put("sized", content(size))
    client = served.client().request("sized", [("blksize", block_size), ("tsize", 0)])
    assert dict(client.options())["tsize"] == str(size)
    client.ack(0)
    assert client.transfer(block_size) == data


# ---- Acknowledgements ----

def test_acknowledgements_that_come_twice_send_nothing_twice(served):
    """The Sorcerer's Apprentice: RFC 1123 section 4.2.3.1."""
    client = served.client().request("file")
    for number in range(1, SIZE // 512 + 2):
        assert client.block() == (number, served.data[(number - 1) * 512:number * 512])
        client.ack(number)
        client.ack(number)
    assert client.nothing()


def test_late_acknowledgements_start_nothing(served):
    client = served.client().request("file", [CALM])
    client.options()
    client.ack(0)
    for number in range(1, 5):
        assert client.block()[0] == number
        client.ack(number)
    assert client.block()[0] == 5
    for number in (4, 3, 1, 0, 4):
        client.ack(number)
    assert client.nothing()
    client.ack(5)
    assert client.transfer(first=6) == served.data[5 * 512:]


@pytest.mark.parametrize("block", [2, 3, 100, 65535])
def test_acknowledgements_of_what_was_never_sent(served, block):
    client = served.client().request("file")
    assert client.block()[0] == 1
    client.ack(block)
    assert client.nothing()
    client.ack(1)
    assert client.transfer(first=2) == served.data[512:]


@pytest.mark.parametrize("block", [1, 7, 65535])
def test_options_are_confirmed_by_block_0_alone(served, block):
    client = served.client().request("file", [CALM])
    client.options()
    client.ack(block)
    assert client.nothing()
    client.ack(0)
    assert client.transfer() == served.data


def test_options_confirmed_twice_send_one_block(served):
    client = served.client().request("file", [CALM])
    client.options()
    client.ack(0)
    client.ack(0)
    assert client.block()[0] == 1
    assert client.nothing()


def test_an_acknowledgement_behind_the_window_is_nothing(served):
    client = served.client().request("file", [("windowsize", 4), CALM])
    client.options()
    client.ack(0)
    assert [client.block()[0] for _ in range(4)] == [1, 2, 3, 4]
    client.ack(9)
    assert client.nothing()
    client.ack(4)
    assert client.transfer(512, 4, 5) == served.data[4 * 512:]


# ---- Loss ----

def test_a_lost_request_may_come_again(served):
    """From the same port, while nothing was acknowledged: one transfer, not two."""
    client = served.client().request("file").request("file")
    assert client.block()[0] == 1
    assert client.nothing()
    client.ack(1)
    assert client.transfer(first=2) == served.data[512:]


def test_a_request_that_is_said_again_after_a_while_is_answered_at_once(served):
    """The answer was lost, and the client's timer is shorter than the server's of 60 s."""
    client = served.client().request("file", [("timeout", 60)])
    first = client.options()
    time.sleep(0.4)
    assert client.request("file", [("timeout", 60)]).options() == first
    client.ack(0)
    assert client.transfer() == served.data


@pytest.mark.parametrize("lost", [1, 2])
def test_lost_option_acknowledgements_come_again(served, lost):
    client = served.client().request("file", [("tsize", 0), ("blksize", 1024)])
    answers = [client.options() for _ in range(lost + 1)]
    assert all(answer == answers[0] for answer in answers)
    client.ack(0)
    assert client.transfer(1024) == served.data


@pytest.mark.parametrize("number", [1, 2, SIZE // 512 + 1])
def test_a_lost_block_comes_again(served, number):
    client = served.client().request("file")
    for first in range(1, number):
        assert client.block()[0] == first
        client.ack(first)
    block = client.block()
    assert block[0] == number and client.block() == block
    client.ack(number)
    if number <= SIZE // 512:
        assert client.transfer(first=number + 1) == served.data[number * 512:]
    assert client.nothing()


@pytest.mark.parametrize("arrived", [1, 2, 3])
def test_a_gap_in_a_window_is_filled(served, arrived):
    """RFC 7440 section 4: the last block before the gap is acknowledged, and the rest follows."""
    client = served.client().request("file", [("windowsize", 4)])
    client.options()
    client.ack(0)
    for _ in range(4):
        client.block()
    client.ack(arrived)
    assert client.block()[0] == arrived + 1
    for number in range(arrived + 2, arrived + 5):
        assert client.block()[0] == number
    client.ack(arrived + 4)
    number = arrived + 4
    while number < SIZE // 512 + 1:
        number += 1
        assert client.block()[0] == number
        if (number - arrived) % 4 == 0 or number == SIZE // 512 + 1:
            client.ack(number)


def test_a_window_whose_first_block_was_lost(served):
    client = served.client().request("file", [("windowsize", 4)])
    client.options()
    client.ack(0)
    assert [client.block()[0] for _ in range(4)] == [1, 2, 3, 4]
    client.ack(0)
    assert [client.block()[0] for _ in range(4)] == [1, 2, 3, 4]
    client.ack(4)
    assert client.transfer(512, 4, 5) == served.data[4 * 512:]


def test_the_end_of_a_window_was_lost(served):
    """Nobody says anything: the server's timer sends the window again."""
    client = served.client().request("file", [("windowsize", 4), ("timeout", 1)])
    client.options()
    client.ack(0)
    assert [client.block()[0] for _ in range(8)] == [1, 2, 3, 4] * 2


def test_the_timer_is_the_clients(served):
    client = served.client().request("file", [("timeout", 1)])
    client.options()
    client.ack(0)
    assert [client.block()[0] for _ in range(3)] == [1, 1, 1]


# ---- Block numbers ----

def test_block_numbers_roll_over_to_0(served):
    data = served.put("long", content(8 * 65600 + 3))
    client = served.client().request("long", [("blksize", 8), ("windowsize", 64)])
    client.options()
    client.ack(0)
    assert client.transfer(8, 64) == data


# ---- Ports ----

def test_a_strange_port_is_told_and_the_transfer_goes_on(served):
    client, stranger = served.client().request("file"), served.client()
    assert client.block()[0] == 1
    stranger.peer = client.peer
    stranger.ack(1)
    assert stranger.error()[0] == 5
    assert client.nothing()
    client.ack(1)
    assert client.transfer(first=2) == served.data[512:]


def test_a_clients_next_transfer_has_another_port(served):
    """Transfers are told apart by both ports (RFC 1350 section 4): from one port of a client's, what
    is late of the transfer before is not the next one's."""
    client, before = served.client(), None
    for _ in range(8):
        assert client.request("file").block()[0] == 1
        assert client.peer != before and client.peer[1] != 69
        before = client.peer
        client.ack(1)
        assert client.block()[0] == 2


# ---- The client's errors ----

@pytest.mark.parametrize("code", [0, 3, 8, 99])
def test_a_clients_error_ends_the_transfer(served, code):
    client = served.client().request("file", [("timeout", 1)])
    client.options()
    client.send(TFTP_ERROR(errorcode=code, errormsg=b"that was enough"))
    assert client.nothing()
    client.ack(0)
    assert client.nothing()
    served.server.wait_for_log(f'the client ended it: error {code} "that was enough"')


# ---- The server's errors ----

@pytest.mark.parametrize("name, mode, code, text", [
    ("gone", "octet", 1, "no file gone under "),
    ("file/gone", "octet", 1, "no file file/gone under "),
    ("", "octet", 1, "the request names no file"),
    ("/", "octet", 1, "the request names no file"),
    ("n" * 400 + "/" + "n" * 200, "octet", 1, "the file's name is too long"),
    ("../file", "octet", 2, '".." in it is not served'),
    ("directory/../../file", "octet", 2, '".." in it is not served'),
    ("directory", "octet", 2, "directory is a directory"),
    ("private", "octet", 2, "private is not readable by everyone: chmod a+r"),
    ("file", "mail", 4, "mode mail is not served: use octet"),
    ("file", "ascii", 4, "unknown mode: use octet or netascii"),
    ("file", "", 4, "unknown mode: use octet or netascii"),
])
def test_errors_say_what_is_wrong(served, name, mode, code, text):
    got = served.client().request(name, mode=mode).error()
    assert got[0] == code and text in got[1]


def test_writing_is_refused(served):
    assert served.client().request("new", layer=TFTP_WRQ).error()[0] == 2
    assert not (served.root / "new").exists()


@pytest.mark.parametrize("data", [b"\0\1", b"\0\1file", b"\0\1file\0", b"\0\1file\0octet",
                                  b"\0\1file\0octet\0blksize", b"\0\1file\0octet\0blksize\0008",
                                  b"\0\1" + b"\xff" * 600, b"\0\7x\0octet\0", b"\0\0", b"\0\x09"],
                         ids=repr)
def test_what_is_no_request_is_an_illegal_operation(served, data):
    client = served.client().raw(data)
    packet = client.receive()
    if TFTP_ERROR in packet:
        assert packet[TFTP_ERROR].errorcode == 4
    else:
        # An option that is cut off is left out (RFC 2347); the request stands without it.
        assert b"octet\0blksize" in data and TFTP_DATA in packet


@pytest.mark.parametrize("packet", [TFTP_DATA(block=1) / b"x", TFTP_ACK(block=1),
                                    TFTP_ERROR(errorcode=1, errormsg=b"no"), TFTP_OACK()],
                         ids=lambda packet: packet.name)
def test_what_belongs_to_no_transfer_is_not_answered(served, packet):
    """An answer to an answer could go round in circles."""
    assert served.client().raw(bytes(TFTP() / packet)).nothing()


@pytest.mark.parametrize("data", [b"", b"\0", b"\x13\x37" * 20], ids=repr)
def test_another_protocols_packets_are_not_answered(served, data):
    assert served.client().raw(data).nothing()


# ---- netascii ----

@pytest.mark.parametrize("text, sent", [
    (b"", b""), (b"one\ntwo\n", b"one\r\ntwo\r\n"), (b"a\rb", b"a\r\0b"), (b"\r\n", b"\r\0\r\n"),
    (b"x" * 511 + b"\n", b"x" * 511 + b"\r\n"), (b"x" * 512 + b"\r", b"x" * 512 + b"\r\0"),
    (b"\n" * 256, b"\r\n" * 256), (b"\n" * 1000, b"\r\n" * 1000), (b"\0\x80\xff", b"\0\x80\xff"),
], ids=lambda value: f"{len(value)} {value[:4]!r}")
def test_netascii(served, text, sent):
    served.put("text", text)
    assert served.client().request("text", mode="netascii").transfer() == sent
    assert served.client().request("text", mode="NetASCII").transfer() == sent
    assert served.client().request("text", mode="OCTET").transfer() == text


# ---- Programs ----

PROGRAMS = {
    "tftp-hpa": ["tftp", "-4", "-m", "binary", SERVER_ADDRESS, "-c", "get", "sub/big", "got"],
    "curl": ["curl", "-sSf", "-o", "got", f"tftp://{SERVER_ADDRESS}/sub/big"],
    "curl plain": ["curl", "-sSf", "--tftp-no-options", "-o", "got",
                   f"tftp://{SERVER_ADDRESS}/sub/big"],
    "curl 8": ["curl", "-sSf", "--tftp-blksize", "8", "-o", "got",
               f"tftp://{SERVER_ADDRESS}/sub/big"],
    "curl 65464": ["curl", "-sSf", "--tftp-blksize", "65464", "-o", "got",
                   f"tftp://{SERVER_ADDRESS}/sub/big"],
    "atftp": ["atftp", "-g", "-r", "sub/big", "-l", "got", SERVER_ADDRESS],
    "atftp options": ["atftp", "--option", "blksize 1428", "--option", "tsize 0", "--option",
                      "timeout 2", "-g", "-r", "sub/big", "-l", "got", SERVER_ADDRESS],
    "atftp prudent": ["atftp", "--prevent-sas", "-g", "-r", "/sub/big", "-l", "got",
                      SERVER_ADDRESS],
    "busybox": ["busybox", "tftp", "-g", "-r", "sub/big", "-l", "got", SERVER_ADDRESS],
    "busybox 1468": ["busybox", "tftp", "-b", "1468", "-g", "-r", "/sub/big", "-l", "got",
                     SERVER_ADDRESS],
}


@pytest.mark.parametrize("size", [1, 512 * 40, 300001])
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(served, program, size):
    if not shutil.which(PROGRAMS[program][0]):
        pytest.skip(f"there is no {PROGRAMS[program][0]} here")
    data = served.put("sub/big", content(size))
    done = served.run(*PROGRAMS[program])
    assert done.returncode == 0, (done.stdout, done.stderr)
    got = served.directory / "got"
    assert got.read_bytes() == data
    got.unlink()


@pytest.mark.parametrize("argv, said", [
    (["tftp", "-4", SERVER_ADDRESS, "-c", "get", "gone", "got"], "no file gone under"),
    (["atftp", "-g", "-r", "gone", "-l", "got", SERVER_ADDRESS], "no file gone under"),
    (["busybox", "tftp", "-g", "-r", "gone", "-l", "got", SERVER_ADDRESS], "no file gone under"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_programs_show_the_error(served, argv, said):
    if not shutil.which(argv[0]):
        pytest.skip(f"there is no {argv[0]} here")
    done = served.run(*argv)
    assert said in done.stdout + done.stderr
