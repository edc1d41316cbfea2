"""Ways out of an export: names, symbolic links, races with both, and mounts."""
import contextlib
import ctypes
import os
import threading

import nfs_testing as nfs
from nfs_escape_testing import DENIED, IT, STRANGER, Cases
from nfs_testing import opaque, sattr2, sattr3, u32

case = CASES = Cases()

ALICE = 1001

_libc = ctypes.CDLL(None, use_errno=True)

# --------------------------------------------------------------------------------- names

BAD_NAMES = [b"", b"..", b".", b"/", b"../outside/secret", b"sub/../../outside/secret", b"sub/deep",
             b"/etc/passwd", b"secret\0", b"\0", b"..\0", b"../", b"./file", b"a\0../../outside",
             b"x" * 256, b"/" * 255]


@case
def lookup_of_names_that_lead_out(site):
    client, root = site.rooted()
    own = client.getattr(root)[1]["fileid"]
    for name in BAD_NAMES:
        status, handle = client.lookup(root, name)
        if name in (b".", b".."):  # the root is its own parent
            assert status == nfs.OK and client.getattr(handle)[1]["fileid"] == own
        else:
            assert status in (nfs.ACCES, nfs.NAMETOOLONG), name
        if client.lookup2(root, name)[0] == nfs.OK:
            assert name in (b".", b"..")


@case
def dot_dot_again_and_again(site):
    client, root = site.rooted()
    place = client.walk(root, "sub/deep")
    for _ in range(20):
        status, place = client.lookup(place, "..")
        assert status == nfs.OK
        assert place == client.lookup2(place, ".")[1]
    assert place == root
    assert client.lookup(place, "outside")[0] == nfs.NOENT


@case
def dot_dot_in_the_roots_lists(site):
    client, root = site.rooted()
    own = client.getattr(root)[1]["fileid"]
    listed = {name: (fileid, attributes, handle) for fileid, name, _, attributes, handle
              in client.readdirplus(root)[1]}
    assert listed[".."][0] == own and listed[".."][1]["fileid"] == own and listed[".."][2] == root
    assert {name: fileid for fileid, name, _ in client.readdir(root)[1]}[".."] == own
    assert {name: fileid for fileid, name, _ in client.readdir2(root)[1]}[".."] == own & 0xffffffff


def leads_out(version, procedure, arguments):
    """A case: the procedure with each bad name in the place of `name`."""
    def attempt(site):
        client, root = site.rooted()
        file = client.lookup(root, "file")[1]
        before = sorted(os.listdir(site.root))
        for name in BAD_NAMES:
            status = client.status(version, procedure, arguments(root, file, name))
            assert status not in (nfs.OK, DENIED), name
        assert sorted(os.listdir(site.root)) == before
    attempt.__name__ = f"{procedure.lower()}{version}_of_names_that_lead_out"
    case(attempt)


for _procedure, _arguments in {
        "CREATE": lambda d, f, n: opaque(d) + opaque(n) + u32(nfs.UNCHECKED) + sattr3(mode=0o644),
        "MKDIR": lambda d, f, n: opaque(d) + opaque(n) + sattr3(mode=0o755),
        "SYMLINK": lambda d, f, n: opaque(d) + opaque(n) + sattr3() + opaque("x"),
        "MKNOD": lambda d, f, n: opaque(d) + opaque(n) + u32(7) + sattr3(mode=0o644),
        "REMOVE": lambda d, f, n: opaque(d) + opaque(n),
        "RMDIR": lambda d, f, n: opaque(d) + opaque(n),
        "LINK": lambda d, f, n: opaque(f) + opaque(d) + opaque(n)}.items():
    leads_out(3, _procedure, _arguments)

for _procedure, _arguments in {
        "CREATE": lambda d, f, n: d + opaque(n) + sattr2(mode=0o644),
        "MKDIR": lambda d, f, n: d + opaque(n) + sattr2(mode=0o755),
        "SYMLINK": lambda d, f, n: d + opaque(n) + opaque("x") + sattr2(),
        "REMOVE": lambda d, f, n: d + opaque(n),
        "RMDIR": lambda d, f, n: d + opaque(n),
        "LINK": lambda d, f, n: f + d + opaque(n)}.items():
    leads_out(2, _procedure, _arguments)


