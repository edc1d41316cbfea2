"""Ways out of an export: handles, and from export to export."""
import ctypes
import os
import struct

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_testing import opaque, u32
from nfs_escape_testing import DENIED, IT, OTHER, STRANGER, Cases, all_refuse

case = CASES = Cases()

_libc = ctypes.CDLL(None, use_errno=True)


def kernel_handle(path):
    """name_to_handle_at(2): the type and bytes of the kernel's own handle."""
    made, mount = ctypes.create_string_buffer(8 + 128), ctypes.c_int()
    struct.pack_into("Ii", made, 0, 128, 0)
    assert _libc.name_to_handle_at(-100, os.fsencode(path), made, ctypes.byref(mount), 0) == 0
    length, kind = struct.unpack_from("Ii", made)
    return kind, made.raw[8:8 + length]


@case
def handle_of_random_bytes(site):
    client = site.client()
    all_refuse(client, os.urandom(32))
    for _ in range(200):
        assert client.getattr(os.urandom(32))[0] == nfs.BADHANDLE


@case
def handle_with_any_bit_flipped(site):
    client, root = site.rooted()
    file = client.lookup(root, "file")[1]
    for bit in range(8 * 32):
        forged = bytearray(file)
        forged[bit // 8] ^= 1 << bit % 8
        assert client.getattr(bytes(forged))[0] == nfs.BADHANDLE
        assert client.status(2, "GETATTR", bytes(forged)) == nfs.STALE


@case
def handle_cut_short(site):
    client, root = site.rooted()
    for length in range(32):
        assert client.getattr(root[:length])[0] == nfs.BADHANDLE
    assert client.status(2, "GETATTR", root[:28]) == DENIED


@case
def handle_with_more_behind_it(site):
    client, root = site.rooted()
    for length in (1, 4, 31, 32):
        assert client.getattr(root + bytes(length))[0] == nfs.BADHANDLE
    assert client.status(3, "GETATTR", opaque(root + bytes(33))) == DENIED
    assert client.status(3, "GETATTR", u32(0xffffffff) + root) == DENIED


@case
def handle_made_of_an_outside_files_kernel_handle(site):
    """All is right about it but the keyed hash, which is a genuine handle's."""
    client, root = site.rooted()
    for path in (site.outside, site.outside / "secret", site.top, site.others):
        kind, body = kernel_handle(path)
        forged = bytes([1 << 5 | len(body), kind]) + root[2:4] + body.ljust(20, b"\0") + root[24:]
        assert client.getattr(forged)[0] == nfs.BADHANDLE
        all_refuse(client, forged)


@case
def handle_of_two_handles_halves(site):
    client, root = site.rooted()
    file = client.lookup(root, "file")[1]
    for cut in range(1, 32):
        for forged in (root[:cut] + file[cut:], file[:cut] + root[cut:]):
            if forged not in (root, file):
                assert client.getattr(forged)[0] == nfs.BADHANDLE


@case
def handle_of_another_machines_root(site):
    other = site.client(OTHER)
    theirs = other.mount(str(site.others))
    all_refuse(site.client(), theirs, name=b"secret")
    all_refuse(site.client(), other.lookup(theirs, "secret")[1])


@case
def handle_of_another_machine_in_the_other_version(site):
    """Mounted by version 1, used by version 3, and the other way round."""
    other = site.client(OTHER)
    all_refuse(site.client(), other.mount(str(site.others), 1), name=b"secret")
    status, file, _ = other.lookup2(other.mount(str(site.others), 2), "secret")
    assert status == nfs.OK
    all_refuse(site.client(), file)


@case
def handle_in_a_strangers_hands(site):
    _, root = site.rooted()
    all_refuse(site.client(STRANGER), root)
    site.server.reload(site.config(shared=None))
    all_refuse(site.client(STRANGER), root)


@case
def handle_made_with_another_key(site):
    client, root = site.rooted()
    site.server.stop()
    os.unlink(site.server.state / "handle.key")
    site.server.start()
    client = site.client()
    all_refuse(client, root, (nfs.BADHANDLE,))


@case
def handle_of_a_removed_file_that_the_server_has_open(site):
    client, root = site.rooted()
    (site.root / "gone").write_bytes(b"gone")
    handle = client.lookup(root, "gone")[1]
    assert client.read(handle, 0, 10)[1] == b"gone"
    with open(site.root / "gone", "rb"):
        os.unlink(site.root / "gone")
        all_refuse(client, handle)


@case
def handle_of_a_file_that_was_moved_out(site):
    client, root = site.rooted()
    for name in ("file", "sub/deep"):
        handle = client.walk(root, name)
        os.rename(site.root / name, site.top / "moved")
        testing.wait_until(lambda: client.getattr(handle)[0] == nfs.STALE, "the handle to be stale")
        all_refuse(client, handle)
        os.rename(site.top / "moved", site.root / name)
        assert client.lookup(root, "file")[0] == nfs.OK


@case
def handle_below_a_directory_that_was_moved_out(site):
    client, root = site.rooted()
    (site.root / "sub" / "deep" / "file").write_bytes(b"x")
    directory, file = client.walk(root, "sub/deep"), client.walk(root, "sub/deep/file")
    os.rename(site.root / "sub", site.top / "moved")
    for handle in (directory, file):
        testing.wait_until(lambda: client.getattr(handle)[0] == nfs.STALE, "the handle to be stale")
        all_refuse(client, handle)
    os.rename(site.top / "moved", site.root / "sub")


@case
def handle_kept_when_a_reload_drops_the_export(site):
    client, other = site.client(), site.client(STRANGER)
    handles = client.mount(str(site.shared)), other.mount(str(site.shared))
    file = client.lookup(handles[0], "file")[1]
    assert client.read(file, 0, 10)[1] == b"shared"
    site.server.reload(site.config(shared=None))
    for handle in (*handles, file):
        all_refuse(client, handle, (nfs.STALE,))
        all_refuse(other, handle, (DENIED,))


@case
def handle_kept_when_the_export_is_for_others_now(site):
    client = site.client()
    handle = client.mount(str(site.shared))
    assert client.getattr(handle)[0] == nfs.OK
    site.server.reload(site.config(shared="clients other;"))
    all_refuse(client, handle, (nfs.STALE,))
    assert site.client(OTHER).getattr(handle)[0] == nfs.OK


@case
def handle_kept_when_the_address_goes_to_another_machine(site):
    client, root = site.rooted()
    file = client.lookup(root, "file")[1]
    assert client.getattr(file)[0] == nfs.OK
    site.server.reload(site.config(it="10.50.1.5", other=IT))
    for handle in (root, file):
        all_refuse(client, handle, (nfs.STALE,))
    site.server.reload(site.config())


@case
def handle_kept_when_a_link_takes_the_exports_place(site):
    client, root = site.rooted()
    file = client.lookup(root, "file")[1]
    os.rename(site.root, site.top / "away")
    os.symlink(site.outside, site.root)
    for handle in (root, file):
        testing.wait_until(lambda: client.getattr(handle)[0] == nfs.STALE, "the handle to be stale")
        all_refuse(client, handle)
    assert client.mount_status(str(site.root)) == nfs.ACCES
    os.unlink(site.root)
    os.rename(site.top / "away", site.root)


@case
def link_from_export_to_export(site):
    site.server.reload(site.config(shared="clients any; rw; squash none;"))
    client, root = site.rooted()
    shared = client.mount(str(site.shared))
    file, theirs = client.lookup(root, "file")[1], client.lookup(shared, "file")[1]
    for handle, directory in ((file, shared), (theirs, root)):
        assert client.link(handle, directory, "linked") == nfs.XDEV
        assert client.status(2, "LINK", handle + directory + opaque("linked")) != nfs.OK
    other = site.client(OTHER)
    secret = other.lookup(other.mount(str(site.others)), "secret")[1]
    assert client.link(secret, root, "linked") == nfs.STALE
    assert not (site.root / "linked").exists()


@case
def rename_from_export_to_export(site):
    site.server.reload(site.config(shared="clients any; rw; squash none;"))
    client, root = site.rooted()
    shared = client.mount(str(site.shared))
    other = site.client(OTHER)
    theirs = other.mount(str(site.others))
    for source, target in ((root, shared), (shared, root), (root, theirs), (theirs, root)):
        wanted = nfs.STALE if theirs in (source, target) else nfs.XDEV
        assert client.rename(source, "file", target, "renamed") == wanted
        assert client.rename(source, "secret", target, "renamed") == wanted
        assert client.status(2, "RENAME", source + opaque("file") + target + opaque("x")) != nfs.OK
    assert (site.root / "file").exists() and (site.shared / "file").exists()
