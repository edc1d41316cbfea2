"""Owners, modes and devices kept beside the files: a server that is no root serves a root's tree."""
import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_testing import opaque

USER = 4711  # the server's; nobody else's
ALICE, BOB = 1001, 1002
ATTRIBUTE = "user.rsync.%stat"
REGULAR, DIRECTORY, BLOCK, CHARACTER, LINK, SOCKET, FIFO = range(1, 8)


class Site:
    """A server that runs as USER, in a directory that USER can reach, with one host."""

    def __init__(self, network, place, settings, prefix):
        self.network, self.place = network, place
        self.root = place / "root"
        self.root.mkdir(mode=0o755)
        program = place / "bootwire"
        shutil.copy(testing.BOOTWIRE, program)
        for path in (place, self.root):
            os.chown(path, USER, USER)
        network.server.run(["sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0"], check=True)
        network.client_address("10.50.1.9")
        self.factory = testing.ServerFactory(network, place)
        self.server = self.factory(
            f"""{settings.format(root=self.root)}
            subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                       option root-path "{self.root}"; }}""",
            start=False, prefix=prefix)
        # The checkout may lie where nobody but its owner can look.
        self.server.program = program
        self.clients = []

    def client(self, uid=0, groups=()):
        self.clients.append(nfs.Client(self.network.client, uid=uid, gid=uid, groups=groups))
        return self.clients[-1]

    def mount(self):
        return self.client().mount(str(self.root))

    def forget(self):
        """What clients hold of a server that is gone."""
        for each in self.clients:
            each.close()

    def restart(self):
        self.server.stop()
        self.forget()
        self.server.start()


AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


@contextlib.contextmanager
def user_site(network, settings="", prefix=()):
    place = Path(tempfile.mkdtemp(prefix="bootwire-user-", dir="/var/tmp"))
    place.chmod(0o755)
    site = Site(network, place, settings, [*AS_USER, *prefix])
    try:
        yield site
        site.factory.finish()
    finally:
        site.factory.tear_down()
        site.forget()
        shutil.rmtree(place)


@pytest.fixture
def site(network):
    with user_site(network) as made:
        made.server.start()
        yield made


def attributes_of(client, root, path):
    """GETATTR's; LOOKUP's, READDIRPLUS's and version 2's must be the same."""
    directory, _, name = path.rpartition("/")
    above = client.walk(root, directory) if directory else root
    results = client.nfs3("LOOKUP", opaque(above) + opaque(name))
    assert results.u32() == nfs.OK, path
    handle = results.opaque()
    fattr = client.getattr(handle)[1]
    assert results.post_op() == fattr, path
    listed = {entry[1]: entry[3] for entry in client.readdirplus(above)[1]}
    assert listed[name] == fattr, path
    status, _, second = client.lookup2(above, name)
    assert status == nfs.OK, path
    assert (second["uid"], second["gid"], second["mode"] & 0o7777) == \
        (fattr["uid"], fattr["gid"], fattr["mode"]), path
    return fattr


def owner(fattr):
    return fattr["type"], fattr["uid"], fattr["gid"], fattr["mode"]


