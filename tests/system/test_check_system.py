"""`bootwire check --system`: each finding provoked, and none where nothing is wrong."""
import contextlib
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile

import pytest

from bootwire_testing import BOOTWIRE, BRIDGE, SERVER_ADDRESS, call, have, wait_until
from schemas import require

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }\n"


class Checker:
    """A place that others may enter, and `check --system` run in the server's namespace. It is none of
    pytest's: those are shut to others again whenever another pytest begins on the machine."""

    def __init__(self, network, directory):
        self.network = network
        self.directory = directory
        directory.chmod(0o755)

    def write(self, text):
        config = self.directory / "checked.conf"
        config.write_text(text)
        return config

    def run(self, text, *arguments, prefix=(), namespace=None):
        """The findings by their id, and the exit status."""
        done = (namespace or self.network.server).run(
            [*prefix, BOOTWIRE, "check", "-c", self.write(text), "--system", "--json", "--state",
             self.directory / "state", "--wait", "0", *arguments], timeout=120)
        assert done.returncode in (0, 1), done
        told = json.loads(done.stdout)
        require("check-system", told)
        self.findings = told["findings"]
        assert told["problems"] == sum(row["severity"] == "problem" for row in told["findings"])
        assert done.returncode == (1 if told["problems"] else 0)
        return {row["id"]: row for row in told["findings"]}

    def folder(self, name, mode=0o755):
        made = self.directory / name
        made.mkdir(parents=True)
        made.chmod(mode)
        return made


@pytest.fixture
def checker(network):
    with tempfile.TemporaryDirectory(prefix="bootwire-") as made:
        yield Checker(network, pathlib.Path(made))


@contextlib.contextmanager
def mounted(kind, path, *options):
    call("mount", "-t", kind, *options, kind, str(path))
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_where_nothing_is_wrong_nothing_is_found(checker):
    root = checker.folder("tftp")
    found = checker.run(f'tftp-root "{root}";\n' + SUBNET)
    assert not [row for row in found.values() if row["severity"] != "note"], found
    assert not set(found) & {"ownership-beside", "no-address", "no-subnet", "remote-subnet"}, found


def test_ports_that_are_taken_and_by_whom(checker):
    root = checker.folder("tftp")
    holder = checker.network.server.popen(
        ["/usr/bin/python3", "-c", "import socket, time\n"
         "udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]\n"
         "udp[0].bind(('127.0.0.1', 69)); udp[1].bind(('', 4011))\n"
         "tcp = [socket.socket() for _ in range(2)]\n"
         "tcp[0].bind(('', 8080)); tcp[0].listen(); tcp[1].bind(('', 2049)); tcp[1].listen()\n"
         "print('here', flush=True); time.sleep(600)"], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "here\n"
        config = f'tftp-root "{root}"; http-port 8080;\n' + SUBNET
        done = checker.network.server.run([BOOTWIRE, "check", "-c", checker.write(config), "--system",
                                           "--wait", "0", "--state", checker.directory])
        assert done.returncode == 1
        who = rf"held by python3 (pid {holder.pid})"
        for port, severity, word in (("udp port 69", "problem", "TFTP"), ("udp port 4011", "warning", "PXE"),
                                     ("tcp port 8080", "problem", "HTTP"), ("tcp port 2049", "problem", "NFS")):
            assert f"{port}: {severity}: {who}, and {word} needs it" in done.stdout, done.stdout
        assert "udp port 67" not in done.stdout and "udp port 2049" not in done.stdout
        # Without a port that was written, and without files, nobody misses them.
        assert "tcp port 8080" not in str(checker.run(SUBNET)).replace("http-port 8080", "")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_rpcbind_and_a_server_of_ours(checker, server):
    running = server(SUBNET)
    found = checker.run(SUBNET)["port-taken"]
    assert f"bootwire (pid {running.pid})" in found["what"] and "already" in found["cure"]
    running.stop()
    rpcbind = checker.network.server.popen(["rpcbind", "-f"])
    try:
        with checker.network.server.entered():
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 111)):
                    break
        found = checker.run(SUBNET)["port-taken"]
        assert "held by rpcbind" in found["what"] and "systemctl disable --now rpcbind" in found["cure"]
    finally:
        rpcbind.kill()
        rpcbind.wait()


