"""The verdicts from the first question to the first file: each is provoked by a machine of its own, in
packets, and read over the control socket. All machines meet one server, whose patience is short."""
import re
import struct
import subprocess

import pytest
from scapy.all import ARP, BOOTP, DHCP, IP, UDP, Ether

import bootwire_testing as testing
from bootwire_testing import SOURCE, Machine
from control_testing import wait_for_machine

ROM, UEFI = (60, b"PXEClient:Arch:00000:UNDI:002001"), (60, b"PXEClient:Arch:00007:UNDI:003000")
HTTP = (60, b"HTTPClient:Arch:00016:UNDI:003001")
OTHER, OTHER_MAC = "10.50.1.77", "22:22:22:22:77:77"

CONFIG = """
verdict-silence 5;
tftp-root "{root}";
class "few" {{ match if substring (option vendor-class-identifier, 0, 3) = "few"; lease limit 1; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{
    pool {{ range 10.50.1.200; allow members of "few"; }}
}}
{hosts}
"""

# What each machine is told, and what it does.
CASES = {}


def case(verdict, statements, *says):
    def put(provoke):
        CASES[provoke.__name__] = (verdict, statements, says, provoke)
        return provoke
    return put


@case("booting-denied", "deny booting;", "booting is denied")
def denied(machine):
    machine.send_dhcp(1, [ROM])


@case("bootp-denied", "deny bootp;", "dynamic-bootp")
def bootp(machine):
    machine.send_dhcp(None)


@case("min-secs", "min-secs 200;", "min-secs")
def soon(machine):
    machine.send_dhcp(1, [ROM])


@case("offer-unheard", "", "3 DHCPDISCOVERs", "spanning tree")
def deaf(machine):
    for _ in range(3):
        machine.discover([ROM])


@case("ack-unheard", 'filename "x";', "DHCPACK")
def deaf_later(machine):
    offer = machine.discover([ROM])
    for _ in range(4):
        machine.request(offer, [ROM])


@case("no-boot-file", "", "named no boot file", "filename")
def aimless(machine):
    machine.lease([ROM])


@case("no-loader", "boot netbsd { kernel \"netbsd\"; }", "loader")
def unsupported(machine):
    machine.lease([(60, b"PXEClient:Arch:00041:UNDI:003000"), (93, struct.pack("!H", 41))])


@case("next-server-elsewhere", 'filename "x"; next-server 10.50.1.99;', "10.50.1.99")
def sent_away(machine):
    machine.lease([ROM])


@case("file-unasked", 'filename "x.0";', "x.0", "UDP port 69")
def silent(machine):
    machine.lease([ROM])


@case("options-left-out", f'filename "x.0"; option merit-dump "{"/dump" * 120}";', "had no room for option 14", "max-message-size")
def crammed(machine):
    machine.lease([ROM, (55, bytes([1, 3, 14])), (57, struct.pack("!H", 576))])


@case("url-unasked", 'filename "http://10.50.1.1/x.efi";', "http://10.50.1.1/x.efi")
def silent_by_http(machine):
    machine.lease([HTTP, (93, struct.pack("!H", 16))])


@case("address-in-use", "", "declined")
def declining(machine):
    ack = machine.lease([ROM])
    machine.send_dhcp(4, [(50, testing.address_bytes(ack.yiaddr)), (54, ack.options[54])])


@case("refused-again", "", "DHCPNAK")
def insisting(machine):
    for _ in range(3):
        assert machine.receive_dhcp(machine.send_dhcp(3, [ROM, (50, testing.address_bytes("10.50.2.2"))])) is not None


@case("second-server", 'filename "x.0";', OTHER, OTHER_MAC)
def of_two_servers(machine):
    machine.lease([ROM])
    answer_as_another(machine)


@case("took-other-server", 'filename "x.0";', OTHER, OTHER_MAC)
def taken_away(machine):
    machine.discover([ROM])
    answer_as_another(machine)
    machine.send_dhcp(3, [ROM, (50, testing.address_bytes("10.50.1.78")), (54, testing.address_bytes(OTHER))])