def unpack(client, root):
    """What tar does as root: makes things, then says whose they are. Returns what they must be."""
    expected = {}

    def make(path, made, kind, uid, gid, mode, rdev=(0, 0)):
        status, handle, _ = made
        assert status == nfs.OK, path
        if kind != LINK:
            assert client.setattr(handle, uid=uid, gid=gid) == nfs.OK, path
            assert client.setattr(handle, mode=mode) == nfs.OK, path
            assert client.setattr(handle, mtime=(1000000000, 5)) == nfs.OK, path
        elif uid:
            assert client.setattr(handle, uid=uid, gid=gid) == nfs.OK, path
        expected[path] = (kind, uid, gid, mode), rdev
        return handle

    dev = make("dev", client.mkdir(root, "dev", mode=0o700), DIRECTORY, 0, 0, 0o755)
    make("dev/null", client.mknod(dev, "null", CHARACTER, (1, 3), mode=0o600), CHARACTER, 0, 0,
         0o666, (1, 3))
    make("dev/sda", client.mknod(dev, "sda", BLOCK, (8, 0x12345), mode=0o600), BLOCK, 0, 6, 0o660,
         (8, 0x12345))
    make("dev/log", client.mknod(dev, "log", SOCKET, mode=0o600), SOCKET, 0, 0, 0o666)
    make("dev/initctl", client.mknod(dev, "initctl", FIFO, mode=0o600), FIFO, 0, 4, 0o620)
    made = client.create(root, "su", nfs.GUARDED, mode=0o600)
    assert client.write(made[1], 0, b"#!/bin/sh\n")[0] == nfs.OK
    make("su", made, REGULAR, 0, 0, 0o4755)
    make("wall", client.create(root, "wall", nfs.GUARDED, mode=0o600), REGULAR, 0, 5, 0o2755)
    make("shadow", client.create(root, "shadow", nfs.GUARDED), REGULAR, 0, 42, 0o640)
    make("closed", client.create(root, "closed", nfs.GUARDED), REGULAR, 0, 0, 0)
    make("tmp", client.mkdir(root, "tmp", mode=0o700), DIRECTORY, 0, 0, 0o1777)
    make("mail", client.mkdir(root, "mail", mode=0o700), DIRECTORY, 0, 8, 0o2775)
    home = make("alice", client.mkdir(root, "alice", mode=0o700), DIRECTORY, ALICE, ALICE, 0o700)
    make("alice/.rc", client.create(home, ".rc", nfs.GUARDED), REGULAR, ALICE, ALICE, 0o444)
    make("bin", client.symlink(root, "bin", "usr/bin"), LINK, 0, 0, 0o777)
    make("alice/.vim", client.symlink(home, ".vim", "/etc/vim"), LINK, ALICE, 77, 0o777)
    return expected


def check(client, root, expected):
    for path, (kind_and_owner, rdev) in expected.items():
        fattr = attributes_of(client, root, path)
        assert owner(fattr) == kind_and_owner, path
        if fattr["type"] in (BLOCK, CHARACTER):
            assert fattr["rdev"] == rdev, path
        if fattr["type"] not in (REGULAR, DIRECTORY, LINK):
            assert (fattr["size"], fattr["used"]) == (0, 0), path
        if fattr["type"] == REGULAR:
            assert fattr["mtime"] == (1000000000, 5), path


