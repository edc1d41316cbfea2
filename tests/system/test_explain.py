"""`bootwire check --explain`: what a machine would be offered at each stage, and which line of the
configuration decided each value. And `bootwire check`: every diagnostic in one run."""
import json
import subprocess

import pytest

import bootwire_testing as testing
import test_pxeboot as pxeboot
from bootwire_testing import address_bytes
from schemas import require

MAC = "22:22:22:22:00:00"
OTHER = "22:22:22:22:00:01"
UNKNOWN = "22:22:22:22:00:99"
STAGES = ["rom", "ipxe", "uefi-pxe", "uefi-http", "ipxe-uefi", "libsa", "kernel-netbsd",
          "kernel-linux"]

CONFIG = """\
option arch code 93 = unsigned integer 16;
option space ipxe;
option ipxe.no-pxedhcp code 176 = unsigned integer 8;
option ipxe-encap code 175 = encapsulate ipxe;
tftp-root "/srv/tftp";
option domain-name "example.org";
option domain-name-servers 10.50.1.2, 10.50.1.3;
default-lease-time 7200;
class "pxe" {
    match if substring (option vendor-class-identifier, 0, 9) = "PXEClient";
    option ntp-servers 10.50.1.9;
}
subnet 10.50.1.0 netmask 255.255.255.0 {
    option routers 10.50.1.254;
    pool {
        allow members of "pxe";
        range 10.50.1.100 10.50.1.120;
        option time-offset -3600;
    }
    pool {
        deny unknown-clients;
        range 10.50.1.200 10.50.1.250;
    }
    if exists user-class and option user-class = "iPXE" {
        filename "http://10.50.1.1/boot.ipxe";
        option ipxe.no-pxedhcp 1;
    } elsif option arch = 00:07 {
        filename "ipxe.efi";
    } elsif option arch = 00:10 {
        filename "http://10.50.1.1/ipxe.efi";
    } else {
        filename "undionly.kpxe";
    }
    if substring (option vendor-class-identifier, 0, 17) = "NetBSD:i386:libsa" {
        if filename = "boot.cfg" {
            filename "tftp:boot.cfg";
        } else {
            filename "nfs:netbsd";
        }
    }
}
group {
    next-server 10.50.1.7;
    option root-path "/group";
    include "hosts.conf";
}
"""

HOSTS = """\
host first {
    hardware ethernet 22:22:22:22:00:00;
    fixed-address 10.50.1.17;
    option root-path "/first";
    console com0 9600;
}
host second { hardware ethernet 22:22:22:22:00:01; }
"""


