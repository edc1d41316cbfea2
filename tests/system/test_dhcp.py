"""DHCP and BOOTP on the wire: what leaves, where to, and what a machine may count on."""
import re
import sqlite3
import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6ND_RS
from scapy.layers.l2 import ARP, Ether

from bootwire_testing import (ACK, DECLINE, DISCOVER, INFORM, NAK, PC, RELEASE, REQUEST, DhcpReply,
                              address_bytes, bootp_request, capture, dhcp_options, have,
                              is_dhcp_reply, mac_bytes, wait_until)

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }\n"

# The file of the README: an ISC dhcpd.conf, word for word.
HOST = """
host kvm-netbsd-ia32 {
  hardware ethernet 22:22:22:22:00:00;
  next-server 10.50.1.1;                        # TFTP / NFS host
  filename "/netbsd-5/pxeboot_ia32.bin";        # Path on TFTP server

  option root-path "/storage/nfs/ia32/netbsd-5.1.2/root"; # Path on NFS server
}
"""

ROM_CLASS = b"PXEClient:Arch:00000:UNDI:002001"
MAC = "22:22:22:22:00:00"


def in_range(address):
    return 200 <= int(address.rsplit(".", 1)[1]) <= 250 and address.startswith("10.50.1.")


def test_offer_and_ack_as_the_clients_want_them(server, machine):
    running = server(SUBNET + HOST)
    rom = machine(MAC)
    rom.vendor = ROM_CLASS
    rom.identifier = b"\1" + mac_bytes(MAC)
    offer = rom.discover()
    ack = rom.request(offer)
    assert ack.message_type == ACK
    for reply in (offer, ack):
        assert in_range(reply.yiaddr)
        # It has no address yet: the frame goes to its hardware address, without ARP.
        assert reply.ether_destination == MAC
        assert reply.destination == reply.yiaddr
        assert reply.source == "10.50.1.1"
        assert (reply.source_port, reply.destination_port) == (67, 68)
        assert 300 <= len(reply.bytes) <= 548
        assert reply.pads == 0
        assert reply.siaddr == "10.50.1.1"
        assert reply.file == b"/netbsd-5/pxeboot_ia32.bin"
        assert reply.options[67] == b"/netbsd-5/pxeboot_ia32.bin\0"
        assert reply.options[17] == b"/storage/nfs/ia32/netbsd-5.1.2/root"
        assert reply.option_address(54) == "10.50.1.1"
        assert reply.option_address(1) == "255.255.255.0"
        assert reply.options[43][:3] == b"\6\1\x08"
        # The kernel's checksum code agrees with ours.
        frame = reply.frame
        wanted = Ether(bytes(frame))
        del wanted[IP].chksum, wanted[UDP].chksum
        wanted = Ether(bytes(wanted))
        assert (frame[IP].chksum, frame[UDP].chksum) == (wanted[IP].chksum, wanted[UDP].chksum)
    assert ack.yiaddr == offer.yiaddr
    running.wait_for_log(r"kvm-netbsd-ia32 \(22:22:22:22:00:00, 10\.50\.1\.\d+\) dhcp/rom: DHCPREQUEST "
                         r"for 10\.50\.1\.\d+ with client identifier 01:22:22:22:22:00:00 as "
                         r"PXEClient:Arch:00000:UNDI:002001 -> DHCPACK 10\.50\.1\.\d+, file")


def test_one_machine_one_lease_at_every_stage(server, machine):
    running = server(SUBNET + HOST)
    rom = machine(MAC)
    rom.vendor = ROM_CLASS
    rom.identifier = b"\1" + mac_bytes(MAC)
    address = rom.lease().yiaddr
    loader = machine(MAC)
    loader.vendor = b"NetBSD:i386:libsa"
    offer = loader.discover(source=address, size=548, file=b"netbsd")
    assert offer.yiaddr == address
    assert offer.ether_destination == MAC
    assert offer.destination == address
    assert loader.request(offer, [(51, b"\0\0\1\x2c")], source=address, size=548).yiaddr == address
    running.wait_for_log("the lease it holds since its ROM asked with client identifier "
                         "01:22:22:22:22:00:00; this stage sends none")
    kernel = machine(MAC)
    kernel.vendor = b"NetBSD:i386:kernel:NetBSD 6.0"
    assert kernel.lease(size=548).yiaddr == address
    userland = machine(MAC)
    userland.identifier = b"\xff\0\0\0\1\0\1duid"
    assert userland.lease().yiaddr == address
    clone = machine("22:22:22:22:00:55")
    clone.identifier = userland.identifier
    assert clone.lease().yiaddr != address


