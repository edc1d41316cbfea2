"""U-Boot's own NFS client (portmap, mount, NFS v2 and v3 over UDP) reads a file from its root."""
import random
import zlib

ARM64 = ["qemu-system-aarch64", "-machine", "virt,accel=tcg", "-cpu", "cortex-a57", "-m", "256",
         "-nodefaults", "-display", "none", "-serial", "stdio", "-bios",
         "/usr/lib/u-boot/qemu_arm64/u-boot.bin"]
MAC = "22:22:22:22:00:00"
CONTENT = random.Random(1).randbytes(500_001)


def test_u_boot_reads_its_root(network, server, guest, tmp_path):
    root = tmp_path / "root"
    (root / "boot").mkdir(parents=True)
    (root / "boot" / "Image").write_bytes(CONTENT)
    (root / "link").symlink_to("boot/Image")
    running = server(f"""
        subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host board {{
            hardware ethernet {MAC};
            fixed-address 10.50.1.9;
            option root-path "{root}";
        }}
        """)
    board = guest(ARM64, mac=MAC, network_arguments=[
        "-device", f"virtio-net-pci,netdev=wire,mac={MAC},romfile="])
    board.expect("Hit any key to stop autoboot")
    board.send("\r")
    board.expect("=> ")
    # Symbolic links are followed by U-Boot itself: it reads one, is told what it is, and asks again.
    board.send("setenv ipaddr 10.50.1.9; setenv netmask 255.255.255.0; setenv serverip 10.50.1.1\r")
    board.expect("=> ")
    for name in ("boot/Image", "link"):
        board.send(f"nfs 0x42000000 10.50.1.1:{root}/{name}\r")
        board.expect(r"Bytes transferred = 500001 \(7a121 hex\)")
        board.expect("=> ")
        board.send("crc32 0x42000000 ${filesize}\r")
        board.expect(f"{zlib.crc32(CONTENT):08x}")
        board.expect("=> ")
    board.send(f"nfs 0x42000000 10.50.1.1:{tmp_path}/elsewhere\r")
    board.expect("ERROR|Cannot|fail")
    running.wait_for_log(r"board \(.*\) mount.*: MNT \S+root/boot v\d over udp -> granted")
    running.wait_for_log(rf"MNT {tmp_path} v\d over udp -> refused: this host's root-path is")
