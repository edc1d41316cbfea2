"""Ways out of an export, and into another's: each is a case here, and all of them are refused.

A case is a function that takes a Site and tries. Whatever it sees or says, three things hold after
each one: no reply held the text of a file that lies outside, nothing outside was changed, and the
server still serves.
"""
import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import bootwire_testing as testing
import nfs_escape_callers
import nfs_escape_handles
import nfs_escape_paths
import nfs_testing as nfs
from nfs_escape_testing import IT, SECRET, Client, Site, tree

CASES = [*nfs_escape_handles.CASES, *nfs_escape_paths.CASES, *nfs_escape_callers.CASES]


USER = 4242

# Where the kernel does not let it open by handle, the server remembers names instead.
NO_HANDLES = ["setpriv", "--bounding-set", "-dac_read_search", "--"]


@pytest.fixture
def make_site(network, server, tmp_path):
    with contextlib.ExitStack() as sites:
        yield lambda prefix=(): sites.enter_context(
            contextlib.closing(Site(network, server, tmp_path, prefix)))


def ids(function):
    return function.__name__


def refused(site, attempt):
    before = tree(site.outside), tree(site.others)
    attempt(site)
    assert (tree(site.outside), tree(site.others)) == before
    client, root = site.rooted()
    assert client.getattr(root)[0] == nfs.OK


@pytest.mark.parametrize("attempt", CASES, ids=ids)
def test_every_way_out_is_refused(make_site, attempt):
    refused(make_site(), attempt)


@pytest.mark.parametrize("attempt", [*nfs_escape_handles.CASES, *nfs_escape_paths.CASES], ids=ids)
def test_they_are_refused_without_the_kernels_handles(make_site, attempt):
    refused(make_site(NO_HANDLES), attempt)


@pytest.fixture
def user_site(network, monkeypatch):
    """The server is an ordinary user's, and so is every file that it exports."""
    place = Path(tempfile.mkdtemp(prefix="bootwire-user-", dir="/var/tmp"))
    place.chmod(0o755)
    os.chown(place, USER, USER)
    network.server.run(["sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0"], check=True)
    program = shutil.copy(testing.BOOTWIRE, place / "bootwire")
    monkeypatch.setattr(testing, "BOOTWIRE", program)
    factory = testing.ServerFactory(network, place)

    def start(config, prefix=()):
        for path in (place / "top").rglob("*"):
            os.chown(path, USER, USER)
        return factory(config, prefix=[*prefix, "setpriv", f"--reuid={USER}", f"--regid={USER}",
                                       "--clear-groups"])

    try:
        with contextlib.closing(Site(network, start, place)) as site:
            yield site
        factory.finish()
    finally:
        factory.tear_down()
        shutil.rmtree(place)


@pytest.mark.parametrize("attempt", CASES, ids=ids)
def test_they_are_refused_by_an_ordinary_users_server(user_site, attempt):
    refused(user_site, attempt)


def test_there_are_at_least_forty_ways():
    assert len(CASES) >= 40


@pytest.mark.parametrize("kind", ["bind", "bind-file", "tmpfs"])
def test_what_is_mounted_inside_is_no_part_of_the_export(network, server, tmp_path, kind):
    top = tmp_path / "top"
    mount = {"bind": f"mount --bind {top}/outside {top}/root/sub",
             "bind-file": f"mount --bind {top}/outside/secret {top}/root/file",
             "tmpfs": f"mount -t tmpfs none {top}/root/sub && cp {top}/outside/secret "
                      f"{top}/root/sub"}[kind]
    for each in (top / "root" / "sub" / "deep", top / "outside"):
        each.mkdir(parents=True)
    (top / "root" / "file").write_bytes(b"inside")
    (top / "outside" / "secret").write_bytes(SECRET)
    with subprocess.Popen(["unshare", "--mount", "sh", "-c", f"{mount} && echo ready && exec sleep "
                           "1000"], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "ready\n"
            network.client_address(IT)
            server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
                host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address {IT};
                           option root-path "{top}/root"; }}""",
                   prefix=["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", "--"])
            with contextlib.closing(Client(network.client, source=IT)) as client:
                root = client.mount(f"{top}/root")
                name = "file" if kind == "bind-file" else "sub"
                assert client.lookup(root, name)[0] == nfs.ACCES
                assert client.lookup2(root, name)[0] == nfs.ACCES
                handles = {entry: handle for _, entry, _, _, handle in client.readdirplus(root)[1]}
                assert handles[name] is None
                assert client.mount_status(f"{top}/root/{name}") in (nfs.ACCES, nfs.NOTDIR)
                assert client.mount_status(f"{top}/root/sub/deep") != nfs.OK or kind == "bind-file"
        finally:
            holder.kill()
