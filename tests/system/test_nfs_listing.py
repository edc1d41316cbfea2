"""READDIRPLUS answers from what it read a moment ago, but never tells what a call has changed."""
import os
import time

import pytest

import nfs_testing as nfs
from test_nfs import ALICE, Site

OLD = 1_000_000_000


def settle(path):
    """A directory that was changed just now is read anew for each call: its times must be older."""
    while time.time() - os.stat(path).st_ctime < 1.7:
        time.sleep(0.1)


def listed(client, directory):
    status, entries, end = client.readdirplus(directory, dircount=65536, maxcount=65536)
    assert status == nfs.OK and end
    return {name: attributes for _, name, _, attributes, _ in entries}


@pytest.fixture
def place(network, server, tmp_path):
    site = Site(network, server, tmp_path)
    directory = site.root / "directory"
    directory.mkdir(mode=0o755)
    for name in ("one", "two", "three"):
        (directory / name).write_bytes(b"12345")
    (directory / "below").mkdir()
    os.link(directory / "three", site.root / "three")
    settle(directory)
    site.directory = directory
    yield site
    site.close()


@pytest.mark.parametrize("tcp", [False, True])
def test_changes_by_calls_show_at_once(place, tcp):
    reader, writer = place.client(tcp=tcp), place.client(tcp=True)
    root = reader.mount(str(place.root))
    _, directory = reader.lookup(root, "directory")
    _, one = writer.lookup(directory, "one")
    _, three = writer.lookup(root, "three")
    for size in range(10, 20):
        assert listed(reader, directory) == listed(reader, directory)
        assert writer.write(one, 0, b"x" * size)[0] == nfs.OK
        assert listed(reader, directory)["one"]["size"] == size
        assert writer.setattr(one, mode=0o600 + size) == nfs.OK
        assert listed(reader, directory)["one"]["mode"] == 0o600 + size
        # By another of its names.
        assert writer.write(three, 0, b"x" * size, nfs.UNSTABLE)[0] == nfs.OK
        assert listed(reader, directory)["three"]["size"] == size
    assert writer.link(one, root, "again") == nfs.OK
    assert listed(reader, directory)["one"]["nlink"] == 2
    assert writer.nfs2("SETATTR", one + nfs.sattr2(size=3)).u32() == nfs.OK
    assert listed(reader, directory)["one"]["size"] == 3


def test_names_show_at_once(place):
    reader, writer = place.client(tcp=True), place.client(tcp=True)
    _, directory = reader.lookup(reader.mount(str(place.root)), "directory")
    names = {".", "..", "one", "two", "three", "below"}
    for number in range(5):
        assert set(listed(reader, directory)) == names
        settle(place.directory)
        assert set(listed(reader, directory)) == names == set(listed(reader, directory))
        if number % 2:
            assert writer.create(directory, f"new{number}")[0] == nfs.OK
        else:
            (place.directory / f"new{number}").touch()
        names.add(f"new{number}")
    assert set(listed(reader, directory)) == names
    assert writer.rename(directory, "one", directory, "uno") == nfs.OK
    assert writer.remove(directory, "two") == nfs.OK
    names = names - {"one", "two"} | {"uno"}
    assert set(listed(reader, directory)) == names


def test_changes_on_the_server_itself_show_soon(place):
    reader = place.client(tcp=True)
    _, directory = reader.lookup(reader.mount(str(place.root)), "directory")
    assert listed(reader, directory)["one"]["size"] == 5
    with open(place.directory / "one", "ab") as file:
        file.write(b"678")
    deadline = time.monotonic() + 30
    while listed(reader, directory)["one"]["size"] != 8:
        assert time.monotonic() < deadline


def test_each_caller_is_told_what_it_may_know(place):
    mine, theirs = place.client(tcp=True), place.client(ALICE, tcp=True)
    _, directory = mine.lookup(mine.mount(str(place.root)), "directory")
    os.chmod(place.directory, 0o754)
    settle(place.directory)
    for _ in range(3):
        assert listed(mine, directory)["one"]["size"] == 5
        assert listed(theirs, directory)["one"] is None
    os.chmod(place.directory, 0o711)
    settle(place.directory)
    for _ in range(3):
        assert listed(mine, directory)["one"]["size"] == 5
        assert theirs.readdirplus(directory)[0] == nfs.ACCES
