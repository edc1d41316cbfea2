"""Ways out of an export: special files, who calls, and what may only be read."""
import os
import stat

import pytest

import nfs_testing as nfs
from nfs_escape_testing import DENIED, SECRET, Cases, tree
from nfs_testing import opaque, u32, u64
from rpc_client import NFS, Reply, auth_sys, call_bytes
from test_nfs_exports import changes2, changes3

case = CASES = Cases()

ALICE, BOB = 1001, 1002

# ------------------------------------------------------------------------------ special files

@case
def devices_made_and_read(site):
    """The client's own kernel opens them, never the server."""
    client, root = site.rooted()
    for name, kind, device in (("zero", 4, (1, 5)), ("mem", 4, (1, 1)), ("disk", 3, (8, 0)),
                               ("disk2", 3, (254, 0))):
        status, handle, _ = client.mknod(root, name, kind, device)
        assert status == nfs.OK
        assert client.read(handle, 0, 100)[0] == nfs.INVAL
        assert client.write(handle, 0, b"x")[0] == nfs.INVAL
        assert client.read2(handle, 0, 100)[0] != nfs.OK
        assert client.setattr(handle, size=0) != nfs.OK
    # Version 2 makes them with CREATE.
    status, handle, _ = client.create2(root, "v2", mode=stat.S_IFCHR | 0o666, size=1 << 8 | 5)
    assert status != nfs.OK or client.read2(handle, 0, 100)[0] != nfs.OK


@case
def pipes_and_sockets_made_and_read(site):
    client, root = site.rooted()
    for name, kind in (("fifo", 7), ("socket", 6)):
        status, handle, _ = client.mknod(root, name, kind)
        assert status == nfs.OK
        assert client.read(handle, 0, 100)[0] == nfs.INVAL
        assert client.write(handle, 0, b"x")[0] == nfs.INVAL


@case
def devices_made_by_who_is_not_root(site):
    site.server.reload(site.config(shared="clients any; rw; squash root;"))
    site.shared.chmod(0o777)
    shared = site.client().mount(str(site.shared))
    for uid in (0, ALICE, None):
        client = site.client(uid=uid)
        for kind in (3, 4):
            assert client.mknod(shared, "device", kind, (1, 5))[0] == nfs.ACCES
        status, handle, _ = client.create2(shared, f"v2-{uid}", mode=stat.S_IFCHR | 0o666,
                                           size=1 << 8 | 5)
        assert status == nfs.PERM


# ------------------------------------------------------------------------------ who calls

def private(site, name="private", mode=0o600, uid=0):
    (site.root / name).write_bytes(SECRET)
    os.chown(site.root / name, uid, uid)
    (site.root / name).chmod(mode)
    client, root = site.rooted()
    return root, client.lookup(root, name)[1]


def unreadable(client, root, handle):
    assert client.read(handle, 0, 100)[0] == nfs.ACCES
    assert client.read2(handle, 0, 100)[0] == nfs.ACCES
    assert client.write(handle, 0, b"x")[0] == nfs.ACCES
    assert client.access(handle)[1] == 0
    assert client.setattr(handle, mode=0o666) == nfs.PERM
    assert client.setattr(handle, uid=ALICE) == nfs.PERM
    assert client.setattr(handle, size=0) == nfs.ACCES
    assert client.remove(root, "private") == nfs.ACCES
    assert client.rename(root, "private", root, "mine") == nfs.ACCES


@case
def root_spoofed_from_a_port_that_any_user_may_have(site):
    root, handle = private(site)
    for tcp in (False, True):
        client = site.client(tcp=tcp)
        client.reserved = False
        unreadable(client, root, handle)


@case
def calls_of_nobody(site):
    root, handle = private(site)
    unreadable(site.client(uid=None), root, handle)


@case
def numbers_that_mean_nobody_said(site):
    """All bits set leaves the server's own user as it is, to setfsuid(2) and chown(2)."""
    root, handle = private(site)
    for uid, gid in ((0xffffffff, 0), (0xffffffff, 0xffffffff), (ALICE, 0xffffffff)):
        unreadable(site.client(uid=uid, gid=gid, groups=(0xffffffff,)), root, handle)