def bootwire(*arguments, **keywords):
    return subprocess.run([testing.BOOTWIRE, *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, **keywords)


def written(directory, config, **files):
    """Writes a configuration and what it includes; returns its path."""
    for name, text in files.items():
        (directory / f"{name}.conf").write_text(text)
    path = directory / "dhcpd.conf"
    path.write_text(config)
    return path


class Explained:
    """What --explain --json says: stage(key)[name] -> (value, file name, line), and the raw data."""

    def __init__(self, path, machine, *arguments):
        done = bootwire("check", "-c", path, "--explain", machine, "--json", *arguments)
        assert done.returncode == 0, done.stderr
        self.data = require("check-explain", json.loads(done.stdout))
        self.path = path

    def stage(self, key, opens=None, network=0):
        for stage in self.data["networks"][network]["stages"]:
            if stage["stage"] == key and (opens is None or stage.get("opens") == opens):
                return stage
        raise AssertionError(f"no stage {key} {opens}")

    def facts(self, key, name, **where):
        return [fact for fact in self.stage(key, **where)["facts"] if fact["name"] == name]

    def expect(self, key, name, value, line, file="dhcpd.conf", **where):
        """The value, and the line's text that decided it (None: no line did)."""
        facts = [fact for fact in self.facts(key, name, **where) if fact["value"] == value]
        assert len(facts) == 1, (key, name, value, self.facts(key, name, **where))
        fact = facts[0]
        if line is None:
            assert "file" not in fact and fact["why"], fact
            return fact
        source = self.path.parent / file
        assert fact["file"] == str(source), fact
        found = source.read_text().splitlines()[fact["line"] - 1]
        assert line in found, (fact, found)
        assert fact["text"] in found
        return fact


@pytest.fixture
def path(tmp_path):
    return written(tmp_path, CONFIG, hosts=HOSTS)


def test_every_stage_with_value_and_line(path):
    first = Explained(path, "first")
    assert [stage["stage"] for stage in first.data["networks"][0]["stages"]] == (
        STAGES[:6] + ["libsa"] + STAGES[6:])
    assert first.data["host"] == "first" and first.data["hardware"] == MAC
    assert first.data["line"] == 1 and first.data["file"].endswith("/hosts.conf")
    for key in STAGES:
        first.expect(key, "address", "10.50.1.17", "fixed-address 10.50.1.17", "hosts.conf")
        first.expect(key, "next-server", "10.50.1.7", "next-server 10.50.1.7")
        first.expect(key, "option root-path", '"/first"', 'root-path "/first"', "hosts.conf")
        first.expect(key, "option routers", "10.50.1.254", "option routers")
        first.expect(key, "option subnet-mask", "255.255.255.0", "subnet 10.50.1.0")
        first.expect(key, "option dhcp-lease-time", "7200", "default-lease-time 7200")
        first.expect(key, "option dhcp-renewal-time", "3600", None)
        first.expect(key, "option dhcp-server-identifier", "the server's own address", None)
        first.expect(key, "tftp-root", '"/srv/tftp"', "tftp-root")
        first.expect(key, "NFS export", '"/first"', 'root-path "/first"', "hosts.conf")
        first.expect(key, "console", "com0 9600", "console com0 9600", "hosts.conf")
    files = {"rom": "undionly.kpxe", "ipxe": "http://10.50.1.1/boot.ipxe",
             "ipxe-uefi": "http://10.50.1.1/boot.ipxe", "uefi-pxe": "ipxe.efi",
             "uefi-http": "http://10.50.1.1/ipxe.efi", "libsa": "nfs:netbsd",
             "kernel-netbsd": "undionly.kpxe", "kernel-linux": "undionly.kpxe"}
    for key, name in files.items():
        first.expect(key, "filename", f'"{name}"', f'filename "{name}"')
        first.expect(key, "option bootfile-name", f'"{name}"', f'filename "{name}"')
    first.expect("libsa", "filename", '"tftp:boot.cfg"', 'filename "tftp:boot.cfg"',
                 opens="boot.cfg")


def test_conditions_and_classes(path):
    first = Explained(path, "first")
    first.expect("ipxe", "condition", "true", "if exists user-class")
    assert len(first.facts("ipxe", "condition")) == 2  # no elsif was looked at
    fact = first.expect("uefi-pxe", "condition", "true", "elsif option arch = 00:07")
    assert fact["text"] == "elsif option arch = 00:07 {"
    for key in ("rom", "ipxe", "uefi-pxe", "ipxe-uefi"):
        first.expect(key, "class", '"pxe"', 'class "pxe"')
    for key in ("uefi-http", "libsa", "kernel-netbsd", "kernel-linux"):
        assert not first.facts(key, "class")
        assert not first.facts(key, "option ntp-servers")
    assert first.expect("rom", "option ntp-servers", "10.50.1.9", "ntp-servers")["kind"] == "value"
    fact = first.expect("ipxe", "option ntp-servers", "10.50.1.9", "ntp-servers")
    assert fact["kind"] == "not-sent" and "not ask" in fact["why"]
    first.expect("ipxe", "option ipxe.no-pxedhcp", "1", "option ipxe.no-pxedhcp 1")
    first.expect("ipxe", "option ipxe-encap", "b0:01:01", "option ipxe.no-pxedhcp 1")


def test_a_host_without_an_address_and_an_unknown_client(path):
    second = Explained(path, "second")
    assert second.data["hardware"] == OTHER
    second.expect("rom", "address", "one of 10.50.1.100 to 10.50.1.120", "range 10.50.1.100")
    second.expect("rom", "pool", "of this address", "pool {")
    second.expect("rom", "or from", "10.50.1.200 to 10.50.1.250", "range 10.50.1.200")
    second.expect("rom", "option time-offset", "-3600", "time-offset -3600")
    second.expect("rom", "option root-path", '"/group"', 'root-path "/group"')
    second.expect("libsa", "address", "one of 10.50.1.200 to 10.50.1.250", "range 10.50.1.200")
    second.expect("libsa", "not from", "10.50.1.100 to 10.50.1.120", "allow members of")
    unknown = Explained(path, UNKNOWN.replace(":", "-").upper())
    assert unknown.data["host"] is None and "unknown" in unknown.data["note"]
    unknown.expect("rom", "next-server", "the server's own address", None)
    unknown.expect("rom", "option tftp-server-name", "the server's own address", None)
    assert not unknown.facts("rom", "option root-path")
    assert unknown.stage("libsa")["answered"] is False
    unknown.expect("libsa", "not from", "10.50.1.200 to 10.50.1.250", "deny unknown-clients")
    assert Explained(path, MAC).data["host"] == "first"


def test_one_file_of_a_loader(path):
    first = Explained(path, "first", "--file", "other")
    assert [stage.get("opens") for stage in first.data["networks"][0]["stages"]].count("other") == 1
    assert not any(stage.get("opens") == "boot.cfg" for stage in first.data["networks"][0]["stages"])


def test_subnets_and_relays(tmp_path):
    path = written(tmp_path, """\
shared-network wire {
    option domain-name "shared";
    subnet 10.1.0.0 netmask 255.255.0.0 { range 10.1.0.5 10.1.0.9; }
    subnet 10.2.0.0 netmask 255.255.0.0 { option routers 10.2.0.1; }
}
subnet 10.3.0.0 netmask 255.255.0.0 { next-server 10.3.0.1; filename "three"; }
subnet 10.4.0.0 netmask 255.255.0.0 { deny unknown-clients; range 10.4.0.5 10.4.0.6; }
host two { hardware ethernet 22:22:22:22:00:00; fixed-address 10.2.0.7, 10.3.0.7; }
""")
    two = Explained(path, "two")
    assert [network["subnet"] for network in two.data["networks"]] == ["10.2.0.0", "10.3.0.0"]
    two.expect("rom", "address", "10.2.0.7", "10.2.0.7")
    two.expect("rom", "option routers", "10.2.0.1", "option routers")
    two.expect("rom", "option domain-name", '"shared"', "domain-name")
    two.expect("rom", "address", "10.3.0.7", "10.3.0.7", network=1)
    two.expect("rom", "filename", '"three"', "three", network=1)
    unknown = Explained(path, UNKNOWN)
    assert [network["subnet"] for network in unknown.data["networks"]] == [
        "10.1.0.0", "10.3.0.0", "10.4.0.0"]
    unknown.expect("rom", "address", "one of 10.1.0.5 to 10.1.0.9", "range 10.1.0.5")
    assert not unknown.stage("rom", network=1)["answered"]
    unknown.expect("rom", "no answer", "it is unknown", "deny unknown-clients", network=2)
    relayed = Explained(path, "two", "--relay", "10.3.0.254")
    assert [network["subnet"] for network in relayed.data["networks"]] == ["10.3.0.0"]
    chosen = Explained(path, UNKNOWN, "--subnet", "10.3.9.9")
    assert [network["subnet"] for network in chosen.data["networks"]] == ["10.3.0.0"]


def test_hosts_that_go_by_something_else(tmp_path):
    path = written(tmp_path, """\
subnet 10.1.0.0 netmask 255.255.0.0 { range 10.1.0.5 10.1.0.9; }
host by-identifier {
    option dhcp-client-identifier "me";
    fixed-address 10.1.0.2;
}
host by-option {
    host-identifier option pxe-client-id 0 11:22;
    fixed-address 10.1.0.3;
}
host one { hardware ethernet 22:22:22:22:00:00; filename "one"; }
host again { hardware ethernet 22:22:22:22:00:00; filename "again"; }
host nothing { filename "x"; }
""")
    identifier = Explained(path, "by-identifier")
    assert identifier.data["hardware"] is None and "client identifier" in identifier.data["note"]
    for key in STAGES:
        identifier.expect(key, "address", "10.1.0.2", "fixed-address 10.1.0.2")
        Explained(path, "by-option").expect(key, "address", "10.1.0.3", "fixed-address 10.1.0.3")
    Explained(path, "again").expect("rom", "filename", '"one"', 'filename "one"')
    text = bootwire("check", "-c", path, "--explain", "again").stdout
    assert "counts here: host one" in text
    done = bootwire("check", "-c", path, "--explain", "nothing")
    assert done.returncode == 1 and "neither a hardware address" in done.stderr


def test_a_declaration_for_each_network(tmp_path):
    path = written(tmp_path, """\
subnet 10.1.0.0 netmask 255.255.0.0 { }
subnet 10.2.0.0 netmask 255.255.0.0 { }
host here { hardware ethernet 22:22:22:22:00:00; fixed-address 10.1.0.2; filename "here"; }
host there { hardware ethernet 22:22:22:22:00:00; fixed-address 10.2.0.2; filename "there"; }
""")
    both = Explained(path, MAC)
    both.expect("rom", "filename", '"here"', "host here")
    both.expect("rom", "filename", '"there"', "host there", network=1)
    assert both.stage("rom", network=1)["host"] == "there"
    assert "counts here: host there" in bootwire("check", "-c", path, "--explain", MAC).stdout
    there = Explained(path, "there")
    assert [network["subnet"] for network in there.data["networks"]] == ["10.2.0.0"]
    there.expect("rom", "filename", '"there"', "host there")


def test_text_for_people(path):
    done = bootwire("check", "-c", path, "--explain", "first")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"host first, {MAC}  {path.parent}/hosts.conf:1")
    every = lines[lines.index("  every stage") + 1:]
    every = every[:every.index("")]
    assert any(line.split()[:2] == ["address", "10.50.1.17"] and ":3" in line for line in every)
    assert any(line.split()[0] == "next-server" and "next-server 10.50.1.7;" in line
               for line in every)
    assert "  iPXE, iPXE (UEFI)" in lines
    assert '  libsa opening "boot.cfg"' in lines
    at = lines.index("  UEFI HTTP")
    assert any('filename "http://10.50.1.1/ipxe.efi";' in line for line in lines[at:at + 4])
    assert "default: half of the lease time, or earlier" in done.stdout


