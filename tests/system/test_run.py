"""bootwire run: a guest from its ROM to a login on its NFS root, and that nothing of a run is left."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import termios

import pexpect
import pytest

import bootwire_testing as testing
from control_testing import ask

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60

CONFIGURATION = """
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }
host first { hardware ethernet 22:22:22:22:00:00; next-server 10.50.1.1; }
host second { hardware ethernet 22:22:22:22:00:01; }
host without { fixed-address 10.50.1.9; }
"""


class Run:
    """bootwire run on a terminal of its own."""

    def __init__(self, directory, *arguments, program=None, configuration=CONFIGURATION):
        self.config = directory / "bootwire.conf"
        self.config.write_text(configuration)
        self.log = directory / "serve.log"
        environment = dict(os.environ)
        if program is not None:
            fake = directory / "bin" / "qemu-system-x86_64"
            fake.parent.mkdir()
            fake.write_text("#!/bin/sh\n" + program)
            fake.chmod(0o755)
            environment["PATH"] = f"{fake.parent}:{environment['PATH']}"
        self.console = pexpect.spawn(
            str(testing.BOOTWIRE), ["run", "-c", str(self.config), "--log", str(self.log),
                                    *arguments],
            env=environment, encoding="latin-1", timeout=PATIENCE)
        self.console.delaybeforesend = None

    def expect(self, pattern, timeout=PATIENCE):
        try:
            return self.console.expect(pattern, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            log = self.log.read_text() if self.log.exists() else ""
            raise AssertionError(f"{type(error).__name__} waiting for {pattern!r}\n"
                                 f"---- console\n{self.console.before}\n---- log\n{log}") from None

    def end(self):
        """Waits for its end; returns its exit status (minus the signal's number) and what it still
        said."""
        self.expect(pexpect.EOF)
        self.console.close()
        status = self.console.exitstatus
        return -self.console.signalstatus if status is None else status, self.console.before


@pytest.fixture
def run(tmp_path):
    runs = []

    def start(*arguments, **keywords):
        runs.append(Run(tmp_path, *arguments, **keywords))
        return runs[-1]

    yield start
    for each in runs:
        each.console.close(force=True)


def descendants(pid):
    """All processes that come from `pid`, itself included."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def namespace_of(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


def processes_in(namespace):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/ns/net"):
        try:
            if os.readlink(entry) == namespace:
                found.append(int(entry.parts[2]))
        except OSError:
            continue
    return found


def interfaces():
    return sorted(os.listdir("/sys/class/net"))


@pytest.fixture(scope="module")
def payload():
    """What `make demo` boots, made from Debian's packages."""
    subprocess.run([REPOSITORY / "tools" / "demo", "--prepare"], check=True)
    return REPOSITORY / "build" / "demo"


@pytest.mark.timeout(400)
@pytest.mark.skipif(not testing.have("qemu-system-x86_64"), reason="there is no QEMU for x86")
def test_from_rom_to_login_on_an_nfs_root(run, payload, tmp_path):
    root = tmp_path / "root"
    subprocess.run(["cp", "-a", payload / "root", root], check=True)
    shutil.copytree(payload / "tftp", tmp_path / "tftp")
    # The guest acts as its own users there.
    tmp_path.chmod(0o755)
    running = run("--no-kvm", "--nic", "virtio-net-pci", "demo", configuration=f"""
        tftp-root "{tmp_path}/tftp";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        host demo {{
            hardware ethernet 22:22:22:22:00:00;
            next-server 10.50.1.1;
            filename "boot.ipxe";
            option root-path "{root}";
        }}""")
    running.expect("iPXE", 60)
    running.expect("demo login:", 240)
    running.console.send("root\r")
    running.expect("# ")
    running.console.send("echo here > /root/written; id -u; echo en''d\r")
    running.expect("\r\n0\r\n.*end")
    # A break, and a key of Linux's behind it: from here, and from who is attached.
    running.console.send("echo 1 >/proc/sys/kernel/sysrq; echo sysrq i''s on\r")
    running.expect("sysrq is on")
    running.console.send("\x01b")
    running.console.send("h")
    running.expect("sysrq: HELP")
    attached = pexpect.spawn(str(testing.BOOTWIRE), ["console", "--no-history", "demo"], encoding="latin-1", timeout=PATIENCE)
    attached.expect("the terminal of bootwire run writes, you read")
    attached.send("\x01w")
    attached.expect("you write")
    attached.send("\x01b")
    attached.send("h")
    attached.expect("sysrq: HELP")
    attached.close(force=True)
    written = root / "root" / "written"
    assert written.read_text() == "here\n"
    assert (written.stat().st_uid, written.stat().st_gid) == (0, 0)
    running.console.send("poweroff\r")
    status, said = running.end()
    assert status == 0
    # The timeline, with what was loaded.
    size = f"{(tmp_path / 'tftp' / 'vmlinuz').stat().st_size:,}"
    for row in (r"0\.00 .*power-on \(tcg\)", r"ipxe +dhcp +DHCPREQUEST -> DHCPACK",
                rf"{size} +ipxe +tftp +vmlinuz", r"userland +dhcp +DHCPREQUEST -> DHCPACK",
                r"mount +MNT .* v3 over tcp", r"v3 read of /bin/busybox", r"console +login:",
                r"power-off", r"nfs +\d+ calls"):
        assert re.search(rf"\n *\d+\.\d\d .*{row}|\n *{row}", said), f"{row} is missing:\n{said}"
    # One machine, one address.
    assert len(set(re.findall(r"DHCPACK (\S+?),", running.log.read_text()))) == 1


IDLE = "echo the guest is up; exec sleep 3600\n"


@pytest.mark.parametrize("how", ["ctrl-a x", "terminate", "hang up", "kill", "kill the inner one",
                                 "kill the group"])
def test_nothing_is_left(run, how):
    before = interfaces()
    running = run("--no-kvm", "first", program=IDLE)
    # As a shell would have it, which is how it has to be given back.
    found = termios.tcgetattr(running.console.child_fd)
    running.expect("the guest is up")
    processes = descendants(running.console.pid)
    namespaces = {namespace_of(pid) for pid in processes} - {namespace_of("self")}
    assert len(namespaces) == 1
    namespace = namespaces.pop()
    assert len(processes_in(namespace)) >= 3, "bootwire, the server and the guest"
    if how == "ctrl-a x":
        running.console.send("\x01x")
    elif how == "terminate":
        running.console.kill(signal.SIGTERM)
    elif how == "hang up":
        running.console.kill(signal.SIGHUP)
    elif how == "kill":
        running.console.kill(signal.SIGKILL)
    elif how == "kill the inner one":
        os.kill(processes[1], signal.SIGKILL)
    else:
        os.killpg(os.getpgid(running.console.pid), signal.SIGKILL)
    # The first of the processes is a zombie until pexpect has waited for it.
    testing.wait_until(lambda: not processes_in(namespace), "the namespace is empty")
    for pid in processes[1:]:
        testing.wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), f"{pid} is gone")
    assert interfaces() == before
    if how != "kill the group":
        now = termios.tcgetattr(running.console.child_fd)
        assert now[:4] == found[:4], "the terminal is as it was"
    status, _ = running.end()
    if how == "ctrl-a x":
        assert status == 0


