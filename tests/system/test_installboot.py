"""bootwire installboot -e against a second telling, in Python, of what NetBSD documents."""
import hashlib
import random
import struct
import subprocess

import pytest

import bootwire_testing as testing

CONSOLES = ["pc", "com0", "com1", "com2", "com3", "com0kbd", "com1kbd", "com2kbd", "com3kbd"]
FLAGS = {"resetvideo": 1, "modules": 4, "bootconf": 8}
SIZE = 104


def boot_file(sector=0, length=120, size=5000, keymap=b"", flags=0xc, password=b""):
    data = bytearray(random.Random(sector).randbytes(size))
    at = sector * 512 + 8
    struct.pack_into("<I", data, at - 4, 0x7886b6d2)
    fields = struct.pack("<IIIiI16s64sI", length, flags, 5, 0, 9600, password, keymap, 0)
    data[at:at + length] = fields[:length].ljust(length, b"\xee")
    return bytes(data)


def edited(data, sector, options):
    """The bytes that NetBSD's tool writes for these (name, value) pairs, in order."""
    at = sector * 512 + 8
    length, = struct.unpack_from("<I", data, at)
    known = data[at:at + min(length, SIZE)].ljust(SIZE, b"\0")
    length_, flags, timeout, console, speed, password, keymap, ioaddr = \
        struct.unpack("<IIIiI16s64sI", known)
    for name, value in options:
        if name in FLAGS:
            flags ^= FLAGS[name]
        elif name == "console":
            console = -1 if value == "auto" else CONSOLES.index(value)
        elif name == "speed":
            speed = number(value)
        elif name == "timeout":
            timeout = number(value)
        elif name == "ioaddr":
            ioaddr = number(value)
        elif name == "keymap":
            short = value.encode()[:63] + b"\0"
            keymap = short + keymap[len(short):]
        elif name == "password":
            flags = flags | 2 if value else flags & ~2
            password = hashlib.md5(value.encode()).digest() if value else bytes(16)
    fields = struct.pack("<IIIiI16s64sI", length_, flags, timeout, console, speed, password,
                         keymap, ioaddr)
    return data[:at] + fields[:min(length, SIZE)] + data[at + min(length, SIZE):]


def number(text):
    """As strtoul() with base 0: a leading 0 is octal."""
    return int(text, 8) if text.startswith("0") and text.isdigit() else int(text, 0)


def installboot(*arguments):
    return subprocess.run([testing.BOOTWIRE, "installboot", *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def spelled(options):
    return ",".join(name if value is None else f"{name}={value}" for name, value in options)


@pytest.mark.parametrize("sector", range(4))
@pytest.mark.parametrize("options", [
    [("console", "com0")],
    [("console", "auto")],
    [("console", "com3kbd"), ("speed", "115200"), ("ioaddr", "0x3f8"), ("timeout", "0")],
    [("timeout", "2147483647"), ("speed", "010")],
    [("keymap", "de")],
    [("keymap", "x" * 80)],
    [("password", "secret")],
    [("resetvideo", None)],
    [("modules", None), ("bootconf", None)],
    [],
], ids=lambda options: spelled(options)[:30])
def test_what_is_written(tmp_path, sector, options):
    path = tmp_path / "boot"
    data = boot_file(sector, keymap=b"german\0" + b"z" * 20)
    path.write_bytes(data)
    done = installboot("-e", *(["-o", spelled(options)] if options else []), path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_bytes() == edited(data, sector, options)


def test_flags_toggle_and_passwords_clear(tmp_path):
    path = tmp_path / "boot"
    data = boot_file(flags=0)
    path.write_bytes(data)
    for options in ("modules,resetvideo", "password=x", "resetvideo,modules", "password="):
        assert installboot("-e", "-o", options, path).returncode == 0
    assert path.read_bytes() == data
    # Twice in one call is once.
    installboot("-e", "-o", "modules,modules", "-o", "modules", path)
    assert path.read_bytes() == edited(data, 0, [("modules", None)])


def test_what_is_printed(tmp_path):
    path = tmp_path / "boot"
    path.write_bytes(boot_file(2))
    before = path.read_bytes()
    done = installboot("-e", "-n", "-o", "console=com0", path)
    assert done.returncode == 0
    assert done.stdout == \
        "Boot options:        timeout 5, flags c, speed 9600, ioaddr 0, console com0\n"
    assert path.read_bytes() == before
    done = installboot("-e", "-v", "-o", "ioaddr=0x3f8, keymap=de ,timeout=9", path)
    assert done.stdout == (
        f"File system:         {path}\n"
        "Boot options:        timeout 9, flags c, speed 9600, ioaddr 3f8, console pc\n"
        "                     keymap de \n")
    assert path.read_bytes() != before


@pytest.mark.parametrize("options, named", [
    ("console=com9", ["com9", "pc, com0", "com3kbd, auto"]),
    ("consol=com0", ["consol", "console=", "ioaddr=", "keymap=", "password=", "resetvideo",
                     "speed=", "timeout=", "modules", "bootconf"]),
    ("speed=fast", ["speed=fast"]),
    ("speed=-1", ["speed=-1"]),
    ("timeout=2147483648", ["timeout=2147483648"]),
    ("console", ["console"]),
    ("modules=yes", ["modules"]),
    ("=", ["the options are"]),
])
def test_what_is_refused(tmp_path, options, named):
    path = tmp_path / "boot"
    data = boot_file()
    path.write_bytes(data)
    done = installboot("-e", "-o", options, path)
    assert done.returncode == 1
    for word in named:
        assert word in done.stderr
    assert path.read_bytes() == data


def test_files_that_are_no_boot_files(tmp_path):
    path = tmp_path / "file"
    for data in (b"", b"short", bytes(512), bytes(4096), boot_file(3)[:2047],
                 bytes(2048) + boot_file(0)):
        path.write_bytes(data)
        done = installboot("-e", "-o", "console=com0", path)
        assert done.returncode == 1 and "magic" in done.stderr
        assert path.read_bytes() == data
    done = installboot("-e", "-o", "console=com0", tmp_path / "gone")
    assert done.returncode == 1 and "No such file" in done.stderr
    done = installboot("-e", "-o", "console=com0", tmp_path)
    assert done.returncode == 1 and "directory" in done.stderr


def test_nothing_is_written_beyond_the_loaders_parameters(tmp_path):
    path = tmp_path / "boot"
    data = boot_file(length=36)
    path.write_bytes(data)
    done = installboot("-e", "-o", "keymap=de", path)
    assert done.returncode == 1 and "36 bytes" in done.stderr
    assert path.read_bytes() == data
    assert installboot("-e", "-o", "console=com1", path).returncode == 0
    assert path.read_bytes() == edited(data, 0, [("console", "com1")])


def test_a_file_that_may_not_be_written(tmp_path):
    path = tmp_path / "boot"
    path.write_bytes(boot_file())
    path.chmod(0o444)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--clear-groups", testing.BOOTWIRE, "installboot", "-e",
         "-o", "console=com0", str(path)], capture_output=True, text=True)
    assert done.returncode != 0
    assert done.returncode != 1 or "cannot be opened" in done.stderr


def test_how_it_is_called():
    for arguments in ([], ["-e"], ["file"], ["-x", "file"], ["-e", "a", "b"]):
        done = installboot(*arguments)
        assert done.returncode == 2 and "usage: bootwire installboot" in done.stderr
