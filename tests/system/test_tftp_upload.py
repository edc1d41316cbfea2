"""Files that machines send by TFTP: real clients, and packets made by hand."""
import random
import shutil

import pytest
from scapy.layers.tftp import TFTP_ACK, TFTP_DATA, TFTP_ERROR, TFTP_WRQ

from bootwire_testing import SERVER_ADDRESS
from test_tftp_conformance import Client

SIZES = [0, 1, 511, 512, 513, 100000]
MIB = 1 << 20


def content(size):
    return random.Random(size).randbytes(size)


class Sender(Client):
    def ask(self, name, options=(), mode="octet"):
        return self.request(name, options, mode, TFTP_WRQ)

    def acked(self):
        packet = self.receive()
        assert TFTP_ACK in packet, packet
        return packet[TFTP_ACK].block

    def data(self, block, data):
        self.send(TFTP_DATA(block=block & 0xffff) / data)


class Served:
    def __init__(self, network, server, directory, statements="", upload=True):
        self.network = network
        self.directory = directory
        self.uploads = directory / "uploads"
        self.uploads.mkdir()
        self.root = directory / "tftp"
        self.root.mkdir()
        network.client_address("10.50.1.9")
        where = f'tftp-upload "{self.uploads}";\n' if upload else ""
        self.server = server(f'tftp-root "{self.root}";\n{where}{statements}\n'
                             "subnet 10.50.1.0 netmask 255.255.255.0 { }\n")

    def sender(self):
        return Sender(self.network.client.socket())

    def there(self):
        return sorted(path.name for path in self.uploads.iterdir())

    def send_all(self, name, data, options=(), size=512, window=1):
        sender = self.sender().ask(name, options)
        if options:
            sender.options()
        else:
            assert sender.acked() == 0
        blocks = [data[i:i + size] for i in range(0, len(data) + 1, size)]
        for number, block in enumerate(blocks, 1):
            sender.data(number, block)
            if number % window == 0 or number == len(blocks):
                assert sender.acked() == number & 0xffff
        return sender


@pytest.fixture
def served(network, server, tmp_path):
    return Served(network, server, tmp_path)