def test_recording_of_the_lost_loader(server, network, machine):
    """The failure that this program ends: the same packets, and the loader hears its address."""
    server(SUBNET + HOST)
    client = machine(MAC)
    address = None
    asked = 0
    for packet in capture("isc-dhcpd-loses-netbsd-pxeboot.pcap"):
        if UDP not in packet or packet[UDP].dport != 67:
            continue
        if address and packet[IP].src != "0.0.0.0":
            packet[IP].src = address
            del packet[IP].chksum, packet[UDP].chksum
        client.wire.drain()
        client.wire.send(packet)
        reply = client.receive_dhcp()
        if reply.message_type == NAK:
            continue  # it takes up the address that the recorded server gave it
        address = address or reply.yiaddr
        assert reply.yiaddr == address
        asked += 1
    assert asked > 5


def test_second_identical_request_is_answered_twice(server, machine):
    running = server(SUBNET)
    client = machine(MAC)
    first = client.discover()
    assert first.ether_destination == MAC
    # Another transaction id, as U-Boot does it: the same question all the same.
    xid = client.send_dhcp(DISCOVER)
    ways = {client.receive_dhcp(xid).ether_destination, client.receive_dhcp(xid).ether_destination}
    assert ways == {MAC, "ff:ff:ff:ff:ff:ff"}
    running.wait_for_log("asks again")
    # The next question is a new one.
    client.wire.drain()
    ack = client.request(first)
    assert ack.ether_destination == MAC
    assert client.receive_dhcp(ack.xid, timeout=0.3) is None


def test_broadcast_flag(server, machine):
    server(SUBNET)
    reply = machine(MAC).discover(flags=0x8000)
    assert reply.ether_destination == "ff:ff:ff:ff:ff:ff"
    assert reply.destination == "255.255.255.255"
    assert in_range(reply.yiaddr)


def probes(packets):
    return [p for p in packets if ARP in p and p[ARP].psrc == "0.0.0.0"]


def test_an_offer_waits_for_no_probe(server, network, machine):
    server(SUBNET)
    recording = network.record()
    client = machine(MAC)
    started = time.monotonic()
    offer = client.discover()
    assert time.monotonic() - started < 0.9, "an offer that waits for a probe"
    client.discover()
    wait_until(lambda: probes(recording.packets()), "the probe behind the offer")
    packets = recording.packets()
    seen = probes(packets)
    # One, behind the offer, that tells nobody an address of ours (RFC 5227).
    assert [p[ARP].pdst for p in seen] == [offer.yiaddr]
    first_offer = next(p for p in packets if is_dhcp_reply(p))
    assert packets.index(first_offer) < packets.index(seen[0])
    assert not [p for p in packets if IP in p and p[IP].proto == 1]


def test_an_address_in_use_is_set_aside(server, network, machine):
    """Found out after the offer: the machine gets another address, and the log says why."""
    network.client_address("10.50.1.200")  # a machine that nobody gave it to
    running = server("""default-lease-time 600;
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.201; }""")
    client = machine(MAC)
    offer = client.discover([(50, address_bytes("10.50.1.200"))])
    assert offer.yiaddr == "10.50.1.200"
    running.wait_for_log(r"10\.50\.1\.200, just offered to 22:22:22:22:00:00, is in use by \S+: "
                         r"the address is set aside for 60 minutes")
    assert client.request(offer).message_type == NAK
    assert client.lease().yiaddr == "10.50.1.201"
    # Nobody else gets it either.
    machine("22:22:22:22:00:07").send_dhcp(DISCOVER)
    running.wait_for_log(r"22:22:22:22:00:07 .* no answer: .*1 bound, 0 on offer, 1 declined")


