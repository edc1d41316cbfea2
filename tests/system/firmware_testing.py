"""Tests that boot real firmware: what they boot, the machines, and the way to a login prompt.

    def test_bios_grub(server, guest, tmp_path):
        boot = firmware.Boot(server, guest, tmp_path)
        boot.tftp is tmp_path/"tftp": put there what no package installs
        boot.payload(firmware.linux(), firmware.busybox())      # boot.tftp/vmlinuz, boot.tftp/initrd
        boot.serve(firmware.RECIPE + 'boot-loader "grub";')     # inside the one host declaration
        boot.power_on(firmware.BIOS)
        boot.expect("GNU GRUB", "the loader's menu")            # a row of the timeline
        boot.login()                                            # login:, root, a command
        boot.serves("grub/grub.cfg")                            # the log says that it was handed over

What is booted is a Linux kernel with an initramfs made here: busybox, and a getty on the kernel's
console. The kernel finds no network and no disk, so everything up to `login:` came by the loader.
linux() gives Debian's cloud kernel for this machine's architecture, from `tools/demo --prepare`;
tests for another architecture pass their own kernel, and a static busybox of it.

login() proves that the command line came through: the console is the one that it names, and the
words `recipe=MARK` of RECIPE's `append` stand in /proc/cmdline.

Each boot prints its timeline when it has ended (pytest -rA shows it; seconds from power-on): what the
server's journal says of the machine, and when the console said what was expected.

power_on(argv, ...) takes QEMU's whole command line but for the network; see BIOS and ovmf().
bootwire, not QEMU's own network, serves: TCG, never KVM.
"""
import functools
import os
import pathlib
import re
import shutil
import stat
import subprocess
import time

import pytest

import bootwire_testing as testing

MAC = "22:22:22:22:00:00"
NAME = "machine"
RECIPE = """
    boot linux { kernel "vmlinuz"; initrd "initrd"; append "quiet recipe=MARK"; }
    console com0 115200;
"""

# What the generated files of RECIPE say, for a test that writes one by hand.
COMMAND_LINE = "quiet recipe=MARK console=ttyS0,115200"

PATIENCE = 150

BIOS = ["qemu-system-x86_64", "-machine", "pc,accel=tcg,graphics=off", "-m", "512", "-nodefaults",
        "-display", "none", "-vga", "none", "-serial", "stdio", "-boot", "n"]
"""A PC with a BIOS; its network card's ROM is iPXE."""

OVMF = pathlib.Path("/usr/share/OVMF")


