"""bootwire run: as an ordinary user, other machines than PCs, herds, and ends that a script can tell."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pexpect
import pytest

import bootwire_testing as testing
from control_testing import ask
import test_run
from terminal_testing import Terminal
from test_run import descendants, interfaces, namespace_of, processes_in

payload = test_run.payload

USER = 12345
PATIENCE = 320

CONFIGURATION = """
tftp-root "{place}/tftp";
subnet 10.50.1.0 netmask 255.255.255.0 {{
    range 10.50.1.200 10.50.1.250;
    next-server 10.50.1.1;
    filename "boot.ipxe";
}}
host first {{ hardware ethernet 22:22:22:22:00:fe; }}
host second {{ hardware ethernet 22:22:22:22:00:ff; }}
host third {{ hardware ethernet 22:22:22:22:01:00; }}
"""
SCRIPT = "#!ipxe\necho hello from ${net0/mac} at ${net0/ip}\npoweroff\n"


@pytest.fixture
def place():
    """A directory that everybody can read, with the program in it: the user of these tests has none."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="bootwire-"))
    try:
        made.chmod(0o755)
        shutil.copy(testing.BOOTWIRE, made / "bootwire")
        (made / "tftp").mkdir()
        (made / "tftp" / "boot.ipxe").write_text(SCRIPT)
        (made / "c.conf").write_text(CONFIGURATION.format(place=made))
        yield made
    finally:
        shutil.rmtree(made)


class User:
    """Who runs it: root, or an ordinary user, who has not so much as a line in /etc/passwd."""

    def __init__(self, place, uid):
        self.place = place
        self.uid = uid
        self.prefix = [] if uid == 0 else [
            "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        self.processes = []
        # Root's has a socket elsewhere: somebody's own runs may be in its directory.
        self.runtime = pathlib.Path("/run/bootwire" if uid == 0 else f"/tmp/bootwire-{uid}")
        self.control = (place if uid == 0 else self.runtime) / "first.sock"
        self.arguments = ["--control", self.control] if uid == 0 else []

    def popen(self, *arguments, fake=None, runtime=None):
        environment = {key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"}
        if runtime is not None:
            environment["XDG_RUNTIME_DIR"] = str(runtime)
        if fake is not None:
            program = self.place / "bin" / "qemu-system-x86_64"
            program.parent.mkdir(exist_ok=True)
            program.write_text("#!/bin/sh\n" + fake)
            program.chmod(0o755)
            environment["PATH"] = f"{program.parent}:{environment['PATH']}"
        self.processes.append(subprocess.Popen(
            [*self.prefix, self.place / "bootwire", "run", "-c", self.place / "c.conf", "--no-kvm",
             *self.arguments, *arguments],
            cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT))
        return self.processes[-1]

    def left(self):
        """What its runs have left outside of their namespaces."""
        directories = [self.runtime / f"run-{process.pid}" for process in self.processes]
        return [path for path in [self.control, *directories, *([self.runtime] if self.uid else [])] if path.exists()]

    def end(self):
        """Whatever a failed test left running."""
        for process in self.processes:
            process.terminate()
            process.wait(60)

    def run(self, *arguments, fake=None):
        """The exit status, and all that was printed."""
        process = self.popen(*arguments, fake=fake)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said.decode("latin-1")


@pytest.fixture(params=[0, USER], ids=["root", "user"])
def user(request, place):
    made = User(place, request.param)
    yield made
    made.end()


@pytest.fixture
def ordinary(place):
    made = User(place, USER)
    yield made
    made.end()


IDLE = "echo the guest is up; exec sleep 3600\n"


@pytest.mark.timeout(300)
def test_a_guest_boots_for_everybody(user):
    before = interfaces()
    status, said = user.run("--until", "hello from 22:22:22:22:00:fe at 10.50.1.2[0-9]+$", "--timeout", "200", "first")
    assert status == 0, said
    assert "ipxe       tftp     boot.ipxe" in said
    assert not user.left() and interfaces() == before


# What an ordinary user cannot make.
SPECIFICATION = """#mtree
/set uid=0 gid=0
. type=dir mode=0755
./dev type=dir mode=0755
./dev/console type=char mode=0600 device=native,5,1
./dev/null type=char mode=0666 device=native,1,3
./home/guest type=dir mode=0755 uid=1000 gid=1000
"""
LIST = "::once:/bin/sh -c 'ls -ldn /dev/console /home/guest >/dev/console'\n"


@pytest.mark.timeout(400)
def test_an_ordinary_user_s_nfs_root_looks_like_root_s(ordinary, payload):
    root = ordinary.place / "root"
    shutil.copytree(payload / "root", root, symlinks=True, ignore=shutil.ignore_patterns("console", "null"))
    shutil.copytree(payload / "tftp", ordinary.place / "tftp", dirs_exist_ok=True)
    with open(root / "etc" / "inittab", "a") as inittab:
        inittab.write(LIST)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", root], check=True)
    (ordinary.place / "root.mtree").write_text(SPECIFICATION)
    (ordinary.place / "c.conf").write_text(f"""
        tftp-root "{ordinary.place}/tftp";
        mtree "{root}" "{ordinary.place}/root.mtree";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        host first {{
            hardware ethernet 22:22:22:22:00:00;
            next-server 10.50.1.1;
            filename "boot.ipxe";
            option root-path "{root}";
        }}""")
    status, said = ordinary.run("--nic", "virtio-net-pci", "--until", "1000 +1000 .*/home/guest", "--timeout", "300",
                                "first")
    assert status == 0, said
    assert re.search(r"\ncrw------- +1 0 +0 +5, +1 .*/dev/console", said)
    assert re.search(r"mount +MNT .* v3 over tcp", said)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not testing.have("tmux"), reason="there is no tmux")
def test_a_herd_that_is_watched(ordinary):
    process = ordinary.popen("--count", "8", "--until", "hello from .* at 10.50.1.2[0-9][0-9]",
                             "--timeout", "200", "--memory", "64", "first")
    control = ordinary.runtime / "first.sock"
    wait_for(control, process)
    screen = Terminal([testing.BOOTWIRE, "watch", "--control", control], (80, 24))
    try:
        said = process.communicate(timeout=PATIENCE)[0].decode("latin-1")
        assert process.returncode == 0, said
        shown = screen.shows("8 machines.*the server has ended")
    finally:
        screen.close()
    for number, name in enumerate(("first", "second", "third", *(f"first+{more}" for more in range(3, 8)))):
        mac = f"{(0xfe + number) >> 8:02x}:{(0xfe + number) & 255:02x}"
        assert f"The boot of {name}:" in said
        assert f"{name}| hello from 22:22:22:22:{mac} at 10.50.1.2" in said
        # The last acknowledgement of a file may wait unread when the server ends.
        assert re.search(rf"^[> ]{re.escape(name)} +10\.50\.1\.2\d\d +(loading|loaded|off) ", shown,
                         re.MULTILINE), shown
    assert re.search(r"loaded .*boot\.ipxe$", shown, re.MULTILINE), shown


def wait_for(path, process):
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)


