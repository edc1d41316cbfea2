"""One machine through the stages of its boot: a real iPXE ROM, then what NetBSD's loader and kernel
send (as recorded in tests/captures). The ROM sends a client identifier, the others none: they are
one machine with one lease."""
import socket

import pytest

import bootwire_testing as testing

MAC = "22:22:22:22:00:00"

# Prints a line on the first serial port, in 16-bit code at 0000:7c00, and halts.
LOADER = bytes.fromhex("fc31c08ed8be167cbaf803ac84c07403eeebf8f4ebfd") + b"loader: running\r\n\0"

# The parameter request lists as recorded.
LIBSA = [(55, bytes.fromhex("01030c0f1110")), (60, b"NetBSD:i386:libsa")]
KERNEL = [(55, bytes.fromhex("01030c0f11101a")), (60, b"NetBSD:i386:kernel:6.99.16")]
TIME_ASKED = [(51, (300).to_bytes(4, "big"))]


def config(tmp_path, more=""):
    (tmp_path / "tftp").mkdir(exist_ok=True)
    (tmp_path / "tftp" / "loader.bin").write_bytes(LOADER)
    return f"""
        tftp-root "{tmp_path}/tftp";
        default-lease-time 600;
        max-lease-time 7200;
        subnet 10.50.1.0 netmask 255.255.255.0 {{
            range 10.50.1.200 10.50.1.250;
            option routers 10.50.1.1;
        }}
        host diskless {{
            hardware ethernet {MAC};
            next-server 10.50.1.1;
            filename "/loader.bin";
            option root-path "/srv/root";
            {more}
        }}
        """


def rom_stage(guest, recording):
    """The ROM gets an address and a loader; the address."""
    pc = guest(testing.PC, mac=MAC)
    pc.expect("iPXE", timeout=60)
    pc.expect("loader: running", timeout=60)
    pc.stop()
    replies = [testing.DhcpReply(packet) for packet in recording.packets()
               if testing.is_dhcp_reply(packet)]
    acknowledged = [reply for reply in replies if reply.message_type == testing.ACK]
    assert acknowledged
    return acknowledged[-1].yiaddr


def netbsd_rules(reply, address):
    assert reply.yiaddr == address
    assert reply.siaddr == "10.50.1.1"
    assert 300 <= len(reply.bytes) <= 548
    assert reply.pads == 0
    assert 52 not in reply.options
    assert reply.options[17] == b"/srv/root"
    assert reply.option_address(1) == "255.255.255.0"
    assert reply.option_address(3) == "10.50.1.1"
    assert (reply.ether_destination, reply.destination) == (MAC, address)


def exchange(machine, options, address, **fields):
    offer = machine.discover(options, size=548, **fields)
    netbsd_rules(offer, address)
    ack = machine.request(offer, TIME_ASKED + options, size=548, **fields)
    assert ack.message_type == testing.ACK
    netbsd_rules(ack, address)
    assert int.from_bytes(ack.options[51], "big") >= 300


@pytest.mark.timeout(180)
def test_three_stages_have_one_address(network, server, guest, machine, tmp_path):
    running = server(config(tmp_path))
    recording = network.record("udp port 67 or udp port 68")
    address = rom_stage(guest, recording)
    # The loader: from the ROM's address, to everybody, without an identifier; twice, for it opens
    # its device for boot.cfg and for the kernel.
    loader = machine(MAC)
    for name in (b"boot.cfg", b"netbsd"):
        exchange(loader, LIBSA, address, source=address, file=name)
    # The kernel: from no address, without an identifier.
    exchange(loader, KERNEL, address)
    # The log says whose lease it is, at every stage.
    for stage in ("ipxe", "loader", "kernel"):
        running.wait_for_log(rf"diskless \({MAC}.*dhcp/{stage}: .*-> .*{address}")


@pytest.mark.timeout(180)
def test_the_address_outlives_the_server(network, server, guest, machine, tmp_path):
    """kill -9 between the stages: the lease is on disk before the ACK is on the wire."""
    running = server(config(tmp_path))
    recording = network.record("udp port 67 or udp port 68")
    address = rom_stage(guest, recording)
    running.kill()
    # Somebody else comes first and must not get it.
    running.start()
    other = machine("22:22:22:22:00:99")
    assert other.lease().yiaddr != address
    exchange(machine(MAC), LIBSA, address, source=address, file=b"netbsd")
    running.kill()
    running.start()
    exchange(machine(MAC), KERNEL, address)


def test_identifiers_of_every_kind_are_one_machine(server, machine, tmp_path):
    """With an identifier, without one, with another one: the link-layer address is the machine."""
    server(config(tmp_path))
    client = machine(MAC)
    client.identifier = b"\1" + testing.mac_bytes(MAC)
    address = client.lease().yiaddr
    client.identifier = None
    assert client.lease().yiaddr == address
    # A DUID, as Linux userland sends (RFC 4361).
    client.identifier = b"\xff\0\0\0\1" + b"\0\3\0\1" + testing.mac_bytes(MAC)
    assert client.lease().yiaddr == address
    # BOOTP, which has no identifiers at all.
    reply = client.receive_dhcp(client.send_dhcp(None))
    assert reply is not None and reply.yiaddr == address
    assert reply.message_type is None
    assert socket.inet_aton(address) == reply.bytes[16:20]


def test_who_asks_again_is_answered_by_broadcast_too(server, machine, tmp_path):
    server(config(tmp_path))
    client = machine(MAC)
    first = client.discover(xid=7)
    assert first.destination == first.yiaddr
    client.send_dhcp(testing.DISCOVER, xid=7)
    again = [client.receive_dhcp(7), client.receive_dhcp(7)]
    assert None not in again
    assert {reply.destination for reply in again} == {first.yiaddr, "255.255.255.255"}
    assert {reply.ether_destination for reply in again} == {MAC, "ff:ff:ff:ff:ff:ff"}


def test_an_unknown_machine_has_one_address_too(server, machine, tmp_path):
    server(config(tmp_path))
    client = machine("22:22:22:22:00:77")
    client.identifier = b"\1" + testing.mac_bytes(client.mac)
    address = client.lease().yiaddr
    client.identifier = None
    client.vendor = b"NetBSD:i386:libsa"
    assert client.lease(source=address, size=548).yiaddr == address
    client.vendor = b"NetBSD:i386:kernel:9.0"
    assert client.lease(size=548).yiaddr == address
