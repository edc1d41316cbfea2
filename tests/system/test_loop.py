"""A loader that would be told to load itself is told what it is: with real iPXEs."""
import pathlib
import re
import shutil

import pytest
from scapy.layers.inet import UDP

import bootwire_testing as testing
from control_testing import wait_for_machine


MAC = "22:22:22:22:00:00"
UNDIONLY = pathlib.Path("/usr/lib/ipxe/undionly.kpxe")
SNPONLY = pathlib.Path("/usr/lib/ipxe/snponly.efi")
OVMF = pathlib.Path("/usr/share/OVMF")

SCRIPT = b"#!ipxe\necho script: running\nsleep 1\n"
BY_CLASS = """
if exists user-class and option user-class = "iPXE" { filename "boot.ipxe"; }
else { filename "LOADER"; }
"""

pytestmark = [pytest.mark.skipif(not UNDIONLY.exists(), reason="needs ipxe"),
              pytest.mark.timeout(300)]


def config(tmp_path, more):
    (tmp_path / "tftp").mkdir(exist_ok=True)
    for each in (UNDIONLY, SNPONLY):
        shutil.copy(each, tmp_path / "tftp" / each.name)
    (tmp_path / "tftp" / "boot.ipxe").write_bytes(SCRIPT)
    return f"""
        tftp-root "{tmp_path}/tftp"; {more}
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        """


def fetches(recording, name):
    return [packet for packet in recording.packets() if UDP in packet and packet[UDP].dport == 69
            and name in bytes(packet[UDP].payload)]


def uefi(tmp_path):
    shutil.copy(OVMF / "OVMF_VARS_4M.fd", tmp_path / "vars.fd")
    return ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "512", "-nodefaults",
            "-display", "none", "-vga", "none", "-serial", "stdio",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
            "-drive", f"if=pflash,unit=1,format=raw,file={tmp_path}/vars.fd"]


def test_a_rom_that_is_an_ipxe_loads_ipxe(network, server, guest, tmp_path):
    """No condition anywhere. The two iPXEs are of one build, so that nothing tells the second one
    from a ROM that was reset, until the loader is fetched a second time."""
    running = server(config(tmp_path, 'verdict-silence 10; filename "undionly.kpxe";'))
    recording = network.record("udp")
    pc = guest(testing.PC, mac=MAC)
    running.wait_for_log(rf"{MAC} \S+ tftp.*undionly\.kpxe.* -> {UNDIONLY.stat().st_size} bytes",
                         timeout=120)
    running.wait_for_log(r"dhcp/ipxe: DHCPREQUEST.*a boot loop ends here: it loaded "
                         r"\"undionly\.kpxe\" and would be told to load it again", timeout=120)
    pc.expect("Nothing to boot", timeout=120)
    assert len(fetches(recording, b"undionly")) == 2
    seen = wait_for_machine(running, MAC, lambda seen: seen["verdict"] and seen["verdict"]["id"] == "loop-held")
    assert 'boot ipxe "script"' in seen["verdict"]["cure"]


def test_a_condition_on_the_user_class_is_not_disturbed(network, server, guest, tmp_path):
    """The ROM is an iPXE: it gets the script at once, at each of many boots."""
    running = server(config(tmp_path, BY_CLASS.replace("LOADER", "undionly.kpxe")))
    for count in range(1, 4):
        pc = guest(testing.PC, mac=MAC)
        pc.expect("script: running", timeout=120)
        pc.stop()
        assert len(re.findall(r"tftp.*boot\.ipxe.* -> ", running.log)) == count
    assert "loop" not in running.log and "undionly" not in running.log


@pytest.mark.skipif(not (OVMF / "OVMF_CODE_4M.fd").exists(), reason="needs ovmf")
@pytest.mark.parametrize("conditional", [True, False], ids=["condition", "no condition"])
def test_uefi_loads_ipxe_once(network, server, guest, tmp_path, conditional):
    running = server(config(tmp_path, BY_CLASS.replace("LOADER", "snponly.efi") if conditional
                            else 'filename "snponly.efi";'))
    recording = network.record("udp")
    machine = guest(uefi(tmp_path), mac=MAC,
                    network_arguments=["-device",
                                       f"virtio-net-pci,netdev=wire,mac={MAC},bootindex=0"])
    running.wait_for_log(rf"{MAC} \S+ tftp.*snponly\.efi.* -> {SNPONLY.stat().st_size} bytes",
                         timeout=240)
    if conditional:
        machine.expect("script: running", timeout=120)
        assert "loop" not in running.log
    else:
        running.wait_for_log(r"dhcp/ipxe: DHCPREQUEST.*a boot loop ends here: it loaded "
                             r"\"snponly\.efi\"", timeout=120)
    assert len(fetches(recording, b"snponly")) <= 2  # UEFI asks for the size first