def test_the_configurations_of_pxeboot(tmp_path):
    """A loader is explained for each file that the configuration knows."""
    typed = Explained(written(tmp_path, pxeboot.written(pxeboot.TYPED, "/export")), "dusty")
    files = {"netbsd": "nfs:netbsd", "boot.cfg": "tftp:boot/dusty.cfg",
             "net": "tftp:boot/netbsd.dusty", "spare": "nfs:netbsd.spare"}
    assert [stage["opens"] for stage in typed.data["networks"][0]["stages"]
            if stage["stage"] == "libsa"] == list(files)
    for opens, name in files.items():
        typed.expect("libsa", "filename", f'"{name}"', f'filename "{name}"', opens=opens)
        typed.expect("libsa", "NFS export", '"/export/dusty"', "option root-path", opens=opens)
    typed.expect("libsa", "option root-path", '"/export/dusty"', "option root-path", opens="spare")
    assert not typed.facts("libsa", "option root-path", opens="net")
    typed.expect("rom", "filename", '"boot/pxeboot_ia32.bin"', "pxeboot_ia32.bin")
    install = Explained(written(tmp_path, pxeboot.written(pxeboot.INSTALL, "/export")), "dusty")
    install.expect("libsa", "filename", '"tftp:boot/netbsd-INSTALL"', "netbsd-INSTALL")
    install.expect("libsa", "filename", '"tftp:boot/install.cfg"', "install.cfg", opens="boot.cfg")
    assert not install.facts("kernel-netbsd", "filename")


