"""x86 firmware and loaders, each from one host declaration to a login prompt. Loaders come from
Debian's packages, configurations from the recipe."""
import contextlib
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

import bootwire_testing as testing
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


# --------------------------------------------------------------------------------- UEFI's HTTP boot

HTTP_ONLY = ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n",
             "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]
"""For OVMF: it would try PXE first, and for minutes."""

WEB_PORT = 8080


@contextlib.contextmanager
def web_server(boot, network):
    """Somebody else's, with the files of tftp-root."""
    with open(boot.directory / "web.log", "w") as log:
        process = network.server.popen(
            ["/usr/bin/python3", "-m", "http.server", str(WEB_PORT), "--directory", boot.tftp],
            stdout=log, stderr=log)
        try:
            yield lambda: (boot.directory / "web.log").read_text()
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def address_server(network, directory):
    """Somebody else's: it knows nothing of boot files."""
    network.client_address("10.50.1.2")
    with open(directory / "dnsmasq.log", "w") as log:
        process = network.client.popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
             "--log-facility=-", "--interface=eth0", "--bind-interfaces", "--no-ping",
             "--user=root", "--dhcp-authoritative", f"--dhcp-leasefile={directory}/dnsmasq.leases",
             "--pid-file=", "--dhcp-range=10.50.1.100,10.50.1.150"], stdout=log, stderr=log)
        try:
            testing.wait_until(
                lambda: "DHCP, IP range" in (directory / "dnsmasq.log").read_text(), "dnsmasq")
            yield
        finally:
            process.kill()
            process.wait()


@firmware.needs(firmware.OVMF / "OVMF_CODE_4M.fd", IPXE, "dnsmasq")
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside-dnsmasq"])
def test_ovmf_http_boot(boot, network, tmp_path, beside):
    """From the firmware's first request to the initrd nothing comes by TFTP."""
    with contextlib.ExitStack() as others:
        if beside:
            others.enter_context(address_server(network, tmp_path))
        boot.serve(firmware.RECIPE,
                   in_subnet="proxy-dhcp on;" if beside else "range 10.50.1.200 10.50.1.250;")
        boot.power_on(firmware.ovmf(tmp_path) + HTTP_ONLY, network=firmware.card())
        boot.expect("Start HTTP Boot over IPv4", "UEFI's HTTP boot")
        boot.login()
    for name in ("ipxe.efi", "boot.ipxe", "vmlinuz", "initrd"):
        boot.serves(name, by="http")
    assert " tftp/" not in boot.server.log


@pytest.mark.long
@firmware.needs(firmware.OVMF / "OVMF_CODE_4M.fd", IPXE)
def test_ovmf_http_boot_from_another_web_server(boot, network, tmp_path):
    """A URL of one's own; the iPXE that comes from there gets the recipe's script."""
    shutil.copy(IPXE, boot.tftp / "other.efi")
    with web_server(boot, network) as log:
        boot.serve(firmware.RECIPE + f"""
            if substring(option vendor-class-identifier, 0, 10) = "HTTPClient" {{
                filename "http://{testing.SERVER_ADDRESS}:{WEB_PORT}/other.efi";
            }}""")
        boot.power_on(firmware.ovmf(tmp_path) + HTTP_ONLY, network=firmware.card())
        boot.expect("Start HTTP Boot over IPv4", "UEFI's HTTP boot")
        boot.login()
        assert "GET /other.efi" in log()
    boot.serves("boot.ipxe")


# ------------------------------------------------------------- a multiboot kernel straight from iPXE

def multiboot_kernel():
    """An ELF file that any multiboot loader takes: it prints its command line on the first serial
    port, and halts."""
    code = bytes.fromhex("fc8b731066baf803ac84c07403eeebf8f4ebfd")
    header = struct.pack("<III", 0x1badb002, 0, -0x1badb002 & 0xffffffff)
    place, start = 0x100000, 52 + 32
    size = start + len(header) + len(code)
    elf = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, 3, 1, place + start + len(header),
                      52, 0, 0, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, place, place, size, size, 7, 4096)
    return elf + segment + header + code


def test_bios_ipxe_multiboot(server, guest, tmp_path):
    """The kernel is told of its console and of the card that it finds its root by, as NetBSD names
    it."""
    boot = firmware.Boot(server, guest, tmp_path)
    (boot.tftp / "netbsd").write_bytes(multiboot_kernel())
    boot.serve('boot netbsd { kernel "netbsd"; append "-v"; } console com0 115200;')
    boot.power_on(firmware.BIOS)
    boot.expect(r"netbsd -v console=com console_speed=115200 console_addr=0x3f8 root=wm0",
                "the kernel's command line")
    boot.timeline()
    boot.serves("boot.ipxe")
    boot.serves("netbsd")


def netbsd_file(name):
    return pathlib.Path(os.environ["BOOTWIRE_NETBSD"]) / name


@pytest.mark.long
@pytest.mark.skipif("BOOTWIRE_NETBSD" not in os.environ, reason="BOOTWIRE_NETBSD is not set")
@pytest.mark.parametrize("way", ["root", "no-root"])
def test_bios_pxeboot(server, guest, tmp_path, way):
    """NetBSD's own loader, from iPXE: the kernel and what it asks for are those of the recipe."""
    boot = firmware.Boot(server, guest, tmp_path)
    shutil.copy(netbsd_file("pxeboot_ia32.bin"), boot.tftp)
    shutil.copy(netbsd_file("netbsd"), boot.tftp)
    root = tmp_path / "root"
    root.mkdir()
    boot.serve("""boot netbsd { kernel "netbsd"; } boot-loader "pxeboot";
                  console com0 9600; boot-timeout 0;"""
               + (f'option root-path "{root}";' if way == "root" else ""))
    boot.power_on(firmware.BIOS)
    boot.expect("PXE BIOS Version", "pxeboot")
    boot.expect(r"NetBSD \d", "the kernel")
    boot.timeline()
    boot.serves("boot.cfg")
    boot.serves("netbsd")
