"""The three kinds of configuration that NetBSD's pxeboot(8) shows: a plain one; one that takes boot.cfg
and an install kernel by TFTP; one that picks an installation by what is typed at the loader.

Each is read by `bootwire check` and by dhcpd. Then one machine boots: ROM, loader (one exchange for
boot.cfg, one for the kernel) and kernel ask in turn, with the packets of tests/captures, dhcpd beside
us; and each fetches what it was told, from where it was told, as pxeboot(8) says that it does.
"""
import dataclasses
import shutil
import socket
import subprocess

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from bootwire_testing import DISCOVER, REQUEST
from compare_testing import PREFIX, Pair, compare, documented_differences

pytestmark = [pytest.mark.skipif(not shutil.which("dhcpd"), reason="no dhcpd (isc-dhcp-server)"),
              pytest.mark.timeout(300)]

MAC, ADDRESS = "22:22:22:22:00:07", "10.50.1.70"
SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { option routers 10.50.1.254; }\n"
HOST = f"""
  hardware ethernet {MAC};
  fixed-address {ADDRESS};
  option host-name "dusty";
"""

# What the stages ask with, as recorded.
ROM = {"options": [(61, b"\1" + testing.mac_bytes(MAC)), (60, b"PXEClient:Arch:00000:UNDI:002001"),
                   (93, b"\0\0"), (94, b"\1\2\1")],
       "prl": [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67]}
LIBSA = {"options": [(60, b"NetBSD:i386:libsa")], "prl": [1, 3, 12, 15, 17, 16],
         "source": ADDRESS, "size": 548}
KERNEL = {"options": [(60, b"NetBSD:i386:kernel:6.99.16")], "prl": [1, 3, 12, 15, 17, 16, 26],
          "size": 548}

PLAIN = """
host dusty {HOST}
  filename "boot/pxeboot_ia32.bin";
  option swap-server 10.50.1.1;
  option root-path "{root}/dusty";
}
"""

INSTALL = """
host dusty {HOST}
  next-server 10.50.1.1;
  # The ROM, the loader and everybody else are told different things.
  if substring (option vendor-class-identifier, 0, 20)
    = "PXEClient:Arch:00000" {
      filename "boot/pxeboot_ia32.bin";
  } elsif substring (option vendor-class-identifier, 0, 17)
    = "NetBSD:i386:libsa" {
      if filename = "boot.cfg" {
          filename "tftp:boot/install.cfg";
      } else if filename = "netbsd" {
          filename "tftp:boot/netbsd-INSTALL";
      }
  }
}
"""

TYPED = """
host dusty {HOST}
  next-server 10.50.1.1;
  if substring (option vendor-class-identifier, 0, 9) = "PXEClient" {
      filename "boot/pxeboot_ia32.bin";
  } elsif filename = "boot.cfg" {
      filename "tftp:boot/dusty.cfg";
  } elsif filename = "net" {
      filename "tftp:boot/netbsd.dusty";
  } else {
      option swap-server 10.50.1.1;
      option root-path "{root}/dusty";
      if filename = "spare" {
          filename "nfs:netbsd.spare";
      } else {
          filename "nfs:netbsd";
      }
  }
}
"""


def written(text, root):
    """A configuration for dhcpd."""
    return SUBNET + text.replace("host dusty {HOST}", "host dusty {" + HOST).replace("{root}", str(root))


@dataclasses.dataclass
class Told:
    """What a loader or kernel takes from a reply."""
    file: str
    server: str
    root: str
    nfs_server: str

    @classmethod
    def by(cls, reply):
        option = dict(reply.option_list)
        return cls(reply.file.decode(), reply.siaddr, option.get(17, b"").decode(),
                   socket.inet_ntoa(option[16]) if 16 in option else reply.siaddr)


