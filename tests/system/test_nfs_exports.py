"""The `export` statement: who may do what with a directory that it names, at each call."""
import os

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_testing import opaque, u32, u64
from rpc_client import NFS, RpcError

IT, STRANGER = "10.50.1.9", "10.50.1.77"
ALICE = 1001


class Site:
    """A server with one host, its root and some more directories."""

    def __init__(self, network, server, directory):
        self.network, self.directory = network, directory
        for name in ("root", "shared"):
            (directory / name).mkdir(mode=0o755)
        self.root, self.shared = directory / "root", directory / "shared"
        for address in (IT, STRANGER):
            network.client_address(address)
        self.server = server(self.config())
        self.clients = []

    def config(self, exports=""):
        return f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address {IT};
                       option root-path "{self.root}"; }}
            {exports}"""

    def export(self, words, directory=None):
        """The server now has this one export."""
        self.server.reload(self.config(f'export "{directory or self.shared}" {{ {words} }}'))

    def client(self, source=IT, **keywords):
        self.clients.append(nfs.Client(self.network.client, source=source, **keywords))
        return self.clients[-1]

    def close(self):
        for each in self.clients:
            each.close()


@pytest.fixture
def site(network, server, tmp_path):
    made = Site(network, server, tmp_path)
    yield made
    made.close()


def refused(client, path, version=3):
    with pytest.raises(PermissionError):
        client.mount(str(path), version)
    return True


@pytest.mark.parametrize("words", ["any", IT, "10.50.1.0/28", "it"])
def test_clients_are_hosts_addresses_networks_or_any(site, words):
    mine, strange = site.client(), site.client(STRANGER)
    assert refused(mine, site.shared) and refused(strange, site.shared)
    site.export(f"clients {words};")
    for version in (1, 2, 3):
        assert mine.mount(str(site.shared), version)
    assert mine.getattr(mine.mount(str(site.shared)))[0] == nfs.OK
    assert mine.getattr(mine.mount(str(site.root)))[0] == nfs.OK
    if words != "any":
        assert refused(strange, site.shared)
    else:
        assert strange.getattr(strange.mount(str(site.shared)))[0] == nfs.OK
    assert refused(strange, site.root)


def test_directories_below_and_nested_exports(site):
    (site.shared / "a" / "b").mkdir(parents=True)
    site.server.reload(site.config(f"""
        export "{site.shared}" {{ clients any; }}
        export "{site.shared}/a" {{ clients it; rw; squash none; }}"""))
    mine, strange = site.client(), site.client(STRANGER)
    below = strange.mount(f"{site.shared}/a/b")
    assert strange.create(below, "x", nfs.GUARDED)[0] == nfs.ROFS
    below = mine.mount(f"{site.shared}/a/b")  # the innermost export that is its own
    assert mine.create(below, "x", nfs.GUARDED)[0] == nfs.OK
    above = mine.mount(str(site.shared))
    assert mine.create(mine.walk(above, "a/b"), "y", nfs.GUARDED)[0] == nfs.ROFS
    assert mine.remove(below, "x") == nfs.OK


# Version 3: the arguments of each procedure that changes something, for a directory that has the
# file "file" and the empty directory "empty".
def changes3(directory, file):
    place = lambda name: opaque(directory) + opaque(name)
    sattr = nfs.sattr3(mode=0o644)
    return {
        "SETATTR": opaque(file) + sattr + u32(0),
        "WRITE": opaque(file) + u64(0) + u32(1, nfs.FILE_SYNC) + opaque(b"x"),
        "CREATE": place("new") + u32(nfs.UNCHECKED) + sattr,
        "MKDIR": place("new") + sattr,
        "SYMLINK": place("new") + sattr + opaque(b"file"),
        "MKNOD": place("new") + u32(7) + sattr,
        "REMOVE": place("file"),
        "RMDIR": place("empty"),
        "RENAME": place("file") + place("new"),
        "LINK": opaque(file) + place("new"),
    }


def changes2(directory, file):
    place = lambda name: directory + opaque(name)
    sattr = nfs.sattr2(mode=0o644)
    return {
        "SETATTR": file + sattr,
        "WRITE": file + u32(0, 0, 1) + opaque(b"x"),
        "CREATE": place("new") + sattr,
        "REMOVE": place("file"),
        "RENAME": place("file") + place("new"),
        "LINK": file + place("new"),
        "SYMLINK": place("new") + opaque(b"file") + sattr,
        "MKDIR": place("new") + sattr,
        "RMDIR": place("empty"),
    }


@pytest.mark.parametrize("version", [2, 3])
def test_a_read_only_export_is_changed_by_no_procedure(site, version):
    (site.shared / "file").write_bytes(b"data")
    (site.shared / "empty").mkdir()
    site.export("clients any; squash none;")
    client = site.client()
    directory = client.mount(str(site.shared), version)
    file = client.lookup(directory, "file")[1] if version == 3 \
        else client.lookup2(directory, "file")[1]
    before = sorted(os.listdir(site.shared)), os.stat(site.shared / "file")
    changes = changes3 if version == 3 else changes2
    for name, arguments in changes(directory, file).items():
        results = getattr(client, f"nfs{version}")(name, arguments)
        assert results.u32() == nfs.ROFS, name
        if version == 2:
            assert results.at_end()
    assert before == (sorted(os.listdir(site.shared)), os.stat(site.shared / "file"))
    if version == 3:
        assert client.create(directory, "new", nfs.EXCLUSIVE, b"verifier")[0] == nfs.ROFS
        assert client.access(directory) == (nfs.OK, 0x01 | 0x02)
        assert client.access(file) == (nfs.OK, 0x01)
        assert client.read(file, 0, 10)[1] == b"data"
        assert client.commit(file)[0] == nfs.OK
    site.export("clients any; rw; squash none;")
    assert client.call(NFS, version, getattr(nfs, f"NFS{version}").index("WRITE"),
                       changes(directory, file)["WRITE"]).u32() == nfs.OK
    if version == 3:
        assert client.access(directory)[1] == 0x1f


def owner(path):
    status = os.lstat(path)
    return status.st_uid, status.st_gid


def test_callers_are_squashed(site):
    site.shared.chmod(0o777)
    (site.shared / "secret").write_bytes(b"roots")
    (site.shared / "secret").chmod(0o600)

    def made(name, **who):
        caller = site.client(**who)
        directory = caller.mount(str(site.shared))
        assert caller.create(directory, name, nfs.GUARDED, mode=0o600)[0] == nfs.OK
        readable = caller.read(caller.lookup(directory, "secret")[1], 0, 5)[0] == nfs.OK
        return owner(site.shared / name), readable

    site.export("clients any; rw;")
    assert made("a", uid=0, gid=0) == ((65534, 65534), False)
    assert made("b", uid=ALICE, gid=0, groups=(0,)) == ((ALICE, 65534), False)
    site.export("clients any; rw; squash all; anon 77 78;")
    assert made("c", uid=0, gid=0) == ((77, 78), False)
    assert made("d", uid=ALICE, gid=ALICE) == ((77, 78), False)
    assert made("e", uid=None) == ((77, 78), False)
    site.export("clients any; rw; squash none; anon 77 78;")
    assert made("f", uid=0, gid=0) == ((0, 0), True)
    assert made("g", uid=ALICE, gid=ALICE) == ((ALICE, ALICE), False)
    assert made("h", uid=None) == ((77, 78), False)


def test_a_root_path_keeps_its_rights(site):
    """A directory that is a machine's root and exported as well."""
    site.export("clients any; squash all;", site.root)
    mine, strange = site.client(), site.client(STRANGER)
    root = mine.mount(str(site.root))
    assert mine.create(root, "mine", nfs.GUARDED, mode=0o600)[0] == nfs.OK
    assert owner(site.root / "mine") == (0, 0)
    # The same handle in other hands has theirs.
    assert strange.create(root, "other", nfs.GUARDED)[0] == nfs.ROFS
    file = mine.lookup(root, "mine")[1]
    assert strange.read(file, 0, 1)[0] == nfs.ACCES