@case("loader-elsewhere", 'filename "x.0";', OTHER, "client identifier")
def loader_of_two_servers(machine):
    machine.lease([ROM])
    machine.discover([(60, b"NetBSD:i386:libsa")])
    answer_as_another(machine)


def answer_as_another(machine):
    """Another server's DHCPOFFER, as it comes by on the link."""
    machine.wire.send(
        Ether(src=OTHER_MAC, dst="ff:ff:ff:ff:ff:ff") / IP(src=OTHER, dst="255.255.255.255") /
        UDP(sport=67, dport=68) / BOOTP(op=2, yiaddr="10.50.1.78", chaddr=testing.mac_bytes(machine.mac)) /
        DHCP(options=[("message-type", "offer"), ("server_id", OTHER), "end"]))


@pytest.fixture
def site(network, server, tmp_path):
    root = tmp_path / "tftp"
    root.mkdir()
    hosts, machines = "", {}
    wire = network.client.wire("eth0", 68)
    for number, (name, (_, statements, _, _)) in enumerate(CASES.items(), 20):
        mac = f"22:22:22:22:02:{number:02x}"
        hosts += (f'host {name.replace("_", "-")} {{ hardware ethernet {mac}; fixed-address 10.50.1.{number}; '
                  f'{statements} }}\n')
        machines[name] = Machine(wire, mac)
    return server(CONFIG.format(root=root, hosts=hosts)), wire, machines


def verdict_of(server, name, wanted):
    seen = wait_for_machine(server, name, lambda seen: seen["verdict"] and seen["verdict"]["id"] == wanted)
    return " ".join(seen["verdict"][key] for key in ("waiting", "saw", "cure"))


def test_each_verdict(site):
    server, _, machines = site
    for name, (_, _, _, provoke) in CASES.items():
        provoke(machines[name])
    for name, (wanted, _, says, _) in CASES.items():
        words = verdict_of(server, machines[name].mac, wanted)
        for said in says:
            assert said in words, (wanted, words)
    # Each foreign server once, with its address and its MAC.
    log = server.log
    assert log.count("another DHCP server answers machines here") == 1
    assert f"{OTHER} ({OTHER_MAC})" in log


def test_strangers(network, site):
    server, wire, _ = site
    # Nobody's lease is left for the second of the class, and none at all for others.
    Machine(wire, "22:22:22:22:03:01").lease([(60, b"few1")])
    Machine(wire, "22:22:22:22:03:02").send_dhcp(1, [(60, b"few2")])
    Machine(wire, "22:22:22:22:03:03").send_dhcp(1, [ROM])
    verdict_of(server, "22:22:22:22:03:03", "pool-exhausted")
    # By RARP, undeclared.
    wire.send(Ether(src="22:22:22:22:03:04", dst="ff:ff:ff:ff:ff:ff", type=0x8035) /
              ARP(op=3, hwsrc="22:22:22:22:03:04", hwdst="22:22:22:22:03:04", psrc="0.0.0.0", pdst="0.0.0.0"))
    assert "fixed-address" in verdict_of(server, "22:22:22:22:03:04", "rarp-unknown")
    # Through a relay whose network is not declared; the answer to that is silence.
    network.client_address("10.50.1.250")
    Machine(wire, "22:22:22:22:03:05").send_dhcp(1, [ROM], giaddr="10.99.9.1")
    assert "subnet" in verdict_of(server, "22:22:22:22:03:05", "no-subnet")
    # Whom only another server answers is no machine of ours.
    answer_as_another(Machine(wire, "22:22:22:22:03:06"))
    with pytest.raises(AssertionError):
        wait_for_machine(server, "22:22:22:22:03:06", bool, timeout=1)


