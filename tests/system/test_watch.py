"""bootwire watch: lines, JSON, and the screen in a real terminal (tmux) with real keys."""
import json
import pathlib
import re
import signal
import socket
import subprocess
import time
import xml.etree.ElementTree

import pytest

import bootwire_testing as testing
from bootwire_testing import Machine, TftpRead
from control_testing import socket_of, wait_for_machine
from schemas import require
from terminal_testing import Terminal

CONFIG = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.100 10.50.1.250; }}
host it {{ hardware ethernet 22:22:22:22:00:07; fixed-address 10.50.1.9; filename "boot.bin"; }}
host lost {{ hardware ethernet 22:22:22:22:00:08; fixed-address 10.50.1.10; filename "missing.bin"; }}
"""
ROM = [(60, b"PXEClient:Arch:00000:UNDI:002001")]
PATIENCE = 60
TOOLS = pathlib.Path(__file__).parents[2] / "tools"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def running(network, server, tmp_path):
    root = tmp_path / "tftp"
    root.mkdir()
    (root / "boot.bin").write_bytes(b"x" * 200_000)
    network.client_address("10.50.1.9")
    return server(CONFIG.format(root=root))


def boot(network, mac="22:22:22:22:00:07"):
    return Machine(network.client.wire("eth0", 68), mac).lease(ROM)


class Lines:
    """bootwire watch, its output read line by line."""

    def __init__(self, running, *arguments):
        self.process = subprocess.Popen(
            [testing.BOOTWIRE, "watch", "--state", running.state, *arguments], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def until(self, pattern):
        for line in self.process.stdout:
            if re.search(pattern, line):
                return line
        raise AssertionError(f"no line with {pattern}: {self.process.stderr.read()}")

    def end(self):
        self.process.terminate()
        said = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode, said


def test_lines_and_json_for_several_watchers(network, running):
    plain, programs = Lines(running), Lines(running, "--json")
    assert json.loads(programs.process.stdout.readline()) == {"event": "machines", "machines": []}
    time.sleep(0.3)  # the first has nothing to say yet
    boot(network)
    TftpRead(network.client.socket(), b"boot.bin", [(b"blksize", b"1428")]).rest()
    plain.until(r"it 10\.50\.1\.9 dhcp/rom: DHCPREQUEST for 10\.50\.1\.9 .* -> DHCPACK 10\.50\.1\.9")
    plain.until(r"it 10\.50\.1\.9 tftp/rom: RRQ \"boot.bin\" blksize 1428 -> 200000 bytes")
    while True:
        line = json.loads(programs.process.stdout.readline())
        require("control", line)
        if line["event"] == "machine" and line["machine"]["reached"] == "loaded":
            break
    assert plain.end()[0] == 0
    # Who comes later learns where everybody is.
    later = Lines(running)
    later.until(r"it 10\.50\.1\.9 rom: loaded, file boot\.bin$")
    assert later.end()[0] == 0
    running.stop()
    programs.process.wait(PATIENCE)
    assert programs.process.returncode == 1
    assert "the server at" in programs.process.stderr.read()


def test_lines_end_with_whoever_reads_them(running):
    lines = Lines(running)
    lines.process.stdout.close()
    assert lines.process.wait(PATIENCE) == 1


def test_a_watcher_that_does_not_read_loses_steps_and_holds_nobody(network, running):
    slow = Lines(running, "--json")
    slow.process.stdout.readline()
    slow.process.send_signal(signal.SIGSTOP)
    client = network.client.socket()
    for _ in range(6000):
        client.sendto(testing.tftp_request(b"nothing"), (testing.SERVER_ADDRESS, 69))
        assert client.recv(1500)[:2] == b"\0\5"
    slow.process.send_signal(signal.SIGCONT)
    lost = json.loads(slow.until('"lost"'))
    assert lost["steps"] > 0
    slow.end()


def test_without_a_server_it_says_where_it_looked(tmp_path):
    done = subprocess.run([testing.BOOTWIRE, "watch", "--state", tmp_path], text=True, timeout=PATIENCE,
                          capture_output=True, check=False)
    assert done.returncode == 1
    assert f"{tmp_path}/control.sock" in done.stderr and "--control" in done.stderr


# ---------------------------------------------------------------------------------------- the screen

@pytest.fixture
def terminal(running):
    opened = []

    def start(size, *arguments, environment=""):
        opened.append(Terminal([testing.BOOTWIRE, "watch", "--control", socket_of(running), *arguments], size,
                               environment))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.skipif(not testing.have("tmux"), reason="there is no tmux")
@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
def test_the_screen(network, running, terminal, size):
    screen = terminal(size)
    screen.shows("no machine has asked for anything yet")
    boot(network)
    reading = TftpRead(network.client.socket(), b"boot.bin", [(b"blksize", b"1428"), (b"timeout", b"60")])
    screen.shows(r"^>it +10\.50\.1\.9 .*loading .*boot.bin")
    reading.rest()
    shown = screen.shows(r"^>it +10\.50\.1\.9 .*loaded .*boot.bin")
    assert len(shown.splitlines()) == size[1] and max(map(len, shown.splitlines())) <= size[0]
    # A second machine, whose file is not there: its verdict comes of silence.
    boot(network, "22:22:22:22:00:08")
    network.client_address("10.50.1.10")
    client = network.client.socket()
    client.bind(("10.50.1.10", 0))
    with pytest.raises(testing.TftpError):
        TftpRead(client, b"missing.bin").rest()
    screen.shows("^ lost ")
    screen.press("Down")
    screen.shows("^>lost ")
    screen.shows("^ lost|^>lost .*stopped: waits for")
    screen.shows("^seen: ")
    screen.press("k", "Enter")
    screen.shows(r"rom +dhcp +DHCPREQUEST for 10\.50\.1\.9")
    # What decided it is there at any width.
    shown = "".join(line.strip() for line in screen.shows(r"rom +tftp +RRQ").splitlines())
    assert f"@{running.config}:" in shown
    screen.press("Escape")
    screen.press("/", "l", "o", "s", "Enter")
    assert "10.50.1.9 " not in screen.shows("^>lost ")
    screen.press("Escape")
    screen.shows("^ *>?it ")
    screen.press("s")
    screen.shows("by name")
    screen.press("?")
    screen.shows("any key goes back")
    screen.press("x")
    screen.resize(100, 30)
    assert len(screen.shows("sort .by name").splitlines()) == 30
    # A server that is stopped keeps nobody from looking and leaving.
    running.process.send_signal(signal.SIGSTOP)
    screen.press("Enter")
    screen.shows("Escape or q back")
    screen.press("q")
    screen.shows("by name")
    running.process.send_signal(signal.SIGCONT)
    running.stop()
    screen.shows("the server has ended")
    running.start()
    screen.shows("no machine has asked for anything yet")
    screen.press("q")
    testing.wait_until(screen.has_ended, "the end of watch")


@pytest.mark.skipif(not testing.have("tmux"), reason="there is no tmux")
def test_what_was_seen_stays_until_a_server_speaks(network, running, tmp_path):
    boot(network)
    known = wait_for_machine(running, "it", lambda machine: machine["address"])
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(PATIENCE)
    listener.bind(str(tmp_path / "c.sock"))
    listener.listen()
    screen = Terminal([testing.BOOTWIRE, "watch", "--control", tmp_path / "c.sock"], (80, 24))
    try:
        first, _ = listener.accept()
        first.sendall(json.dumps({"event": "machines", "machines": [known]}).encode() + b"\n")
        screen.shows("1 machine,")
        first.close()
        # A server that is about to end may still take a connection, and says nothing in it.
        for _ in range(2):
            listener.accept()[0].close()
            assert re.search("1 machine, .*the server has ended", screen.shows("the server has ended"))
        last, _ = listener.accept()
        assert re.search("1 machine, .*the server has ended", screen.shows("the server has ended"))
        last.sendall(b'{"event": "machines", "machines": []}\n')
        assert "the server has ended" not in screen.shows("no machine has asked for anything yet")
    finally:
        screen.close()
        listener.close()


@pytest.mark.skipif(not testing.have("tmux"), reason="there is no tmux")
def test_colour_is_left_out_where_it_is_not_wanted(network, running, terminal):
    boot(network)
    screen = terminal((80, 24)).shows("^.*it", colours=True)
    assert "\x1b[36m" in screen
    # The same as a picture, for the documentation.
    done = subprocess.run([TOOLS / "picture", "watch & more"], input=screen, text=True, check=True, timeout=PATIENCE,
                          stdout=subprocess.PIPE)
    texts = ["".join(each.itertext()) for each in xml.etree.ElementTree.fromstring(done.stdout).iter(f"{SVG}text")]
    assert texts[0] == "watch & more" and texts[1] == "bootwire: 1 machine, 0 up, 0 stopped"
    assert any(text.startswith(">it ") for text in texts)
    assert "\x1b[36m" not in terminal((80, 24), environment="NO_COLOR=1").shows("^.*it", colours=True)
