"""Serial consoles: what the server does with lines, and `bootwire console` on a terminal and without."""
import base64
import os
import pty
import re
import socket
import subprocess
import threading
import tty

import pexpect
import pytest

from bootwire_testing import BOOTWIRE, PATIENCE, Machine, have, wait_until
from control_testing import Control, ask, socket_of, wait_for_machine

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }\n"
MAC = "22:22:22:22:00:07"
TERMINAL_SERVER = 23001


class Port:
    """A serial port: the device is a pty's, the machine's end is here."""

    def __init__(self):
        self.machine, self.device_end = pty.openpty()
        tty.setraw(self.device_end)
        self.device = os.ttyname(self.device_end)
        os.set_blocking(self.machine, False)
        self.heard = b""

    def say(self, text):
        os.write(self.machine, text)

    def hear(self, wanted):
        """Waits until the server's end wrote this."""
        def arrived():
            try:
                self.heard += os.read(self.machine, 4096)
            except BlockingIOError:
                pass
            return wanted in self.heard
        wait_until(arrived, lambda: f"{wanted} on the line: {self.heard}")

    def close(self):
        os.close(self.machine)
        os.close(self.device_end)


@pytest.fixture
def port():
    made = Port()
    yield made
    made.close()


def host(name, serial, mac=MAC):
    return f"host {name} {{ hardware ethernet {mac}; {serial} }}\n"


class Reader(Control):
    """Attached to a console."""

    def __init__(self, server, name, **request):
        super().__init__(socket_of(server), {"request": "console", "host": name, **request})
        self.text = b""
        self.told = []
        self.first = self.line()

    def take(self):
        line = self.line()
        assert line is not None
        if "output" in line:
            self.text += base64.b64decode(line["output"])
        else:
            self.told.append(line)

    def expect(self, wanted):
        while wanted not in self.text:
            self.take()

    def expect_told(self, condition):
        while not any(condition(line) for line in self.told):
            self.take()

    def write(self, text):
        self.send(input=base64.b64encode(text).decode())


def wait_open(server, name):
    def is_open():
        return any(one["host"] == name and one["open"]
                   for one in ask(socket_of(server), request="consoles")["consoles"])
    wait_until(is_open, f"{name}'s console to open")


def log_of(server, name, number=-1):
    files = sorted((server.state / "console" / name).glob("*.log"))
    return files[number].read_text() if files else ""


def test_several_read_and_one_writes(server, port):
    running = server(SUBNET + host("it", f'serial "{port.device}" 115200;'))
    wait_open(running, "it")
    port.say(b"before\r\n")
    wait_until(lambda: "before" in log_of(running, "it"), "the log")
    first, second = Reader(running, "it", write=True), Reader(running, "it", write=True)
    assert first.first["write"] and not second.first["write"]
    assert re.search(r"somebody \(process \d+\)", second.first["writer"])
    assert second.first["serial"] == f"{port.device} at 115200 baud"
    for reader in (first, second):
        reader.expect(b"before\r\n")
    late = Reader(running, "it", history=False)
    port.say(b"now\xff\xfb\x01")
    for reader in (first, second, late):
        reader.expect(b"now\xff\xfb\x01")
    assert b"before" not in late.text
    first.write(b"\xff\x00\r\x01")
    port.hear(b"\xff\x00\r\x01")
    second.write(b"no")
    second.expect_told(lambda line: line.get("event") == "refused")
    second.send(take=True)
    second.expect_told(lambda line: line.get("write"))
    first.expect_told(lambda line: line.get("event") == "console" and not line["write"])
    second.write(b"yes")
    port.hear(b"yes")
    second.close()
    first.expect_told(lambda line: line.get("writer", "x") is None)
    assert b"no" not in port.heard
    first.send(take=True)
    first.expect_told(lambda line: line.get("write"))
    first.send(**{"break": 100})  # a pty takes it, and says nothing
    first.write(b"after")
    port.hear(b"after")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z before\n", log_of(running, "it"))
    assert os.stat(running.state / "console" / "it").st_mode & 0o77 == 0
    running.stop()
    assert not os.path.exists("/var/lock/LCK.." + port.device[5:].replace("/", "_"))


