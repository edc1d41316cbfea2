"""Names of boot files that mean another file: odd machines' habits, and what people mistype."""
import socket

import pytest

from test_tftp_conformance import Client

MACHINE = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
host it {{ hardware ethernet 22:22:22:22:00:07; fixed-address 10.50.1.9; {statements} }}
"""


class Served:
    def __init__(self, network, server, directory, statements=""):
        self.network = network
        self.root = directory / "tftp"
        self.root.mkdir()
        network.client_address("10.50.1.9")
        self.server = server(MACHINE.format(root=self.root, statements=statements))

    def put(self, *names):
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(name)
        return self

    def client(self, name):
        return Client(self.network.client.socket()).request(name)

    def get(self, name):
        return self.client(name).transfer().decode()

    def refusal(self, name):
        code, text = self.client(name).error()
        assert code == 1
        return text


def test_case_counts_unless_it_is_to_be_ignored(network, server, tmp_path):
    served = Served(network, server, tmp_path).put("Boot/Kernel")
    assert "no file boot/KERNEL" in served.refusal("boot/KERNEL")
    assert served.get("\\boot\\KERNEL") == "Boot/Kernel"
    text = served.server.config.read_text().replace("fixed-address", "tftp-ignore-case on; fixed-address")
    served.server.reload(text)
    assert served.get("boot/KERNEL") == "Boot/Kernel"
    assert "no file boot/other" in served.refusal("boot/other")


@pytest.mark.parametrize("name", ["0A320109", "0a320109", "0A320109.SUN4M"])
def test_ones_address_in_hexadecimal_is_ones_file(network, server, tmp_path, name):
    served = Served(network, server, tmp_path, 'filename "/sun/boot.net";').put("sun/boot.net")
    assert served.get(name) == "sun/boot.net"
    served.server.wait_for_log(f'RRQ "{name}".*as sun/boot.net')
    assert "no file 0A320108" in served.refusal("0A320108")
    # A file of that name, or a link as other servers need it, comes first.
    served.put(name)
    assert served.get(name) == name


@pytest.mark.parametrize("own", ["1a2b3c4d", "dc-a6-32-01-02-03"])
def test_ones_own_directory_holds_only_what_differs(network, server, tmp_path, own):
    served = Served(network, server, tmp_path).put("start4.elf", "config.txt", f"{own}/config.txt")
    assert served.get(f"{own}/config.txt") == f"{own}/config.txt"
    assert served.get(f"{own}/start4.elf") == "start4.elf"
    assert f"no file {own}/gone" in served.refusal(f"{own}/gone")
    assert "no file other/start4.elf" in served.refusal("other/start4.elf")


@pytest.mark.parametrize("there, asked, near", [
    ("netbsd.gz", "netbsd", "netbsd.gz"), ("vmlinuz", "vmlinux", "vmlinuz"),
    ("undionly.kpxe", "undionly.kpx", "undionly.kpxe"),
    ("a/bootx64.efi", "a/bootx46.efi", "a/bootx64.efi"),
    ("pxelinux.0", "srv/tftp/pxelinux.0", "pxelinux.0"),
    ("vmlinuz", "netbsd", None), (".hidden", "hidden", None), ("x", "y", None),
])
def test_a_missing_file_has_near_names(network, server, tmp_path, there, asked, near):
    text = Served(network, server, tmp_path).put(there).refusal(asked)
    assert text.startswith(f"no file {asked} under ")
    assert text.endswith(f"; there is {near}") if near else "there is" not in text


def test_a_machines_blocks_have_a_limit(network, server, tmp_path):
    served = Served(network, server, tmp_path, "tftp-max-blksize 1024;")
    (served.root / "file").write_bytes(b"x" * 3000)
    for asked, told in [(65464, 1024), (1025, 1024), (1024, 1024), (600, 600)]:
        client = Client(network.client.socket()).request("file", [("blksize", asked)])
        assert client.options() == [("blksize", str(told))]
        client.ack(0)
        assert client.transfer(told) == b"x" * 3000


@pytest.mark.parametrize("statement, after", [("", 0), ("tftp-rollover 0;", 0), ("tftp-rollover 1;", 1)])
def test_the_number_after_65535(network, server, tmp_path, statement, after):
    served = Served(network, server, tmp_path, statement)
    with open(served.root / "long", "wb") as made:
        made.truncate(8 * 65540)
    receiving = network.client.socket()
    receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)  # a whole window
    client = Client(receiving)
    client.request("long", [("blksize", 8), ("windowsize", 5000), ("timeout", 30)])
    client.options()
    client.ack(0)
    expected = list(range(1, 65536)) + list(range(after, after + 6))
    for place, number in enumerate(expected, 1):
        assert client.block()[0] == number
        if place % 5000 == 0 or place == len(expected):
            client.ack(number)
    served.server.wait_for_log("524320 bytes in 65541 blocks")