def test_a_root_that_a_user_serves(site):
    client, root = site.client(), site.mount()
    expected = unpack(client, root)
    check(client, root, expected)
    handles = {path: client.walk(root, path) for path in expected}
    site.restart()
    client, root = site.client(), site.mount()
    check(client, root, expected)
    for path, handle in handles.items():
        assert owner(client.getattr(handle)[1]) == expected[path][0], path
    # On the disk it is all USER's, and no danger to anybody.
    for directory, _, names in os.walk(site.root):
        for name in [".", *names]:
            info = os.lstat(os.path.join(directory, name))
            assert info.st_uid == USER
            assert stat.S_IFMT(info.st_mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
            if not stat.S_ISLNK(info.st_mode):
                assert info.st_mode & 0o7022 == 0, name
                assert info.st_mode & 0o600 == 0o600, name
    assert os.getxattr(site.root / "dev/null", ATTRIBUTE) == b"20666 1,3 0:0"


def test_who_may_do_what_follows_from_what_is_served(site):
    root_client, root = site.client(), site.mount()
    unpack(root_client, root)
    alice, bob = site.client(ALICE), site.client(BOB)
    member = site.client(BOB, groups=(42, 8))
    home = root_client.lookup(root, "alice")[1]
    assert bob.lookup(home, ".rc")[0] == nfs.ACCES
    assert bob.readdir(home)[0] == nfs.ACCES
    mine = alice.lookup(home, ".rc")[1]
    assert bob.read(mine, 0, 10)[0] == nfs.OK  # 0444, and a handle is a name
    assert alice.write(mine, 0, b"mine")[0] == nfs.OK  # the owner checked when it opened
    assert bob.write(mine, 0, b"bobs")[0] == nfs.ACCES
    assert bob.setattr(mine, mode=0o777) == nfs.PERM
    assert alice.setattr(mine, uid=BOB) == nfs.PERM
    assert alice.setattr(mine, gid=0) == nfs.PERM
    assert alice.setattr(mine, gid=ALICE, mode=0o600) == nfs.OK
    shadow = root_client.lookup(root, "shadow")[1]
    assert alice.read(shadow, 0, 10)[0] == nfs.ACCES
    assert member.read(shadow, 0, 10)[0] == nfs.OK
    assert member.access(shadow) == (nfs.OK, 0x01)
    assert root_client.access(shadow)[1] == 0x01 | 0x04 | 0x08
    closed = root_client.lookup(root, "closed")[1]
    assert root_client.write(closed, 0, b"root may")[0] == nfs.OK
    assert alice.read(closed, 0, 10)[0] == nfs.ACCES
    # Names: the directory's mode, its sticky bit, its group.
    assert alice.create(root, "no", nfs.GUARDED)[0] == nfs.ACCES
    assert alice.create(root, "su", nfs.GUARDED)[0] == nfs.EXIST
    assert alice.create(root, "su", nfs.UNCHECKED)[0] == nfs.OK
    assert alice.remove(root, "none") == nfs.NOENT
    assert alice.remove(root, "su") == nfs.ACCES
    tmp = root_client.lookup(root, "tmp")[1]
    status, handle, fattr = alice.create(tmp, "a", nfs.GUARDED, mode=0o644)
    assert (status, fattr["uid"], fattr["gid"]) == (nfs.OK, ALICE, ALICE)
    assert bob.remove(tmp, "a") in (nfs.PERM, nfs.ACCES)
    assert bob.rename(tmp, "a", tmp, "b") in (nfs.PERM, nfs.ACCES)
    assert bob.create(tmp, "b", nfs.GUARDED)[0] == nfs.OK
    assert bob.rename(tmp, "b", tmp, "a") in (nfs.PERM, nfs.ACCES)
    assert alice.rename(tmp, "a", tmp, "c") == nfs.OK
    mail = root_client.lookup(root, "mail")[1]
    assert alice.mkdir(mail, "x")[0] == nfs.ACCES
    status, _, fattr = member.mkdir(mail, "x", mode=0o755)
    assert (status, fattr["uid"], fattr["gid"], fattr["mode"]) == (nfs.OK, BOB, 8, 0o2755)
    # Set-user-ID goes with a write by anybody but root, and with a new owner.
    assert alice.setattr(handle, mode=0o4777) == nfs.OK
    assert bob.write(handle, 0, b"x")[0] == nfs.OK
    assert bob.getattr(handle)[1]["mode"] == 0o777
    su = root_client.lookup(root, "su")[1]
    assert root_client.setattr(su, uid=ALICE) == nfs.OK
    assert root_client.getattr(su)[1]["mode"] == 0o755


def test_what_stands_for_a_device_is_one(site):
    client, root = site.client(), site.mount()
    unpack(client, root)
    null = client.walk(root, "dev/null")
    assert client.read(null, 0, 1)[0] == nfs.INVAL
    assert client.write(null, 0, b"x")[0] == nfs.INVAL
    assert client.setattr(null, size=10) == nfs.INVAL
    dev = client.lookup(root, "dev")[1]
    assert client.create(dev, "null", nfs.UNCHECKED)[0] == nfs.EXIST
    assert client.mknod(dev, "null", CHARACTER, (1, 3))[0] == nfs.EXIST
    assert client.link(null, root, "null2") == nfs.OK
    assert client.rename(dev, "null", root, "null") == nfs.OK
    for path in ("null", "null2"):
        assert attributes_of(client, root, path)["rdev"] == (1, 3)
    # The handle lives on through both, and through the end of a name.
    assert client.getattr(null)[1]["nlink"] == 2
    assert client.remove(root, "null") == nfs.OK
    assert client.getattr(null)[1]["nlink"] == 1
    site.restart()
    client = site.client()
    assert client.getattr(null)[1]["rdev"] == (1, 3)
    # Whoever may not make a device on a root's server may not here.
    assert site.client(ALICE).mknod(client.lookup(site.mount(), "tmp")[1], "mem", CHARACTER,
                                    (1, 1))[0] in (nfs.PERM, nfs.ACCES)


def test_handles_live_through_names_that_come_and_go(site):
    """Where the kernel opens no handles for the server, they are kept by path."""
    client, root = site.client(), site.mount()
    status, first, _ = client.create(root, "first", nfs.GUARDED)
    assert status == nfs.OK and client.write(first, 0, b"first")[0] == nfs.OK
    # As dpkg goes about it: a link for safety, a new file in its place.
    assert client.link(first, root, "first.old") == nfs.OK
    second = client.create(root, "first.new", nfs.GUARDED)[1]
    assert client.write(second, 0, b"second")[0] == nfs.OK
    assert client.rename(root, "first.new", root, "first") == nfs.OK
    assert client.read(first, 0, 9)[1] == b"first"
    assert client.read(second, 0, 9)[1] == b"second"
    site.restart()
    client, root = site.client(), site.mount()
    assert client.read(first, 0, 9)[1] == b"first"
    assert client.read(second, 0, 9)[1] == b"second"
    assert client.remove(root, "first.old") == nfs.OK
    assert client.getattr(first)[0] == nfs.STALE
    # A directory is renamed and renamed again while its files are read.
    directory = client.mkdir(root, "d0", mode=0o755)[1]
    inside = client.create(directory, "f", nfs.GUARDED)[1]
    reader = site.client()
    reader.socket(nfs.NFS)
    for i in range(200):
        waiting = [reader.send(nfs.NFS, 3, nfs.NFS3.index("GETATTR"), opaque(inside))
                   for _ in range(4)]
        assert client.rename(root, f"d{i}", root, f"d{i + 1}") == nfs.OK
        for each in waiting:
            assert reader.receive(*each).u32() == nfs.OK


def namespaces_of_users():
    return subprocess.run([*AS_USER, "unshare", "--user", "--map-root-user", "true"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.skipif(not namespaces_of_users(), reason="users may make no namespaces here")
def test_root_of_a_user_namespace_is_no_root(network):
    """It has every capability, and yet may give nothing to users that it does not see."""
    with user_site(network, prefix=["unshare", "--user", "--map-root-user"]) as site:
        site.server.start()
        client, root = site.client(), site.mount()
        expected = unpack(client, root)
        check(client, root, expected)
        site.restart()
        check(site.client(), site.mount(), expected)
        assert (site.root / "dev/null").stat().st_uid == USER


@contextlib.contextmanager
def file_system_of_one_user(path):
    """A tmpfs that knows user 0 alone, whoever asks: gives the command line in front of what is to
    see it."""
    path.mkdir(parents=True)
    with subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
             f"mount -t tmpfs -o mode=755 none {path} && echo ready && exec sleep 1000"],
            stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "ready\n"
            yield ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", "--"]
        finally:
            holder.kill()


def test_a_file_system_that_refuses_root(network, server, tmp_path):
    config = """subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                   option root-path "{0}/refuses"; }}
        host other {{ hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.8;
                      option root-path "{0}/takes"; }}""".format(tmp_path)
    network.client_address("10.50.1.9")
    network.client_address("10.50.1.8")
    (tmp_path / "takes").mkdir()
    with file_system_of_one_user(tmp_path / "refuses") as prefix:
        running = server(config, prefix=prefix)
        client = nfs.Client(network.client, source="10.50.1.9")
        root = client.mount(f"{tmp_path}/refuses")
        expected = unpack(client, root)
        check(client, root, expected)
        client.close()
        running.stop()
        running.start()
        check(client, client.mount(f"{tmp_path}/refuses"), expected)
        client.close()
        # Beside it, where root may, all is real.
        client = nfs.Client(network.client, source="10.50.1.8")
        root = client.mount(f"{tmp_path}/takes")
        expected = unpack(client, root)
        check(client, root, expected)
        client.close()
        assert stat.S_ISCHR((tmp_path / "takes/dev/null").stat().st_mode)
        assert (tmp_path / "takes/shadow").stat().st_gid == 42
        assert not os.listxattr(tmp_path / "takes/shadow")


def test_a_tree_that_a_user_unpacked_looks_as_root_did_it(network):
    with user_site(network) as site:
        top = site.root
        (top / "etc").mkdir()
        (top / "etc/motd").write_text("hello")
        (top / "etc").chmod(0o555)
        (top / "etc/motd").chmod(0o444)
        (top / "secret").write_text("x")
        (top / "secret").chmod(0)
        (top / "link").symlink_to("etc/motd")
        os.mkfifo(top / "fifo", 0o640)
        (top / "foreign").write_text("x")
        for path in ("etc", "etc/motd", "secret", "link", "fifo"):
            os.chown(top / path, USER, USER, follow_symlinks=False)
        os.chown(top / "foreign", 99, 98)
        # As rsync --fake-super leaves a tree: a link is a file, too.
        (top / "rsynced").write_text("etc/motd")
        os.setxattr(top / "rsynced", ATTRIBUTE, b"120777 0,0 5:6")
        (top / "damaged").write_text("x")
        os.setxattr(top / "damaged", ATTRIBUTE, b"rubbish\n")
        (top / "again").write_text("x")
        os.setxattr(top / "again", ATTRIBUTE, b"40755 0,0 0:0")  # no file stands for a directory
        for path in ("rsynced", "damaged", "again"):
            os.chown(top / path, USER, USER)
        site.server.start()
        client, root = site.client(), site.mount()
        expected = {"etc": (DIRECTORY, 0, 0, 0o555), "etc/motd": (REGULAR, 0, 0, 0o444),
                    "secret": (REGULAR, 0, 0, 0), "link": (LINK, 0, 0, 0o777),
                    "fifo": (FIFO, 0, 0, 0o640), "foreign": (REGULAR, 99, 98, 0o644),
                    "rsynced": (LINK, 5, 6, 0o777), "damaged": (REGULAR, 0, 0, 0o644),
                    "again": (REGULAR, 0, 0, 0o644)}
        for path, wanted in expected.items():
            assert owner(attributes_of(client, root, path)) == wanted, path
        assert site.server.log.count("is damaged") == 1
        results = client.nfs3("READLINK", opaque(client.walk(root, "rsynced")))
        assert results.u32() == nfs.OK
        results.post_op()
        assert results.opaque() == b"etc/motd"
        # Root may write to what USER made read-only, and may read what USER closed to itself.
        etc = client.lookup(root, "etc")[1]
        motd = client.lookup(etc, "motd")[1]
        assert client.write(motd, 0, b"HELLO")[0] == nfs.OK
        assert client.create(etc, "new", nfs.GUARDED)[0] == nfs.OK
        assert client.read(client.lookup(root, "secret")[1], 0, 9)[1] == b"x"
        for path in ("etc", "etc/motd", "secret"):
            assert owner(attributes_of(client, root, path)) == expected[path], path
        # A FIFO and a link have their owner in the table.
        for path in ("fifo", "link"):
            assert client.setattr(client.lookup(root, path)[1], uid=ALICE, gid=7) == nfs.OK
        site.restart()
        client = site.client()
        for path in ("fifo", "link"):
            assert owner(attributes_of(client, root, path))[1:3] == (ALICE, 7)
        # It is the file's, and not the name's or the inode number's.
        assert client.rename(root, "link", root, "moved") == nfs.OK
        assert attributes_of(client, root, "moved")["uid"] == ALICE
        assert client.remove(root, "moved") == nfs.OK
        assert client.symlink(root, "link", "etc/motd")[0] == nfs.OK
        assert attributes_of(client, root, "link")["uid"] == 0


SETS = """#	$NetBSD$
/set type=file uname=root gname=wheel mode=0755
./usr			type=dir
./usr/bin		type=dir
./usr/bin/su		mode=04555
./usr/bin/wall		mode=02555 gname=tty
./var/games		type=dir mode=0775 uname=games gname=games
./sh			type=link link=usr/bin/sh uname=games
"""

DEVICES = """./dev/console		type=char mode=0600 uid=0 gid=0 device=netbsd,0,0
./dev/null		type=char mode=0666 uid=0 gid=0 device=netbsd,2,2
./dev/sd0a		type=block mode=0640 uid=0 gid=5 device=netbsd,4,0
./gone/null		type=char mode=0666 uid=0 gid=0 device=netbsd,2,2
"""


def test_a_root_as_mtree_specifies_it(network):
    settings = 'mtree "{root}" "etc/mtree/set.base", "etc/mtree/dev", "etc/mtree/none";'
    with user_site(network, settings) as site:
        for path in ("usr/bin", "var/games", "etc/mtree", "dev"):
            (site.root / path).mkdir(parents=True)
        for path, text in (("usr/bin/su", "x"), ("usr/bin/wall", "x"), ("etc/mtree/set.base", SETS),
                           ("etc/mtree/dev", DEVICES),
                           ("etc/passwd", "root:*:0:0::/root:/bin/sh\ngames:*:7:13::/:/x\n"),
                           ("etc/group", "wheel:*:0:root\ntty:*:4:\ngames:*:13:\n")):
            (site.root / path).write_text(text)
        (site.root / "sh").symlink_to("usr/bin/sh")
        subprocess.run(["chown", "-hR", f"{USER}:{USER}", site.root], check=True)
        site.server.start()
        assert "etc/mtree/none cannot be read" in site.server.log
        client, root = site.client(), site.mount()
        expected = {"usr": (DIRECTORY, 0, 0, 0o755), "usr/bin/su": (REGULAR, 0, 0, 0o4555),
                    "usr/bin/wall": (REGULAR, 0, 4, 0o2555),
                    "var/games": (DIRECTORY, 7, 13, 0o775), "sh": (LINK, 7, 0, 0o777),
                    "dev/console": (CHARACTER, 0, 0, 0o600), "dev/null": (CHARACTER, 0, 0, 0o666),
                    "dev/sd0a": (BLOCK, 0, 5, 0o640), "etc/group": (REGULAR, 0, 0, 0o644)}

        def check_all():
            for path, wanted in expected.items():
                assert owner(attributes_of(client, root, path)) == wanted, path

        check_all()
        assert attributes_of(client, root, "dev/sd0a")["rdev"] == (4, 0)
        assert site.client(7, groups=(13,)).create(client.walk(root, "var/games"), "hack",
                                                   nfs.GUARDED)[0] == nfs.OK
        assert site.client(ALICE).create(client.walk(root, "var/games"), "no",
                                         nfs.GUARDED)[0] == nfs.ACCES
        # What a client sets wins, over a reload and a restart.
        assert client.setattr(client.walk(root, "usr/bin/su"), uid=5, mode=0o755) == nfs.OK
        assert client.rename(root, "sh", root, "bash") == nfs.OK
        assert client.remove(client.walk(root, "dev"), "null") == nfs.OK
        expected["usr/bin/su"] = (REGULAR, 5, 0, 0o755)
        expected["bash"] = expected.pop("sh")
        (site.root / "etc/mtree/set.base").write_text(SETS + "./etc/group mode=0600 gname=tty\n")
        expected["etc/group"] = (REGULAR, 0, 4, 0o600)
        site.server.reload()
        check_all()
        site.restart()
        client, root = site.client(), site.mount()
        check_all()


@pytest.mark.skipif(not testing.have("rsync"), reason="rsync is not installed")
def test_rsync_reads_it(site, tmp_path):
    client, root = site.client(), site.mount()
    expected = unpack(client, root)
    site.server.stop()
    # The one side reads what is kept, the other, root, makes it real.
    subprocess.run(["rsync", "-a", "--rsync-path=rsync --fake-super", "-e",
                    "sh -c 'shift; exec $*' -", f"it:{site.root}/", tmp_path / "copy"],
                   check=True)
    for path, ((_, uid, gid, mode), rdev) in expected.items():
        info = os.lstat(tmp_path / "copy" / path)
        assert stat.S_IMODE(info.st_mode) == mode, path
        if not stat.S_ISLNK(info.st_mode):
            assert (info.st_uid, info.st_gid) == (uid, gid), path
        if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
            assert (os.major(info.st_rdev), os.minor(info.st_rdev)) == rdev, path


def test_a_specification_that_is_not_there_is_told(tmp_path):
    (tmp_path / "x.conf").write_text(f'mtree "{tmp_path}" "none", "/nowhere/set";\n')
    told = subprocess.run([testing.BOOTWIRE, "check", "-c", "x.conf"], cwd=tmp_path, text=True,
                          capture_output=True, check=True)
    text = told.stdout + told.stderr
    assert f"x.conf:1:1: warning: {tmp_path}/none cannot be read now: No such file" in text
    assert "x.conf:1:1: warning: /nowhere/set cannot be read now: No such file" in text


def test_roots_own_server_takes_no_specification(network, server, tmp_path):
    running = server(f'mtree "{tmp_path}" "none"; subnet 10.50.1.0 netmask 255.255.255.0 {{ }}')
    assert "mtree has no effect" in running.log
    assert not (tmp_path / "state/ownership.sqlite").exists()
    running.stop()
    running.config.write_text("keep-ownership on;\n" + running.config.read_text())
    running.start()
    assert "are kept beside the files" in running.log
    assert "none cannot be read" in running.log