def test_answers_that_cannot_be_sent(network, server):
    running = server("verdict-silence 5; always-broadcast on;\n"
                     "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }\n"
                     "subnet 10.99.9.0 netmask 255.255.255.0 { range 10.99.9.200 10.99.9.210; }")
    there = ["nsenter", "--net", "--target", str(running.pid)]
    wire = network.client.wire("eth0", 68)
    network.client_address("10.50.1.250")
    subprocess.run([*there, "ip", "route", "add", "unreachable", "10.99.9.0/24"], check=True)
    Machine(wire, "22:22:22:22:03:01").send_dhcp(1, [ROM], giaddr="10.99.9.1")
    words = verdict_of(running, "22:22:22:22:03:01", "answer-unsent")
    assert "the answer to the relay 10.99.9.1 was not sent: No route to host" in words and "ip route add" in words
    subprocess.run([*there, "nft", "-f", "-"], check=True, text=True,
                   input="table ip t { chain out { type filter hook output priority 0; udp sport 67 drop; }; }")
    Machine(wire, "22:22:22:22:03:02").send_dhcp(1, [ROM])
    words = verdict_of(running, "22:22:22:22:03:02", "answer-unsent")
    assert "everybody at its link was not sent: Operation not permitted" in words and "--system" in words


def test_unknown_clients_that_are_denied(network, server):
    running = server("verdict-silence 5; deny unknown-clients;\n"
                     "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }")
    Machine(network.client.wire("eth0", 68), "22:22:22:22:03:07").send_dhcp(1, [ROM])
    assert "host NAME { hardware ethernet 22:22:22:22:03:07; }" in verdict_of(
        running, "22:22:22:22:03:07", "unknown-denied")


def test_a_class_that_has_all_its_leases(network, server):
    running = server("""verdict-silence 5;
        class "few" { match if substring (option vendor-class-identifier, 0, 3) = "few"; lease limit 1; }
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.210; }""")
    wire = network.client.wire("eth0", 68)
    Machine(wire, "22:22:22:22:03:01").lease([(60, b"few1")])
    Machine(wire, "22:22:22:22:03:02").send_dhcp(1, [(60, b"few2")])
    words = verdict_of(running, "22:22:22:22:03:02", "lease-limit")
    assert "class few" in words and "raise the class's lease limit" in words


def test_an_address_that_uefi_does_not_take(network, server, tmp_path):
    """BIOS ROMs take it, and are told of something else."""
    running = server(f"""verdict-silence 5; tftp-root "{tmp_path}"; filename "x.efi";
        subnet 10.50.0.0 netmask 255.255.0.0 {{ }}
        host bios {{ hardware ethernet 22:22:22:22:03:01; fixed-address 10.50.2.0; }}
        host uefi {{ hardware ethernet 22:22:22:22:03:02; fixed-address 10.50.1.255; }}""")
    wire = network.client.wire("eth0", 68)
    Machine(wire, "22:22:22:22:03:01").lease([ROM])
    Machine(wire, "22:22:22:22:03:02").lease([UEFI, (93, struct.pack("!H", 7))])
    words = verdict_of(running, "22:22:22:22:03:02", "address-refused")
    assert "10.50.1.255" in words and "another fixed-address" in words
    verdict_of(running, "22:22:22:22:03:01", "file-unasked")


def test_another_server_is_no_matter_where_it_is_meant_to_answer(network, server):
    running = server("verdict-silence 5;\nsubnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; filename \"x\"; }")
    wire = network.client.wire("eth0", 68)
    machine = Machine(wire, "22:22:22:22:03:08")
    machine.send_dhcp(1, [ROM])
    answer_as_another(machine)
    testing.wait_until(lambda: "22:22:22:22:03:08" in running.log, "the question")
    assert "another DHCP server" not in running.log


def test_each_verdict_has_its_line_and_its_test():
    page = (SOURCE / "doc/verdicts.md").read_text()
    tests = "".join(each.read_text() for each in (SOURCE / "tests").rglob("test_*.[cp]*"))
    ids = {found for each in ("address", "file", "root")
           for found in re.findall(r'^    \{"([a-z-]+)", ', (SOURCE / f"src/decide/verdict_{each}.c").read_text(), re.M)}
    assert len(ids) >= 60
    for each in ids:
        assert re.search(rf"^\|[^|]*\b{each}\b[^|]*\|", page, re.M), each
        assert f'"{each}"' in tests, each