@case
def rename_from_and_to_names_that_lead_out(site):
    client, root = site.rooted()
    for name in BAD_NAMES:
        for names in ((name, b"new"), (b"file", name), (b"sub", name), (name, name)):
            assert client.rename(root, names[0], root, names[1]) != nfs.OK
            assert client.status(2, "RENAME", root + opaque(names[0]) + root + opaque(names[1])) \
                not in (nfs.OK, DENIED)
    assert (site.root / "file").exists() and (site.root / "sub").exists()


# ------------------------------------------------------------------------------ symbolic links

def links(site):
    """Links in the root that lead outside, made by the client itself."""
    client, root = site.rooted()
    targets = {"absolute": str(site.outside), "relative": "../outside",
               "to-file": str(site.outside / "secret"),
               "relative-file": "sub/../../outside/secret", "fresh": str(site.outside / "fresh"),
               "proc": "/proc/self/root", "dots": ".."}
    made = {}
    for name, target in targets.items():
        status, made[name], _ = client.symlink(root, name, target)
        assert status == nfs.OK
    return client, root, made


@case
def symlink_looked_up_as_a_directory(site):
    client, _, made = links(site)
    for handle in made.values():
        for name in ("secret", "..", ".", "sub"):
            assert client.lookup(handle, name)[0] == nfs.NOTDIR
        assert client.lookup2(handle, "secret")[0] == nfs.NOTDIR
        assert client.readdir(handle)[0] == nfs.NOTDIR
        assert client.readdirplus(handle)[0] == nfs.NOTDIR
        assert client.readdir2(handle)[0] == nfs.NOTDIR
        assert client.create(handle, "new")[0] == nfs.NOTDIR


@case
def symlink_read_and_written(site):
    client, _, made = links(site)
    for handle in made.values():
        assert client.read(handle, 0, 100)[0] == nfs.INVAL
        assert client.read2(handle, 0, 100)[0] != nfs.OK
        assert client.write(handle, 0, b"x")[0] == nfs.INVAL
        assert client.status(2, "WRITE", handle + u32(0, 0, 1) + opaque(b"x")) != nfs.OK
    assert not (site.outside / "fresh").exists()


@case
def symlink_given_attributes(site):
    client, _, made = links(site)
    for handle in made.values():
        assert client.setattr(handle, size=0) != nfs.OK
        for change in ({"mode": 0o777}, {"uid": ALICE}, {"atime": "server", "mtime": "server"}):
            client.setattr(handle, **change)  # of the link itself, at most


@case
def symlink_in_the_place_of_a_new_file(site):
    client, root, made = links(site)
    for name in made:
        for how in (nfs.UNCHECKED, nfs.GUARDED, nfs.EXCLUSIVE):
            assert client.create(root, name, how, **({"verifier": b"verifier"}
                                 if how == nfs.EXCLUSIVE else {"size": 0}))[0] == nfs.EXIST
        assert client.create2(root, name, mode=0o644, size=0)[0] == nfs.EXIST
        assert client.mkdir(root, name)[0] == nfs.EXIST
        assert client.mknod(root, name, 7)[0] == nfs.EXIST
    assert not (site.outside / "fresh").exists()


@case
def symlink_removed_or_replaced(site):
    client, root, made = links(site)
    for name in made:
        assert client.remove(root, name, "RMDIR") == nfs.NOTDIR
    assert client.remove(root, "absolute") == nfs.OK
    assert client.rename(root, "file", root, "to-file") == nfs.OK
    assert not (site.root / "to-file").is_symlink()


@case
def symlink_linked(site):
    """A hard link of it is a link of the symbolic link, not of what it leads to."""
    client, root, made = links(site)
    for name, handle in made.items():
        if client.link(handle, root, f"{name}-2") == nfs.OK:
            assert (site.root / f"{name}-2").is_symlink()


@case
def symlink_in_a_mounts_path(site):
    client, _, made = links(site)
    for name in made:
        for path in (f"{site.root}/{name}", f"{site.root}/{name}/sub", f"{site.root}/sub/../{name}",
                     f"{site.root}/./{name}/."):
            for version in (1, 2, 3):
                assert client.mount_status(path, version) != nfs.OK


# -------------------------------------------------------------------------------------- races

@contextlib.contextmanager
def over_and_over(step):
    """The step runs in a thread for as long as the block; it is left as it was found."""
    done, failures = threading.Event(), []

    def run():
        try:
            while not done.is_set():
                step()
        except BaseException as error:  # shown in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not failures, failures


def file_ids(top):
    return {os.lstat(path).st_ino for path in (top, *(os.path.join(place, name)
            for place, names, files in os.walk(top) for name in (*names, *files)))}


