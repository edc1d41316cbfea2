"""x86 firmware and loaders, each from one host declaration to a login prompt. Loaders come from
Debian's packages, configurations from the recipe."""
import subprocess

import pytest

import firmware_testing as firmware

PXELINUX = "/usr/lib/PXELINUX/lpxelinux.0"
GRUB_BIOS = "/usr/lib/grub/i386-pc"
GRUB_SIGNED = "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"
SHIM = "/usr/lib/shim/shimx64.efi.signed"
IPXE = "/usr/lib/ipxe/ipxe.efi"

pytestmark = [pytest.mark.timeout(300), firmware.needs("qemu-system-x86_64")]


@pytest.fixture
def boot(server, guest, tmp_path):
    made = firmware.Boot(server, guest, tmp_path)
    made.payload(firmware.linux(), firmware.busybox())
    return made


def test_bios_ipxe(boot):
    boot.serve(firmware.RECIPE)
    boot.power_on(firmware.BIOS)
    boot.login()
    boot.serves("boot.ipxe")


@firmware.needs(PXELINUX, "/usr/lib/syslinux/modules/bios/ldlinux.c32")
def test_bios_pxelinux(boot):
    boot.serve(firmware.RECIPE + 'boot-loader "pxelinux";')
    boot.power_on(firmware.BIOS)
    boot.expect("PXELINUX", "PXELINUX")
    boot.login()
    boot.serves("lpxelinux.0")
    boot.serves("pxelinux.cfg/01-22-22-22-22-00-00")


@firmware.needs(GRUB_BIOS, "grub-mknetdir")
def test_bios_grub(boot):
    subprocess.run(["grub-mknetdir", f"--net-directory={boot.tftp}", "--subdir=grub",
                    "-d", GRUB_BIOS], check=True, stdout=subprocess.DEVNULL)
    boot.serve(firmware.RECIPE + 'boot-loader "grub";')
    boot.power_on(firmware.BIOS)
    boot.expect("GRUB", "GRUB")
    boot.login()
    boot.serves("grub/i386-pc/core.0")


@firmware.needs(firmware.OVMF / "OVMF_CODE_4M.fd", SHIM, GRUB_SIGNED)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "secure-boot"])
def test_ovmf_shim_grub(boot, tmp_path, secure):
    """Where shim and a signed GRUB are there, they come first."""
    boot.serve(firmware.RECIPE)
    boot.power_on(firmware.ovmf(tmp_path, secure), network=firmware.card())
    boot.expect("Start PXE over IPv4", "UEFI's PXE")
    boot.login()
    if secure:
        boot.run("dmesg", "Secure boot enabled")
    for name in ("shimx64.efi", "grubx64.efi", "/grub/grub.cfg"):
        boot.serves(name)


@firmware.needs(firmware.OVMF / "OVMF_CODE_4M.fd", IPXE)
def test_ovmf_ipxe(boot, tmp_path):
    boot.serve(firmware.RECIPE + 'boot-loader "ipxe";')
    boot.power_on(firmware.ovmf(tmp_path), network=firmware.card())
    boot.expect("Start PXE over IPv4", "UEFI's PXE")
    boot.expect("Open Source Network Boot Firmware", "iPXE")
    boot.login()
    boot.serves("ipxe.efi")
    boot.serves("boot.ipxe")
