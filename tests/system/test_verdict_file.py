"""The verdicts from the first file to the login: each is provoked by a machine of its own, in packets,
and read over the control socket. All machines meet one server, so that their silences pass at once."""
import collections
import contextlib
import json
import os
import socket
import struct
import time

import pytest

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS, SOURCE, TftpError, TftpRead
from control_testing import machine as asked_machine
from nfs_testing import NFS3, ROFS, STALE, Client as NfsClient, u32, u64
from rpc_client import NFS, PORTMAP, Client as RpcClient, call_bytes, opaque

GOLDEN = SOURCE / "tests" / "golden"
ROM, EFI_HTTP = b"PXEClient:Arch:00000:UNDI:002001", b"HTTPClient:Arch:00016:UNDI:003001"
IPXE = [(77, b"iPXE"), (175, b"\xb1\x02\x80\x86")]
# Loaders that a package has: one of them is not installed.
PACKAGED = {"syslinux.efi": "/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi",
            "pxelinux.0": "/usr/lib/PXELINUX/pxelinux.0", "ipxe.efi": "/usr/lib/ipxe/ipxe.efi",
            "undionly.kpxe": "/usr/lib/ipxe/undionly.kpxe"}

Case = collections.namedtuple("Case", "id provoke says statements")
CASES = {}


def case(verdict, *says, statements=""):
    """What the machine does that the verdict is to come of, and goes on doing where it returns a
    function; `says` are parts of its words; `statements` stand in the machine's declaration."""
    def put(provoke):
        CASES[provoke.__name__] = Case(verdict, provoke, says, statements)
        return provoke
    return put


class Box:
    """A machine: its declaration, and what it does."""

    def __init__(self, site, number, name):
        self.site, self.number, self.name = site, number, name
        self.mac = f"22:22:22:22:01:{number:02x}"
        self.address = f"10.50.1.{number}"
        self.root = site.directory / "roots" / name
        self.sockets = contextlib.ExitStack()

    def declaration(self, statements):
        return (f'host {self.name.replace("_", "-")} {{ hardware ethernet {self.mac}; fixed-address {self.address}; '
                f'{statements.format(root=self.root, site=self.site.directory, name=self.name)} }}\n')

    def asks(self, vendor=ROM, architecture=0, more=()):
        """It takes its address, as its firmware or whatever `vendor` says."""
        self.dhcp = testing.Machine(self.site.wire, self.mac)
        options = [(93, struct.pack("!H", architecture))] if architecture is not None else []
        self.dhcp.lease([(60, vendor), *options, *more])
        return self

    def listens(self):
        """The other end of its serial line, which the server reads."""
        self.line = self.sockets.enter_context(socket.socket(socket.AF_UNIX))
        self.line.bind(f"{self.site.directory}/{self.name}.sock")
        self.line.listen()
        self.line.settimeout(testing.PATIENCE)

    def says(self, text):
        """On its serial console. The line belongs to a boot once the server has seen that begin."""
        console = self.sockets.enter_context(self.line.accept()[0])
        console.sendall(b"\r\n")
        time.sleep(0.5)
        console.sendall(text)

    def socket(self, kind=socket.SOCK_DGRAM):
        made = self.sockets.enter_context(self.site.network.client.socket(kind=kind))
        made.bind((self.address, 0))
        return made

    def read(self, name, *options):
        return TftpRead(self.socket(), name.encode(), options)

    def gets(self, *names):
        for name in names:
            self.read(name).rest()
        return self

    def misses(self, *names):
        for name in names:
            with pytest.raises(TftpError):
                self.read(name)

    def rpc(self):
        return self.sockets.enter_context(contextlib.closing(
            RpcClient(self.site.network.client, self.address)))

    def mounts(self, tcp=False):
        """Its root, as a kernel does: the client and the handle."""
        self.asks(b"Linux ipconfig", None)
        client = NfsClient(self.site.network.client, tcp=tcp, source=self.address)
        self.sockets.callback(client.close)
        return client, client.mount(str(self.root))

    def put(self, path, data=b"x", mode=0o755):
        made = self.root / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(data)
        made.chmod(mode)
        return made