KVM_DIES = """
case "$*" in
*accel=kvm*) echo "KVM internal error. Suberror: 1" >&2; echo "EAX=0000" >&2; exec sleep 3600 ;;
*accel=tcg*) echo "an emulated guest" ;;
esac
"""
NO_KVM = """
case "$*" in
*accel=kvm*) echo "qemu-system-x86_64: failed to initialize kvm: Permission denied" >&2; exit 1 ;;
*accel=tcg*) echo "an emulated guest" ;;
esac
"""


@pytest.mark.parametrize("program, name", [
    (KVM_DIES, "KVM met an instruction that it cannot emulate"),
    (NO_KVM, "KVM does not start"),
])
def test_where_kvm_dies_the_guest_is_emulated(run, program, name):
    running = run("first", program=program)
    running.expect(name)
    running.expect("KVM does not work for this guest; it starts again, emulated")
    running.expect("an emulated guest")
    status, said = running.end()
    assert status == 0
    assert "power-on (tcg)" in said
    assert "EAX" not in said


def test_a_guest_that_fails_is_said_and_is_an_error(run):
    running = run("first", program='echo "no such machine" >&2; exit 3\n')
    running.expect("no such machine")
    running.expect("ended with status 3")
    assert running.end()[0] == 1


def test_the_last_words_of_a_guest_are_shown(run):
    running = run("--no-kvm", "first", program="echo line; echo Power down\n")
    running.expect("Power down")
    assert running.end()[0] == 0