def test_rights_that_are_missing_and_what_each_costs(checker):
    root = checker.folder("tftp")
    found = checker.run(f'tftp-root "{root}";\n' + SUBNET, prefix=NOBODY)
    assert found["port-forbidden"]["place"].startswith("udp 67, udp 69, tcp 80, udp 111, tcp 111")
    assert found["port-forbidden"]["severity"] == "problem"
    assert "RARP" in found["no-packet-socket"]["what"]
    assert found["ownership-beside"]["severity"] == "note"
    assert "install -d" in found["state-missing"]["cure"]
    # Where everybody may open ports, nothing is said of them.
    checker.network.server.run(["sysctl", "-q", "net.ipv4.ip_unprivileged_port_start=60"])
    assert "port-forbidden" not in checker.run(SUBNET, prefix=NOBODY)
    found = checker.run(SUBNET, prefix=["setpriv", "--bounding-set=-dac_read_search", "--inh-caps=-dac_read_search"])
    assert found["no-handles"]["place"] == "CAP_DAC_READ_SEARCH"


def test_interfaces(checker):
    space = checker.network.server
    space.ip("link", "add", "spare", "type", "veth", "peer", "name", "other")
    space.ip("link", "set", "spare", "up")
    space.ip("addr", "add", "10.60.1.1/24", "dev", "spare")
    space.ip("link", "set", "other", "up")
    remote = "subnet 10.70.1.0 netmask 255.255.255.0 { }\n"
    found = checker.run(SUBNET + remote)
    assert found["no-subnet"]["place"] == "spare"
    assert "subnet 10.60.1.0 netmask 255.255.255.0" in found["no-subnet"]["cure"]
    assert found["no-address"]["place"] == "other"
    assert found["remote-subnet"]["place"].endswith(":2") and "10.70.1.0" in found["remote-subnet"]["what"]
    space.ip("link", "set", "other", "down")
    found = checker.run(SUBNET + "subnet 10.60.1.0 netmask 255.255.255.0 { }\n")
    assert found["no-carrier"]["place"] == "spare" and "no-subnet" not in found
    space.ip("link", "set", BRIDGE, "down")
    found = checker.run(SUBNET)
    assert found["interface-down"]["cure"] == f"ip link set {BRIDGE} up"
    assert f"{BRIDGE} has {SERVER_ADDRESS} and is down" in found["no-interface"]["what"]
    assert found["no-interface"]["severity"] == "problem"


@pytest.mark.skipif(not have("dnsmasq"), reason="needs dnsmasq")
def test_other_dhcp_servers(checker):
    client = checker.network.client
    checker.network.client_address("10.50.1.77")
    log = checker.directory / "dnsmasq.log"

    def dnsmasq(*arguments):
        log.write_text("")
        with open(log, "w") as to:
            started = client.popen(
                ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-ping",
                 "--user=root", f"--dhcp-leasefile={checker.directory}/dnsmasq.leases",
                 "--interface=eth0", "--bind-interfaces", "--log-facility=-", *arguments],
                stdout=to, stderr=to)
        wait_until(lambda: "DHCP" in log.read_text(), lambda: "dnsmasq: " + log.read_text())
        return started

    def end(process):
        process.kill()
        process.wait()

    wait = ["--wait", "2"]
    proxy = "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; }\n"
    assert "other-dhcp-server" not in checker.run(SUBNET, *wait)
    assert checker.run(proxy, *wait)["no-dhcp-server"]["severity"] == "warning"
    server = dnsmasq("--dhcp-range=10.50.1.100,10.50.1.110,1h", "--dhcp-boot=theirs.bin")
    try:
        found = checker.run(SUBNET, *wait)["other-dhcp-server"]
        assert found["severity"] == "problem" and found["place"] == BRIDGE
        mac = client.wire("eth0").mac
        assert f"10.50.1.77 at {mac} answers" in found["what"]
        assert "the address 10.50.1.1" in found["what"] and "the boot file theirs.bin" in found["what"]
        found = checker.run(proxy, *wait)
        assert found["dhcp-server"]["severity"] == "note" and "no-dhcp-server" not in found
        assert not (checker.directory / "dnsmasq.leases").read_text().strip()  # nothing was taken
        assert "CAP_NET_RAW" in checker.run(SUBNET, *wait, prefix=NOBODY)["dhcp-not-asked"]["cure"]
    finally:
        end(server)
    server = dnsmasq("--dhcp-range=10.50.1.0,proxy", "--pxe-service=X86-64_EFI,boot,theirs.efi")
    try:
        found = checker.run(SUBNET, *wait)
        assert "10.50.1.77" in found["other-proxy-dhcp"]["what"] and "other-dhcp-server" not in found
    finally:
        end(server)