def held(site, path):
    """Whether the server has the directory open."""
    links = f"/proc/{site.server.pid}/fd"
    for name in os.listdir(links):
        try:
            if os.readlink(f"{links}/{name}") == str(path):
                return True
        except FileNotFoundError:
            pass
    return False


@pytest.mark.parametrize("tcp", [False, True])
def test_a_reload_takes_exports_away_at_once(site, tcp):
    site.export("clients any;")
    mine, strange = site.client(tcp=tcp), site.client(STRANGER, tcp=tcp)
    handles = [each.mount(str(site.shared)) for each in (mine, strange)]
    assert mine.getattr(handles[0])[0] == nfs.OK and held(site, site.shared)
    site.server.reload(site.config())
    assert not held(site, site.shared)
    assert mine.getattr(handles[0])[0] == nfs.STALE
    with pytest.raises(RpcError, match="denied 5"):
        strange.getattr(handles[1])
    assert refused(mine, site.shared)
    assert not held(site, site.shared)
    # Back again, the handles are what they were.
    site.export("clients any;")
    assert mine.getattr(handles[0])[0] == nfs.OK
    assert strange.getattr(handles[1])[0] == nfs.OK
    # And from read-only to writable and back it is a matter of the next call.
    site.shared.chmod(0o777)
    assert mine.create(handles[0], "x")[0] == nfs.ROFS
    site.export("clients any; rw;")
    assert mine.create(handles[0], "x")[0] == nfs.OK
    site.export("clients any; ro;")
    assert mine.remove(handles[0], "x") == nfs.ROFS