def test_who_answers_for_every_address_empties_no_pool(server, network, machine):
    """A router with proxy ARP, or worse: it is believed for a few addresses."""
    running = server("""default-lease-time 600;
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }""")
    router = machine("22:22:22:22:00:99").wire
    for number in range(12):
        offer = machine(f"22:22:22:22:00:{number:02x}").discover()
        question = router.receive(lambda f: ARP in f and f[ARP].pdst == offer.yiaddr)
        router.send(Ether(src="22:22:22:22:00:99", dst=question.src) /
                    ARP(op=2, hwsrc="22:22:22:22:00:99", psrc=offer.yiaddr, hwdst=question.src,
                        pdst="0.0.0.0"))
        running.wait_for_log(rf"{re.escape(offer.yiaddr)}, just offered to .*, is in use by"
                             if number < 8 else
                             "22:22:22:22:00:99 answers by ARP for more than 8 of the addresses")
    assert running.log.count("is in use by") == 8
    assert running.log.count("answers by ARP for more") == 1
    assert machine("22:22:22:22:00:77").lease().yiaddr


def test_probing_can_be_switched_off(server, network, machine):
    network.client_address("10.50.1.200")
    running = server("""ping-check off;
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200; }""")
    recording = network.record()
    assert machine(MAC).lease().yiaddr == "10.50.1.200"
    assert not probes(recording.packets())
    assert "is in use" not in running.log


def test_request_in_every_state(server, machine):
    server(SUBNET)
    client = machine(MAC)
    ack = client.lease()
    address = ack.yiaddr
    # INIT-REBOOT: by the address it remembers.
    reply = client.receive_dhcp(client.send_dhcp(REQUEST, [(50, address_bytes(address))]))
    assert (reply.message_type, reply.yiaddr) == (ACK, address)
    # The wrong one.
    reply = client.receive_dhcp(client.send_dhcp(REQUEST, [(50, address_bytes("10.50.1.199"))]))
    assert reply.message_type == NAK
    assert reply.ether_destination == "ff:ff:ff:ff:ff:ff"
    # REBINDING, by broadcast: the answer goes to ciaddr. It would ask for that address by ARP.
    client.send_dhcp(REQUEST, ciaddr=address, source=address)
    question = client.wire.receive(lambda f: ARP in f and f[ARP].pdst == address)
    client.wire.send(Ether(src=MAC, dst=question.src) /
                     ARP(op=2, hwsrc=MAC, psrc=address, hwdst=question.src, pdst="10.50.1.1"))
    reply = client.receive_dhcp()
    assert (reply.message_type, reply.ciaddr, reply.destination) == (ACK, address, address)
    # Unknown machines hear nothing: this server has no authority over them.
    stranger = machine("22:22:22:22:00:66")
    xid = stranger.send_dhcp(REQUEST, [(50, address_bytes("10.50.1.222"))])
    assert stranger.receive_dhcp(xid, timeout=0.3) is None
    # Another server's offer was taken.
    stranger.discover()
    xid = stranger.send_dhcp(REQUEST, [(50, address_bytes("10.50.1.222")),
                                       (54, address_bytes("10.50.1.2"))])
    assert stranger.receive_dhcp(xid, timeout=0.3) is None


def test_decline_release_inform(server, machine):
    running = server(SUBNET)
    client = machine(MAC)
    address = client.lease().yiaddr
    client.send_dhcp(DECLINE, [(50, address_bytes(address)), (54, address_bytes("10.50.1.1"))])
    running.wait_for_log(r"DHCPDECLINE .*set aside")
    second = client.lease().yiaddr
    assert second != address
    client.send_dhcp(RELEASE, [(54, address_bytes("10.50.1.1"))], ciaddr=second, source=second,
                     destination="10.50.1.1")
    running.wait_for_log(r"DHCPRELEASE .*released")
    assert client.discover().yiaddr == second
    xid = client.send_dhcp(INFORM, ciaddr="10.50.1.99", source="10.50.1.99")
    question = client.wire.receive(lambda f: ARP in f and f[ARP].pdst == "10.50.1.99")
    client.wire.send(Ether(src=MAC, dst=question.src) / ARP(
        op=2, hwsrc=MAC, psrc="10.50.1.99", hwdst=question.src, pdst="10.50.1.1"))
    reply = client.receive_dhcp(xid)
    assert (reply.message_type, reply.yiaddr) == (ACK, "0.0.0.0")
    assert 51 not in reply.options


