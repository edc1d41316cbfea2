"""Debian's kernel judges the NFS server: a Debian root that mmdebstrap made, diskless in an emulated
machine. Once with systemd, from the ROM to a login, a package and a reboot; once with one program
after another that strains and verifies a file system (nfs_guest/workload)."""
import io
import os
import pathlib
import random
import re
import shutil
import stat
import struct
import subprocess
import tarfile
import time

import pytest

import bootwire_testing as testing

MAC = "22:22:22:22:00:00"
PC = ["qemu-system-x86_64", "-machine", "pc,accel=tcg,graphics=off", "-m", "768",
      "-nodefaults", "-display", "none", "-vga", "none", "-serial", "stdio", "-device",
      "virtio-rng-pci"]
# What the kernel says when its server fails it.
COMPLAINTS = re.compile(
    r".*(?:not responding|[Ss]tale|NFS: .*(?:error|fail|bad)|RPC: .*(?:error|fail)|lockd: "
    r"|I/O error|Input/output error|hung task|blocked for more).*")
PROMPT = "root@diskless:~# "
# How long any of it may take. An emulated machine on one that is busy is slow.
PATIENCE = 900

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not testing.have("qemu-system-x86_64"), reason="there is no QEMU for x86"),
    pytest.mark.skipif(not testing.have("mmdebstrap"), reason="there is no mmdebstrap"),
]


@pytest.fixture(scope="session")
def debian():
    """The root that tools/debian-root makes, as it is before its first boot."""
    directory = testing.SOURCE / "build" / "debian"
    subprocess.run([testing.SOURCE / "tools" / "debian-root", directory], check=True)
    return directory / "root"


@pytest.fixture
def root(debian, tmp_path):
    copy = tmp_path / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", debian, copy], check=True)
    yield copy
    shutil.rmtree(copy)


class Shell:
    """The guest's shell on its serial console."""

    def __init__(self, guest):
        self.guest = guest

    def log_in(self):
        self.guest.expect("diskless login: ", PATIENCE)
        self.guest.send("root\r")
        self.guest.expect(PROMPT, PATIENCE)
        # The kernel's messages would come in between; they are read from its log.
        self.run("dmesg -n 1; export TERM=dumb PAGER=cat")

    def run(self, command):
        """Runs a command that must succeed; returns what it said."""
        self.guest.send(f"{command}; echo status:''$?\r")
        self.guest.expect(r"status:(\d+)\s", PATIENCE)
        status = int(self.guest.console.match[1])
        said = self.guest.console.before.decode(errors="replace").partition("\n")[2]
        self.guest.expect(PROMPT, PATIENCE)
        assert status == 0, f"{command}: status {status}\n{said}"
        return said.replace("\r", "")