def test_names_that_are_any_text(tmp_path):
    path = written(tmp_path, """\
shared-network "a\\x1bb" {
    subnet 10.1.0.0 netmask 255.255.0.0 { range 10.1.0.5; }
}
host h { hardware ethernet 22:22:22:22:00:00; filename "\\x1bfile"; }
""")
    for arguments in ((MAC,), (MAC, "--json"), ("h\x1bxx",)):
        done = bootwire("check", "-c", path, "--explain", *arguments)
        assert "\x1b" not in done.stdout
    text = bootwire("check", "-c", path, "--explain", MAC).stdout
    assert "shared-network a\\x1bb" in text
    assert '"\\033file"' in text


def test_what_it_is_not_told(path, tmp_path):
    done = bootwire("check", "-c", path, "--explain", "frist")
    assert done.returncode == 1 and done.stdout == ""
    assert 'declares no host "frist"; the nearest: first' in done.stderr
    done = bootwire("check", "-c", path, "--explain", "22:22:22:22:00")
    assert done.returncode == 1 and "declares no host" in done.stderr
    done = bootwire("check", "-c", path, "--explain", "first", "--relay", "10.99.0.1")
    assert done.returncode == 1 and "no subnet" in done.stderr
    done = bootwire("check", "-c", path, "--explain", "first", "--subnet", "x")
    assert done.returncode == 1 and "no address" in done.stderr
    assert bootwire("check", "-c", path, "--json").returncode == 2
    assert bootwire("check", "-c", path, "--subnet", "10.50.1.1").returncode == 2
    assert bootwire("check", "--explain", "first").returncode == 2
    empty = written(tmp_path, "authoritative;\n")
    done = bootwire("check", "-c", empty, "--explain", MAC)
    assert done.returncode == 1 and "declares no subnet" in done.stderr
    broken = written(tmp_path, "subnet;\n")
    done = bootwire("check", "-c", broken, "--explain", MAC)
    assert done.returncode == 1 and "error" in done.stderr and done.stdout == ""


