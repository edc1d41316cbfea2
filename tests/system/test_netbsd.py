"""The real NetBSD chain: iPXE, pxeboot with its console on the serial port, then boot.cfg, kernel
and module over NFS v2, until the kernel has taken the module as its root.

$BOOTWIRE_NETBSD names the folder with pxeboot_ia32.bin, netbsd and miniroot.kmod."""
import os
import pathlib
import re
import shutil
import time

import pytest

import bootwire_testing as testing

BOOT_CFG = """\
menu=Boot:load /miniroot.kmod;boot /netbsd
timeout=0
default=1
clear=0
"""


@pytest.mark.timeout(400)
@pytest.mark.skipif("BOOTWIRE_NETBSD" not in os.environ, reason="BOOTWIRE_NETBSD is not set")
@pytest.mark.skipif(not testing.have("qemu-system-x86_64"), reason="there is no QEMU for x86")
def test_rom_to_kernel_and_module_over_nfs_v2(network, server, guest, tmp_path):
    files = pathlib.Path(os.environ["BOOTWIRE_NETBSD"])
    tftp, root = tmp_path / "tftp", tmp_path / "root"
    tftp.mkdir()
    root.mkdir()
    shutil.copy(files / "pxeboot_ia32.bin", tftp)
    for name in ("netbsd", "miniroot.kmod"):
        shutil.copy(files / name, root)
    (root / "boot.cfg").write_text(BOOT_CFG)
    running = server(f"""
        tftp-root "{tftp}";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        host kvm-netbsd-ia32 {{
            hardware ethernet 22:22:22:22:00:00;
            next-server 10.50.1.1;
            filename "/pxeboot_ia32.bin";
            option root-path "{root}";
            console com0 9600;
            boot-timeout 0;
        }}""")
    start = time.monotonic()
    machine = guest(testing.PC)
    machine.expect(r"NetBSD \d", 200)
    print(f"the kernel after {time.monotonic() - start:.1f} s")
    machine.expect("root on md0a", 100)
    for name in ("boot.cfg", "netbsd", "miniroot.kmod"):
        running.wait_for_log(rf"nfs\S*: v2 read of /{re.escape(name)} over udp")
