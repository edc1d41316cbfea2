"""x86 firmware and loaders, each from one host declaration to a login prompt."""
import firmware_testing as firmware


def test_bios_ipxe(server, guest, tmp_path):
    boot = firmware.Boot(server, guest, tmp_path)
    boot.payload(firmware.linux(), firmware.busybox())
    (boot.tftp / "my.ipxe").write_text(
        f"#!ipxe\nkernel vmlinuz {firmware.COMMAND_LINE}\ninitrd initrd\nboot\n")
    boot.serve('filename "my.ipxe";')
    boot.power_on(firmware.BIOS)
    boot.login()