def test_who_names_no_server_asks_the_only_run(ordinary):
    def ask_status():
        return subprocess.run([*ordinary.prefix, ordinary.place / "bootwire", "status"], text=True, timeout=60,
                              capture_output=True, env={"PATH": os.environ["PATH"]})

    assert ask_status().returncode == 3
    wait_for(ordinary.control, ordinary.popen("first", fake=IDLE))
    testing.wait_until(lambda: "machines  1: 1" in ask_status().stdout, lambda: f"an answer: {ask_status()}")
    wait_for(ordinary.runtime / "second.sock", ordinary.popen("second", fake=IDLE))
    testing.wait_until(lambda: "2 runs of guests are under way" in ask_status().stderr, "the second to listen")
    done = ask_status()
    assert done.returncode == 4 and re.search("--control names the one .*/(first|second).sock$", done.stderr), done


@pytest.mark.parametrize("whom", ["outer", "inner"])
def test_nothing_is_left_of_a_killed_one(user, whom):
    before = interfaces()
    process = user.popen("first", fake=IDLE)
    wait_for(user.control, process)
    while b"the guest is up" not in process.stdout.readline():
        pass
    children = descendants(process.pid)
    namespace = namespace_of(children[-1])
    assert namespace != namespace_of("self")
    os.kill(process.pid if whom == "outer" else children[1], signal.SIGKILL)
    process.wait(60)
    testing.wait_until(lambda: not processes_in(namespace), "the namespace is empty")
    assert interfaces() == before
    testing.wait_until(lambda: not user.left(), lambda: f"{user.left()} to be gone")


