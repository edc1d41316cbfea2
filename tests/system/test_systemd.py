"""bootwire as a service of systemd: its units, what it tells, what it takes over, and that the rights that the unit
leaves it are enough. systemd itself need not run here."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import threading
import time

import pytest

import bootwire_testing as testing
from bootwire_testing import BOOTWIRE, SERVER_ADDRESS, TftpRead
from nfs_testing import OK, Client
from test_http import Connection

UNITS = pathlib.Path(BOOTWIRE).resolve().parents[2] / "dist"
SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }\n"
EXPOSURE_MAX = 3.6

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")


@pytest.fixture
def units(tmp_path):
    """The units with the program that is tested in them."""
    for name in ("bootwire.service", "bootwire.socket"):
        text = (UNITS / name).read_text()
        (tmp_path / name).write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={BOOTWIRE}", text, flags=re.M))
    return tmp_path


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_systemd
def test_the_units_are_sound(units):
    assert analyze("verify", "--man=no", units / "bootwire.service", units / "bootwire.socket") == ""


@needs_systemd
def test_the_units_exposure_is_small(units):
    said = analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX * 10:.0f}",
                   units / "bootwire.service")
    assert "Overall exposure level" in said


def settings(name):
    text = (UNITS / "bootwire.service").read_text()
    return " ".join(re.findall(rf"^{name}=(.*)$", text, re.M)).split()


def test_installing_puts_the_units_where_systemd_looks(tmp_path):
    done = subprocess.run(["meson", "install", "--no-rebuild", "-C", UNITS.parent], capture_output=True, text=True,
                          timeout=300, env={**os.environ, "DESTDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    found = next(tmp_path.rglob("bootwire.service"))
    program = next(tmp_path.rglob("bin/bootwire"))
    assert found.parent.match("*/lib/systemd/system") and (found.parent / "bootwire.socket").exists()
    assert f"ExecStart=/{program.relative_to(tmp_path)} serve -c " in found.read_text()


class Manager:
    """What systemd would hear."""

    def __init__(self, directory, monkeypatch):
        path = directory / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(testing.PATIENCE)
        self.socket.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))

    def hear(self, wanted):
        """All that is said until something begins with that."""
        said = []
        while not any(line.startswith(wanted) for line in said):
            said += self.socket.recv(4096).decode().splitlines()
        return said


@pytest.fixture
def manager(tmp_path, monkeypatch):
    made = Manager(tmp_path, monkeypatch)
    yield made
    made.socket.close()


def test_it_tells_when_it_is_ready_reloads_and_ends(server, manager, tmp_path):
    running = server(SUBNET)
    assert f"STATUS=serving; {running.config} in force" in manager.hear("READY=1")
    before = time.monotonic_ns() // 1000
    running.reload(SUBNET)
    said = manager.hear("READY=1")
    assert said.index("RELOADING=1") < said.index("READY=1")
    told = next(line for line in said if line.startswith("MONOTONIC_USEC="))
    assert before <= int(told.split("=")[1]) <= time.monotonic_ns() // 1000
    assert f"STATUS=serving; {running.config} read again and in force" in said
    running.reload("subnet {", "has errors")
    assert any("has errors" in line for line in manager.hear("READY=1"))
    running.reload(SUBNET)
    manager.hear("READY=1")
    running.stop()
    manager.hear("STOPPING=1")


def test_it_says_that_it_turns(server, manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    server(SUBNET)
    for _ in range(3):
        manager.hear("WATCHDOG=1")


def system_calls(names):
    """What the names of SystemCallFilter= come to."""
    calls, sets, known = set(), {}, None
    for line in analyze("syscall-filter", "--no-pager").splitlines():
        if line.startswith("@"):
            known = sets.setdefault(line.strip(), [])
        elif known is not None and line.strip() and not line.strip().startswith("#"):
            known.append(line.strip())

    def add(name):
        if name.startswith("@"):
            for each in sets[name]:
                add(each)
        else:
            calls.add(name)
    for name in names:
        add(name)
    return calls


@needs_systemd
@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_the_rights_that_the_unit_leaves_are_enough(network, server, machine, tmp_path):
    """A small exchange with each service, and a reload, with the unit's capabilities, and no call beside its filter."""
    for name in ("tftp", "nfs"):
        (tmp_path / name).mkdir()
    os.chmod(tmp_path / "nfs", 0o777)
    (tmp_path / "tftp" / "boot").write_bytes(bytes(5000))
    config = (f'tftp-root "{tmp_path}/tftp"; metrics-clients 10.50.1.9;\n{SUBNET}'
              f'export "{tmp_path}/nfs" {{ clients any; rw; squash none; }}\n')
    kept = ",".join("+" + name.removeprefix("CAP_").lower() for name in settings("CapabilityBoundingSet"))
    calls = tmp_path / "calls"
    running = server(config, prefix=["setpriv", "--no-new-privs", f"--bounding-set=-all,{kept}", "--inh-caps=-all",
                                     "strace", "-D", "-f", "-q", "-c", "-o", calls])
    status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.M)
    assert int(re.search(r"^CapEff:\s*(\w+)$", status, re.M)[1], 16).bit_count() == kept.count("+")
    machine().lease()
    network.client_address("10.50.1.9")
    assert len(TftpRead(network.client.socket(), b"boot").rest()) == 5000
    with network.client.socket(kind=socket.SOCK_STREAM) as made:
        made.connect((SERVER_ADDRESS, 80))
        connection = Connection(made)
        assert connection.ask("/boot").status == connection.ask("/metrics").status == 200
    for tcp in (False, True):
        use_nfs(network.client, tmp_path / "nfs", tcp)
    running.reload(config)
    log = running.log
    running.stop()
    assert "warning" not in log, log
    testing.wait_until(lambda: calls.exists() and "total" in calls.read_text(), "strace to end")
    seen = {line.split()[-1] for line in calls.read_text().splitlines() if re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+", line)}
    seen.discard("total")
    assert {"open_by_handle_at", "mknodat", "setfsuid"} <= seen
    # Whoever strace is execs bootwire; the other two came with kernels younger than the filter's list.
    assert seen - system_calls(settings("SystemCallFilter")) - {"execve", "cachestat"} == set()


def use_nfs(namespace, directory, tcp):
    """Root makes a device, and gives a file of its away; a user makes a file."""
    root, user = Client(namespace, tcp), Client(namespace, tcp, uid=1234, gid=1234)
    handle = root.mount(str(directory))
    name = "tcp" if tcp else "udp"
    assert root.mknod(handle, name + "-node", 4, (7, 9), mode=0o600)[0] == OK
    info = os.lstat(directory / (name + "-node"))
    assert stat.S_ISCHR(info.st_mode) and info.st_rdev == os.makedev(7, 9)
    status, file, _ = user.create(handle, name + "-file")
    assert status == OK and os.lstat(directory / (name + "-file")).st_uid == 1234
    assert user.write(file, 0, b"x" * 20000)[0] == OK and user.read(file, 0, 20000)[1] == b"x" * 20000
    assert root.setattr(file, uid=77, gid=78, mode=0o4755) == OK
    info = os.lstat(directory / (name + "-file"))
    assert (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (77, 78, 0o4755)
    root.close()
    user.close()


HANDED = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as holder:
    holder.connect(sys.argv[1])
    _, descriptors, _, _ = socket.recv_fds(holder, 1, 1)
os.dup2(descriptors[0], 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""


@contextlib.contextmanager
def held_port(network, path):
    """A listener that stays while servers come and go; a command prefix hands it to them."""
    listener = network.server.socket(kind=socket.SOCK_STREAM)
    listener.bind(("", 80))
    listener.listen()
    holder = socket.socket(socket.AF_UNIX)
    holder.bind(str(path))
    holder.listen()

    def hand_over():
        with contextlib.suppress(OSError):
            while True:
                asking, _ = holder.accept()
                with asking:
                    socket.send_fds(asking, [b"x"], [listener.fileno()])
    thread = threading.Thread(target=hand_over)
    thread.start()
    try:
        yield [shutil.which("python3"), "-c", HANDED, path]
    finally:
        holder.shutdown(socket.SHUT_RDWR)
        holder.close()
        thread.join()
        listener.close()


def connect(network):
    made = network.client.socket(kind=socket.SOCK_STREAM)
    made.connect((SERVER_ADDRESS, 80))
    return Connection(made)


def test_machines_that_come_while_it_restarts_wait(network, server, tmp_path):
    network.client_address("10.50.1.9")
    (tmp_path / "file").write_bytes(b"x" * 20000)
    with held_port(network, tmp_path / "holder") as prefix:
        running = server(f'tftp-root "{tmp_path}";\n{SUBNET}', prefix=prefix)
        several = [connect(network) for _ in range(8)]
        for each in several:
            assert each.ask("/file").body == b"x" * 20000
        running.stop()
        waits = connect(network).request("/file")
        running.start()
        assert waits.answer().body == b"x" * 20000


def test_a_socket_of_another_port_is_refused(network, server, tmp_path):
    with held_port(network, tmp_path / "holder") as prefix:
        running = server(f'http-port 8080; tftp-root "{tmp_path}";\n{SUBNET}', start=False, prefix=prefix)
        running.start(wait=False)
        assert running.process.wait(testing.PATIENCE) == 1
        running.process = None
        running.wait_for_log(r"handed over a socket of tcp port 80, and http-port is 8080: .*ListenStream=")