class Site:
    def __init__(self, network, factory, directory):
        self.network, self.directory = network, directory
        self.tftp = directory / "tftp"
        for name in ("boot", "roots"):
            (directory / name).mkdir()
        self.tftp.mkdir()
        for name in ("pxelinux.0", "grubx64.efi", "boot/kernel.gz", "loader.bin", "initrd"):
            self.put(name, b"x" * 3000)
        self.put("boot.ipxe", b"#!ipxe\nkernel vmlinuz\n")
        self.put("x64.efi", (GOLDEN / "program-efi.bin").read_bytes() + bytes(2000))
        self.put("vmlinuz", linux_kernel())
        self.put("large", bytes(70000 * 8))
        self.put("private", b"x").chmod(0o600)
        (self.tftp / "leads-out").symlink_to("/etc/hostname")
        self.boxes = {name: Box(self, number, name) for number, name in enumerate(CASES, 20)}
        for box in self.boxes.values():
            network.client_address(box.address)
            if CASES[box.name].statements.startswith(SERIAL):
                box.listens()
        self.wire = network.client.wire("eth0", 68)
        self.server = factory(self.config())

    def put(self, name, data):
        path = self.tftp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def config(self):
        hosts = "".join(box.declaration(CASES[name].statements)
                        for name, box in self.boxes.items() if name != "a_stranger")
        hosts += (f'export "{self.directory}/boot" '
                  f'{{ clients {self.boxes["a_root_that_is_to_be_written_and_is_not"].address}; ro; }}\n')
        return f'verdict-silence 5; tftp-root "{self.tftp}";\nsubnet 10.50.1.0 netmask 255.255.255.0 {{ }}\n{hosts}'

    def close(self):
        for box in self.boxes.values():
            box.sockets.close()
        self.wire.close()


def linux_kernel():
    """The head of one for x64, by Linux's boot protocol, and zeros."""
    head = bytearray(4096)
    head[0x1fe:0x200] = b"\x55\xaa"
    head[0x202:0x208] = b"HdrS\x0f\x02"
    head[0x236] = 1
    return bytes(head)


def elf(machine):
    """The head of a 64-bit ELF program."""
    return b"\x7fELF\2\1" + bytes(12) + struct.pack("<H", machine) + bytes(4000)


# ------------------------------------------------------------------ a file that it does not get

@case("file-missing", "nothing.bin", "the name in", "bootwire.conf:", statements='filename "nothing.bin";')
def a_file_that_is_not_there(box):
    box.asks().misses("nothing.bin", "nothing.bin")


@case("file-near", "pxelinux.0 is there")
def a_name_with_a_slip(box):
    box.asks().misses("pxelinux.o")


@case("file-near", "loader.bin is there")
def the_servers_own_directory_in_the_name(box):
    box.asks().misses("srv/tftp/loader.bin")


@case("file-case", "tftp-ignore-case on", "LOADER.BIN")
def capitals(box):
    box.asks().misses("LOADER.BIN")


