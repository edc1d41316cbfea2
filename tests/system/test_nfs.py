"""NFS v2 and v3: who may do what, what lasts, what is refused, and with which error."""
import contextlib
import os
import re
import shutil
import stat
import subprocess
import time

import pytest

import nfs_testing as nfs
from nfs_testing import opaque, u32, u64
from rpc_client import RpcError

ALICE, BOB = 1001, 1002


@contextlib.contextmanager
def file_system(path, options="mode=755"):
    """A tmpfs on the directory, in a mount namespace of its own: gives the command line in front of
    what is to see it."""
    path.mkdir(parents=True)
    holder = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c",
         f"mount -t tmpfs -o {options} none {path} && echo ready && exec sleep 1000"],
        stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "ready\n"
        yield ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", "--"]
    finally:
        holder.kill()
        holder.wait()


class Site:
    """A server with one host, whose root is `root`; clients speak from its address."""

    def __init__(self, network, server, directory, prefix=()):
        self.network = network
        self.root = directory / "root"
        self.root.mkdir(mode=0o755, exist_ok=True)
        network.client_address("10.50.1.9")
        self.server = server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                       option root-path "{self.root}"; }}""", prefix=prefix)
        self.clients = []

    def client(self, uid=0, tcp=False, groups=()):
        self.clients.append(nfs.Client(self.network.client, tcp=tcp, uid=uid, gid=uid or 0,
                                       groups=groups))
        return self.clients[-1]

    def mount(self, version=3):
        return self.client().mount(str(self.root), version)

    def close(self):
        for each in self.clients:
            each.close()


@pytest.fixture
def site(network, server, tmp_path):
    made = Site(network, server, tmp_path)
    yield made
    made.close()


def put(path, mode, owner=0, data=b"data"):
    path.write_bytes(data)
    os.chown(path, owner, owner)
    path.chmod(mode)
    return path


# ------------------------------------------------------------------------------------ permissions

@pytest.mark.parametrize("tcp", [False, True])
def test_each_call_has_its_callers_rights(site, tcp):
    root = site.mount()
    put(site.root / "alices", 0o600, ALICE)
    put(site.root / "groups", 0o640, 0, b"for the group")
    os.chown(site.root / "groups", 0, 77)
    put(site.root / "program", 0o711, ALICE)
    alice, bob, anyone = site.client(ALICE, tcp), site.client(BOB, tcp), site.client(None, tcp)
    member = site.client(BOB, tcp, groups=(5, 77))
    alices = bob.lookup(root, "alices")[1]
    assert alice.read(alices, 0, 10)[0] == nfs.OK
    assert bob.read(alices, 0, 10)[0] == nfs.ACCES
    assert bob.write(alices, 0, b"x")[0] == nfs.ACCES
    assert site.client(0, tcp).read(alices, 0, 10)[0] == nfs.OK
    assert alice.access(alices) == (nfs.OK, 0x01 | 0x04 | 0x08)
    assert bob.access(alices) == (nfs.OK, 0)
    assert bob.setattr(alices, mode=0o666) == nfs.PERM
    assert bob.setattr(alices, size=0) == nfs.ACCES
    assert alice.setattr(alices, uid=BOB) == nfs.PERM
    groups = bob.lookup(root, "groups")[1]
    assert bob.read(groups, 0, 10)[0] == nfs.ACCES
    assert member.read(groups, 0, 10)[1] == b"for the gr"
    # A program that may be executed may be read: there is no other way to run it.
    program = bob.lookup(root, "program")[1]
    assert bob.read(program, 0, 10)[0] == nfs.OK
    # The owner writes to a file that it made read-only while it has it open.
    status, mine, _ = alice.create(root, "none", nfs.GUARDED, mode=0o400)
    assert status == nfs.ACCES
    (site.root / "open").mkdir()
    os.chmod(site.root / "open", 0o1777)
    shared = alice.lookup(root, "open")[1]
    status, mine, attributes = alice.create(shared, "mine", nfs.GUARDED, mode=0o400)
    assert status == nfs.OK and attributes["uid"] == ALICE and attributes["mode"] == 0o400
    assert alice.write(mine, 0, b"abc")[0] == nfs.OK
    assert bob.remove(shared, "mine") == nfs.ACCES  # the directory is sticky
    status, _, attributes = anyone.create(shared, "anyones", nfs.GUARDED, mode=0o644)
    assert status == nfs.OK and attributes["uid"] == 65534
    assert alice.remove(shared, "mine") == nfs.OK


def test_a_file_that_stays_open_asks_for_rights_each_time(site):
    root = site.mount()
    path = put(site.root / "shared", 0o666, ALICE)
    alice, bob = site.client(ALICE), site.client(BOB)
    shared = alice.lookup(root, "shared")[1]
    assert alice.write(shared, 0, b"alice")[0] == nfs.OK
    assert bob.write(shared, 0, b"bobby")[0] == nfs.OK
    path.chmod(0o644)
    assert bob.write(shared, 0, b"mine!")[0] == nfs.ACCES
    path.chmod(0o444)
    assert alice.write(shared, 5, b" too")[0] == nfs.OK
    assert path.read_bytes() == b"bobby too"
    # Whoever writes to a program takes its set-id bits away, unless it is root.
    for client, after in ((alice, 0o777), (bob, 0o777), (site.client(0), 0o6777)):
        path.chmod(0o6777)
        assert client.write(shared, 0, b"again")[0] == nfs.OK
        assert path.stat().st_mode & 0o7777 == after
    # The file that it was is not the one that has its name now.
    path.rename(site.root / "old")
    put(site.root / "shared", 0o666, ALICE)
    assert alice.write(shared, 0, b"older")[0] == nfs.OK
    assert path.read_bytes() != b"older" and (site.root / "old").read_bytes()[:5] == b"older"


@pytest.mark.parametrize("tcp", [False, True])
def test_who_calls_from_any_port_is_nobody(site, tcp):
    root = site.mount()
    put(site.root / "secret", 0o600)
    put(site.root / "public", 0o644)
    kernel, user = site.client(0, tcp), site.client(0, tcp)
    user.reserved = False
    secret, public = (kernel.lookup(root, name)[1] for name in ("secret", "public"))
    assert kernel.read(secret, 0, 10)[0] == nfs.OK
    assert user.read(secret, 0, 10)[0] == nfs.ACCES
    assert user.write(public, 0, b"x")[0] == nfs.ACCES
    assert user.read(public, 0, 10)[1] == b"data"
    site.server.wait_for_log(r"calls as uid 0 from port \d+ -> taken for nobody")
    site.server.config.write_text("nfs-reserved-ports off;\n" + site.server.config.read_text())
    site.server.reload()
    assert user.read(secret, 0, 10)[1] == b"data"


def test_root_stays_root(site):
    root, client = site.mount(), site.client()
    put(site.root / "shadow", 0o000, ALICE)
    shadow = client.lookup(root, "shadow")[1]
    assert client.read(shadow, 0, 10)[0] == nfs.OK
    assert client.setattr(shadow, uid=0, gid=42, mode=0o4755) == nfs.OK
    info = (site.root / "shadow").stat()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (0, 42, 0o4755)
    assert client.mknod(root, "console", 4, (5, 1), mode=0o600)[0] == nfs.OK
    assert (site.root / "console").stat().st_rdev == os.makedev(5, 1)
    # And the device is the client's: the server does not open it.
    console = client.lookup(root, "console")[1]
    assert client.read(console, 0, 10)[0] == nfs.INVAL
    assert client.write(console, 0, b"x")[0] == nfs.INVAL


def test_modes_are_not_the_servers_umask(site):
    root, client = site.mount(), site.client()
    assert client.create(root, "file", mode=0o666)[2]["mode"] == 0o666
    assert client.mkdir(root, "dir", mode=0o777)[2]["mode"] == 0o777
    assert client.mknod(root, "fifo", 7, (), mode=0o622)[2]["mode"] == 0o622


# ---------------------------------------------------------------------------------- what it holds

def test_handles_survive_renames_and_restarts(site):
    root, client = site.mount(), site.client()
    (site.root / "dir").mkdir()
    put(site.root / "file", 0o644, data=b"the same file")
    file = client.lookup(root, "file")[1]
    assert client.rename(root, "file", client.lookup(root, "dir")[1], "moved") == nfs.OK
    assert client.read(file, 0, 100)[1] == b"the same file"
    site.server.kill()
    site.server.start()
    assert client.read(file, 0, 100)[1] == b"the same file"
    assert client.walk(root, "dir/moved") == file
    os.rename(site.root / "dir", site.root / "other")
    assert client.read(file, 0, 100)[1] == b"the same file"
    os.unlink(site.root / "other" / "moved")
    assert client.read(file, 0, 100)[0] == nfs.STALE
    assert client.getattr(file)[0] == nfs.STALE
    # Its inode may be another file's by now; the handle is not.
    for number in range(20):
        put(site.root / f"new{number}", 0o644)
    assert client.getattr(file)[0] == nfs.STALE


def test_nothing_above_or_beside_the_export_shows(site):
    root, client = site.mount(), site.client()
    outside = put(site.root.parent / "outside", 0o644)
    assert client.lookup(root, "..") == (nfs.OK, root)
    for name in ("../outside", "/etc/passwd", "a/b", "a\0b", ""):
        assert client.lookup(root, name)[0] == nfs.ACCES
    (site.root / "link").symlink_to(outside)
    (site.root / "up").symlink_to("..")
    link = client.lookup(root, "link")[1]
    assert client.getattr(link)[1]["type"] == 5
    assert client.read(link, 0, 10)[0] == nfs.INVAL
    assert client.lookup(client.lookup(root, "up")[1], "outside")[0] == nfs.NOTDIR
    inode = site.root.stat().st_ino
    assert {number for number, name, _ in client.readdir(root)[1] if name in (".", "..")} == {inode}


def test_what_is_mounted_inside_is_not_exported(network, server, tmp_path):
    with file_system(tmp_path / "root" / "mounted") as prefix:
        site = Site(network, server, tmp_path, prefix)
        root, client = site.mount(), site.client()
        assert client.lookup(root, "mounted")[0] == nfs.ACCES
        entry = {entry[1]: entry for entry in client.readdirplus(root)[1]}["mounted"]
        assert entry[3] is None and entry[4] is None
        site.close()


def test_listings_tell_what_is_there_now(site):
    """From the second one on handles come out of memory, attributes never."""
    root, client = site.mount(), site.client()
    for name in ("file", "other", "gone", "program"):
        put(site.root / name, 0o644, ALICE, name.encode())
    (site.root / "directory").mkdir()
    (site.root / "link").symlink_to("file")
    os.link(site.root / "file", site.root / "second")

    def check():
        status, entries = client.readdirplus(root)[:2]
        assert status == nfs.OK
        for _, name, _, attributes, handle in entries:
            if name in (".", ".."):
                continue
            assert client.lookup(root, name)[1] == handle, name
            assert client.getattr(handle)[1] == attributes, name
        return {name: (attributes, handle) for _, name, _, attributes, handle in entries}

    check()
    time.sleep(1.7)  # handles of younger files are not kept
    check()
    before = check()
    with open(site.root / "file", "a", encoding="ascii") as file:
        file.write("longer")
    os.chmod(site.root / "program", 0o755)
    (site.root / "gone").unlink()
    (site.root / "new").write_bytes(b"new")
    os.replace(site.root / "new", site.root / "other")
    after = check()
    assert after["file"][0]["size"] == after["second"][0]["size"] == len("filelonger")
    assert after["file"][1] == after["second"][1] == before["file"][1]
    assert after["program"][0]["mode"] == 0o755 and after["program"][1] == before["program"][1]
    assert "gone" not in after and after["other"][1] != before["other"][1]
    assert client.write(after["file"][1], 0, b"x" * 100)[0] == nfs.OK
    assert check()["second"][0]["size"] == 100
    (site.root / "other").unlink()
    put(site.root / "other", 0o600, BOB)
    assert check()["other"][0]["uid"] == BOB
    # Who may not search the directory is told names alone.
    os.chmod(site.root, 0o744)
    entries = site.client(BOB).readdirplus(root)[1]
    assert {entry[1] for entry in entries} >= {"file", "other"}
    assert all(entry[4] is None for entry in entries if entry[1] == "file")


@pytest.mark.skipif(not shutil.which("mkfs.btrfs"), reason="needs btrfs-progs")
def test_a_snapshots_files_are_not_those_it_was_made_from(network, server, tmp_path):
    """Both have one inode number and one time of birth; only the device differs."""
    image, place = tmp_path / "image", tmp_path / "btrfs"
    with open(image, "wb") as file:
        file.truncate(200 << 20)
    place.mkdir()
    subprocess.run(["mkfs.btrfs", "-q", str(image)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        (place / "root").mkdir()
        first, second = place / "root/first", place / "root/second"
        subprocess.run(["btrfs", "-q", "subvolume", "create", str(first)], check=True)
        (first / "file").write_bytes(b"one")
        os.sync()
        subprocess.run(["btrfs", "-q", "subvolume", "snapshot", str(first), str(second)],
                       check=True)
        (second / "file").write_bytes(b"another")
        time.sleep(1.7)  # handles of younger files are not kept
        site = Site(network, server, place)
        root, client = site.mount(), site.client()
        for name, data in (("first", b"one"), ("second", b"another")) * 2:
            directory = client.lookup(root, name)[1]
            handle = {each[1]: each for each in client.readdirplus(directory)[1]}["file"][4]
            assert handle == client.lookup(directory, "file")[1]
            assert client.read(handle, 0, 100)[1] == data
        site.close()
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def test_directories_list_whole_while_they_change(site):
    root, client = site.mount(), site.client()
    names = {f"file-{number:04}-{'x' * (number % 40)}" for number in range(2000)}
    for name in names:
        (site.root / name).touch()
    for count in (512, 4096, 60000):
        listed = client.list(root, count)
        assert len(listed) == len(set(listed)) and set(listed) == names | {".", ".."}
    for count in (512, 8192):
        listed = client.list2(root, count)
        assert len(listed) == len(set(listed)) and set(listed) == names | {".", ".."}
    _, entries, _ = client.readdir(root, count=4096)
    assert all(cookie < 2**31 for _, _, cookie in entries)
    # Each entry removed as soon as it is read, as `rm -r` does: none is passed over.
    cookie, end = 0, False
    while not end:
        status, entries, end = client.readdir(root, cookie, 2048)
        assert status == nfs.OK
        for _, name, cookie in entries:
            if name not in (".", ".."):
                assert client.remove(root, name) == nfs.OK
    assert not list(site.root.iterdir())


def test_32_kib_reads_over_udp(site):
    root, client = site.mount(), site.client()
    data = os.urandom(100000)
    put(site.root / "file", 0o644, data=data)
    file = client.lookup(root, "file")[1]
    assert client.read(file, 0, 32768) == (nfs.OK, data[:32768], False)
    assert client.read(file, 3, 32768) == (nfs.OK, data[3:32771], False)
    status, most, _ = client.read(file, 0, 1 << 20)
    assert status == nfs.OK and 32768 < len(most) <= 65507 and data.startswith(most)
    results = client.nfs3("FSINFO", opaque(root))
    assert results.u32() == nfs.OK and results.post_op()
    assert [results.u32() for _ in range(6)] == [32768, 32768, 4096] * 2
    over_tcp = site.client(tcp=True)
    results = over_tcp.nfs3("FSINFO", opaque(root))
    assert results.u32() == nfs.OK and results.post_op() and results.u32() == 1 << 20
    put(site.root / "big", 0o644, data=data * 20)
    big = over_tcp.lookup(root, "big")[1]
    assert over_tcp.read(big, 0, 1 << 20)[1] == (data * 20)[:1 << 20]
    assert over_tcp.write(big, 0, (data * 11)[5:5 + (1 << 20)])[:2] == (nfs.OK, 1 << 20)
    assert (site.root / "big").read_bytes()[:1 << 20] == (data * 11)[5:5 + (1 << 20)]


@pytest.mark.parametrize("tcp", [False, True])
def test_files_that_are_not_in_memory_read_the_same(site, tcp):
    root, client = site.mount(), site.client(tcp=tcp)
    data = os.urandom(500000)
    path = put(site.root / "file", 0o644, data=data)
    file = client.lookup(root, "file")[1]
    with path.open("rb+") as opened:
        os.fsync(opened.fileno())
        for size in (1024, 8192, 32768, *([200000] if tcp else [])):
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            pieces = [client.read(file, offset, size) for offset in range(0, len(data), size)]
            assert b"".join(piece[1] for piece in pieces) == data
            assert [piece[2] for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_version_2_has_its_limits(site):
    root, client = site.mount(1), site.client()
    put(site.root / "netbsd", 0o644, data=os.urandom(10000))
    os.truncate(put(site.root / "huge", 0o644), 5 << 30)
    status, kernel, attributes = client.lookup2(root, "netbsd")
    assert status == nfs.OK and attributes["mode"] == 0o100644
    # As NetBSD's boot loader reads, to the end and past it.
    read = b"".join(client.read2(kernel, offset, 1024)[1] for offset in range(0, 12288, 1024))
    assert read == (site.root / "netbsd").read_bytes()
    assert len(client.read2(kernel, 0, 65536)[1]) == 8192
    status, huge, attributes = client.lookup2(root, "huge")
    assert status == nfs.OK and attributes["size"] == 0x7fffffff
    assert client.read2(huge, 0x7fffff00, 8192) == (nfs.OK, bytes(0xff))
    assert client.read2(huge, 0x80000000, 10)[0] == nfs.FBIG
    results = client.nfs2("SETATTR", huge + nfs.sattr2(size=0x80000000))
    assert results.u32() == nfs.FBIG
    for obsolete in ("ROOT", "WRITECACHE"):
        assert client.nfs2(obsolete).at_end()
    assert client.lookup2(root[:-1] + bytes([root[-1] ^ 1]), "netbsd")[0] == nfs.STALE
    status, _, attributes = client.create2(root, "fifo", mode=0o20666)
    assert status == nfs.OK and stat.S_ISFIFO((site.root / "fifo").lstat().st_mode)
    status, _, attributes = client.create2(root, "tty", mode=0o20620, size=0x12345678)
    assert attributes["rdev"] == 0x12345678
    assert (site.root / "tty").stat().st_rdev == os.makedev(0x456, 0x12378)


# ----------------------------------------------------------------------------------------- errors

def test_errors_say_what_is_wrong(site):
    root, client = site.mount(), site.client()
    put(site.root / "file", 0o644)
    (site.root / "dir").mkdir()
    (site.root / "dir" / "in").touch()
    file, directory = client.lookup(root, "file")[1], client.lookup(root, "dir")[1]
    long_name = "n" * 256
    assert client.lookup(root, long_name)[0] == nfs.NAMETOOLONG
    assert client.create(root, long_name)[0] == nfs.NAMETOOLONG
    assert client.lookup(file, "x")[0] == nfs.NOTDIR
    assert client.readdir(file)[0] == nfs.NOTDIR
    assert client.read(directory, 0, 10)[0] == nfs.INVAL
    assert client.write(directory, 0, b"x")[0] == nfs.INVAL
    assert client.remove(root, "dir") == nfs.ACCES  # ISDIR is not among REMOVE's errors
    assert client.remove(root, "dir", "RMDIR") == nfs.NOTEMPTY
    assert client.remove(root, "file", "RMDIR") == nfs.NOTDIR
    assert client.remove(root, ".", "RMDIR") == nfs.INVAL
    assert client.mkdir(root, "dir")[0] == nfs.EXIST
    assert client.mkdir(root, ".")[0] == nfs.EXIST
    assert client.rename(root, "dir", directory, "loop") == nfs.INVAL
    assert client.rename(root, "none", root, "x") == nfs.NOENT
    assert client.rename(root, "file", root, "dir") == nfs.ISDIR
    assert client.link(directory, root, "hard") == nfs.INVAL
    assert client.mknod(root, "x", 2)[0] == nfs.BADTYPE
    assert client.write(file, 2**64 - 2, b"xyz")[0] == nfs.FBIG
    assert client.read(file, 2**64 - 2, 10) == (nfs.OK, b"", True)
    assert client.setattr(file, mtime=(1, 10**9)) == nfs.INVAL
    assert client.setattr(file, guard=(1, 1), mode=0) == nfs.NOT_SYNC
    assert client.readdir(root, 2**63 + 2**62)[0] in (nfs.OK, nfs.BAD_COOKIE)
    assert client.readdir(root, count=20)[0] == nfs.TOOSMALL
    assert client.readdirplus(root, maxcount=100)[0] == nfs.TOOSMALL
    for handle in (b"", b"short", bytes(32), bytes(64), root[:31] + bytes([root[31] ^ 1])):
        assert client.getattr(handle)[0] == nfs.BADHANDLE
    for version, procedure in ((3, 1), (3, 8), (2, 4)):
        with pytest.raises(RpcError, match="accept_stat 4"):
            client.call(nfs.NFS, version, procedure, b"\0\0")
    with pytest.raises(RpcError, match="accept_stat 3"):
        client.call(nfs.NFS, 3, 22)


def test_exclusive_create_may_be_sent_twice(site):
    root, client = site.mount(), site.client(ALICE)
    site.root.chmod(0o777)
    first = client.create(root, "lock", nfs.EXCLUSIVE, b"verifier")
    again = site.client(ALICE).create(root, "lock", nfs.EXCLUSIVE, b"verifier")
    assert first[0] == again[0] == nfs.OK and first[1] == again[1]
    assert client.create(root, "lock", nfs.EXCLUSIVE, b"anothers")[0] == nfs.EXIST


def test_times_and_wcc(site):
    root, client = site.mount(), site.client()
    status, file, before = client.create(root, "file", mode=0o644)
    results = client.nfs3("WRITE", opaque(file) + u64(0) + u32(3, nfs.FILE_SYNC) + opaque(b"abc"))
    assert results.u32() == nfs.OK
    pre, post = results.wcc()
    assert pre == (0, before["mtime"], before["ctime"]) and post["size"] == 3
    assert client.setattr(file, atime=(12, 34), mtime=(56, 78)) == nfs.OK
    attributes = client.getattr(file)[1]
    assert attributes["atime"] == (12, 34) and attributes["mtime"] == (56, 78)
    assert client.setattr(file, mtime="server") == nfs.OK
    assert client.getattr(file)[1]["mtime"][0] > 10**9


def fill(site, version):
    """Writes to a new file until that fails; gives the status and what was acknowledged."""
    client, written, status = site.client(), 0, nfs.OK
    if version == 2:
        file = client.create2(site.mount(1), "file", mode=0o100644)[1]
    else:
        file = client.create(site.mount(), "file", mode=0o644)[1]
    while status == nfs.OK and written < 1 << 20:
        if version == 2:
            arguments = file + u32(0, written, 0) + opaque(bytes(4096))
            status, count = client.nfs2("WRITE", arguments).u32(), 4096
        else:
            status, count, _ = client.write(file, written, bytes(16384))
        written += count if status == nfs.OK else 0
    return status, written


@pytest.mark.parametrize("version", [2, 3])
def test_a_full_disk_is_told_as_such(network, server, tmp_path, version):
    with file_system(tmp_path / "root", "size=256k,nr_inodes=20,mode=755") as prefix:
        site = Site(network, server, tmp_path, prefix)
        root, client = site.mount(), site.client()
        status, written = fill(site, version)
        assert status == nfs.NOSPC and 0 < written <= 256 << 10
        file = client.lookup(root, "file")[1]
        assert client.commit(file)[0] == nfs.OK
        assert client.getattr(file)[1]["size"] >= written
        made = [client.mkdir(root, f"dir{number}")[0] for number in range(30)]
        assert made[0] == nfs.OK and made[-1] == nfs.NOSPC
        assert client.remove(root, "file") == nfs.OK
        assert client.create(root, "again", mode=0o644)[0] == nfs.OK
        site.close()


def test_a_read_only_file_system_is_told_as_such(network, server, tmp_path):
    with file_system(tmp_path / "root", "ro,mode=755") as prefix:
        site = Site(network, server, tmp_path, prefix)
        root, client = site.mount(), site.client()
        assert client.create(root, "file")[0] == nfs.ROFS
        assert client.setattr(root, mode=0o700) == nfs.ROFS
        assert client.access(root) == (nfs.OK, 0x03)
        site.close()


def test_files_read_from_their_start_are_told_once(site):
    root, client = site.mount(1), site.client()
    put(site.root / "boot.cfg", 0o644, data=b"menu=Boot:boot\n")
    handle = client.lookup2(root, "boot.cfg")[1]
    for _ in range(3):
        client.read2(handle, 0, 1024)
    line = r"nfs\S*: v2 read of /boot\.cfg over udp -> a file of 15 bytes"
    site.server.wait_for_log(line)
    assert len(re.findall(line, site.server.log)) == 1
