"""Sun's machines: RARP, then bootparam through a broadcast to the portmapper, from the same host
declaration as DHCP."""
import socket
import struct

from scapy.layers.l2 import ARP, Ether

import bootwire_testing as testing
import nfs_testing as nfs
import rpc_client as rpc

MAC = "08:00:20:01:02:03"
CONFIG = """
    option domain-name "example.org";
    subnet 10.50.1.0 netmask 255.255.255.0 { option routers 10.50.1.254; }
    host sun1 {
        hardware ethernet 08:00:20:01:02:03;
        fixed-address 10.50.1.9;
        option root-path "/export/sun1";
    }
    host sun2 { hardware ethernet 08:00:20:01:02:04; }
"""


def rarp(wire, mac, timeout=testing.PATIENCE):
    wire.send(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff", type=0x8035) /
              ARP(op=3, hwsrc=mac, hwdst=mac, psrc="0.0.0.0", pdst="0.0.0.0"))
    return wire.receive(lambda frame: frame.type == 0x8035, timeout)


def test_rarp_tells_the_fixed_address(network, server):
    running = server(CONFIG)
    wire = network.client.wire("eth0")
    reply = rarp(wire, MAC)
    assert reply is not None
    packet = ARP(bytes(reply.payload))
    assert (reply.dst, packet.op, packet.hwdst, packet.pdst) == (MAC, 4, MAC, "10.50.1.9")
    assert packet.psrc == testing.SERVER_ADDRESS and packet.hwsrc == reply.src
    running.wait_for_log(rf"sun1 \({MAC}.*rarp.*10\.50\.1\.9: the fixed address of host sun1")


def test_rarp_is_silent_to_others(network, server):
    running = server(CONFIG)
    wire = network.client.wire("eth0")
    wire.send(Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff", type=0x8035) / b"\0\1\x08\0")
    assert rarp(wire, "08:00:20:01:02:04", timeout=1) is None
    running.wait_for_log(r"host sun2 has no fixed-address in this subnet")
    # It is there all the same.
    assert rarp(wire, MAC) is not None


def call_it(network, procedure, arguments, timeout=testing.PATIENCE):
    """A broadcast CALLIT; what bootparam answers, or None."""
    client = network.client.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    client.settimeout(timeout)
    message = rpc.request(
        rpc.PORTMAP, 2, 5,
        struct.pack("!3I", 100026, 1, procedure) + rpc.opaque(arguments))
    client.sendto(message, ("10.50.1.255", 111))
    try:
        reply, peer = client.recvfrom(4096)
    except TimeoutError:
        return None
    finally:
        client.close()
    assert peer == (testing.SERVER_ADDRESS, 111)
    assert reply[:4] == message[:4]
    result = rpc.Reply(reply).success()
    port, = struct.unpack("!I", result[:4])
    assert port
    answer, end = rpc.take_opaque(result, 4)
    assert end == len(result)
    return answer


def sun_address(text):
    return struct.pack("!I4i", 1, *struct.unpack("4b", socket.inet_aton(text)))


def test_bootparam_by_broadcast(network, server):
    running = server(CONFIG)
    network.client_address("10.50.1.9")
    who = call_it(network, 1, sun_address("10.50.1.9"))
    assert who == rpc.opaque(b"sun1") + rpc.opaque(b"example.org") + \
        sun_address("10.50.1.254")
    root = call_it(network, 2, rpc.opaque(b"sun1") + rpc.opaque(b"root"))
    assert root == rpc.opaque(b"10.50.1.1") + sun_address("10.50.1.1") + \
        rpc.opaque(b"/export/sun1")
    none = call_it(network, 2, rpc.opaque(b"sun1") + rpc.opaque(b"swap"))
    assert none == rpc.opaque(b"") + sun_address("0.0.0.0") + rpc.opaque(b"")
    running.wait_for_log(r"bootparam.*GETFILE root of sun1.*10\.50\.1\.1:/export/sun1")
    # Unknown machines are left to other servers, and so are cut-off calls.
    assert call_it(network, 1, sun_address("10.50.1.77"), timeout=1) is None
    assert call_it(network, 1, b"\0\0\0\1", timeout=1) is None
    assert call_it(network, 7, b"", timeout=1) is None


def test_bootparam_by_its_port(network, server):
    server(CONFIG)
    network.client_address("10.50.1.9")
    with rpc.Rpc(network.client, rpc.PORTMAP) as portmap:
        port, = struct.unpack("!I", portmap.call(2, 3, struct.pack("!4I", 100026, 1, 17, 0)))
    client = network.client.socket()
    client.connect((testing.SERVER_ADDRESS, port))
    message = rpc.request(100026, 1, 1, sun_address("10.50.1.9"))
    client.send(message)
    assert rpc.Reply(client.recv(4096)).success().startswith(rpc.opaque(b"sun1"))
    client.close()


KEYS = """
    ping-check off;
    subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.100 10.50.1.109; }}
    class "suns" {{
        match substring (hardware, 1, 3);
    }}
    subclass "suns" 08:00:20 {{
        option root-path "{path}/root";
        bootparam swap "{path}/swap";
        bootparam install "10.50.1.8:/install";
        bootparam term ":vt100";
    }}
    host sun3 {{ hardware ethernet 08:00:20:01:02:05; }}
"""


def test_a_leased_address_and_keys_of_a_class(network, server, machine, tmp_path):
    """What a machine is told that asks by RARP what DHCP has given it, and by bootparam where all is."""
    for name in ("root", "swap"):
        (tmp_path / name).mkdir()
    server(KEYS.format(path=tmp_path))
    mac = "08:00:20:01:02:05"
    wire = network.client.wire("eth0")
    assert rarp(wire, mac, timeout=1) is None
    address = machine(mac).lease().yiaddr
    assert ARP(bytes(rarp(wire, mac).payload)).pdst == address
    network.client_address(address)
    assert call_it(network, 1, sun_address(address)).startswith(rpc.opaque(b"sun3"))

    def file(key):
        return call_it(network, 2, rpc.opaque(b"sun3") + rpc.opaque(key))

    ours, theirs = (rpc.opaque(each) + sun_address(each.decode())
                    for each in (b"10.50.1.1", b"10.50.1.8"))
    assert file(b"root") == ours + rpc.opaque(f"{tmp_path}/root".encode())
    assert file(b"swap") == ours + rpc.opaque(f"{tmp_path}/swap".encode())
    assert file(b"install") == theirs + rpc.opaque(b"/install")
    assert file(b"term") == rpc.opaque(b"") + sun_address("0.0.0.0") + \
        rpc.opaque(b"vt100")
    assert file(b"dump") == rpc.opaque(b"") + sun_address("0.0.0.0") + \
        rpc.opaque(b"")
    client = nfs.Client(network.client, source=address)
    assert client.mount(f"{tmp_path}/swap", 1) and client.mount(f"{tmp_path}/root", 1)