def test_inform_lends_no_machine_its_name(server, network, machine):
    """Whoever says in an INFORM that it is a host gets none of that host's rights."""
    running = server(SUBNET + HOST)
    network.client_address("10.50.1.99")
    machine(MAC).send_dhcp(INFORM, ciaddr="10.50.1.99", source="10.50.1.99")
    running.wait_for_log(r"DHCPINFORM .*DHCPACK")
    with network.client.socket() as client:
        client.bind(("10.50.1.99", 0))
        client.sendto(b"\0\1file\0octet\0", ("10.50.1.1", 69))
        running.wait_for_log(r" 10\.50\.1\.99 tftp: RRQ")


def test_bootp(server, machine):
    server(SUBNET + HOST)
    client = machine(MAC)
    reply = client.receive_dhcp(client.send_dhcp(None, cookie=False))
    assert in_range(reply.yiaddr)
    assert len(reply.bytes) == 300
    assert reply.file == b"/netbsd-5/pxeboot_ia32.bin"
    assert reply.message_type is None
    # The same machine by DHCP: the same address.
    assert client.lease().yiaddr == reply.yiaddr
    stranger = machine("22:22:22:22:00:77")
    assert stranger.receive_dhcp(stranger.send_dhcp(None, cookie=False), timeout=0.3) is None


def test_each_network_of_a_relay_is_named_once(server, network):
    running = server(SUBNET)
    network.client_address("10.50.1.9")
    with network.client.socket() as relay:
        relay.bind(("10.50.1.9", 67))
        for giaddr in ("10.61.0.1", "10.62.0.1") * 2 + tuple(f"10.63.{i}.1" for i in range(100)):
            relay.sendto(bootp_request(MAC, [(53, bytes([DISCOVER]))], giaddr=giaddr),
                         ("10.50.1.1", 67))
        running.wait_for_log("no subnet is declared for 10.62.0.1, the network of a relay")
        running.wait_for_log("no subnet is declared for 10.63.20.1, the network of a relay")
    assert running.log.count("for 10.61.0.1,") == 1
    assert running.log.count("the network of a relay") < 40


def test_relay(server, network, machine):
    server(SUBNET + "subnet 10.60.0.0 netmask 255.255.0.0 { range 10.60.0.10 10.60.0.20; }")
    network.client_address("10.50.1.9")
    relay = network.client.socket()
    relay.bind(("10.50.1.9", 67))
    network.server.ip("route", "add", "10.60.0.1/32", "via", "10.50.1.9")
    network.client.ip("addr", "add", "10.60.0.1/32", "dev", "lo")
    relay_in = network.client.socket()
    relay_in.bind(("10.60.0.1", 67))
    relay.sendto(bootp_request(MAC, [(53, bytes([DISCOVER])), (82, b"\1\2xy")], giaddr="10.60.0.1",
                               hops=1, xid=7), ("10.50.1.1", 67))
    data, peer = relay_in.recvfrom(2000)
    assert peer == ("10.50.1.1", 67)
    assert data[3] == 0  # hops (RFC 2131 table 3)
    assert data[16:20][:2] == address_bytes("10.60.0.0")[:2]
    assert b"\x52\4\1\2xy\xff" in data


def test_leases_survive_a_restart(server, machine):
    running = server(SUBNET)
    leases = {}
    for number in range(20):
        mac = f"22:22:22:22:01:{number:02x}"
        leases[mac] = machine(mac).lease().yiaddr
    assert len(set(leases.values())) == 20
    running.stop()
    running.start()
    for mac, address in leases.items():
        client = machine(mac)
        reply = client.receive_dhcp(client.send_dhcp(REQUEST, [(50, address_bytes(address))]))
        assert (reply.message_type, reply.yiaddr) == (ACK, address)
    with sqlite3.connect(running.state / "leases.sqlite") as database:
        assert database.execute("select count(*) from lease").fetchone() == (20,)