@case
def gid_lists_of_more_than_16(site):
    root, handle = private(site, mode=0o640)
    os.chown(site.root / "private", BOB, 77)
    for count in (17, 18, 64, 0xffff):
        groups = tuple([77] * min(count, 90))
        client = site.client(uid=ALICE)
        client.auth = auth_sys(ALICE, ALICE, groups)
        assert client.status(3, "GETATTR", opaque(handle)) == DENIED
    client = site.client(uid=ALICE, gid=ALICE, groups=range(100, 116))
    assert client.read(handle, 0, 100)[0] == nfs.ACCES
    # A count that is more than what follows.
    client.auth = u32(1, 20) + u32(0) + opaque(b"") + u32(0, 0, 16)
    assert client.status(3, "READ", opaque(handle) + u64(0) + u32(100)) == DENIED


@case
def credentials_of_other_flavors(site):
    _, handle = private(site)
    for flavor in (2, 3, 4, 6, 390003, 0xffffffff):
        for body in (b"", bytes(20), u32(0) + opaque(b"x") + u32(0, 0, 0)):
            client = site.client()
            client.auth = u32(flavor) + opaque(body)
            assert client.status(3, "READ", opaque(handle) + u64(0) + u32(100)) == DENIED


@case
def root_of_a_squashed_export(site):
    (site.shared / "private").write_bytes(SECRET)
    (site.shared / "private").chmod(0o600)
    site.server.reload(site.config(shared="clients any; rw; squash root;"))
    client = site.client()
    shared = client.mount(str(site.shared))
    handle = client.lookup(shared, "private")[1]
    unreadable(client, shared, handle)
    for words in ("squash all;", "squash all; anon 1001 1001;"):
        site.server.reload(site.config(shared=f"clients any; rw; {words}"))
        for uid in (0, ALICE, BOB):
            unreadable(site.client(uid=uid), shared, handle)


@case
def rights_of_one_export_used_in_another(site):
    """Root in its own root, squashed in the other: in one call with both handles, too."""
    (site.shared / "private").write_bytes(SECRET)
    (site.shared / "private").chmod(0o600)
    site.server.reload(site.config(shared="clients any; rw; squash root;"))
    client, root = site.rooted()
    shared = client.mount(str(site.shared))
    handle = client.lookup(shared, "private")[1]
    assert client.getattr(root)[0] == nfs.OK
    unreadable(client, shared, handle)
    assert client.link(handle, root, "mine") != nfs.OK
    assert client.rename(shared, "private", root, "mine") != nfs.OK
    assert client.rename(root, "file", shared, "private") != nfs.OK


@case
def setuid_programs_of_squashed_callers(site):
    site.shared.chmod(0o777)
    site.server.reload(site.config(shared="clients any; rw; squash root;"))
    client = site.client()
    shared = client.mount(str(site.shared))
    for how, name in ((nfs.UNCHECKED, "a"), (nfs.GUARDED, "b")):
        status, handle, _ = client.create(shared, name, how, mode=0o6755, uid=0, gid=0)
        if status == nfs.OK:
            client.setattr(handle, mode=0o6755)
            client.setattr(handle, uid=0, gid=0)
    status, handle, _ = client.create2(shared, "c", mode=0o6755, uid=0, gid=0)
    client.mkdir(shared, "d", mode=0o6755, uid=0, gid=0)
    for name in client.list(shared):
        if name not in (".", "..", "file"):
            attributes = client.getattr(client.lookup(shared, name)[1])[1]
            assert (attributes["uid"], attributes["gid"]) == (65534, 65534)


@case
def setuid_bits_kept_over_a_write(site):
    """Who may write to somebody's program does not get that one's rights."""
    root, handle = private(site, "program", mode=0o6777)
    alice = site.client(uid=ALICE, gid=ALICE)
    assert alice.write(handle, 0, b"x")[0] == nfs.OK
    assert not os.stat(site.root / "program").st_mode & 0o6000
    os.chmod(site.root / "program", 0o6777)
    assert alice.setattr(handle, size=1) == nfs.OK
    assert not os.stat(site.root / "program").st_mode & 0o4000