@case
def race_of_dot_dot_with_a_rename_out_of_the_export(site):
    client, root = site.rooted()
    deep = client.walk(root, "sub/deep")
    inside = file_ids(site.root)

    def step():
        os.rename(site.root / "sub", site.top / "moved")
        os.rename(site.top / "moved", site.root / "sub")

    with over_and_over(step):
        for _ in range(400):
            place = deep
            for _ in range(4):
                status, above = client.lookup(place, "..")
                if status != nfs.OK:
                    assert status in (nfs.STALE, nfs.NOENT, nfs.ACCES)
                    break
                status, attributes = client.getattr(above)
                assert status == nfs.STALE or attributes["fileid"] in inside
                status, entries, _ = client.readdirplus(above)
                names = [name for _, name, *_ in entries] if status == nfs.OK else []
                assert "secret" not in names and "outside" not in names
                place = above


@case
def race_of_a_directory_with_a_symlink(site):
    """renameat2(RENAME_EXCHANGE) swaps a directory and a link to the outside."""
    client, root = site.rooted()
    (site.root / "sub" / "secret").write_bytes(b"inside")
    os.symlink(site.outside, site.root / "link")
    inside = file_ids(site.root)

    def step():
        assert _libc.renameat2(-100, os.fsencode(site.root / "sub"), -100,
                               os.fsencode(site.root / "link"), 2) == 0

    with over_and_over(step):
        for _ in range(300):
            status, directory = client.lookup(root, "sub")
            if status != nfs.OK:
                continue
            status, file = client.lookup(directory, "secret")
            if status == nfs.OK:
                # Where handles go by names, another's exchange of names ends them.
                assert client.read(file, 0, 100)[1] in (b"inside", None)
                status, attributes = client.getattr(file)
                assert status == nfs.STALE or attributes["fileid"] in inside
            with contextlib.suppress(OSError):
                status, attributes = client.getattr(client.mount(f"{site.root}/sub"))
                assert status == nfs.STALE or attributes["fileid"] in inside
            client.create(directory, "new")
    assert not (site.outside / "new").exists()


@case
def race_of_a_file_with_a_symlink(site):
    client, root = site.rooted()
    os.symlink(site.outside / "secret", site.root / "link")

    def step():
        assert _libc.renameat2(-100, os.fsencode(site.root / "file"), -100,
                               os.fsencode(site.root / "link"), 2) == 0

    with over_and_over(step):
        for _ in range(300):
            status, file = client.lookup(root, "file")
            if status != nfs.OK:
                continue
            status, data, _ = client.read(file, 0, 100)
            assert (status, data) in ((nfs.OK, b"inside"), (nfs.INVAL, None), (nfs.STALE, None))
            client.write(file, 0, b"inside")
            client.create(root, "file", size=6)


# -------------------------------------------------------------------------------------- mounts

@case
def mount_of_paths_that_lead_out(site):
    client = site.client()
    for path in (f"{site.root}/..", f"{site.root}/../", f"{site.root}/../outside",
                 f"{site.root}/sub/../../outside", f"{site.root}/./../others", "/", "//", "///",
                 "", ".", "..", "root", f"{site.top}", f"{site.top}/", f"{site.outside}",
                 f"/{site.outside}", f"{site.root}x", f"{site.root}\0", f"\0{site.root}",
                 f"{site.root}\0/../outside", f"10.50.1.1:{site.outside}", f"10.50.1.1:{site.top}",
                 f"{site.outside},vers=3", "/proc/self/root", "/etc"):
        for version in (1, 2, 3):
            assert client.mount_status(path, version) not in (nfs.OK, DENIED), path
    # Options behind a comma are no path.
    assert client.mount(f"{site.root},/../outside") == client.mount(str(site.root))


@case
def mount_of_other_machines_roots(site):
    for source in (IT, STRANGER):
        client = site.client(source)
        for path in (f"{site.others}", f"{site.others}/", f"{site.others}/sub",
                     f"10.50.1.1:{site.others}"):
            for version in (1, 2, 3):
                assert client.mount_status(path, version) == nfs.ACCES
    assert site.client(STRANGER).mount_status(str(site.root)) == nfs.ACCES


@case
def mount_of_what_is_no_directory(site):
    os.mkfifo(site.root / "fifo")
    client = site.client()
    for name in ("file", "fifo"):
        for version in (1, 2, 3):
            assert client.mount_status(f"{site.root}/{name}", version) == nfs.NOTDIR
