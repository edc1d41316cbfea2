"""U-Boot on two architectures, from power-on to a kernel that it loaded by TFTP.

The kernels are written here, in machine code: each prints a line on the serial port and ends the
machine, so that only one that was loaded whole and started can have done it. They are padded to
the size of something real, and U-Boot tells the CRC of what it loaded.
"""
import pathlib
import random
import struct
import zlib

import pytest

import bootwire_testing as testing

FIRMWARE = pathlib.Path("/usr/lib/u-boot")
HELLO = b"kernel: loaded and running\r\n\0"
PADDING = random.Random(0).randbytes(300_000)


def arm64_image():
    """A Linux arm64 Image (Documentation/arch/arm64/booting: 64 bytes of header, then code)."""
    message = 64 + 12 * 4

    def relative(place, target):
        return (target - place) // 4

    code = [
        0x10000000 | relative(64, message) << 5 | 0,   # adr x0, message
        0xd2a12001,                                    # movz x1, #0x0900, lsl #16 (PL011)
        0x38401402,                                    # next: ldrb w2, [x0], #1
        0x34000000 | 5 << 5 | 2,                       # cbz w2, off
        0xb9401823,                                    # full: ldr w3, [x1, #0x18] (UARTFR)
        0x37000000 | 5 << 19 | (-1 & 0x3fff) << 5 | 3,  # tbnz w3, #5, full
        0xb9000022,                                    # str w2, [x1]
        0x14000000 | (-5 & 0x3ffffff),                 # b next
        0x52b08000,                                    # off: movz w0, #0x8400, lsl #16
        0x72800100,                                    # movk w0, #8 (PSCI SYSTEM_OFF)
        0xd4000002,                                    # hvc #0
        0x14000000,                                    # b .
    ]
    body = b"".join(struct.pack("<I", word) for word in code) + HELLO
    body += PADDING[:-len(body)]
    header = struct.pack("<IIQQQQQQII", 0x14000010, 0, 0, 64 + len(body), 0xa, 0, 0, 0,
                         0x644d5241, 0)
    return header + body


def mips_image(load=0x80100000):
    """A legacy uImage with a little-endian MIPS program, linked at `load`."""
    t0, t1, t2, t3, zero = 8, 9, 10, 11, 0

    def immediate(op, rs, rt, value):
        return op << 26 | rs << 21 | rt << 16 | value & 0xffff

    lui, ori, lbu, sb, beq, andi, addiu = 0x0f, 0x0d, 0x24, 0x28, 0x04, 0x0c, 0x09
    message = load + 18 * 4  # after the code
    code = [
        immediate(lui, 0, t0, 0xb800),
        immediate(ori, t0, t0, 0x03f8),            # the 16550 of the PIIX4, uncached
        immediate(lui, 0, t1, message >> 16),
        immediate(ori, t1, t1, message),
        immediate(lbu, t1, t2, 0),                 # next:
        immediate(beq, t2, zero, 8),               # to off
        0,
        immediate(lbu, t0, t3, 5),                 # full: line status
        immediate(andi, t3, t3, 0x20),             # transmitter empty
        immediate(beq, t3, zero, -3),              # to full
        0,
        immediate(sb, t0, t2, 0),
        immediate(beq, zero, zero, -9),            # to next
        immediate(addiu, t1, t1, 1),
        immediate(lui, 0, t0, 0xbf00),             # off:
        immediate(addiu, 0, t2, 0x42),
        immediate(sb, t0, t2, 0x500),              # the board's soft reset: -no-reboot ends QEMU
        immediate(beq, zero, zero, -1),
    ]
    body = b"".join(struct.pack("<I", word) for word in code) + HELLO
    body += PADDING[:-len(body)]

    def header(crc):
        return struct.pack(">IIIIIIIBBBB32s", 0x27051956, crc, 0, len(body), load, load,
                           zlib.crc32(body), 5, 5, 2, 0, b"test kernel")

    return header(zlib.crc32(header(0))) + body


def config(root, mac, filename):
    return f"""
        tftp-root "{root}";
        subnet 10.50.1.0 netmask 255.255.255.0 {{
            range 10.50.1.200 10.50.1.250;
        }}
        host board {{
            hardware ethernet {mac};
            next-server {testing.SERVER_ADDRESS};
            filename "{filename}";
        }}
        """