@case
def files_given_away_and_taken(site):
    root, handle = private(site, "alices", uid=ALICE)
    alice, bob = site.client(uid=ALICE, gid=ALICE), site.client(uid=BOB, gid=BOB)
    for change in ({"uid": BOB}, {"uid": 0}, {"gid": 0}, {"gid": BOB}):
        assert alice.setattr(handle, **change) == nfs.PERM
    for change in ({"uid": BOB}, {"gid": BOB}, {"mode": 0o777}, {"atime": (1, 0)}):
        assert bob.setattr(handle, **change) == nfs.PERM


@case
def hard_link_to_somebody_elses_file(site):
    (site.root / "open").mkdir()
    (site.root / "open").chmod(0o777)
    root, handle = private(site, "program", mode=0o4755)
    alice = site.client(uid=ALICE, gid=ALICE)
    directory = alice.lookup(root, "open")[1]
    with open("/proc/sys/fs/protected_hardlinks", encoding="ascii") as setting:
        if setting.read().strip() != "1":
            pytest.skip("fs.protected_hardlinks is off: this kernel lets everybody link anything")
    assert alice.link(handle, directory, "mine") == nfs.ACCES
    assert alice.status(2, "LINK", handle + directory + opaque("mine")) == nfs.PERM
    assert os.listdir(site.root / "open") == []


@case
def sticky_directory(site):
    (site.root / "tmp").mkdir()
    (site.root / "tmp").chmod(0o1777)
    (site.root / "tmp" / "theirs").write_bytes(b"x")
    os.chown(site.root / "tmp" / "theirs", BOB, BOB)
    (site.root / "tmp" / "dir").mkdir()
    client, root = site.rooted()
    directory = client.lookup(root, "tmp")[1]
    alice = site.client(uid=ALICE, gid=ALICE)
    assert alice.create(directory, "mine")[0] == nfs.OK
    for status in (alice.remove(directory, "theirs"), alice.remove(directory, "dir", "RMDIR"),
                   alice.rename(directory, "theirs", directory, "x"),
                   alice.rename(directory, "mine", directory, "theirs"),
                   alice.status(2, "REMOVE", directory + opaque("theirs"))):
        assert status in (nfs.ACCES, nfs.PERM)


# ------------------------------------------------------------------------------ read-only exports

def read_only(version, procedure):
    def attempt(site):
        (site.shared / "empty").mkdir()
        before = tree(site.shared)
        client = site.client()
        shared = client.mount(str(site.shared))
        file = client.lookup(shared, "file")[1]
        arguments = (changes3 if version == 3 else changes2)(shared, file)[procedure]
        for uid in (0, ALICE, None):
            assert site.client(uid=uid).status(version, procedure, arguments) == nfs.ROFS
        assert tree(site.shared) == before
    attempt.__name__ = f"{procedure.lower()}{version}_in_a_read_only_export"
    case(attempt)


for _procedure in changes3(b"", b""):
    read_only(3, _procedure)
for _procedure in changes2(b"", b""):
    read_only(2, _procedure)


@case
def exclusive_create_in_a_read_only_export(site):
    client = site.client()
    shared = client.mount(str(site.shared))
    for name in ("new", "file"):
        assert client.create(shared, name, nfs.EXCLUSIVE, b"verifier")[0] == nfs.ROFS
    assert os.listdir(site.shared) == ["file"]


@case
def every_attribute_in_a_read_only_export(site):
    client = site.client()
    shared = client.mount(str(site.shared))
    before = tree(site.shared)
    for handle in (shared, client.lookup(shared, "file")[1]):
        for change in ({"mode": 0o777}, {"uid": 1}, {"gid": 1}, {"size": 0}, {"atime": "server"},
                       {"mtime": (1, 1)}, {}):
            assert client.setattr(handle, **change) == nfs.ROFS
    assert tree(site.shared) == before


@case
def call_sent_again_when_the_export_became_read_only(site):
    """An answer from before may come again; the work is not done again."""
    site.server.reload(site.config(shared="clients any; rw; squash none;"))
    client = site.client()
    shared = client.mount(str(site.shared))
    xid, message = call_bytes(NFS, 3, nfs.NFS3.index("REMOVE"), opaque(shared) + opaque("file"))
    sent = client.socket(NFS)
    sent.send(message)
    assert Reply(sent.recv(70000)).word() == nfs.OK
    site.server.reload(site.config())
    (site.shared / "file").write_bytes(b"again")
    sent.send(message)
    assert Reply(sent.recv(70000)).xid == xid
    assert (site.shared / "file").exists()