def test_keys_go_to_the_guest(run):
    running = run("--no-kvm", "first", program="echo up; exec cat -v\n")
    running.expect("up")
    running.console.send("\x03\x01\x01z")
    running.expect(re.escape("^C^Az"))
    running.console.send("\x01x")
    assert running.end()[0] == 0


def test_one_writes_of_the_terminal_and_who_is_attached(run, tmp_path):
    running = run("--no-kvm", "--control", str(tmp_path / "c.sock"), "first", program="echo up; exec cat -v\n")
    running.expect("up")
    attached = pexpect.spawn(str(testing.BOOTWIRE), ["console", "--control", str(tmp_path / "c.sock"), "first"],
                             encoding="latin-1", timeout=PATIENCE)
    attached.expect("the terminal of bootwire run writes, you read")
    attached.send("x")
    attached.expect("the terminal of bootwire run writes, you read")
    attached.send("\x01w")
    attached.expect("you write")
    running.console.send("mine?")
    running.expect("somebody who is attached to this console has the keyboard; Ctrl-a w takes it over")
    attached.send("theirs\r")
    running.expect("theirs")
    assert "mine" not in running.console.before
    running.console.send("\x01w")
    attached.expect("the terminal of bootwire run writes, you read")
    running.console.send("mine\r")
    attached.expect("mine")
    # Who leaves gives it back.
    attached.send("\x01w")
    attached.expect("you write")
    attached.send("\x01d")
    attached.expect(pexpect.EOF)
    testing.wait_until(lambda: ask(tmp_path / "c.sock", request="consoles")["consoles"][0]["writer"]
                       == "the terminal of bootwire run", "the terminal to write again")
    running.console.send("again\r")
    running.expect("again")
    running.console.send("\x01x")
    assert running.end()[0] == 0


def test_the_guest_is_the_host_of_the_configuration(run):
    running = run("--no-kvm", "--memory", "99", "second", program='echo "$@"\n')
    running.expect("-m 99 .*,mac=22:22:22:22:00:01,")
    assert running.end()[0] == 0


def test_an_end_of_the_server_ends_the_run(run):
    running = run("--no-kvm", "first", program=IDLE)
    running.expect("the guest is up")

    def guests():
        """The shell that said so is about to become it."""
        return [pid for pid in descendants(running.console.pid)
                if "sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()]
    testing.wait_until(guests, "the guest to sleep")
    servers = [pid for pid in descendants(running.console.pid) if pid not in guests()]
    os.kill(servers[-1], signal.SIGKILL)
    running.expect("the server has ended")
    assert running.end()[0] == 1


@pytest.mark.parametrize("arguments, says", [
    (["third"], r'no host "third"; it declares first, second, without'),
    (["without"], r'host without has no "hardware ethernet"'),
    (["--nic", "e1000,romfile=x", "first"], "wants the name of a network card"),
    (["--memory", "much", "first"], "wants a number of MiB"),
    ([], "usage: bootwire run"),
])
def test_what_cannot_be_run_is_refused_with_a_reason(run, arguments, says):
    running = run(*arguments, program=IDLE)
    running.expect(says)
    assert running.end()[0] in (1, 2)


def test_a_missing_qemu_names_its_package(tmp_path):
    config = tmp_path / "bootwire.conf"
    config.write_text(CONFIGURATION)
    done = subprocess.run([testing.BOOTWIRE, "run", "-c", config, "first"], text=True,
                          capture_output=True, check=False, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "qemu-system-x86" in done.stderr and "package" in done.stderr


def test_a_server_that_does_not_start_shows_its_log(run):
    running = run("--state", "/dev/null/none", "first", program=IDLE)
    running.expect("the server could not start")
    assert running.end()[0] == 1
