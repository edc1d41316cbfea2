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