@case("http-missing", "/none.efi", "URL")
def http_boot_of_a_url_that_is_wrong(box):
    box.asks(EFI_HTTP, 16)
    http = box.socket(socket.SOCK_STREAM)
    http.connect((SERVER_ADDRESS, 80))
    http.sendall(b"GET /none.efi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 404 " in http.recv(4096)


@case("script-missing", "iPXE's script")
def a_script_with_a_wrong_name(box):
    box.asks(ROM, 0, IPXE).gets("boot.ipxe").misses("no-such-kernel")


@case("loader-package", "apt install", statements='boot local;')
def a_package_that_is_not_installed(box):
    name = next((name for name, path in PACKAGED.items() if not os.path.exists(path)), None)
    if not name:
        pytest.skip("every package with a loader is installed")
    box.asks().misses(name)


@case("loader-module", "ldlinux.c32", "/usr/lib/syslinux/modules/bios")
def pxelinux_without_its_module(box):
    box.asks().gets("pxelinux.0").misses("ldlinux.c32")


@case("pxelinux-config", "pxelinux.cfg/default")
def pxelinux_without_its_configuration(box):
    box.asks().gets("pxelinux.0").misses("pxelinux.cfg/01-22-22-22-22-01-01",
                                         "pxelinux.cfg/0A320101", "pxelinux.cfg/default")


@case("grub-config", "grub/grub.cfg")
def grub_without_its_configuration(box):
    box.asks().gets("grubx64.efi").misses("grub/grub.cfg")


@case("grub-module", "grub-mknetdir")
def grub_without_its_modules(box):
    box.asks().gets("grubx64.efi").misses("grub/x86_64-efi/normal.mod")


@case("file-private", "chmod a+r")
def a_file_for_its_owner_alone(box):
    box.asks().misses("private")


@case("file-directory", "boot")
def a_directory(box):
    box.asks().misses("boot")


@case("file-outside", "below tftp-root")
def a_link_that_leads_out(box):
    box.asks().misses("leads-out")


@case("file-outside", "below tftp-root")
def a_name_that_climbs(box):
    box.asks().misses("../etc/passwd")


@case("no-tftp-root", "tftp-root", statements='tftp-root "{site}/none";')
def a_root_that_is_not_there(box):
    box.asks().misses("loader.bin")


@case("file-refused", "mode mail is not served")
def a_request_that_is_none(box):
    client = box.asks().socket()
    client.sendto(testing.tftp_request(b"loader.bin", mode=b"mail"), (SERVER_ADDRESS, 69))
    assert client.recv(600)[:2] == b"\0\5"


# ------------------------------------------------------------------ a transfer that stops

@case("transfer-unanswered", "tftp-single-port", "firewall")
def no_block_is_acknowledged(box):
    box.asks().socket().sendto(testing.tftp_request(b"large", [(b"timeout", b"1")]),
                               (SERVER_ADDRESS, 69))


@case("transfer-large-blocks", "tftp-max-blksize 1468")
def large_blocks_that_stop(box):
    box.asks().read("large", (b"blksize", b"8192"), (b"timeout", b"1")).next()


@case("transfer-cut", "512 of 560000 bytes")
def small_blocks_that_stop(box):
    box.asks().read("large", (b"timeout", b"1")).next()


@case("transfer-rollover", "tftp-rollover 1", "65535")
def a_client_that_counts_to_65535(box):
    box.asks()
    client = box.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    read = TftpRead(client, b"large", [(b"blksize", b"8"), (b"windowsize", b"255")])
    while read.block < 65535:
        data = client.recv(100)
        number = struct.unpack("!H", data[2:4])[0]
        if number == read.block + 1:
            read.block += 1
        if number % 255 == 0 or read.block == 65535:
            read.acknowledge()
    client.sendto(struct.pack("!HH", 5, 0) + b"too large\0", read.peer)


@case("transfer-ended", "more memory", "disk full")
def a_client_that_ends_it(box):
    box.asks()
    client = box.socket()
    read = TftpRead(client, b"large")
    read.next()
    client.sendto(struct.pack("!HH", 5, 3) + b"disk full\0", read.peer)


# ------------------------------------------------------------------ what it loads

@case("loader-unfit", "UEFI program for x64, and the machine is a BIOS")
def a_uefi_program_for_a_bios(box):
    box.asks().gets("x64.efi")


@case("loader-loop", "3 times")
def the_same_loader_again_and_again(box):
    for _ in range(3):
        box.asks().gets("loader.bin")


@case("starts-again", "3 times")
def a_machine_that_starts_again_and_again(box):
    for _ in range(4):
        box.asks().asks(b"NetBSD:i386:libsa", None)


@case("loader-silent", "loader.bin")
def a_loader_that_says_nothing(box):
    box.asks().gets("loader.bin")


@case("kernel-silent", "no driver")
def a_kernel_without_a_network(box):
    box.asks().gets("pxelinux.0", "vmlinuz", "initrd")


@case("kernel-rootless", "root=/dev/nfs")
def a_kernel_without_a_root(box):
    box.asks().gets("pxelinux.0", "vmlinuz", "initrd")
    box.asks(b"Linux ipconfig", None)


# ------------------------------------------------------------------ its root

@case("mount-path", "ask for", "/roots/a_path_that_is_nearly_right",
      statements='option root-path "{root}";')
def a_path_that_is_nearly_right(box):
    box.root.mkdir()
    box.asks()
    assert box.rpc().mount(f"{box.root}x")[0] == 13


@case("mount-no-export", 'option root-path "/srv/root"')
def a_machine_without_a_root_path(box):
    box.asks()
    assert box.rpc().mount("/srv/root")[0] == 13


@case("mount-unknown", "declare the machine")
def a_stranger(box):
    assert box.rpc().mount("/srv/root")[0] == 13


@case("mount-directory", "make the directory", statements='option root-path "{site}/none";')
def a_root_path_that_is_not_there(box):
    box.asks()
    assert box.rpc().mount(f"{box.site.directory}/none")[0] == 2


@case("program-missing", "nolock", statements='option root-path "{root}";')
def a_lock_manager(box):
    box.asks()
    assert box.rpc().udp(PORTMAP, 2, 3, struct.pack(">IIII", 100021, 4, 17, 0)).word() == 0


@case("nfs-version", "vers=3", "2 to 3", statements='option root-path "{root}";')
def nfs_4(box):
    box.asks()
    assert box.rpc().tcp(NFS, 4, 0).status == 2  # PROG_MISMATCH


@case("init-unread", "never read its first program", statements='option root-path "{root}";')
def a_kernel_that_stops_behind_the_mount(box):
    box.put("sbin/init")
    client, handle = box.mounts()
    assert client.getattr(handle)[0] == 0


@case("init-missing", "/sbin", "no whole operating system", statements='option root-path "{root}";')
def a_root_without_a_system(box):
    box.put("etc/hostname")
    client, handle = box.mounts()
    assert client.lookup(handle, b"sbin")[0] == 2


@case("init-refused", "/sbin/init", "a+rx", statements='option root-path "{root}";')
def a_first_program_that_is_not_executable(box):
    box.put("sbin/init", mode=0o644)
    client, handle = box.mounts()
    client.walk(handle, "sbin/init")


@case("nfs-nobody", "nfs-reserved-ports off", "/sbin/init", statements='option root-path "{root}";')
def calls_from_a_high_port(box):
    box.put("sbin/init", mode=0o700)
    box.asks(b"Linux ipconfig", None)
    client = NfsClient(box.site.network.client, tcp=True, source=box.address)
    client.reserved = False
    box.sockets.callback(client.close)
    mounted = box.mounts()[1]
    client.sockets[NFS] = made = box.socket(socket.SOCK_STREAM)
    made.connect((SERVER_ADDRESS, 2049))
    client.walk(mounted, "sbin/init")


@case("init-unfit", "64-bit ARM", "own architecture", statements='option root-path "{root}";')
def a_root_for_another_architecture(box):
    box.put("sbin/init", elf(183))
    box.asks()
    client, handle = box.mounts()
    assert client.read(client.walk(handle, "sbin/init"), 0, 1000)[0] == 0


@case("init-library", "ld-linux-x86-64.so.2", statements='option root-path "{root}";')
def a_root_without_its_libraries(box):
    box.put("sbin/init", elf(62))
    (box.root / "lib64").mkdir()
    client, handle = box.mounts(tcp=True)
    assert client.read(client.walk(handle, "sbin/init"), 0, 1000)[0] == 0
    assert client.lookup(client.walk(handle, "lib64"), b"ld-linux-x86-64.so.2")[0] == 2


# ------------------------------------------------------------------ its console

SERIAL = 'serial "{site}/{name}.sock"; option root-path "{root}";'


@case("kernel-panic", "root= and nfsroot=", "VFS", statements=SERIAL)
def a_kernel_that_panics(box):
    box.asks().gets("vmlinuz")
    box.says(b"[    2.5] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n")


@case("login-missing", "getty", "never said login", statements=SERIAL)
def services_that_do_not_come_up(box):
    box.put("sbin/init", elf(62))
    client, handle = box.mounts()
    assert client.read(client.walk(handle, "sbin/init"), 0, 1000)[0] == 0
    box.says(b"starting services\r\n")


@case("nfs-read-only", "rw", statements=SERIAL)
def a_root_that_is_to_be_written_and_is_not(box):
    box.put("sbin/init", elf(62))
    client, handle = box.mounts()
    assert client.read(client.walk(handle, "sbin/init"), 0, 1000)[0] == 0
    box.says(b"starting services\r\n")
    mounted = client.mount(f"{box.site.directory}/boot")
    assert client.getattr(mounted)[0] == 0
    assert client.write(mounted, 0, b"x")[0] == ROFS


# ------------------------------------------------------------------ what goes on and on

@case("nfs-stale", "start the machine anew", statements='option root-path "{root}";')
def a_root_that_was_replaced(box):
    program = box.put("sbin/init")
    client, handle = box.mounts()
    init = client.walk(handle, "sbin/init")
    program.unlink()
    return lambda: client.getattr(init)[0] == STALE


@case("nfs-repeated", "rsize=1024", "netbsd", statements='option root-path "{root}";')
def a_read_whose_answer_gets_lost(box):
    box.put("netbsd", bytes(40000))
    client, handle = box.mounts()
    kernel = client.walk(handle, "netbsd")
    _, message = call_bytes(NFS, 3, NFS3.index("READ"), opaque(kernel) + u64(0) + u32(32768),
                            auth=client.auth)

    def again():
        client.socket(NFS).send(message)
        return len(client.socket(NFS).recv(70000)) > 32768
    return again


# ------------------------------------------------------------------ all of them

@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("verdicts")
    directory.chmod(0o755)
    network = testing.Network(9000, directory)
    made = factory = None
    try:
        network.set_up()
        factory = testing.ServerFactory(network, directory)
        made = Site(network, factory, directory)
        made.failed, made.goes_on = {}, {}
        for name, box in made.boxes.items():
            try:
                made.goes_on[name] = CASES[name].provoke(box)
            except BaseException as error:  # it is that case's, which raises it again
                made.failed[name] = error
        yield made
        factory.finish()
    finally:
        if made:
            made.close()
        if factory:
            factory.tear_down()
        network.tear_down()


def wait_for_verdict(site, box, wanted):
    name = box.address if box.name == "a_stranger" else box.mac
    last = [None]

    def look():
        if callable(site.goes_on[box.name]):
            assert site.goes_on[box.name]()
            time.sleep(0.2)
        last[0] = asked_machine(site.server, name)
        return last[0] and last[0]["verdict"] and last[0]["verdict"]["id"] == wanted and last[0]
    return testing.wait_until(look, lambda: f"{wanted}: {json.dumps(last[0], indent=1)}",
                              60)


@pytest.mark.parametrize("name", CASES)
def test_its_verdict(site, name):
    if name in site.failed:
        raise site.failed[name]
    verdict = wait_for_verdict(site, site.boxes[name], CASES[name].id)["verdict"]
    words = " ".join(verdict[key] for key in ("waiting", "saw", "cure"))
    for said in CASES[name].says:
        assert said in words, (said, words)
