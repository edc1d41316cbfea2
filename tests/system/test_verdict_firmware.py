"""Verdicts on real firmware and loaders that come no further."""
import json
import pathlib
import shutil

import pytest

import bootwire_testing as testing
from bootwire_testing import PC
from control_testing import machine as asked_machine

PXELINUX, IPXE = pathlib.Path("/usr/lib/PXELINUX/pxelinux.0"), pathlib.Path("/usr/lib/ipxe/ipxe.efi")
PATIENCE = 100

# What each machine is given, what becomes of it, and what the verdict says.
MACHINES = {
    "module": ("pxelinux.0", "loader-module", "ldlinux.c32"),
    "script": ("boot.ipxe", "script-missing", "vmlinux"),
    "unfit": ("ipxe.efi", "loader-unfit", "the machine is a BIOS"),
}


@pytest.mark.timeout(300)
@pytest.mark.skipif(not testing.have("qemu-system-x86_64"), reason="there is no QEMU for x86")
@pytest.mark.skipif(not (PXELINUX.exists() and IPXE.exists()), reason="pxelinux or ipxe is not installed")
def test_real_machines_that_stop(network, server, guest, tmp_path):
    tftp = tmp_path / "tftp"
    tftp.mkdir()
    for each in (PXELINUX, IPXE):
        shutil.copy(each, tftp)
    (tftp / "boot.ipxe").write_text("#!ipxe\nkernel vmlinux\nboot\n")
    (tftp / "vmlinuz").write_bytes(b"x")
    hosts = "".join(
        f'host {name} {{ hardware ethernet 22:22:22:22:00:{number:02x}; fixed-address 10.50.1.{number};'
        f' filename "{file}"; }}\n' for number, (name, (file, *_)) in enumerate(MACHINES.items(), 10))
    running = server(f'verdict-silence 50; tftp-root "{tftp}"; next-server 10.50.1.1;\n'
                     f"subnet 10.50.1.0 netmask 255.255.255.0 {{ }}\n{hosts}")
    for number in range(10, 10 + len(MACHINES)):
        guest(PC, mac=f"22:22:22:22:00:{number:02x}")
    for name, (_, verdict, said) in MACHINES.items():
        last = [None]

        def stopped(name=name, verdict=verdict, last=last):
            last[0] = asked_machine(running, name)
            return last[0] and last[0]["verdict"] and last[0]["verdict"]["id"] == verdict
        testing.wait_until(stopped, lambda last=last: json.dumps(last[0], indent=1), PATIENCE)
        assert said in json.dumps(last[0]["verdict"])