def test_nothing_is_acknowledged_that_the_disk_refused(server, machine):
    """A full disk, as a limit on the size of files: no ACK leaves, and the server lives on."""
    running = server(SUBNET, prefix=["prlimit", "--fsize=65536"])
    acknowledged, refused = {}, 0
    for number in range(60):
        mac = f"22:22:22:22:02:{number % 40:02x}"
        client = machine(mac)
        offer = client.discover()
        xid = client.send_dhcp(REQUEST, [(50, address_bytes(offer.yiaddr)), (54, offer.options[54])])
        reply = client.receive_dhcp(xid, timeout=0.3)
        client.wire.close()
        if reply:
            acknowledged[mac] = reply.yiaddr
        else:
            refused += 1
            if refused == 3:
                break
    assert refused, running.log
    running.wait_for_log(r"error: .*leases\.sqlite: the lease database takes no more changes: .*; ")
    assert running.running
    running.kill()
    running.prefix = []
    running.start()
    for mac, address in acknowledged.items():
        client = machine(mac)
        reply = client.receive_dhcp(client.send_dhcp(REQUEST, [(50, address_bytes(address))]))
        assert (reply.message_type, reply.yiaddr) == (ACK, address)


def test_pool_exhausted(server, machine):
    running = server("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.201; }")
    machine("22:22:22:22:00:01").lease()
    machine("22:22:22:22:00:02").lease()
    third = machine("22:22:22:22:00:03")
    assert third.receive_dhcp(third.send_dhcp(DISCOVER), timeout=0.3) is None
    running.wait_for_log(r"no range of its subnet has a free address; 2 addresses in its ranges: "
                         r"2 bound")
    before = running.log.count("no range of its subnet")
    for _ in range(50):
        third.send_dhcp(DISCOVER)
    third.receive_dhcp(timeout=0.2)
    assert running.log.count("no range of its subnet") <= before + 2


def test_network_without_subnet(server, network, machine):
    running = server(SUBNET)
    network.server.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1", "netns",
                      network.client.name)
    for namespace, name in ((network.server, "other0"), (network.client, "other1")):
        namespace.whole_checksums(name)
        namespace.ip("link", "set", name, "up")
    network.server.ip("addr", "add", "192.168.7.1/24", "brd", "+", "dev", "other0")
    wire = network.client.wire("other1")
    frame = Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff") / IP(
        src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / bootp_request(
            MAC, [(53, bytes([DISCOVER]))])
    for _ in range(3):
        wire.send(frame)
    running.wait_for_log(r"no subnet is declared for interface other0, 192\.168\.7\.1")
    machine("22:22:22:22:00:09").discover()
    assert running.log.count("no subnet is declared for interface") == 1
    wire.close()


def test_no_interface_in_any_subnet(server):
    status, log = server.refused("subnet 10.99.1.0 netmask 255.255.255.0 { range 10.99.1.5; }")
    assert status == 1
    assert re.search(r"error: dhcp: no interface has an address in any declared subnet:.*boot0 has "
                     r"10\.50\.1\.1", log)


def test_state_directory_that_is_a_file(server, tmp_path):
    place = tmp_path / "a-file"
    place.write_text("")
    status, log = server.refused(SUBNET, "--state", str(place))
    assert status == 1
    assert f"the state directory {place} is no directory" in log


def test_port_in_use_names_the_holder(server, network):
    holder = network.server.popen(["/usr/bin/python3", "-c", """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 67))
print("bound", flush=True)
import time
time.sleep(60)
"""], stdout=-1)
    assert holder.stdout.readline() == b"bound\n"
    status, log = server.refused(SUBNET)
    assert status == 1
    assert re.search(rf"udp port 67 is held by \S+ \(pid {holder.pid}\)", log)
    holder.kill()
    holder.wait()


def test_nonsense_does_no_harm(server, network, machine):
    running = server(SUBNET + HOST)
    network.client_address("10.50.1.9")
    client = network.client.socket()
    request = bootp_request(MAC, [(53, bytes([DISCOVER])), (60, ROM_CLASS)], xid=3)
    for length in range(0, len(request), 7):
        client.sendto(request[:length], ("10.50.1.1", 67))
    for size in (1, 236, 300, 548, 1472, 4096, 9000, 60000):
        client.sendto(b"\xff" * size, ("10.50.1.1", 67))
        client.sendto(b"\1\1\6" + b"\xff" * size, ("10.50.1.1", 67))
        client.sendto(bytes(size), ("10.50.1.1", 67))
    running.wait_for_log(r"a packet from 10\.50\.1\.9 is no DHCP request: ")
    assert machine(MAC).lease().message_type == ACK


def test_damaged_database_is_left_alone(server, tmp_path):
    state = tmp_path / "broken"
    state.mkdir()
    junk = b"not a database at all" * 100
    (state / "leases.sqlite").write_bytes(junk)
    status, log = server.refused(SUBNET, state=state)
    assert status == 1
    assert re.search(r"broken/leases\.sqlite: the lease database cannot be used: .*move it away", log)
    assert (state / "leases.sqlite").read_bytes() == junk