@pytest.mark.parametrize("tcp", [False, True])
def test_a_root_that_is_replaced_is_another_at_once(site, tcp):
    """Calls received together share one look at the directory; the next ones take another."""
    client, away = site.client(tcp=tcp), site.root.with_name("away")
    (site.root / "file").write_bytes(b"old")
    before = client.mount(str(site.root))
    for _ in range(3):
        _, file = client.lookup(before, "file")
        assert client.read(file, 0, 10)[1] == b"old"
        site.root.rename(away)
        site.root.mkdir()
        (site.root / "file").write_bytes(b"new")
        assert client.getattr(before)[0] == nfs.STALE
        assert client.read(file, 0, 10)[0] == nfs.STALE
        after = client.mount(str(site.root))
        assert client.read(client.lookup(after, "file")[1], 0, 10)[1] == b"new"
        (site.root / "file").unlink()
        site.root.rmdir()
        away.rename(site.root)


def test_a_handle_is_stale_when_its_machine_lost_every_export(site):
    client = site.client()
    root = client.mount(str(site.root))
    site.server.reload(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address {IT}; }}""")
    assert client.getattr(root)[0] == nfs.STALE
    assert client.nfs2("GETATTR", root).u32() == nfs.STALE
    assert not held(site, site.root)


def test_check_names_what_is_wrong(site, tmp_path):
    (tmp_path / "link").symlink_to("shared")
    path = tmp_path / "x.conf"
    path.write_text(f"""export "{tmp_path}/gone" {{ clients any; }}
export "{path}" {{ clients any; }}
export "{tmp_path}/link" {{ clients any; }}
""")
    shown = site.network.server.run([testing.BOOTWIRE, "check", "-c", str(path)])
    assert shown.returncode == 0
    assert f"x.conf:1:1: warning: the directory {tmp_path}/gone cannot be exported now: No such " \
        "file or directory\n" in shown.stderr
    assert f"x.conf:2:1: warning: {path} cannot be exported: it is no directory\n" in shown.stderr
    assert f"x.conf:3:1: warning: {tmp_path}/link cannot be exported: a part of its path is a " \
        f"symbolic link; write {site.shared} if that is meant\n" in shown.stderr


def test_an_export_of_the_servers_own_state_is_warned_of(site):
    site.export("clients it;", site.directory)
    site.server.wait_for_log(rf"conf:4: {site.directory} holds this server's own state in "
                             rf"{site.server.state}, and with it the key")