class Boot:
    """One configuration on both servers, and the machine."""

    def __init__(self, pair, text, tmp_path):
        self.pair, self.tmp_path = pair, tmp_path
        self.root = tmp_path / "export"
        self.text = written(text, self.root)
        self.namespace = pair.bootwire.network.client
        tftp = tmp_path / "tftp" / "boot"
        tftp.mkdir(parents=True)
        for name in ("pxeboot_ia32.bin", "install.cfg", "netbsd-INSTALL", "dusty.cfg",
                     "netbsd.dusty"):
            (tftp / name).write_bytes(f"tftp {name} ".encode() * 100)
        (self.root / "dusty").mkdir(parents=True)
        for name in ("netbsd", "netbsd.spare", "boot.cfg", "init"):
            (self.root / "dusty" / name).write_bytes(f"nfs {name} ".encode() * 100)
        (self.root / "other").mkdir()
        self.check()
        pair.stop()
        pair.dhcpd.start(PREFIX + self.text)
        pair.bootwire.start(f'tftp-root "{tmp_path}/tftp";\n' + PREFIX + self.text)

    def check(self):
        """Both read it, and neither has a word to say about it."""
        path = self.tmp_path / "dhcpd.conf"
        path.write_text(self.text)
        for argv in ([testing.BOOTWIRE, "check", "-c", path], ["dhcpd", "-t", "-cf", path]):
            said = subprocess.run(argv, capture_output=True, text=True, check=False)
            assert said.returncode == 0, said.stderr
            if argv[0] == testing.BOOTWIRE:
                assert "error" not in said.stderr and "warning" not in said.stderr, said.stderr

    def ask(self, asking, file=b""):
        """DISCOVER and REQUEST of one stage to both servers, the replies compared; what it is told."""
        documented = documented_differences()
        step = {"mac": MAC, "file": file, **asking}
        for more in ({"kind": DISCOVER}, {"kind": REQUEST, "requested": "offered",
                                          "server": "offered"}):
            replies = [side.ask({**step, **more}) for side in (self.pair.dhcpd, self.pair.bootwire)]
            for field, kind, theirs, ours in compare(*replies):
                assert any(of == field and which in (kind, "any")
                           for of, which, _ in documented.values()), (field, kind, theirs, ours)
        assert replies[1].yiaddr == ADDRESS
        return Told.by(replies[1])

    def tftp(self, server, name):
        client = self.namespace.socket()
        client.settimeout(testing.PATIENCE)
        client.bind((ADDRESS, 0))
        try:
            return testing.TftpRead(client, name.encode(), server=server).rest()
        finally:
            client.close()

    def mounted(self, path, version, server="10.50.1.1", source=ADDRESS):
        """A client with the handle of its root; raises PermissionError."""
        client = nfs.Client(self.namespace, source=source, server=server)
        try:
            return client, client.mount(path, version)
        except OSError:
            client.close()
            raise

    def nfs2(self, server, root, name):
        """As libsa: MOUNT 1, NFS 2, 1,024 bytes at a time."""
        client, handle = self.mounted(root, 1, server)
        status, handle, _ = client.lookup2(handle, name)
        assert status == nfs.OK
        data, part = b"", None
        while part is None or len(part) == 1024:
            status, part = client.read2(handle, len(data), 1024)[:2]
            assert status == nfs.OK
            data += part
        client.close()
        return data

    def nfs3(self, server, root, name):
        """As the kernel."""
        client, handle = self.mounted(root, 3, server)
        status, data, end = client.read(client.walk(handle, name), 0, 32768)
        assert status == nfs.OK and end
        client.close()
        return data

    def load(self, typed):
        """The loader opens a file: it asks, and fetches as pxeboot(8) says."""
        told = self.ask(LIBSA, typed.encode())
        protocol, colon, name = told.file.partition(":")
        if not colon:
            protocol, name = "nfs", typed
        if protocol == "tftp":
            return self.tftp(told.server, name)
        return self.nfs2(told.nfs_server, told.root, name)

    def rom(self):
        told = self.ask(ROM)
        assert self.tftp(told.server, told.file).startswith(b"tftp pxeboot_ia32.bin")

    def kernel(self):
        told = self.ask(KERNEL)
        assert self.nfs3(told.nfs_server, told.root, "init").startswith(b"nfs init")

    def refused(self, path, source=ADDRESS):
        with pytest.raises(PermissionError):
            self.mounted(str(path), 3, source=source)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    made = Pair(tmp_path_factory.mktemp("pxeboot"))
    try:
        yield made
    finally:
        made.close()