def test_an_ordinary_user_without_a_network(path):
    for directory in (path.parent, *path.parent.parents):
        if directory.owner() == "root" and directory.stat().st_mode & 0o001 == 0:
            directory.chmod(0o755)
    done = subprocess.run(["unshare", "-n", "setpriv", "--reuid=65534", "--regid=65534",
                           "--clear-groups", testing.BOOTWIRE, "check", "-c", path, "--explain",
                           "first"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "10.50.1.17" in done.stdout


# What the stages send, as in doc/clients.md.
PXE = {"rom": (b"PXEClient:Arch:00000:UNDI:002001", 0), "ipxe": (b"PXEClient:Arch:00000", 0),
       "uefi-pxe": (b"PXEClient:Arch:00007:UNDI:003000", 7),
       "uefi-http": (b"HTTPClient:Arch:00016:UNDI:003000", 16)}


def discover_as(machine, key):
    options = [(55, bytes([1, 3, 6, 15, 17, 43, 60, 66, 67, 175]))]
    fields = {}
    if key in PXE:
        vendor, arch = PXE[key]
        options += [(60, vendor), (93, arch.to_bytes(2, "big")), (94, b"\1\2\1"), (97, bytes(17))]
    if key == "ipxe":
        options += [(77, b"iPXE"), (175, b"\xb1\5\1\x80\x86\x10\x0e\xeb\3\1\0\0")]
    if key == "libsa":
        options = [(55, bytes([1, 3, 12, 15, 17, 16])), (60, b"NetBSD:i386:libsa")]
        fields = {"file": b"netbsd"}
    if key == "kernel-netbsd":
        options = [(55, bytes([1, 3, 12, 15, 17, 16, 26])), (60, b"NetBSD:i386:kernel:6.99.16")]
    return machine.discover(options, **fields)


def test_the_server_says_the_same(path, server, machine, tmp_path):
    """The explanation beside a server at work on the same configuration."""
    (tmp_path / "tftp").mkdir()
    config = CONFIG.replace("/srv/tftp", f"{tmp_path}/tftp").replace(
        '    include "hosts.conf";', HOSTS)
    path = written(tmp_path, config)
    explained = {name: Explained(path, name) for name in ("first", "second")}
    server(config)
    for name, mac in (("first", MAC), ("second", OTHER)):
        for key in ("rom", "ipxe", "uefi-pxe", "uefi-http", "libsa", "kernel-netbsd"):
            offer = discover_as(machine(mac), key)
            filename, = explained[name].facts(key, "filename")
            assert filename["value"] == f'"{offer.file.decode()}"', (name, key)
            root, = explained[name].facts(key, "option root-path")
            assert root["value"] == f'"{offer.options[17].decode()}"'
            routers, = explained[name].facts(key, "option routers")
            assert address_bytes(routers["value"]) == offer.options[3]
            if name == "first":
                assert explained[name].facts(key, "address")[0]["value"] == offer.yiaddr


# ------------------------------------------------------------------------- every diagnostic at once

def test_every_diagnostic_in_one_run(tmp_path):
    path = written(tmp_path, """\
option domain-nam "x";
subnet 10.1.0.0 netmask 255.255.0.0 {
    range 10.9.0.1 10.9.0.2;
    ragne 10.1.0.1;
    include "inner.conf";
    include "missing.conf";
}
ddns-update-style none;
host a { hardware ethernet 22:22:22:22:00:zz; fixed-address 10.1.0.300; }
host b {
    filename "unended;
}
if option arch = 00:07 { filename "x"; }
class "c" { match if substring(option vendor-class-identifier, 0) = "x"; }
pool { range 10.1.0.5; }
""", inner="""\
option routers 10.1.0.1
option domain-name-servers 10.1.0.2;
\tnext-serer 10.1.0.1;
""")
    done = bootwire("check", "-c", path)
    assert done.returncode == 1 and done.stdout == ""
    said = done.stderr
    lines = said.splitlines()
    expected = {("dhcpd.conf", 1), ("dhcpd.conf", 3), ("dhcpd.conf", 4), ("dhcpd.conf", 6),
                ("dhcpd.conf", 8), ("dhcpd.conf", 9), ("dhcpd.conf", 11), ("dhcpd.conf", 13),
                ("dhcpd.conf", 14), ("dhcpd.conf", 15), ("inner.conf", 1), ("inner.conf", 3)}
    found = set()
    for i, line in enumerate(lines):
        if ": error: " not in line and ": warning: " not in line:
            continue
        place = line.split(": ")[0]
        file, number, column = place.rsplit(":", 2)
        name = file.rsplit("/", 1)[1]
        found.add((name, int(number)))
        source = (tmp_path / name).read_text().splitlines()[int(number) - 1]
        assert lines[i + 1] == "    " + source, line
        caret = lines[i + 2]
        assert caret.endswith("^") and len(caret) - 5 == int(column) - 1, line
    assert found >= expected, expected - found


def test_pools_that_open_and_close(tmp_path):
    path = written(tmp_path, """\
subnet 10.1.0.0 netmask 255.255.0.0 {
    pool { deny after 4 2021/01/07 00:00:00; range 10.1.0.5; }
    pool { allow after 4 2021/01/07 00:00:00; range 10.1.0.6; }
}
""")
    unknown = Explained(path, UNKNOWN)
    unknown.expect("rom", "address", "10.1.0.6", "range 10.1.0.6")
    unknown.expect("rom", "not from", "10.1.0.5", "deny after")


def test_what_has_no_effect_is_said_once(tmp_path):
    hosts = "".join(f"host h{i} {{ ddns-hostname \"h{i}\"; next-server ,; }}\n"
                    for i in range(300))
    done = bootwire("check", "-c", written(tmp_path, hosts + "ping-timeout-ms 1;\n"))
    lines = [line for line in done.stderr.splitlines() if ": warning: " in line]
    assert len(lines) == 2, lines
    assert ":1:11: warning: `ddns-hostname` has no effect in bootwire, here and in 299 more" in lines[0]
    # And it hides nothing: each of the mistakes is there.
    assert done.stderr.count(": error: ") == 300