FILTER = """
add table inet guard
add chain inet guard input { type filter hook input priority 0; policy drop; }
add rule inet guard input ct state vmap { established : accept, related : accept, invalid : drop }
add rule inet guard input iifname "lo" accept
add rule inet guard input tcp dport { 22, 111, 2049 } accept
"""


@pytest.mark.skipif(not have("nft"), reason="needs nft")
def test_a_firewall_in_the_way_and_that_the_cure_cures(checker):
    root = checker.folder("tftp")
    space = checker.network.server
    config = f'tftp-root "{root}";\n' + SUBNET
    with_nfs = config + f'option root-path "{root}";'

    def nft(text):
        done = space.run(["nft", "-f", "-"], input="flush ruleset\n" + text)
        assert done.returncode == 0, done.stderr

    assert not {"firewall", "firewall-unclear", "firewall-not-read"} & set(checker.run(config))
    nft(FILTER)
    found = checker.run(config)["firewall"]
    assert found["severity"] == "problem" and found["place"] == BRIDGE
    assert "udp port 67,4011,69 and tcp port 80: policy drop, chain input of table inet guard" in found["what"]
    assert "tcp port 80,20048" in checker.run(with_nfs)["firewall"]["what"]
    for command in checker.run(with_nfs)["firewall"]["cure"].split("; "):
        done = space.run(["sh", "-c", command])
        assert done.returncode == 0, (command, done.stderr)
    assert "firewall" not in checker.run(with_nfs)
    # Chains, verdict maps, named sets, addresses, negations.
    nft("add table inet guard\n"
        "add set inet guard boots { type inet_service; flags interval; elements = { 69, 80, 4000-4100 }; }\n"
        "add chain inet guard lan\n"
        "add rule inet guard lan ip saddr 10.50.0.0/16 meta l4proto { tcp, udp } th dport @boots accept\n"
        "add rule inet guard lan udp dport vmap { 67 : accept, 68 : drop }\n"
        "add chain inet guard input { type filter hook input priority 0; }\n"
        f"add rule inet guard input iifname {BRIDGE} jump lan\n"
        "add rule inet guard input ip saddr != 192.168.0.0/24 drop\n")
    assert "firewall" not in checker.run(config)
    assert "udp port 111,20048,5997,2049" not in str(checker.run(config))
    found = checker.run(with_nfs)["firewall"]
    assert "the rule of handle" in found["what"] and "udp port 111" in found["what"]
    # What depends on more than one packet is said to be unclear, and is no problem.
    nft("add table ip guard\nadd chain ip guard input { type filter hook input priority 0; }\n"
        "add rule ip guard input udp dport 69 limit rate over 5/second drop\n")
    found = checker.run(config)
    assert found["firewall-unclear"]["severity"] == "note" and "udp port 69:" in found["firewall-unclear"]["what"]
    assert "firewall" not in found
    # Another interface's rules, and other hooks, are not in the way.
    nft("add table ip guard\nadd chain ip guard input { type filter hook input priority 0; }\n"
        "add rule ip guard input iifname other0 drop\nadd rule ip guard input ip protocol icmp drop\n"
        "add chain ip guard forward { type filter hook forward priority 0; policy drop; }\n")
    assert not {"firewall", "firewall-unclear"} & set(checker.run(config))
    nft("add table inet firewalld\nadd chain inet firewalld filter_INPUT { type filter hook input priority 10; }\n"
        "add rule inet firewalld filter_INPUT ct status dnat accept\n"
        "add rule inet firewalld filter_INPUT reject with icmpx admin-prohibited\n")
    assert f"get-zone-of-interface={BRIDGE}) --add-port=67/udp --add-port=4011/udp --add-port=69/udp && " in \
        checker.run(config)["firewall"]["cure"]
    found = checker.run(config, prefix=NOBODY)
    assert found["firewall-not-read"]["place"] == "firewall" and "CAP_NET_ADMIN" in found["firewall-not-read"]["cure"]