def test_plain(pair, tmp_path):
    boot = Boot(pair, PLAIN, tmp_path)
    boot.rom()
    assert boot.load("boot.cfg").startswith(b"nfs boot.cfg")
    assert boot.load("netbsd").startswith(b"nfs netbsd ")
    boot.kernel()
    boot.refused(boot.root / "other")
    boot.refused(boot.root)
    boot.refused(boot.root / "dusty", source="10.50.1.71")


def test_boot_cfg_and_install_kernel_by_tftp(pair, tmp_path):
    boot = Boot(pair, INSTALL, tmp_path)
    boot.rom()
    assert boot.load("boot.cfg").startswith(b"tftp install.cfg")
    assert boot.load("netbsd").startswith(b"tftp netbsd-INSTALL")
    # The kernel gets an address and a name; nothing names a root.
    told = boot.ask(KERNEL)
    assert (told.root, told.file) == ("", "")
    boot.refused(boot.root / "dusty")


@pytest.mark.parametrize("typed, file", [("netbsd", "nfs netbsd "), ("spare", "nfs netbsd.spare"),
                                         ("net", "tftp netbsd.dusty"), ("", "nfs netbsd ")])
def test_an_installation_by_what_is_typed(pair, tmp_path, typed, file):
    boot = Boot(pair, TYPED, tmp_path)
    # Nothing that follows depends on a first stage: the root is the machine's from the start.
    boot.nfs3("10.50.1.1", str(boot.root / "dusty"), "init")
    boot.rom()
    assert boot.load("boot.cfg").startswith(b"tftp dusty.cfg")
    assert boot.load(typed).startswith(file.encode())
    boot.kernel()
    # A machine with its root mounted rides over a restart; nobody else gets in meanwhile.
    client, handle = boot.mounted(str(boot.root / "dusty"), 3)
    pair.bootwire.server.kill()
    pair.bootwire.server.start()
    status, data, _ = client.read(client.walk(handle, "init"), 0, 100)
    assert (status, data[:8]) == (nfs.OK, b"nfs init")
    client.close()
    boot.refused(boot.root / "other")
    boot.refused(boot.root / "dusty", source="10.50.1.71")


NAMED = """
subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
host dusty {{
  hardware ethernet {mac};
  fixed-address dusty;
  option host-name "dusty";
  next-server files;
  if substring (option vendor-class-identifier, 0, 9) = "PXEClient" {{
      filename "pxeboot_ia32.bin";
  }} else {{
      option swap-server files;
      option root-path "{root}";
  }}
}}
"""


def test_names_stand_where_addresses_do(network, server, machine, tmp_path):
    """As the manual writes them; the addresses are in the server's own hosts file."""
    root = tmp_path / "export"
    root.mkdir()
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n10.50.1.1 files\n{ADDRESS} dusty\n")
    with_hosts = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    server(NAMED.format(mac=MAC, root=root), prefix=with_hosts)
    network.client_address(ADDRESS)
    client = machine(MAC)
    rom = client.lease(ROM["options"])
    assert (rom.yiaddr, rom.siaddr, rom.file) == (ADDRESS, "10.50.1.1", b"pxeboot_ia32.bin")
    kernel = client.lease(KERNEL["options"])
    assert (kernel.yiaddr, kernel.option_address(16)) == (ADDRESS, "10.50.1.1")
    assert kernel.options[17].decode() == str(root)
    assert nfs.Client(network.client, source=ADDRESS).mount(str(root), 3)
