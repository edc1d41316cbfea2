"""Firmware of other architectures, each from one host declaration with a recipe to a login prompt; on
riscv64, for which Debian 12 has no kernel, to a kernel that is written here.

Firmware is Debian's: u-boot-qemu, qemu-efi-aarch64, opensbi. So are kernels, busybox and GRUB, of
the machine's architecture (foreign_testing).
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

import bootwire_testing as testing
import firmware_testing as firmware
import foreign_testing as foreign

U_BOOT = pathlib.Path("/usr/lib/u-boot")
AAVMF = pathlib.Path("/usr/share/AAVMF")
GRUB_ARM64 = "usr/lib/grub/arm64-efi/monolithic/grubnetaa64.efi"

ARM64 = ["qemu-system-aarch64", "-M", "virt,accel=tcg", "-cpu", "cortex-a57", "-m", "512",
         "-nodefaults", "-display", "none", "-serial", "stdio"]
RISCV64 = ["qemu-system-riscv64", "-M", "virt,accel=tcg", "-m", "256", "-nodefaults", "-display",
           "none", "-serial", "stdio"]
MALTA = ["qemu-system-mipsel", "-M", "malta,accel=tcg", "-m", "256", "-nodefaults", "-display",
         "none", "-serial", "stdio"]


def busybox(architecture):
    return foreign.unpacked(architecture, "busybox-static") / "bin" / "busybox"


@pytest.mark.timeout(300)
@firmware.needs("qemu-system-aarch64", U_BOOT / "qemu_arm64" / "u-boot.bin")
def test_arm64_u_boot_linux(server, guest, tmp_path):
    boot = firmware.Boot(server, guest, tmp_path)
    boot.payload(foreign.kernel("arm64", "cloud-arm64"), busybox("arm64"))
    boot.serve(firmware.RECIPE)
    # Not virtio: this U-Boot takes the first byte of its address for all six.
    boot.power_on([*ARM64, "-bios", U_BOOT / "qemu_arm64" / "u-boot.bin"], firmware.card("e1000"))
    boot.expect("Hit any key to stop autoboot", "U-Boot counts down")
    boot.expect("Executing script at", "U-Boot runs boot.scr.uimg")
    boot.expect("Starting kernel", "the kernel is started")
    boot.login()
    boot.serves("boot.scr.uimg")


@pytest.mark.timeout(300)
@firmware.needs("qemu-system-aarch64", AAVMF / "AAVMF_CODE.fd")
def test_arm64_uefi_grub(server, guest, tmp_path):
    boot = firmware.Boot(server, guest, tmp_path)
    boot.payload(foreign.kernel("arm64", "cloud-arm64"), busybox("arm64"))
    loader = foreign.unpacked("arm64", "grub-efi-arm64-bin") / GRUB_ARM64
    (boot.tftp / "grubaa64.efi").write_bytes(loader.read_bytes())
    boot.serve(firmware.RECIPE + 'boot-loader "grub";')
    boot.power_on([*ARM64, "-drive",
                   f"if=pflash,unit=0,format=raw,readonly=on,file={AAVMF}/AAVMF_CODE.fd"],
                  firmware.card())
    boot.expect("Start PXE over IPv4", "UEFI asks the network")
    boot.login()
    boot.serves("grubaa64.efi")


def riscv64_image():
    """A Linux RISC-V Image (Documentation/riscv/boot-image-header: 64 bytes of header, then code)
    that says its line by the SBI's console and ends the machine."""
    hello = b"kernel: loaded and running\r\n\0"
    code = [
        0x00000417,  # auipc s0, 0
        0x02c40413,  # addi s0, s0, 44 (the message)
        0x00044503,  # next: lbu a0, 0(s0)
        0x00050a63,  # beqz a0, off
        0x00100893,  # li a7, 1 (console putchar)
        0x00000073,  # ecall
        0x00140413,  # addi s0, s0, 1
        0xfedff06f,  # j next
        0x00800893,  # off: li a7, 8 (shutdown)
        0x00000073,  # ecall
        0x0000006f,  # j .
    ]
    body = b"".join(struct.pack("<I", word) for word in code) + hello
    body += bytes(300_000 - len(body))
    header = struct.pack("<IIQQQIIQ8sII", 0x0400006f, 0x13, 0x200000, 64 + len(body), 0, 2, 0, 0,
                         b"RISCV\0\0\0", 0x05435352, 0)
    return header + body


