"""libnfs, made by other people from the same RFCs, calls every procedure of NFS v2 and v3."""
import os
import pathlib

import pytest

import bootwire_testing as testing

CLIENT = pathlib.Path(os.environ.get(
    "NFS_CLIENT", pathlib.Path(testing.BOOTWIRE).parents[2] / "tests/system/nfs_client"))

PROCEDURES = {
    "v2": "null getattr setattr lookup readlink read write create remove rename link symlink mkdir "
          "rmdir readdir statfs",
    "v3": "null getattr setattr lookup access readlink read write create mkdir symlink mknod remove "
          "rmdir rename link readdir readdirplus fsstat fsinfo pathconf commit",
}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_libnfs_calls_every_procedure(network, server, tmp_path, version, transport):
    if not CLIENT.exists():
        pytest.skip("nfs_client was not built: libnfs-dev is not installed")
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    network.client_address("10.50.1.9")
    # libnfs has a reserved port for TCP only.
    server(f"""nfs-reserved-ports {"on" if transport == "tcp" else "off"};
               subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
               host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                          option root-path "{root}"; }}""")
    done = network.client.run([CLIENT, version, transport, testing.SERVER_ADDRESS, root])
    assert done.returncode == 0 and done.stdout.endswith("good\n"), done.stdout[-2000:]
    called = {line.split("_", 1)[1] for line in done.stdout.splitlines()
              if line.startswith(f"nfs{version[1]}_")}
    assert called >= set(PROCEDURES[version].split())
    assert not list(root.iterdir())

SETS = ("v3", "v3-readonly", "v3-full", "v2", "v2-readonly", "v2-full", "mount")


def a_root(directory, kind):
    """What the set's cases want to find; a command to start the server behind."""
    directory.mkdir()
    directory.chmod(0o755)
    if kind.endswith("full"):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                f"mount -t tmpfs -o size=1m,nr_inodes=20,mode=755 tmpfs {directory} && exec \"$@\"",
                "sh"]
    (directory / "file").write_text("data")
    (directory / "file").chmod(0o644)
    if kind.endswith("readonly"):
        (directory / "dir").mkdir(mode=0o755)
        (directory / "link").symlink_to("file")
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                f"mount --bind {directory} {directory} && "
                f"mount -o remount,bind,ro {directory} && exec \"$@\"", "sh"]
    return []


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("kind", SETS)
def test_libnfs_calls_as_it_should_not(network, server, tmp_path, kind, transport):
    """Every error that can be brought about, every field of each reply: nfs_client's cases."""
    if not CLIENT.exists():
        pytest.skip("nfs_client was not built: libnfs-dev is not installed")
    root = tmp_path / "root"
    prefix = a_root(root, kind)
    network.client_address("10.50.1.9")
    server(f"""nfs-reserved-ports {"on" if transport == "tcp" else "off"};
               subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
               host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                          option root-path "{root}"; }}""", prefix=prefix)
    cases = network.client.run([CLIENT, "list", kind]).stdout.split()
    done = network.client.run([CLIENT, "cases", kind, transport, testing.SERVER_ADDRESS, root])
    bad = [line for line in done.stdout.splitlines() if line.startswith("bad ")]
    good = [line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")]
    assert not bad, "\n".join(bad)
    assert done.returncode == 0 and good == cases, done.stdout[-2000:] + done.stderr