def test_what_two_killed_ones_left_goes_with_the_next_run(ordinary):
    killed = ordinary.popen("first", fake=IDLE)
    wait_for(ordinary.runtime / "first.sock", killed)
    living = ordinary.popen("first", fake=IDLE)
    wait_for(ordinary.runtime / f"first-{living.pid}.sock", living)
    processes = descendants(killed.pid)
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    killed.wait(60)
    for pid in processes:
        testing.wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), f"{pid} is gone")
    left = ordinary.runtime / "first.sock"
    assert (ordinary.runtime / f"run-{killed.pid}").exists() and left.exists()
    os.utime(left, (0, 0))
    ordinary.run("--timeout", "1", "second", fake=IDLE)
    assert sorted(entry.name for entry in ordinary.runtime.iterdir()) == [
        f"first-{living.pid}.sock", f"run-{living.pid}"]
    living.terminate()
    living.wait(60)
    assert not ordinary.runtime.exists()


def test_a_socket_in_use_is_left_alone(ordinary):
    process = ordinary.popen("first", fake=IDLE)
    path = ordinary.runtime / "first.sock"
    wait_for(path, process)
    status, said = ordinary.run("--control", str(path), "second")
    assert status == 1 and "Address already in use" in said
    assert ask(path, request="status")["machines"] >= 0
    process.terminate()
    process.wait(60)


def test_its_server_says_how_far_its_guests_are(ordinary):
    process = ordinary.popen("--count", "2", "first", fake=IDLE)
    try:
        path = ordinary.runtime / "first.sock"
        wait_for(path, process)
        testing.wait_until(lambda: len(ask(path, request="machines")["machines"]) == 2, "both guests")
        machine = ask(path, request="machine", name="second")["machine"]
        assert machine["timeline"][0]["event"] == "power-on" and machine["timeline"][0]["got"] == "tcg"
        # A second run of the same host has a socket of its own.
        other = ordinary.popen("first")
        wait_for(ordinary.runtime / f"first-{other.pid}.sock", other)
        other.terminate()
        other.wait(60)
        assert ask(path, request="status")["machines"] == 2
    finally:
        process.terminate()
        process.wait(60)
    assert not ordinary.runtime.exists()


def test_others_attach_to_a_guest_s_console(ordinary):
    process = ordinary.popen("first", fake="echo begins; printf 'it login: '; read name; echo \"hello $name\"; "
                                           "echo 'panic: as asked'; exec sleep 3600\n")
    path = ordinary.runtime / "first.sock"
    wait_for(path, process)

    def reached(what):
        return ask(path, request="machine", name="first").get("machine", {}).get("reached") == what
    testing.wait_until(lambda: reached("login"), "the prompt to be seen")
    attached = subprocess.Popen(
        [*ordinary.prefix, ordinary.place / "bootwire", "console", "first"], cwd="/", stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={"PATH": os.environ["PATH"]})
    assert attached.stdout.readline() == b"begins\n"
    attached.stdin.write(b"stranger\n")
    attached.stdin.close()
    assert attached.stdout.readline() == b"it login: hello stranger\n"
    assert attached.stdout.readline() == b"panic: as asked\n"
    attached.stdout.close()
    testing.wait_until(lambda: reached("panic"), "the panic to be seen")
    process.terminate()
    said = process.communicate(timeout=PATIENCE)[0].decode()
    assert attached.wait(60) == 1
    assert "console  its console says \"panic: as asked\"" in said and said.count("login:") == 2, said


@pytest.mark.parametrize("fake, arguments, status, says", [
    ("echo; echo one; printf 'it login: '; exec sleep 3600", ["--until", "^it login: $"], 0, "it login:"),
    ("echo one; exec sleep 3600", ["--until", "two", "--timeout", "1"], 3, "the time (--timeout 1) is over"),
    ("echo one", ["--until", "two"], 4, 'it ended before its console showed "two"'),
    ("echo one >&2; exit 5", ["--until", "two"], 1, "ended with status 5"),
    ("echo one", [], 0, "power-off"),
    ("echo one", ["--until", "two("], 2, "wants an extended regular expression"),
    ("echo one", ["--count", "65"], 2, "wants a number of guests, 1 to 64"),
    ("echo one", ["--cpus", "0"], 2, "wants a number of processors"),
    ("echo one", ["--arch", "vax"], 2, "there is no machine for --arch vax; there are x86_64, i386"),
    ("echo one", ["--arch", "mipsel", "--uefi"], 2, "no machine for --arch mipsel with --uefi"),
    ("echo \"'e2\" is not a valid device model name >&2; exit 1", [], 1, "--nic names another"),
])
def test_how_it_ends(ordinary, fake, arguments, status, says):
    ended, said = ordinary.run(*arguments, "first", fake=fake)
    assert says in said and ended == status, said