@firmware.needs("qemu-system-riscv64", U_BOOT / "qemu-riscv64_smode" / "u-boot.bin")
def test_riscv64_u_boot(server, guest, tmp_path):
    boot = firmware.Boot(server, guest, tmp_path)
    (boot.tftp / "vmlinuz").write_bytes(riscv64_image())
    (boot.tftp / "initrd").write_bytes(firmware.initramfs(firmware.busybox()))
    boot.serve(firmware.RECIPE)
    boot.power_on([*RISCV64, "-kernel", U_BOOT / "qemu-riscv64_smode" / "u-boot.bin"],
                  firmware.card("e1000"))
    boot.expect("OpenSBI v", "OpenSBI")
    boot.expect("Hit any key to stop autoboot", "U-Boot counts down")
    boot.expect("Executing script at", "U-Boot runs boot.scr.uimg")
    boot.expect("Starting kernel", "the kernel is started")
    boot.expect("kernel: loaded and running")
    testing.wait_until(lambda: not boot.machine.console.isalive(), "the machine to end")
    boot.serves("boot.scr.uimg")
    boot.timeline()


def malta_initramfs(package, program):
    """The demonstration's: drivers, DHCP, the root by NFS v3."""
    payload = testing.SOURCE / "tools" / "demo-payload"
    release, = (path.name for path in (package / "lib" / "modules").iterdir())
    subprocess.run(["depmod", "-b", package, release], check=True)
    shown = "".join(subprocess.run(
        ["modprobe", "-d", package, "-S", release, "--show-depends", module], check=True,
        stdout=subprocess.PIPE, text=True).stdout for module in ("pcnet32", "nfsv3"))
    modules = list(dict.fromkeys(pathlib.Path(line.split()[1]) for line in shown.splitlines()
                                 if line.startswith("insmod ")))
    directory, executable, plain = 0o40755, 0o100755, 0o100644
    applets = subprocess.run(["/bin/busybox", "--list"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()
    return firmware.cpio([
        *((name, directory, b"") for name in
          ("bin", "dev", "etc", "proc", "sys", "root", "modules")),
        ("dev/console", 0o20600, (5, 1)),
        ("bin/busybox", executable, program.read_bytes()),
        *((f"bin/{name}", 0o120777, b"busybox") for name in applets if name != "busybox"),
        ("init", executable, (payload / "init").read_bytes()),
        ("dhcp-lease", executable, (payload / "dhcp-lease").read_bytes()),
        *((f"modules/{path.name}", plain, path.read_bytes()) for path in modules),
        ("modules/order", plain, "".join(f"{path.name}\n" for path in modules).encode()),
    ])


def malta_root(root, program):
    """What the machine mounts: busybox, and a login on the console."""
    for name in ("bin", "dev", "etc", "proc", "sys", "root", "tmp"):
        (root / name).mkdir(parents=True)
    (root / "bin" / "busybox").write_bytes(program.read_bytes())
    (root / "bin" / "busybox").chmod(0o755)
    (root / "sbin").symlink_to("bin")
    for name in ("init", "sh", "mount", "hostname", "getty", "login", "cat", "cp", "uname"):
        (root / "bin" / name).symlink_to("busybox")
    os.mknod(root / "dev" / "console", 0o20600, os.makedev(5, 1))
    (root / "etc" / "passwd").write_text("root::0:0:root:/root:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")
    (root / "etc" / "inittab").write_text(
        "::sysinit:/bin/mount -t proc proc /proc\n"
        f"::sysinit:/bin/hostname {firmware.NAME}\n"
        "ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n")


def malta_flash(directory):
    """QEMU takes a little-endian Malta's flash word by word."""
    flash = (U_BOOT / "maltael" / "u-boot.bin").read_bytes()
    flash += bytes(-len(flash) % 4)
    words = struct.unpack(f"<{len(flash) // 4}I", flash)
    swapped = directory / "u-boot-swapped.bin"
    swapped.write_bytes(struct.pack(f">{len(words)}I", *words))
    return swapped


@pytest.mark.timeout(300)
@firmware.needs("qemu-system-mipsel", U_BOOT / "maltael" / "u-boot.bin")
def test_malta_u_boot_nfs_root(server, guest, tmp_path):
    boot = firmware.Boot(server, guest, tmp_path)
    program = busybox("mipsel")
    boot.payload(foreign.kernel("mipsel", "4kc-malta"), program)
    (boot.tftp / "initrd").write_bytes(
        malta_initramfs(foreign.kernel_package("mipsel", "4kc-malta"), program))
    root = tmp_path / "root"
    malta_root(root, program)
    boot.serve(firmware.RECIPE + f'option root-path "{root}";')
    boot.power_on([*MALTA, "-bios", malta_flash(tmp_path)],
                  ["-net", f"nic,netdev=wire,macaddr={firmware.MAC},model=pcnet"])
    # As built it has no boot command; this is what an owner gives it.
    boot.expect("maltael # ", "U-Boot's command line")
    boot.machine.send("dhcp && source\n")
    boot.expect("Executing script at", "U-Boot runs boot.scr.uimg")
    boot.expect("Starting application", "the kernel is started")
    boot.login()
    boot.machine.send("uname -m -r >/root/seen; sync; echo it is $((40 + 2))\r")
    boot.machine.expect("it is 42")
    assert re.fullmatch(r"6\.\d+\S*-4kc-malta mips\n", (root / "root" / "seen").read_text())
    boot.serves("boot.scr.uimg")


@pytest.mark.timeout(300)
@firmware.needs("qemu-system-aarch64", U_BOOT / "qemu_arm64" / "u-boot.bin")
def test_arm64_u_boot_menu(server, guest, tmp_path):
    """A menu: U-Boot's script hands over to pxelinux.cfg, which U-Boot reads itself."""
    boot = firmware.Boot(server, guest, tmp_path)
    boot.payload(foreign.kernel("arm64", "cloud-arm64"), busybox("arm64"))
    boot.serve("""
        menu "What is it to be?" {
            boot linux "Nothing" { kernel "nothing"; }
            boot linux "Linux" { kernel "vmlinuz"; initrd "initrd"; append "quiet recipe=MARK"; }
        }
        console com0 115200;""")
    boot.power_on([*ARM64, "-bios", U_BOOT / "qemu_arm64" / "u-boot.bin"], firmware.card("e1000"))
    boot.expect("Executing script at", "U-Boot runs boot.scr.uimg")
    boot.expect("What is it to be", "the menu", timeout=60)
    boot.expect("Enter choice:")
    boot.machine.send("2\r")
    boot.expect("Starting kernel", "the kernel is started")
    boot.login()
    boot.serves("vmlinuz")


@pytest.mark.timeout(300)
@firmware.needs("qemu-system-aarch64", AAVMF / "AAVMF_CODE.fd")
def test_arm64_uefi_shim(server, guest, tmp_path):
    """shim before a signed GRUB, as for Secure Boot."""
    boot = firmware.Boot(server, guest, tmp_path)
    boot.payload(foreign.kernel("arm64", "cloud-arm64"), busybox("arm64"))
    for package, path, name in (
            ("shim-signed", "usr/lib/shim/shimaa64.efi.signed", "shimaa64.efi"),
            ("grub-efi-arm64-signed", "usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed",
             "grubaa64.efi")):
        shutil.copy(foreign.unpacked("arm64", package) / path, boot.tftp / name)
    boot.serve(firmware.RECIPE)
    boot.power_on([*ARM64, "-drive",
                   f"if=pflash,unit=0,format=raw,readonly=on,file={AAVMF}/AAVMF_CODE.fd"],
                  firmware.card())
    boot.expect("Start PXE over IPv4", "UEFI asks the network")
    boot.expect("Welcome to GRUB", "GRUB starts")
    boot.login()
    boot.serves("shimaa64.efi")
    boot.serves("grubaa64.efi")