def random_rules(dice):
    """A ruleset of nft's, of what people write, put together at random."""
    def words(chains):
        parts = dice.sample([
            'iifname "boot0"', 'iifname != "lo"', "ip saddr 10.50.1.0/24", "ip saddr != 10.50.0.0/16",
            "ip daddr 10.50.1.1", "udp dport 69", "udp dport { 67, 4011 }", "udp dport 60-100",
            "udp dport != 69", "meta l4proto udp", "ip protocol tcp", "ct state new",
            "ct state { established, related }", "tcp dport 80", "meta nfproto ipv4",
            "udp dport @named", "fib daddr type local", "ip saddr { 10.50.1.9, 10.50.1.128/25 }",
            "th dport 4000-5000", "meta pkttype host"], dice.choice((0, 1, 1, 2)))
        verdicts = ["accept", "drop", "reject", "return", "counter", *(f"jump {name}" for name in chains)]
        return " ".join(parts + [dice.choice(verdicts)])

    text = ("flush ruleset\nadd table inet guard\nadd set inet guard named { type inet_service; elements = "
            "{ 69, 4011 }; }\nadd chain inet guard a\nadd chain inet guard b\n"
            f"add chain inet guard input {{ type filter hook input priority 0; policy {dice.choice(('accept', 'drop'))}; }}\n")
    for chain, targets in (("a", ()), ("b", ("a",)), ("input", ("a", "b"))):
        for _ in range(dice.randrange(5)):
            text += f"add rule inet guard {chain} {words(targets)}\n"
    return text


@pytest.mark.skipif(not have("nft"), reason="needs nft")
def test_the_kernel_agrees_on_what_is_dropped(checker):
    """Each ruleset is asked of `check`, and of the kernel by a datagram."""
    space, root = checker.network.server, checker.folder("tftp")
    checker.network.client_address("10.50.1.9")
    client = checker.network.client.socket()
    client.bind(("10.50.1.9", 0))
    config = f'tftp-root "{root}"; http-port 0;\n' + SUBNET
    decided = 0
    for seed in range(40):
        rules = random_rules(random.Random(seed))
        done = space.run(["nft", "-f", "-"], input=rules)
        if done.returncode != 0:
            continue  # two parts that exclude each other
        checker.run(config)
        told = {69: "let in", 4011: "let in"}
        for row in checker.findings:
            for port in re.findall(r"\b(69|4011)\b", row["what"].split(":")[0]) if "firewall" in row["id"] else ():
                told[int(port)] = row["id"]
        for port, word in told.items():
            ear = space.socket()
            ear.bind(("", port))
            client.sendto(b"%d" % seed, (SERVER_ADDRESS, port))
            ear.settimeout(2 if word == "let in" else 0.2)
            try:
                heard = ear.recv(100) == b"%d" % seed
            except TimeoutError:
                heard = False
            ear.close()
            assert word == "firewall-unclear" or heard == (word == "let in"), (seed, port, word, heard, rules)
            decided += word != "firewall-unclear"
    assert decided > 40
    client.close()


@pytest.mark.skipif(not have("iptables-legacy"), reason="needs iptables")
@pytest.mark.parametrize("command", ["iptables-legacy", "iptables-nft"])
def test_iptables_in_the_way(checker, command):
    root = checker.folder("tftp")
    space = checker.network.server
    config = f'tftp-root "{root}";\n' + SUBNET

    def rules(*lines):
        for line in ("-F", "-X", "-P INPUT ACCEPT", *lines):
            done = space.run([command, *line.split()])
            assert done.returncode == 0, (line, done.stderr)

    rules("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-A INPUT -i lo -j ACCEPT",
          "-A INPUT -s 10.50.1.0/24 -p udp -m multiport --dports 69,4011 -m comment --comment boot -j ACCEPT",
          "-A INPUT -p tcp -m tcp --dport 80:90 -j ACCEPT", "-P INPUT DROP")
    found = checker.run(config)["firewall"]
    assert "udp port 67: policy drop, chain INPUT of table ip filter" in found["what"]
    cure = found["cure"].replace("iptables ", command + " ")
    assert cure.startswith(command) and space.run(cure.split()).returncode == 0
    assert "firewall" not in checker.run(config)
    rules("-N ufw-user-input", "-A INPUT -j ufw-user-input",
          "-A ufw-user-input ! -i other+ -p udp -m udp --dport 69 -j REJECT", "-A INPUT -p udp -j ACCEPT")
    found = checker.run(config)["firewall"]
    assert "-A ufw-user-input ! -i other+" in found["what"]
    assert found["cure"] == f"ufw allow in on {BRIDGE} to any port 69 proto udp"
    rules("-A INPUT -p udp --dport 69 -m statistic --mode random --probability 0.5 -j DROP")
    assert "udp port 69:" in checker.run(config)["firewall-unclear"]["what"]