def test_reload_while_machines_ask(server, machine):
    running = server(SUBNET)
    client = machine(MAC)
    address = client.lease().yiaddr
    running.reload(SUBNET + HOST)
    ack = client.lease()
    assert ack.yiaddr == address
    assert ack.file == b"/netbsd-5/pxeboot_ia32.bin"


def test_without_raw_sockets_answers_go_by_broadcast(server, machine):
    running = server(SUBNET, prefix=["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"])
    reply = machine(MAC).lease()
    assert reply.ether_destination == "ff:ff:ff:ff:ff:ff"
    assert "answers go by broadcast" in running.log


def test_ipxe_rom_boots(server, network, guest):
    """The ROM that QEMU ships waits neither for a proxyDHCP server nor for an IPv6 router (15 s
    each) and asks for its file."""
    running = server(SUBNET + HOST)
    recording = network.record()
    guest(PC, mac=MAC)
    running.wait_for_log(r"kvm-netbsd-ia32 \(22:22:22:22:00:00, (10\.50\.1\.2\d\d)\) dhcp/ipxe: "
                         r"DHCPREQUEST .* -> DHCPACK 10\.50\.1\.2\d\d, file", timeout=120)

    def tftp():
        return [p for p in recording.packets() if UDP in p and p[UDP].dport == 69]

    deadline = time.monotonic() + 60
    while not tftp() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert b"netbsd-5/pxeboot_ia32.bin" in bytes(tftp()[0][UDP].payload)
    dhcp = [p for p in recording.packets() if UDP in p and p[UDP].dport == 67]
    # It pauses a second of its own; a wait for a proxyDHCP server would be another DISCOVER.
    assert [dict(dhcp_options(bytes(p[UDP].payload)[240:])[0])[53][0] for p in dhcp] == [DISCOVER,
                                                                                      REQUEST]
    # Left alone it would solicit six times, ever more slowly.
    assert len([p for p in recording.packets()
                if ICMPv6ND_RS in p and p[Ether].src == MAC]) <= 4
    advertisements = [p for p in recording.packets() if ICMPv6ND_RA in p]
    assert advertisements
    for packet in advertisements:
        assert packet[ICMPv6ND_RA].routerlifetime == 0
        assert packet[Ether].dst == MAC


@pytest.mark.skipif(not have("busybox"), reason="needs busybox")
def test_a_real_client_reads_what_is_encoded(server, network, tmp_path):
    """udhcpc: options that go on in the file and sname fields (RFC 2131 section 4.1), domain search
    (RFC 3397), classless routes (RFC 3442)."""
    script, told = tmp_path / "script", tmp_path / "told"
    script.write_text(f'#!/bin/sh\n[ "$1" = bound ] && env > {told}.new && mv {told}.new {told}\n'
                      "exit 0\n")
    script.chmod(0o755)
    running = server(f"""{SUBNET}
        option domain-search "eng.example.org", "ops.example.org";
        option classless-static-routes 10.60.0.0/16 10.50.1.9, 0.0.0.0/0 10.50.1.1;
        option nis-domain "{'n' * 120}"; option domain-name "{'d' * 150}";
        option root-path "{'r' * 50}"; option host-name "{'h' * 60}";""")
    recording = network.record()
    client = network.client.popen(
        ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", script, "-O", "search",
         "-O", "staticroutes", "-O", "nisdomain", "-O", "rootpath"])
    assert client.wait(30) == 0, running.log
    values = dict(line.split("=", 1) for line in told.read_text().splitlines() if "=" in line)
    replies = [DhcpReply(p) for p in recording.packets() if is_dhcp_reply(p)]
    assert replies and all(reply.options[52] == b"\3" for reply in replies)
    assert values["search"] == "eng.example.org ops.example.org"
    assert values["staticroutes"] == "10.60.0.0/16 10.50.1.9 0.0.0.0/0 10.50.1.1"
    assert values["nisdomain"] == "n" * 120 and values["domain"] == "d" * 150
    assert values["rootpath"] == "r" * 50 and values["hostname"] == "h" * 60
    assert "does not fit" not in running.log