@pytest.mark.timeout(2400)
def test_a_debian_root_boots_installs_a_package_and_reboots(root, network, server, guest, tmp_path):
    began = time.monotonic()

    def tell(what):
        print(f"{what}: after {time.monotonic() - began:.0f} s")

    tftp = tmp_path / "tftp"
    tftp.mkdir()
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy(next((root / "boot").glob(f"{name}-*")), tftp / name)
    (tftp / "boot.ipxe").write_text(
        "#!ipxe\nkernel vmlinuz root=/dev/nfs rw ip=dhcp console=ttyS0 panic=10 "
        "systemd.log_color=0\n"
        "initrd initrd.img\nboot\n")
    running = server(f"""
        tftp-root "{tftp}";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host diskless {{
            hardware ethernet {MAC};
            fixed-address 10.50.1.9;
            next-server 10.50.1.1;
            filename "boot.ipxe";
            option root-path "{root}";
        }}""")
    machine = guest([*PC, "-boot", "n"], mac=MAC, model="virtio-net-pci", reboots=True)
    shell = Shell(machine)
    machine.expect("iPXE", PATIENCE)
    machine.expect("Run /init as init process", PATIENCE)
    tell("kernel")
    machine.expect("systemd.*running in system mode", PATIENCE)
    tell("systemd")
    shell.log_in()
    tell("login")
    assert "nfs" in shell.run("stat -f -c %T / && grep ' / ' /proc/mounts")
    # "degraded" would be a unit that failed.
    shell.run("while [ $(systemctl is-system-running) = starting ]; do sleep 1; done; "
              "systemctl is-system-running || { systemctl --failed; false; }")
    shell.run("systemctl is-active multi-user.target")
    tell("multi-user")
    shell.run("apt-get -q update")
    shell.run("apt-get -q -y install bootwire-hello")
    tell("package installed")
    assert "hello from a diskless" in shell.run("bootwire-hello")
    complaints = COMPLAINTS.findall(shell.run("journalctl -b --no-pager -o cat -p notice"))
    machine.send("reboot\r")
    machine.expect("iPXE", PATIENCE)
    tell("rebooted")
    shell.log_in()
    assert "install ok installed" in shell.run("dpkg -s bootwire-hello")
    assert "hello from a diskless" in shell.run("bootwire-hello")
    shell.run("dpkg --verify bootwire-hello && apt-get check")
    complaints += COMPLAINTS.findall(shell.run("journalctl -b --no-pager -o cat -p notice"))
    machine.send("poweroff\r")
    machine.expect("Power down", PATIENCE)
    tell("power off")
    assert complaints == []
    assert (root / "usr/bin/bootwire-hello").stat().st_uid == 0
    running.wait_for_log(r"mount.*: MNT \S+ v3 over tcp -> granted")


# ---------------------------------------------------------------------------------------- workloads

HERE = pathlib.Path(__file__).parent / "nfs_guest"
PROBE = pathlib.Path(testing.BOOTWIRE).parents[2] / "tests/system/nfs_guest_probe"
FILES = 20_000


def make_tree(path):
    """A tar file with a tree as sources have it: 20,000 files and more, most of them small."""
    chance = random.Random(1)
    text = chance.randbytes(150_000).hex().encode()
    with tarfile.open(path, "w") as archive:
        for number in range(FILES):
            if number % 16 == 0:
                directory = f"part{number // 1600}/room{number // 160 % 10}/shelf{number // 16}"
                member = tarfile.TarInfo(directory)
                member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, number
                archive.addfile(member)
            member = tarfile.TarInfo(f"{directory}/a-source-file-{number}.c")
            member.mode, member.mtime = chance.choice((0o644, 0o600, 0o755)), 1_600_000_000 + number
            member.uid, member.gid = number % 3, number % 5
            if number % 100 == 99:
                member.type, member.linkname = tarfile.SYMTYPE, f"a-source-file-{number - 1}.c"
                archive.addfile(member)
                continue
            member.size = min(int(chance.lognormvariate(7.0, 1.2)), 200_000)
            begin = chance.randrange(len(text) - member.size)
            archive.addfile(member, io.BytesIO(text[begin:begin + member.size]))


def check_tree(load):
    """On the server's side: what the guest unpacked is what the archive holds."""
    seen = 0
    with tarfile.open(load / "tree.tar") as archive:
        for member in archive:
            path = load / "tree" / member.name
            status = path.lstat()
            assert (status.st_uid, status.st_gid) == (member.uid, member.gid), path
            if member.issym():
                assert os.readlink(path) == member.linkname
            else:
                assert stat.S_IMODE(status.st_mode) == member.mode, path
                assert member.isdir() or path.read_bytes() == archive.extractfile(member).read(), path
                assert member.isdir() or status.st_mtime == member.mtime, path
            seen += not member.isdir()
    assert seen == FILES