def test_files_and_loaders_of_recipes(checker):
    root = checker.folder("tftp")
    config = (f'tftp-root "{root}";\n' + SUBNET +
              'host a { hardware ethernet 22:22:22:22:00:00; boot linux { kernel "vmlinuz"; } WITH }\n')
    found = checker.run(config.replace("WITH", ""))["boot-file"]
    assert found["place"].endswith(":3: vmlinuz") and f"below tftp-root {root} does not exist" in found["what"]
    assert found["severity"] == "problem"
    (root / "vmlinuz").write_bytes(b"x")
    assert "boot-file" not in checker.run(config.replace("WITH", ""))
    (root / "vmlinuz").chmod(0o600)
    assert "chmod a+r" in checker.run(config.replace("WITH", ""))["boot-file"]["what"]
    # As on a system without the packages.
    hide = ("for each in /usr/lib/ipxe /usr/lib/PXELINUX /usr/lib/syslinux /usr/lib/grub /usr/lib/shim\n"
            'do [ ! -d $each ] || mount -t tmpfs none $each; done; exec "$@"')
    found = checker.run(config.replace("WITH", ""), prefix=["unshare", "--mount", "sh", "-c", hide, "sh"])
    assert found["no-loader"]["place"].endswith(":3") and found["no-loader"]["severity"] == "warning"
    assert "firmware get nothing for this" in found["no-loader"]["what"]


def test_qemu_and_kvm(checker):
    fake = checker.folder("bin")
    program = fake / "qemu-system-x86_64"

    def look(script, *prefix):
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return checker.run(SUBNET, "--wait", "1", prefix=["env", f"PATH={fake}", *prefix])

    version = '[ "$1" = --version ] && { echo QEMU emulator version 7.2.0; exit; }\n'
    assert "libfdt.so.1: cannot" in look("echo libfdt.so.1: cannot open >&2; exit 127")["qemu-broken"]["what"]
    found = look(version + "echo qemu-system-x86_64: failed to find romfile efi-e1000.rom >&2; exit 1")
    assert "ipxe-qemu" in found["qemu-broken"]["what"]
    found = look(version + "echo KVM internal error. Suberror: 1 >&2; sleep 600")
    assert "iPXE's ROM" in found["kvm-broken"]["what"] and "--no-kvm" in found["kvm-broken"]["cure"]
    found = look(version + "echo iPXE initialising devices...ok; sleep 600")
    assert not {"kvm-broken", "qemu-broken", "qemu-missing"} & set(found)
    if os.path.exists("/dev/kvm"):
        assert "in 1 s" in look(version + "sleep 600")["kvm-broken"]["what"]
    found = checker.run(SUBNET, prefix=["unshare", "--mount", "sh", "-c",
                                        'mount -t tmpfs none /dev && touch /dev/null && exec "$@"', "sh"])
    assert found["kvm-missing"]["severity"] == "note"