PROGRAMS = {
    "tftp-hpa": lambda name: ["tftp", "-m", "binary", SERVER_ADDRESS, "-c", "put", name, name],
    "atftp": lambda name: ["atftp", "--put", "-l", name, "-r", name, SERVER_ADDRESS],
    "atftp with options": lambda name: [
        "atftp", "--option", "blksize 1428", "--option", "windowsize 8", "--put", "-l", name, "-r",
        name, SERVER_ADDRESS],
    "curl": lambda name: ["curl", "-s", "-S", "-T", name, f"tftp://{SERVER_ADDRESS}/{name}"],
    "busybox": lambda name: ["busybox", "tftp", "-p", "-b", "1428", "-l", name, SERVER_ADDRESS],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_send_whole_files(served, program):
    if not shutil.which(PROGRAMS[program]("x")[0]):
        pytest.skip(f"there is no {PROGRAMS[program]('x')[0]} here")
    for size in SIZES:
        name = f"file{size}"
        (served.directory / name).write_bytes(content(size))
        # curl has no empty uploads by TFTP.
        if size == 0 and program == "curl":
            continue
        served.network.client.run(PROGRAMS[program](name), cwd=served.directory)
        assert (served.uploads / name).read_bytes() == content(size)
        assert (served.uploads / name).stat().st_mode & 0o777 == 0o644
        served.server.wait_for_log(f'WRQ "{name}".*{size} bytes in .* kept')
    assert not [name for name in served.there() if name.startswith(".")]


@pytest.mark.parametrize("options, size, window", [
    ([], 512, 1),
    ([("blksize", 8)], 8, 1),
    ([("blksize", 1428), ("tsize", 5000)], 1428, 1),
    ([("windowsize", 4), ("timeout", 9)], 512, 4),
    ([("blksize", 65464)], 65464, 1),
])
def test_options(served, options, size, window):
    served.send_all("x", content(5000), options, size, window)
    assert (served.uploads / "x").read_bytes() == content(5000)


def test_blocks_roll_over(served):
    data = content(8 * 65540)
    served.send_all("x", data, [("blksize", 8), ("windowsize", 64)], 8, 64)
    assert (served.uploads / "x").read_bytes() == data


def test_nothing_is_written_where_nobody_asked_for_it(network, server, tmp_path):
    served = Served(network, server, tmp_path, upload=False)
    assert served.sender().ask("x").error() == (2, "this server is read-only")
    assert served.there() == []


def test_an_unfinished_upload_is_not_seen_and_vanishes(served):
    sender = served.sender().ask("x")
    assert sender.acked() == 0
    sender.data(1, b"a" * 512)
    assert sender.acked() == 1
    assert [name[:8] for name in served.there()] == [".upload-"]
    sender.send(TFTP_ERROR(errorcode=0, errormsg=b"enough"))
    served.server.wait_for_log('512 bytes, then the client ended it: error 0 "enough"')
    assert served.there() == []
    sender = served.sender().ask("x")
    assert sender.acked() == 0
    served.server.stop()
    assert sender.error() == (0, "the server ends")
    assert served.there() == []


def test_lost_and_repeated_packets(served):
    sender = served.sender().ask("x").ask("x")
    assert sender.acked() == 0
    assert sender.acked() == 0
    for block, length in [(1, 512), (2, 512), (3, 10)]:
        for _ in range(2):
            sender.data(block, bytes([block]) * length)
            assert sender.acked() == block
    assert (served.uploads / "x").read_bytes() == b"\1" * 512 + b"\2" * 512 + b"\3" * 10


def test_a_block_that_was_lost_in_a_window(served):
    sender = served.sender().ask("x", [("windowsize", 4), ("timeout", 9)])
    sender.options()
    for block in [1, 3, 4]:
        sender.data(block, bytes([block]) * 512)
    assert sender.acked() == 1
    assert sender.nothing()
    for block in [2, 3, 4]:
        sender.data(block, bytes([block]) * 512)
    sender.data(5, b"")
    assert sender.acked() == 5
    assert len((served.uploads / "x").read_bytes()) == 2048


def test_a_stranger_does_not_disturb(served):
    sender = served.sender().ask("x")
    assert sender.acked() == 0
    stranger = served.sender()
    stranger.peer = sender.peer
    stranger.data(1, b"other")
    assert stranger.error()[0] == 5
    sender.data(1, b"mine")
    assert sender.acked() == 1
    assert (served.uploads / "x").read_bytes() == b"mine"


def test_what_is_there_stays_unless_it_may_go(network, server, tmp_path):
    served = Served(network, server, tmp_path)
    served.send_all("x", b"first")
    assert served.sender().ask("x").error() == (6, "x is there already: tftp-upload-overwrite is off")
    text = served.server.config.read_text()
    served.server.reload("tftp-upload-overwrite on;\n" + text)
    served.send_all("x", b"second")
    assert (served.uploads / "x").read_bytes() == b"second"


@pytest.mark.parametrize("name, code, words", [
    ("../x", 2, "a name with \"..\" in it is not served"),
    ("none/x", 1, "there is no directory for none/x under"),
    ("link/x", 1, "there is no directory for link/x under"),
    ("directory", 6, "directory is there already"),
    ("dangling", 6, "dangling is there already"),
    (".upload-0", 2, "unfinished uploads are called so"),
    ("", 2, "the request names no file"),
])
def test_names_that_lead_elsewhere_are_refused(served, name, code, words):
    (served.uploads / "link").symlink_to(served.root)
    (served.uploads / "dangling").symlink_to(served.root / "made")
    (served.uploads / "directory").mkdir()
    got, text = served.sender().ask(name).error()
    assert (got, words in text) == (code, True), text
    assert list(served.root.iterdir()) == []


def test_text_becomes_this_systems(served):
    """A pair that a block's end cuts, and what tftp-hpa sends where nobody says `binary`."""
    sender = served.sender().ask("cut", mode="netascii")
    assert sender.acked() == 0
    for number, block in enumerate([b"x" * 511 + b"\r", b"\ny\r\0z\r"], 1):
        sender.data(number, block)
        assert sender.acked() == number
    assert (served.uploads / "cut").read_bytes() == b"x" * 511 + b"\ny\rz\r"
    text = b"one\ntwo\n" * 1000
    (served.directory / "text").write_bytes(text)
    done = served.network.client.run(["tftp", "-4", "-m", "ascii", SERVER_ADDRESS, "-c", "put",
                                      "text"], cwd=served.directory)
    assert done.returncode == 0 and (served.uploads / "text").read_bytes() == text


def test_other_modes_and_a_missing_directory(served):
    assert served.sender().ask("x", mode="mail").error()[0] == 4
    served.uploads.rmdir()
    code, text = served.sender().ask("x").error()
    assert code == 2 and "cannot be opened: No such file or directory" in text


def test_sizes_are_limited(network, server, tmp_path):
    served = Served(network, server, tmp_path,
                    "tftp-upload-max-size 1;\ntftp-upload-max-total 2;")
    code, text = served.sender().ask("x", [("tsize", MIB + 1)]).error()
    assert (code, text) == (3, f"{MIB + 1} bytes are too many: tftp-upload-max-size is 1 MiB")
    served.send_all("exact", bytes(MIB), [("blksize", 32768)], 32768)
    # Announced by nobody, and too long.
    sender = served.sender().ask("long", [("blksize", 65464)])
    sender.options()
    for block in range(1, 17):
        sender.data(block, bytes(65464))
        assert sender.acked() == block
    sender.data(17, bytes(65464))
    assert sender.error() == (3, f"the file is longer than the {MIB} bytes that it may have")
    assert served.there() == ["exact"]
    # Two that have room one by one, but not both.
    served.send_all("small", b"12345")
    code, text = served.sender().ask("x", [("tsize", MIB)]).error()
    assert code == 3 and f"has room for {MIB - 5} bytes more" in text
    one, two = (served.sender().ask(name, [("blksize", 32768)]) for name in ("one", "two"))
    one.options(), two.options()
    for block in range(1, 17):
        for sender in (one, two):
            sender.data(block, bytes(32768))
            if (block, sender) == (16, two):
                code, text = sender.error()
                assert code == 3 and "tftp-upload-max-total" in text
            else:
                assert sender.acked() == block
    one.data(17, b"")
    assert one.acked() == 17
    assert served.there() == ["exact", "one", "small"]