def test_logins_and_panics_are_stages_and_each_boot_has_a_log(network, server, port):
    running = server(SUBNET + host("it", f'serial "{port.device}";'))
    wait_open(running, "it")
    port.say(b"BIOS\r\n")
    wait_until(lambda: "BIOS" in log_of(running, "it"), "the log")
    wire = network.client.wire("eth0", 68)
    rom = [(60, b"PXEClient:Arch:00000:UNDI:002001")]
    Machine(wire, MAC).lease(rom)
    port.say(b"[  1.0] kernel\r\n\x1b[1mdebian\x1b[0m login: ")
    seen = wait_for_machine(running, "it", lambda seen: seen["reached"] == "login")
    assert seen["hardware"] == MAC and seen["timeline"][-1]["event"] == "console-login"
    assert seen["timeline"][-1]["asked"] == 'its console says "debian login: "'
    wait_until(lambda: log_of(running, "it").endswith("Z debian login: \n"), "the prompt in the log")
    assert "BIOS" in log_of(running, "it") and "[  1.0] kernel" in log_of(running, "it")
    Machine(wire, MAC).lease(rom)
    wait_for_machine(running, "it", lambda seen: seen["boots"] == 2)

    def second_log():
        port.say(b"again\r\n")
        return len(list((running.state / "console" / "it").glob("*.log"))) == 2
    wait_until(second_log, "a second log")
    port.say(b"[    2.5] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n")
    seen = wait_for_machine(running, "it", lambda seen: seen["reached"] == "panic")
    assert seen["timeline"][-1]["event"] == "console-panic"
    wait_until(lambda: "panic" in log_of(running, "it"), "the panic in the log")
    assert "panic" not in log_of(running, "it", 0)
    assert "its console says" in running.log