def needs(*paths):
    """Skips a test where one of the files or programs is missing."""
    missing = [str(path) for path in paths
               if not (pathlib.Path(path).exists() or testing.have(str(path)))]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def ovmf(directory, secure=False):
    """A PC with UEFI, for power_on(); its variables are of `directory`. With `secure` it has Microsoft's
    keys and Secure Boot is on. Wants network=UEFI_CARD."""
    code, variables = ("OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd") if secure else \
        ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd")
    shutil.copy(OVMF / variables, directory / "variables.fd")
    smm = ["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []
    return ["qemu-system-x86_64", "-machine", f"q35,accel=tcg{',smm=on' if secure else ''}",
            "-m", "512", "-nodefaults", "-display", "none", "-vga", "none", "-serial", "stdio", *smm,
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF / code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={directory}/variables.fd"]


def card(model="virtio-net-pci", rom=False):
    """The one network card, first in the firmware's order; without QEMU's ROM, which is iPXE, it is
    the firmware's own driver that boots."""
    return ["-device", f"{model},netdev=wire,mac={MAC},bootindex=0{'' if rom else ',romfile='}"]


# ------------------------------------------------------------------------------------ what is booted

@functools.cache
def linux():
    """Debian's kernel for virtual machines of this architecture."""
    subprocess.run([testing.SOURCE / "tools" / "demo", "--prepare"], check=True,
                   stdout=subprocess.DEVNULL)
    return testing.SOURCE / "build" / "demo" / "tftp" / "vmlinuz"


def busybox():
    return pathlib.Path("/bin/busybox")


def cpio(entries):
    """An archive as the kernel unpacks it (newc): (name, mode, bytes) each; device nodes have their
    (major, minor) in place of bytes."""
    out = bytearray()
    for number, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        device = content if isinstance(content, tuple) else (0, 0)
        data = b"" if isinstance(content, tuple) else content
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


INIT = f"""#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /sbin /usr/bin /usr/sbin
/bin/busybox --install -s /bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
hostname {NAME}
dmesg -n 1
# The last one is the one that /dev/console is.
read -r consoles </sys/class/tty/console/active
while :; do setsid getty -L 115200 "${{consoles##* }}" vt100; done
"""


def initramfs(program):
    """Made from a static busybox: a login on the console that the kernel was given, as root without
    password."""
    directory, executable = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o755
    return cpio([
        *((name, directory, b"") for name in ("bin", "dev", "etc", "root")),
        ("dev/console", stat.S_IFCHR | 0o600, (5, 1)),
        ("bin/busybox", executable, program.read_bytes()),
        ("init", executable, INIT.encode()),
        ("etc/passwd", stat.S_IFREG | 0o644, b"root::0:0:root:/root:/bin/sh\n"),
        ("etc/group", stat.S_IFREG | 0o644, b"root:x:0:\n"),
    ])


# ------------------------------------------------------------------------------------------ one boot

class Boot:
    """One machine, from power-on to what is awaited of it, and when each step was."""

    def __init__(self, server, guest, directory):
        self.make_server, self.make_guest = server, guest
        self.directory = directory
        self.tftp = directory / "tftp"
        self.tftp.mkdir(exist_ok=True)
        self.server = self.machine = None
        self.start = 0.0
        self.marks = []

    def payload(self, kernel, program):
        """Puts `vmlinuz` and `initrd` below tftp-root."""
        shutil.copy(kernel, self.tftp / "vmlinuz")
        (self.tftp / "initrd").write_bytes(initramfs(program))

    def serve(self, in_host, elsewhere="", in_subnet="range 10.50.1.200 10.50.1.250;", arguments=()):
        """Starts the server: `in_host` stands in the machine's declaration, `elsewhere` outside of
        it."""
        self.server = self.make_server(f"""
            tftp-root "{self.tftp}";
            {elsewhere}
            subnet 10.50.1.0 netmask 255.255.255.0 {{ {in_subnet} }}
            host {NAME} {{
                hardware ethernet {MAC};
                {in_host}
            }}""", *arguments)
        return self.server

    def power_on(self, argv, network=None, **keywords):
        self.start = time.time()
        self.machine = self.make_guest(argv, mac=MAC, network_arguments=network, **keywords)
        return self.machine

    def mark(self, what):
        self.marks.append((time.time() - self.start, "console", what))

    def expect(self, pattern, what=None, timeout=PATIENCE):
        """Waits for the console to say it; a row of the timeline."""
        index = self.machine.expect(pattern, timeout)
        self.mark(what or str(pattern))
        return index

    def login(self, mark="MARK", timeout=PATIENCE):
        """Logs in, runs a command, prints the timeline."""
        self.expect(f"{NAME} login:", "login:", timeout)
        self.machine.send("root\r")
        self.machine.expect("# ")
        self.run("cat /proc/cmdline", rf"\brecipe={re.escape(mark)}\b")
        self.timeline()

    def run(self, command, pattern):
        """Runs a command in the shell of login() and expects a line of its output to match."""
        self.machine.send(f"echo line: $({command})\r")
        self.machine.expect(rf"\nline: [^\n]*{pattern}")

    def serves(self, name, by="(tftp|http)"):
        """The log says that the machine read all of that file."""
        self.server.wait_for_log(rf'\({MAC}, \S+\) {by}\S*: .*[ "/]{re.escape(name)}[" ].*-> .*bytes')

    def timeline(self):
        """Prints what the server did for the machine, and what the console said, in seconds from
        power-on."""
        rows = list(self.marks)
        midnight = time.localtime(self.start)[:3] + (0, 0, 0, 0, 0, -1)
        power_on = self.start - time.mktime(midnight)
        for line in self.server.log.splitlines():
            found = re.match(rf"(\d\d):(\d\d):(\d\d\.\d+) .*\({MAC}, [\d.]+\) (.*)", line)
            if found:
                at = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) - power_on
                rows.append((at % 86400, "server", found[4]))
        name = os.environ.get("PYTEST_CURRENT_TEST", "boot").split("::")[-1].split(" ")[0]
        print(f"---- {name}: boot timeline")
        for at, who, what in sorted(rows):
            print(f"{at:8.2f}  {who:8}{what}")