def test_each_part_of_a_path(checker):
    folder = checker.folder("roots/deep/root")
    (checker.directory / "link").symlink_to(checker.directory / "roots")
    (checker.directory / "file").write_text("")

    def look(path, prefix=(), statement='option root-path "{}";'):
        return checker.run(statement.format(path) + SUBNET, prefix=prefix)

    assert "roots/no does not exist" in look(checker.directory / "roots/no/root")["path-missing"]["what"]
    for statement in ('option root-path "{0}/gone/a"; group {{ option root-path "{0}/gone/b"; {1} }}',
                      'option root-path "{0}/file/a"; group {{ option root-path "{0}/file/b"; {1} }}'):
        checker.run(SUBNET + statement.format(
            checker.directory, "host h { hardware ethernet 22:22:22:22:00:00; }"))
        assert sum(row["id"].startswith("path-") for row in checker.findings) == 1, checker.findings
    found = look(checker.directory / "link/deep/root")["path-link"]
    assert found["cure"] == f"write the real path: {folder}"
    assert f"{checker.directory}/link is a symbolic link" in found["what"]
    assert "is no directory" in look(checker.directory / "file")["path-no-directory"]["what"]
    (checker.directory / "roots").chmod(0o700)
    found = look(folder, NOBODY)["path-denied"]
    assert f"{checker.directory}/roots (owner 0, group 0, mode 0700) cannot be passed through by user 65534" in found["what"]
    assert f"setfacl -m u:65534:x {checker.directory}/roots" in found["cure"]
    assert "path-denied" not in look(folder)  # root may
    assert "tftp-root" in look(folder, NOBODY, 'tftp-root "{}";')["path-denied"]["place"]
    (checker.directory / "roots").chmod(0o755)
    assert "cannot be written to" in look(folder, NOBODY, 'tftp-upload "{}";')["path-denied"]["what"]
    # A tftp-root may be a link; a root that another server holds is no affair of this one.
    assert not set(look(checker.directory / "link/deep", (), 'tftp-root "{}";')) & {"path-link", "path-missing"}
    for elsewhere in ('option root-path "10.9.9.9:/none";', 'next-server 10.9.9.9; option root-path "/none";'):
        assert "path-missing" not in checker.run(SUBNET + elsewhere)
    for here in ('option root-path "10.50.1.1:/none";', 'next-server 10.50.1.1; option root-path "/none";',
                 'if exists user-class { option root-path "/none"; }', 'class "x" { option root-path "/none"; }'):
        assert "path-missing" in checker.run(SUBNET + here), here


def test_file_systems_that_cannot_do_what_nfs_needs(checker):
    folder = checker.folder("mounted")
    with mounted("ramfs", folder):
        found = checker.run(f'export "{folder}" {{ clients any; }}\n' + SUBNET, prefix=NOBODY)
        assert found["no-attributes"]["severity"] == "warning"
    with mounted("tmpfs", folder, "-o", "ro"):
        found = checker.run(f'export "{folder}" {{ clients any; rw; }}\n' + SUBNET)
        assert found["read-only"]["severity"] == "warning"
        assert "read-only" not in checker.run(f'export "{folder}" {{ clients any; }}\n' + SUBNET)
        found = checker.run(f'option root-path "{folder}";\n' + SUBNET)
        assert found["read-only"]["severity"] == "note"
    found = checker.run('export "/proc" { clients any; }\n' + SUBNET)
    assert "file handles" in found["no-handles"]["what"] and "no-attributes" not in found


def test_the_state_directory(checker):
    state = checker.directory / "state"
    found = checker.run(f'export "{checker.directory}" {{ clients any; }}\n' + SUBNET)
    assert "state-exported" not in found  # it is not there yet
    state.mkdir(mode=0o755)
    assert "mode 0755" in checker.run(SUBNET, prefix=NOBODY)["state-not-writable"]["what"]
    found = checker.run(f'export "{checker.directory}" {{ clients any; }}\n' + SUBNET)
    assert str(state) in found["state-exported"]["what"]
    state.chmod(0o777)
    assert checker.run(SUBNET)["state-open"]["severity"] == "warning"
    state.chmod(0o700)
    with mounted("tmpfs", state, "-o", "size=8m"):
        assert "32 MiB are wanted" in checker.run(SUBNET)["state-no-room"]["what"]
    with mounted("tmpfs", state, "-o", "ro"):
        assert checker.run(SUBNET)["state-read-only"]["severity"] == "problem"
    state.rmdir()
    state.write_text("")
    assert "no directory" in checker.run(SUBNET)["state-no-directory"]["what"]
    os.remove(state)
    assert "No such file" in checker.run(SUBNET, "--state", checker.directory / "a/b")["state-missing"]["what"]


def test_the_command_line(checker):
    config = checker.write(SUBNET)
    for wrong in (["--state", "x"], ["--system", "--explain", "x"], ["--json"], ["--wait", "1"],
                  ["--system", "--wait", "-1"], ["--system", "--wait", "1s"]):
        done = checker.network.server.run([BOOTWIRE, "check", "-c", config, *wrong])
        assert done.returncode == 2 and "usage" in done.stderr
    config = checker.write("subnet 10.50.1.0 netmask;")
    done = checker.network.server.run([BOOTWIRE, "check", "-c", config, "--system"])
    assert done.returncode == 1 and "error" in done.stderr and not done.stdout