class Telnet:
    """A terminal server of one port."""

    def __init__(self, network, greeting):
        self.listener = network.server.socket(kind=socket.SOCK_STREAM)
        self.listener.bind(("10.50.1.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.greeting = greeting
        self.accept()

    def accept(self):
        self.connection = None
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()

    def _accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        connection.sendall(self.greeting)
        self.heard = b""
        self.connection = connection

    def wait(self):
        wait_until(lambda: self.connection, "a connection")

    def hear(self, wanted):
        while wanted not in self.heard:
            more = self.connection.recv(4096)
            assert more, self.heard
            self.heard += more


def test_a_terminal_server_that_speaks_telnet_goes_away_and_comes_back(network, server):
    # WILL ECHO, WILL SUPPRESS-GO-AHEAD, DO COM-PORT-OPTION
    far = Telnet(network, b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x2chello\r\0\r\n")
    running = server(SUBNET + host("it", f'serial "10.50.1.1:{far.port}";'))
    far.wait()
    far.hear(b"\xff\xfd\x01\xff\xfd\x03\xff\xfc\x2c")
    reader = Reader(running, "it", write=True)
    reader.expect(b"hello\r\r\n")
    reader.write(b"a\xffb\r")
    far.hear(b"a\xff\xffb\r\0")
    reader.send(**{"break": 0})
    far.hear(b"\xff\xf3")
    far.accept_old = far.connection
    far.greeting = b"raw \xff\xff\xff\xfb\x01"
    far.accept()
    far.accept_old.close()
    reader.expect_told(lambda line: line.get("open") is False and "closed" in line["reason"])
    reader.expect_told(lambda line: line.get("open") is True)
    far.wait()
    reader.expect(b"raw \xff\xff\xff\xfb\x01")
    reader.write(b"\xff\r")
    far.hear(b"\xff\r")
    assert b"\xff\xff" not in far.heard and b"\0" not in far.heard
    reader.send(**{"break": 0})
    reader.expect_told(lambda line: "telnet" in line.get("text", ""))


@pytest.fixture
def beside():
    """Starts a program on the network of a server's; it ends with the test."""
    started = []

    def start(running, *argv):
        started.append(subprocess.Popen(["nsenter", "--net", "--target", str(running.pid), *argv],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    yield start
    for each in started:
        each.kill()
        each.wait()


@pytest.mark.skipif(not have("ser2net"), reason="there is no ser2net")
def test_ser2net(server, port, beside, tmp_path):
    """A real terminal server between: its telnet carries all bytes, and breaks."""
    configuration = tmp_path / "ser2net.yaml"
    configuration.write_text(f"""%YAML 1.1
---
connection: &it
    accepter: telnet(rfc2217),tcp,127.0.0.1,{TERMINAL_SERVER}
    connector: serialdev,{port.device},9600n81,local
    options:
        kickolduser: true
""")
    running = server(SUBNET + host("it", f'serial "127.0.0.1:{TERMINAL_SERVER}";'))
    beside(running, "ser2net", "-n", "-d", "-u", "-c", str(configuration))
    wait_open(running, "it")
    reader = Reader(running, "it", write=True)
    every = bytes(range(256))
    reader.write(every)
    port.hear(every)
    port.say(b"begin" + every + b"end")
    reader.expect(b"begin" + every + b"end")
    reader.send(**{"break": 100})
    reader.write(b"behind")
    port.hear(b"behind")
    assert not any(line.get("event") == "refused" for line in reader.told)


@pytest.mark.timeout(200)
@pytest.mark.skipif(not have("qemu-system-x86_64"), reason="there is no QEMU for x86")
def test_another_qemu(server, beside):
    """Its BIOS is seen from the first line, and keys and a break reach its iPXE."""
    running = server(SUBNET + host("it", f'serial "127.0.0.1:{TERMINAL_SERVER}";'))
    beside(running, "qemu-system-x86_64", "-nodefaults", "-machine", "pc,graphics=off", "-accel", "tcg", "-m", "64",
           "-display", "none", "-serial", f"telnet:127.0.0.1:{TERMINAL_SERVER},server=on,wait=on",
           "-nic", "user,model=e1000,restrict=on")
    wait_open(running, "it")
    reader = Reader(running, "it", write=True)
    reader.expect(b"SeaBIOS")
    reader.expect(b"initialising devices")
    reader.send(**{"break": 100})
    reader.write(b"\x02")
    reader.expect(b"iPXE>")
    reader.write(b"echo it hears\r")
    reader.expect(b"it hears\r")
    assert not any(line.get("event") == "refused" for line in reader.told)


def test_reload_brings_and_takes_lines(server, port, tmp_path):
    path = tmp_path / "serial.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    listener.settimeout(PATIENCE)
    running = server(SUBNET + host("it", f'serial "{port.device}";') + host("dead", 'serial "/dev/none";', MAC[:-1] + "8"))
    wait_open(running, "it")
    running.wait_for_log(r"console of dead: /dev/none cannot be opened: No such file .*plugged in")
    two = [host("it", f'serial "{port.device}";'), host("twin", f'serial "{port.device}";', MAC[:-1] + "9")]
    running.reload(SUBNET + two[0] + two[1])
    running.wait_for_log(rf"console of twin: {port.device} is the console of host it already")
    reader = Reader(running, "it")
    running.reload(SUBNET + host("other", f'serial "{path}";'))
    connection, _ = listener.accept()
    reader.expect_told(lambda line: "configuration" in (line.get("reason") or ""))
    assert reader.line() is None
    wait_open(running, "other")
    connection.sendall(b"from the socket\r\n")
    reader = Reader(running, "other")
    reader.expect(b"from the socket")
    names = [one["host"] for one in ask(socket_of(running), request="consoles")["consoles"]]
    assert names == ["other"]


def test_who_reads_too_slowly_is_told_what_is_lost(server, tmp_path):
    path = tmp_path / "serial.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    listener.settimeout(PATIENCE)
    running = server(SUBNET + host("it", f'serial "{path}";'))
    connection, _ = listener.accept()
    connection.settimeout(PATIENCE)
    wait_open(running, "it")
    slow = Reader(running, "it")
    for _ in range(100):
        connection.sendall(b"x" * 79 + b"\r\n" + b"y" * 40000 + b"\r\n")
    connection.sendall(b"the end")
    slow.expect(b"the end")
    assert any(line.get("event") == "lost" for line in slow.told)
    size = sum(line.get("bytes", 0) for line in slow.told) + len(slow.text)
    assert size == 100 * 40083 + 7
    fresh = Reader(running, "it")
    fresh.expect(b"the end")
    assert len(fresh.text) == 65536


def console(running, *arguments, **keywords):
    return [BOOTWIRE, "console", "--control", str(socket_of(running)), *arguments]


def test_on_a_terminal(server, port):
    running = server(SUBNET + host("it", f'serial "{port.device}";'))
    wait_open(running, "it")
    argv = console(running, "it")
    first = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE)
    first.expect("Ctrl-a d detaches")
    port.say(b"login: ")
    first.expect("login: ")
    first.send("root\x03\x01\x01\r")
    port.hear(b"root\x03\x01\r")
    second = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE)
    second.expect(r"on /dev/pts/\d+ \(process \d+\) writes, you read; Ctrl-a w takes over")
    second.expect("login: ")
    second.send("\x01w")
    second.expect("you write now")
    first.expect(r"\) writes, you read")
    second.send("hello\x01b")
    port.hear(b"hello")
    second.send("\x01?")
    second.expect("d detach, b break")
    second.send("\x01d")
    second.expect("detached")
    second.expect(pexpect.EOF)
    second.close()
    assert second.exitstatus == 0
    first.expect("does not write any more")
    running.stop()
    first.expect("the server has ended")
    first.expect(pexpect.EOF)
    first.close()
    assert first.exitstatus == 1


def test_without_a_terminal(server, port):
    running = server(SUBNET + host("it", f'serial "{port.device}";') + host("bare", "", MAC[:-1] + "9"))
    wait_open(running, "it")
    reading = subprocess.Popen(console(running, "it"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reading.stdin.write(b"reboot\x01x\n")
    reading.stdin.close()
    port.hear(b"reboot\x01x\n")
    port.say(b"yes, I do\n")
    assert reading.stdout.readline() == b"yes, I do\n"
    reading.terminate()
    assert reading.wait(PATIENCE) == 0
    reading.stdout.close()

    def run(*arguments):
        done = subprocess.run([BOOTWIRE, "console", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout, done.stderr
    control = ("--control", str(socket_of(running)))
    status, out, _ = run("--list", *control)
    assert status == 0 and re.match(rf"it +{port.device} at 9600 baud, open", out)
    status, _, error = run("bare", *control)
    assert status == 1 and "host bare has no serial" in error and '9600' in error
    status, _, error = run("nobody", *control)
    assert status == 1 and "there is no host nobody" in error and "--list" in error
    status, out, _ = run("--log", "--state", str(running.state), "it")
    assert status == 0 and re.match(r"\S+Z yes, I do\n", out)
    status, _, error = run("--log", "--state", str(running.state), "bare")
    assert status == 1 and "no log" in error
    running.stop()
    status, _, error = run("it", *control)
    assert status == 1 and str(socket_of(running)) in error


def test_who_holds_the_device_is_named(server, port):
    path = "/var/lock/LCK.." + port.device[5:].replace("/", "_")
    with open(path, "w", encoding="ascii") as lock:
        lock.write(f"{os.getpid():10d}\n")
    try:
        running = server(SUBNET + host("it", f'serial "{port.device}";'))
        running.wait_for_log(rf"{port.device} is in use by \S+ \(pid {os.getpid()}\); end that one")
        with open(path, "w", encoding="ascii") as lock:
            lock.write("   4194304\n")  # beyond every process number
        wait_open(running, "it")
    finally:
        if os.path.exists(path):
            os.unlink(path)
