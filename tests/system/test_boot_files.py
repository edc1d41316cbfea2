"""The files that a machine with a recipe gets beside those below tftp-root."""
import subprocess

import pytest

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS

MAC = "22:22:22:22:00:07"
CONFIGURATION = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{
  range 10.50.1.100 10.50.1.200;
}}
host it {{
  hardware ethernet {mac};
  fixed-address 10.50.1.9;
  console com0 9600;
  boot linux {{
    kernel "linux/vmlinuz";
    initrd "linux/initrd";
    append "quiet";
  }}
}}
"""
NAMES = ["boot.ipxe", "pxelinux.cfg/default", "pxelinux.cfg/01-22-22-22-22-00-07",
         "bios/pxelinux.cfg/default", "grub/grub.cfg", "extlinux/extlinux.conf", "boot.scr.uimg"]
LOADER = "/usr/lib/ipxe/undionly.kpxe"


class Served:
    def __init__(self, network, server, directory):
        self.network, self.directory = network, directory
        self.root = directory / "tftp"
        self.root.mkdir()
        network.client_address("10.50.1.9")
        self.server = server(CONFIGURATION.format(root=self.root, mac=MAC))

    def get(self, name):
        """By curl; None where the server has no such file."""
        to = self.directory / "got"
        result = self.network.client.run(["curl", "-s", "-o", to,
                                          f"tftp://{SERVER_ADDRESS}/{name}"], check=False)
        return to.read_bytes() if result.returncode == 0 else None

    def show(self, name, *arguments, machine="it"):
        return subprocess.run([testing.BOOTWIRE, "show", "-c", self.server.config, "--as", machine,
                               *arguments, name], check=False, capture_output=True, timeout=30)


@pytest.fixture
def served(network, server, tmp_path):
    return Served(network, server, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_made_and_shown_alike(served, name):
    data = served.get(name)
    assert data and b"linux/vmlinuz" in data and b"quiet" in data and b"ttyS0,9600" in data
    shown = served.show(name, "--server", SERVER_ADDRESS)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout == data
    served.server.wait_for_log(rf'RRQ "{name}".*made by \S+bootwire.conf:10')


def test_what_is_made_comes_before_what_lies_there(served):
    (served.root / "boot.ipxe").write_text("mine")
    assert served.get("boot.ipxe").startswith(b"#!ipxe")


def test_a_machine_without_recipe_gets_what_lies_there(served):
    (served.root / "boot.ipxe").write_text("mine")
    served.network.client.ip("address", "del", "10.50.1.9/24", "dev", "eth0")
    served.network.client_address("10.50.1.10")
    assert served.get("boot.ipxe") == b"mine"
    assert served.get("pxelinux.cfg/default") is None
    assert served.get("undionly.kpxe") is None


def test_packaged_loaders_come_after_what_lies_there(served):
    with open(LOADER, "rb") as loader:
        assert served.get("undionly.kpxe") == loader.read()
    served.server.wait_for_log(rf'RRQ "undionly.kpxe".*from {LOADER}')
    (served.root / "undionly.kpxe").write_text("mine")
    assert served.get("undionly.kpxe") == b"mine"


def test_show_says_what_it_cannot_show(served):
    for name, arguments, message in [
            ("vmlinuz", {}, b"no file is made under the name vmlinuz"),
            ("undionly.kpxe", {}, b"undionly.kpxe is a boot loader"),
            ("../x", {}, b"no name that is served"),
            ("boot.ipxe", {"machine": "is"}, b'declares no host "is"'),
            ("boot.ipxe", {"machine": "22:22:22:22:00:08"}, b"no `boot` and no `menu`")]:
        shown = served.show(name, **arguments)
        assert shown.returncode == 1 and shown.stdout == b"" and message in shown.stderr
    assert b"--server ADDRESS" in served.show("boot.ipxe").stderr
