"""The real NetBSD chain: iPXE, pxeboot with its console on the serial port, then boot.cfg, kernel
and module over NFS v2, until what was booted asks for a command.

$BOOTWIRE_NETBSD names the folder with pxeboot_ia32.bin, netbsd and miniroot.kmod."""
import gzip
import os
import pathlib
import re
import shutil
import socket
import time

import pytest

import bootwire_testing as testing

BOOT_CFG = """\
menu=Boot:load /miniroot.kmod;boot /netbsd
timeout=0
default=1
clear=0
"""
PROMPT = "g4u>"

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif("BOOTWIRE_NETBSD" not in os.environ, reason="BOOTWIRE_NETBSD is not set"),
    pytest.mark.skipif(not testing.have("qemu-system-x86_64"), reason="there is no QEMU for x86"),
]


def files():
    return pathlib.Path(os.environ["BOOTWIRE_NETBSD"])


def kernel_drives_the_serial_port():
    """Does the kernel attach a driver to the PC's serial port? The g4u kernels of 2009 do not: they
    print on it until init wants to open a console, and then say "cnopen: no console device"."""
    content = (files() / "netbsd").read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return b"com_isa_ca" in content or b"com_acpi_ca" in content


@pytest.fixture
def chain(server, tmp_path):
    """chain("com0 9600") -> a server that boots the files, their console there."""
    tftp, root = tmp_path / "tftp", tmp_path / "root"
    tftp.mkdir()
    root.mkdir()
    shutil.copy(files() / "pxeboot_ia32.bin", tftp)
    for name in ("netbsd", "miniroot.kmod"):
        shutil.copy(files() / name, root)
    (root / "boot.cfg").write_text(BOOT_CFG)
    return lambda console: server(f"""
        tftp-root "{tftp}";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        host kvm-netbsd-ia32 {{
            hardware ethernet 22:22:22:22:00:00;
            next-server 10.50.1.1;
            filename "/pxeboot_ia32.bin";
            option root-path "{root}";
            console {console};
            boot-timeout 0;
        }}""")


def test_rom_to_kernel_and_module_over_nfs_v2(chain, guest):
    running = chain("com0 9600")
    start = time.monotonic()
    machine = guest(testing.PC)
    for stage in (r"NetBSD/x86 PXE boot", r"NetBSD \d", "root on md0a"):
        machine.expect(stage, 200)
        print(f"{stage}: after {time.monotonic() - start:.1f} s")
    for name in ("boot.cfg", "netbsd", "miniroot.kmod"):
        running.wait_for_log(rf"nfs\S*: v2 read of /{re.escape(name)} over udp")
    if kernel_drives_the_serial_port():
        machine.expect(re.escape(PROMPT), 100)


def screen_text(monitor, path):
    """What QEMU's VGA shows in text mode, all pages of it: every other byte is an attribute."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(testing.PATIENCE)
        connection.connect(str(monitor))
        answer = b""
        connection.sendall(f'pmemsave 0xb8000 0x8000 "{path}"\n'.encode())
        while answer.count(b"(qemu)") < 2:
            answer += connection.recv(4096)
    return path.read_bytes()[::2].decode("latin-1")


def test_what_was_booted_asks_for_a_command(chain, guest, tmp_path):
    """The same on a screen, where every kernel can say it: the prompt of the module's system."""
    running = chain("pc")
    monitor = tmp_path / "monitor"
    start = time.monotonic()
    guest(["qemu-system-x86_64", "-machine", "pc,accel=tcg", "-m", "256", "-nodefaults", "-display",
           "none", "-vga", "std", "-serial", "stdio", "-boot", "n", "-monitor",
           f"unix:{monitor},server,nowait"])
    testing.wait_until(monitor.exists, "QEMU's monitor")
    testing.wait_until(lambda: PROMPT in screen_text(monitor, tmp_path / "screen"),
                       f"{PROMPT} on the screen", 200)
    print(f"{PROMPT} on the screen: after {time.monotonic() - start:.1f} s")
    running.wait_for_log(r"nfs\S*: v2 read of /netbsd over udp")


def test_an_installation_by_what_the_loader_asks_for(server, guest, tmp_path):
    """As pxeboot(8) has it: ROM, boot.cfg and kernel are told different things, by the vendor class and
    by the name that the loader asks for; the kernel's root stands under conditions alone."""
    tftp, root = tmp_path / "tftp", tmp_path / "root"
    tftp.mkdir()
    root.mkdir()
    shutil.copy(files() / "pxeboot_ia32.bin", tftp)
    shutil.copy(files() / "netbsd", root / "spare")
    (tftp / "dusty.cfg").write_text("menu=Boot:boot spare\ntimeout=0\ndefault=1\nclear=0\n")
    running = server(f"""
        tftp-root "{tftp}";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host dusty {{
            hardware ethernet 22:22:22:22:00:00;
            fixed-address 10.50.1.70;
            next-server 10.50.1.1;
            if substring (option vendor-class-identifier, 0, 9) = "PXEClient" {{
                filename "pxeboot_ia32.bin";
                console com0 9600;
                boot-timeout 0;
            }} elsif filename = "boot.cfg" {{
                filename "tftp:dusty.cfg";
            }} else {{
                option root-path "{root}";
                if filename = "spare" {{ filename "nfs:spare"; }} else {{ filename "nfs:netbsd"; }}
            }}
        }}""")
    machine = guest(testing.PC)
    for stage in (r"NetBSD/x86 PXE boot", r"NetBSD \d"):
        machine.expect(stage, 200)
    running.wait_for_log(r'tftp\S*: RRQ "dusty.cfg"')
    running.wait_for_log(r"nfs\S*: v2 read of /spare over udp")