def test_others_attach_to_its_console(ordinary):
    process = ordinary.popen("--until", "the magic word", "first", fake="printf 'pc login: '; exec cat\n")
    path = ordinary.runtime / "first.sock"
    wait_for(path, process)
    console = pexpect.spawn(testing.BOOTWIRE, ["console", "--control", str(path), "first"], timeout=60)
    console.expect("pc login: ")
    events = [step["event"] for step in ask(path, request="machine", name="first")["machine"]["timeline"]]
    assert events.count("console-login") == 1
    console.send("the magic word\r")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.count(b"login:") == 2, "on the console, and once in the timeline"
    console.close(force=True)


def test_who_ends_it_too_early_has_not_seen_it(ordinary):
    process = ordinary.popen("--until", "two", "first", fake=IDLE)
    while b"the guest is up" not in process.stdout.readline():
        pass
    process.terminate()
    assert process.wait(60) == 4


def test_a_directory_of_a_long_name_is_not_taken(ordinary):
    runtime = ordinary.place / ("d" * 100)
    runtime.mkdir()
    os.chown(runtime, USER, USER)
    process = ordinary.popen("first", fake=IDLE, runtime=runtime)
    wait_for(ordinary.runtime / "first.sock", process)
    assert not list(runtime.iterdir())
    process.terminate()
    process.wait(60)


@pytest.mark.timeout(300)
def test_where_a_user_can_open_tun_there_is_a_tap(ordinary):
    ordinary.prefix = ["unshare", "--mount", "sh", "-c",
                       "mount -t tmpfs -o dev,mode=0755 tmpfs /dev/net && mknod -m 0666 /dev/net/tun c 10 200 && "
                       'exec "$@"', "sh", *ordinary.prefix]
    _, said = ordinary.run("first", fake='echo "$@"')
    assert "tap,id=network" in said
    status, said = ordinary.run("--until", "hello from", "--timeout", "200", "first")
    assert status == 0, said


# Waits in a user namespace until its user and group IDs are mapped, forbids it any of its own, and goes on
# as an ordinary user.
NO_MORE_NAMESPACES = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.write(1, b"unshared\\n")
os.read(0, 1)
with open("/proc/sys/user/max_user_namespaces", "w") as limit:
    limit.write("0")
os.setgroups([])
os.setresgid({USER}, {USER}, {USER})
os.setresuid({USER}, {USER}, {USER})
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_no_user_namespace_is_said_with_the_cure(place):
    process = subprocess.Popen(
        ["/usr/bin/python3", "-c", NO_MORE_NAMESPACES, place / "bootwire", "run", "-c", place / "c.conf", "first"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout.readline() == "unshared\n"
    for kind in ("uid_map", "gid_map"):
        pathlib.Path(f"/proc/{process.pid}/{kind}").write_text("0 0 65536")
    said, _ = process.communicate("\n", timeout=60)
    assert process.returncode == 1
    assert "an ordinary user can make no user namespace here" in said
    assert "sysctl user.max_user_namespaces=" in said


def test_processors_and_the_board(ordinary):
    _, said = ordinary.run("--cpus", "3", "first", fake='echo "$@"')
    assert "-smp 3" in said and "socket,id=network,fd=" in said or "tap,id=network" in said


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program, arguments, until", [
    ("qemu-system-i386", ["--arch", "i386"], "hello from"),
    ("qemu-system-x86_64", ["--arch", "x86_64", "--uefi"], "Start PXE over IPv4"),
    ("qemu-system-x86_64", ["--arch", "i386", "--uefi"], "Start PXE over IPv4"),
    ("qemu-system-aarch64", ["--arch", "aarch64"], "TFTP from server 10.50.1.1"),
    ("qemu-system-aarch64", ["--arch", "aarch64", "--uefi"], "Start PXE over IPv4"),
    ("qemu-system-mipsel", ["--arch", "mipsel"], "maltael # "),
    ("qemu-system-riscv64", ["--arch", "riscv64"], "TFTP from server 10.50.1.1"),
])
def test_other_machines(ordinary, program, arguments, until):
    if not testing.have(program):
        pytest.skip(f"there is no {program}")
    status, said = ordinary.run(*arguments, "--until", until, "--timeout", "200", "first")
    assert status == 0, said


def test_a_missing_firmware_names_its_package(ordinary):
    ordinary.prefix = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /usr/share/OVMF && exec "$@"', "sh",
                       *ordinary.prefix]
    status, said = ordinary.run("--arch", "i386", "--uefi", "first")
    assert status == 1 and "Debian's package ovmf-ia32 has it" in said
