"""The machine's own disk, as `boot local` and menus hand it over: the disk of these machines says so
on the console."""
import pytest

import firmware_testing as firmware

PXELINUX = "/usr/lib/PXELINUX/lpxelinux.0"
MENU = """
    menu "Machines" {
        boot linux "Linux" { kernel "vmlinuz"; }
        boot local "Disk";
        default "Disk";
        timeout 2;
    }
"""
SAYS = "THE DISK WAS STARTED"

# lodsb and the BIOS's teletype, until the NUL.
SECTOR = bytes.fromhex("31c08ed8be187cac08c07409b40ebb0700cd10ebf2f4ebfd") + \
    f"\r\n{SAYS}\r\n\0".encode()

pytestmark = [pytest.mark.timeout(200), firmware.needs("qemu-system-x86_64")]


@pytest.fixture
def boot(server, guest, tmp_path):
    return firmware.Boot(server, guest, tmp_path)


def disk(directory):
    path = directory / "disk.img"
    path.write_bytes(SECTOR.ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    return ["-drive", f"file={path},format=raw,if=ide"]


def bios(directory):
    return [*firmware.BIOS, *disk(directory)]


def test_bios(boot, tmp_path):
    """The ROM is told of no file, and goes on by itself."""
    boot.serve("boot local;")
    boot.power_on(bios(tmp_path))
    boot.expect(SAYS, timeout=60)
    boot.timeline()


def test_bios_ipxe_menu(boot, tmp_path):
    boot.serve(MENU)
    boot.power_on(bios(tmp_path))
    boot.expect(SAYS, timeout=60)
    boot.serves("boot.ipxe")
    boot.timeline()


@firmware.needs(PXELINUX, "/usr/lib/syslinux/modules/bios/menu.c32")
def test_bios_pxelinux_menu(boot, tmp_path):
    boot.serve(MENU + 'boot-loader "pxelinux"; console com0 115200;')
    boot.power_on(bios(tmp_path))
    boot.expect(SAYS, timeout=60)
    boot.serves("menu.c32")
    boot.timeline()


@firmware.needs(firmware.OVMF / "OVMF_CODE_4M.fd")
def test_ovmf(boot, tmp_path):
    """UEFI's PXE gives up at once, and does not ask again for a minute."""
    boot.serve("boot local;")
    boot.power_on(firmware.ovmf(tmp_path), network=firmware.card())
    boot.expect("Start PXE over IPv4", "UEFI's PXE")
    boot.expect("BdsDxe: .*PXEv4", "UEFI goes on", timeout=25)
    boot.timeline()
