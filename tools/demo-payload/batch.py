"""The demo without a person: drives the guest's console as one would, and checks on the server's side.

batch.py BOOTWIRE DIRECTORY: DIRECTORY is what tools/demo made (build/demo). Exits 0, or 1 with the
reason.
"""

import os
import pathlib
import secrets
import sys

import pexpect

BOOT_TIMEOUT = 300
COMMAND_TIMEOUT = 60


def fail(reason):
    sys.exit(f"demo: {reason}")


def type_command(guest, command):
    """Runs a command in the guest's shell and expects that it succeeds."""
    guest.sendline(f"{command} && echo do''ne || echo fai''led")
    if guest.expect(["done\r", "failed\r"], timeout=COMMAND_TIMEOUT) != 0:
        fail(f"this failed in the guest: {command}")


def owner_of(path):
    """Its user and group: its own, or what an ordinary user's server keeps beside it."""
    if os.getuid() == 0:
        status = path.stat()
        return status.st_uid, status.st_gid
    # MODE DEVICE UID:GID, as rsync's --fake-super writes it.
    kept = os.getxattr(path, "user.rsync.%stat").decode().split()[-1]
    return tuple(int(number) for number in kept.split(":"))


def expect_owner(path, content, owner):
    """The file is there, on this side, as the guest left it there."""
    try:
        found = path.read_text().strip()
        user, group = owner_of(path)
    except OSError as error:
        fail(f"what the guest wrote is not on the server's side: {error}")
    if found != content:
        fail(f"{path} holds {found!r}; the guest wrote {content!r}")
    if (user, group) != (owner, owner):
        fail(f"{path} belongs to {user}:{group}, not to {owner}:{owner}")
    print(f"demo: {path} is there and belongs to {owner}:{owner}")


def main(bootwire, work):
    root = work / "root"
    word = secrets.token_hex(8)
    for name in ("root/written-by-root", "home/guest/written-by-guest"):
        (root / name).unlink(missing_ok=True)
    guest = pexpect.spawn(
        bootwire, ["run", "-c", str(work / "bootwire.conf"), "--nic", "virtio-net-pci",
                   "--log", str(work / "serve.log"), "demo"],
        encoding="utf-8", codec_errors="replace", timeout=BOOT_TIMEOUT, echo=False)
    guest.logfile_read = sys.stdout
    try:
        guest.expect("demo login:")
        guest.sendline("root")
        guest.expect("# ", timeout=COMMAND_TIMEOUT)
        type_command(guest, f"echo {word} > /root/written-by-root")
        type_command(guest, f"su guest -c 'echo {word} > /home/guest/written-by-guest'")
        guest.sendline("poweroff")
        # What follows is the timeline.
        guest.expect(pexpect.EOF, timeout=COMMAND_TIMEOUT)
    except pexpect.TIMEOUT:
        fail(f"the guest did not go on within its time; the server's log is {work}/serve.log")
    except pexpect.EOF:
        fail(f"the guest ended too early; the server's log is {work}/serve.log")
    guest.close()
    if guest.exitstatus != 0:
        fail(f"bootwire run ended with status {guest.exitstatus}, signal {guest.signalstatus}")
    expect_owner(root / "root/written-by-root", word, 0)
    expect_owner(root / "home/guest/written-by-guest", word, 1000)
    print("demo: from the ROM to a login with its root by NFS: all well")


if len(sys.argv) != 3:
    fail("usage: batch.py BOOTWIRE DIRECTORY")
main(sys.argv[1], pathlib.Path(sys.argv[2]))