@pytest.fixture
def tftp_root(tmp_path):
    root = tmp_path / "tftp"
    (root / "boards").mkdir(parents=True)
    (root / "boards" / "Image").write_bytes(arm64_image())
    (root / "boards" / "uImage").write_bytes(mips_image())
    return root


class Prompt:
    """U-Boot's command line."""

    def __init__(self, guest, prompt):
        self.guest = guest
        self.prompt = prompt
        if guest.expect(["Hit any key to stop autoboot", prompt], timeout=100) == 0:
            guest.send(" ")
            guest.expect(prompt)

    def command(self, text, answer, timeout=60):
        """Types a command, waits for what must answer it and for the prompt, if one follows."""
        self.guest.send(text + "\n")
        self.guest.expect(answer, timeout)

    def ready(self):
        self.guest.expect(self.prompt)


def loaded(prompt, command, image, address):
    """A command loads the image by TFTP: all of it, unharmed."""
    prompt.command(command, rf"Bytes transferred = {len(image)} ")
    prompt.ready()
    prompt.command(f"crc32 {address:#x} {len(image):#x}", f"==> {zlib.crc32(image):08x}")
    prompt.ready()


@pytest.mark.timeout(240)
def test_arm64_to_a_kernel(network, server, guest, tftp_root):
    # This U-Boot takes the first byte of virtio's address for all six.
    mac = "22:22:22:22:22:22"
    running = server(config(tftp_root, mac, "/boards/Image"))
    board = guest(["qemu-system-aarch64", "-M", "virt,accel=tcg", "-cpu", "cortex-a57",
                   "-m", "256", "-nodefaults", "-display", "none", "-serial", "stdio",
                   "-bios", FIRMWARE / "qemu_arm64" / "u-boot.bin"],
                  mac=mac, model="virtio-net-pci")
    prompt = Prompt(board, "=> ")
    address = 0x40400000
    # Its own DHCP, which goes on to load the file that the answer names.
    loaded(prompt, f"dhcp {address:#x}", arm64_image(), address)
    prompt.command("echo ip=${ipaddr} server=${serverip} file=${bootfile}",
                   r"ip=10\.50\.1\.2\d\d server=10\.50\.1\.1 file=/boards/Image")
    prompt.ready()
    # By name; and a name that is not there, with the reason on its screen.
    loaded(prompt, f"tftpboot {address:#x} boards/Image", arm64_image(), address)
    prompt.command(f"tftpboot {address:#x} boards/missing", r"TFTP error: .*\(1\)")
    prompt.ready()
    prompt.command(f"booti {address:#x} - ${{fdtcontroladdr}}", "kernel: loaded and running")
    testing.wait_until(lambda: not board.console.isalive(), "the machine to end")
    running.wait_for_log("boards/missing")


@pytest.mark.timeout(240)
def test_mips_malta_to_a_kernel(network, server, guest, tftp_root, tmp_path):
    mac = "22:22:22:22:00:31"
    # QEMU takes a little-endian Malta's flash word by word.
    flash = (FIRMWARE / "maltael" / "u-boot.bin").read_bytes()
    flash += bytes(-len(flash) % 4)
    words = struct.unpack(f"<{len(flash) // 4}I", flash)
    swapped = tmp_path / "u-boot-swapped.bin"
    swapped.write_bytes(struct.pack(f">{len(words)}I", *words))
    server(config(tftp_root, mac, "/boards/uImage"))
    board = guest(["qemu-system-mipsel", "-M", "malta,accel=tcg", "-m", "256", "-nodefaults",
                   "-display", "none", "-serial", "stdio", "-bios", swapped],
                  network_arguments=["-net", f"nic,netdev=wire,macaddr={mac},model=pcnet"])
    prompt = Prompt(board, "maltael # ")
    address = 0x81000000
    image = mips_image()
    loaded(prompt, f"dhcp {address:#x}", image, address)
    # BOOTP, the protocol before DHCP: the same address.
    prompt.command("echo ip=${ipaddr}", r"ip=(10\.50\.1\.2\d\d)")
    leased = board.console.match[1].decode()
    prompt.ready()
    prompt.command("setenv ipaddr", prompt.prompt)
    loaded(prompt, f"bootp {address:#x}", image, address)
    prompt.command("echo ip=${ipaddr}", f"ip={leased}")
    prompt.ready()
    loaded(prompt, f"tftpboot {address:#x} /boards/uImage", image, address)
    prompt.command(f"bootm {address:#x}", "kernel: loaded and running")
    testing.wait_until(lambda: not board.console.isalive(), "the machine to end")