def counted(begin, size):
    """What nfs_guest/probe.c fills files with: at each multiple of eight stands that number."""
    first = begin // 8
    words = struct.pack(f">{size // 8 + 2}Q", *range(first * 8, (first + size // 8 + 2) * 8, 8))
    return words[begin - first * 8:][:size]


def check_probe(probe, version):
    """On the server's side: the files that the probe has left, as it has written them."""
    growing = (probe / "growing").read_bytes()
    assert len(growing) == 200 * (3 * 4096 + 1000) and growing == counted(0, len(growing))
    device = (probe / "device").stat()
    assert stat.S_ISCHR(device.st_mode) and stat.S_IMODE(device.st_mode) == 0o640
    assert device.st_rdev == os.makedev(*((8, 65) if version == 2 else (259, 70000)))
    assert stat.S_ISFIFO((probe / "pipe").stat().st_mode)
    assert os.readlink(probe / "link") == 1000 * "t"
    assert ((probe / "link").lstat().st_uid, (probe / "link").lstat().st_gid) == (12345, 54321)
    lines = (probe / "appended").read_text().splitlines()
    assert sorted(lines) == 200 * [40 * "a"] + 200 * [90 * "b"]
    kept = {"growing", "device", "pipe", "link", "appended"}
    if version == 3:
        kept.add("sparse")
        with open(probe / "sparse", "rb") as file:
            assert file.seek(0, os.SEEK_END) == 6 << 30
            assert os.fstat(file.fileno()).st_blocks * 512 < 1 << 20
            for place in (0, (1 << 30) + 77, (2 << 30) - 100, (4 << 30) - 2048):
                file.seek(place)
                assert file.read(4096) == counted(place, 4096)
    # Nothing else: neither what was removed while open nor what a part forgot.
    assert {path.name for path in probe.iterdir()} == kept


LOOKS = {
    "probe": lambda load: check_probe(load / "probe", 3),
    "probe_v2": lambda load: check_probe(load / "v2" / "probe", 2),
    "untar": check_tree,
}


@pytest.mark.timeout(2400)
def test_programs_that_strain_a_file_system(root, network, server, guest):
    shutil.copy(HERE / "workload", root / "usr/local/sbin/workload")
    shutil.copy(PROBE, root / "usr/local/sbin/probe")
    load = root / "load"
    load.mkdir()
    make_tree(load / "tree.tar")
    running = server(f"""
        subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host diskless {{
            hardware ethernet {MAC};
            fixed-address 10.50.1.9;
            next-server 10.50.1.1;
            option root-path "{root}";
        }}""")
    kernel, initrd = (next((root / "boot").glob(f"{name}-*")) for name in ("vmlinuz", "initrd.img"))
    steps = os.environ.get("NFS_GUEST_STEPS", "")
    machine = guest(
        [*PC, "-kernel", kernel, "-initrd", initrd, "-append",
         "root=/dev/nfs rw ip=dhcp console=ttyS0 panic=-1 quiet init=/usr/local/sbin/workload"
         + (f" steps={steps}" if steps else "")],
        mac=MAC, model="virtio-net-pci")
    failed = []
    while machine.expect([r"step (\w+): (ok|failed)([^\r\n]*)[\r\n]", r"step (\w+): look\s",
                          "workload: end"], PATIENCE) != 2:
        step, outcome, *rest = [part.decode() for part in machine.console.match.groups()] + [""]
        if not outcome:
            if step not in failed:
                LOOKS[step](load)
            machine.send("\r")
            continue
        print(f"{step}: {outcome}{rest[0]}")
        if outcome == "failed":
            failed.append(step)
            print((load / "log" / step).read_text(errors="replace")[-6000:])
    machine.expect(testing.pexpect.EOF, PATIENCE)
    assert failed == []
    assert COMPLAINTS.findall((load / "log" / "dmesg").read_text(errors="replace")) == []
    running.wait_for_log(r"mount.*: MNT \S+ v3 over tcp -> granted")
    running.wait_for_log(r"mount.*: MNT \S+ v[12] over tcp -> granted")
