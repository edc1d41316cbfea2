"""What a machine in its ROM waits for, and what it does not wait for."""
import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_RA

import bootwire_testing as testing

MAC = "22:22:22:22:00:00"
BAR = 1.5
TRIES = 3


def config(tmp_path, more=""):
    (tmp_path / "tftp").mkdir(exist_ok=True)
    (tmp_path / "tftp" / "snponly.efi").write_bytes(b"iPXE" * 1000)
    return f"""
        tftp-root "{tmp_path}/tftp";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.250; }}
        filename "snponly.efi";
        {more}
        """


def to_port(packets, port):
    return [packet for packet in packets if UDP in packet and packet[UDP].dport == port]


def first_discover_to_first_tftp(network, guest):
    recording = network.record()
    pc = guest(testing.PC, mac=MAC)
    testing.wait_until(lambda: to_port(recording.packets(), 69), "a TFTP request", timeout=120)
    packets = recording.packets()
    pc.stop()
    recording.stop()
    return float(to_port(packets, 69)[0].time - to_port(packets, 67)[0].time)


@pytest.mark.timeout(400)
def test_ipxe_asks_for_its_file_at_once(network, server, guest, tmp_path, capsys):
    """The best of three: other work on this machine slows the guest down, never the opposite."""
    server(config(tmp_path))
    figures = []
    while len(figures) < TRIES and (not figures or min(figures) >= BAR):
        figures.append(first_discover_to_first_tftp(network, guest))
    with capsys.disabled():
        print(f"\niPXE, first DISCOVER to first TFTP request: {min(figures):.3f} s "
              f"(bar {BAR} s; {len(figures)} of {TRIES} tries)")
    assert min(figures) < BAR


@pytest.mark.timeout(300)
def test_both_can_be_switched_off(network, server, guest, tmp_path):
    server(config(tmp_path, "ipxe-no-pxedhcp off; router-advertisement off;"))
    recording = network.record()
    guest(testing.PC, mac=MAC)
    testing.wait_until(lambda: len(to_port(recording.packets(), 67)) >= 3,
                       "iPXE to ask again, for it waits for a proxyDHCP server", timeout=120)
    packets = recording.packets()
    assert not [packet for packet in packets if ICMPv6ND_RA in packet]
    replies = [testing.DhcpReply(packet) for packet in packets if testing.is_dhcp_reply(packet)]
    assert replies and all(175 not in reply.options for reply in replies)


def fetch(network, address, name):
    """The whole file, from the machine's address."""
    network.client_address(address)
    client = network.client.socket()
    client.bind((address, 0))
    data = testing.TftpRead(client, name).rest()
    client.close()
    # The server notes the fetch when the last acknowledgement arrives.
    return data


def test_a_loop_is_broken(network, server, machine, tmp_path):
    """As in tests/captures/ovmf-uefi-pxe-then-ipxe-efi.pcap: the firmware loads snponly.efi, which
    would be told to load itself."""
    running = server(config(tmp_path))
    client = machine(MAC)
    client.vendor = b"PXEClient:Arch:00007:UNDI:003000"
    ack = client.lease()
    assert ack.file == b"snponly.efi"
    assert fetch(network, ack.yiaddr, b"snponly.efi")
    running.wait_for_log(r"snponly\.efi.* -> 4000 bytes")
    client.vendor = b"PXEClient:Arch:00007:UNDI:003010"
    loaded = [(77, b"iPXE"), (175, b"\xeb\3\1\x15\1")]
    offer = client.discover(loaded)
    assert offer.yiaddr == ack.yiaddr
    assert offer.file == b"" and 67 not in offer.options
    running.wait_for_log(r"dhcp/ipxe: DHCPDISCOVER.*a boot loop ends here: it loaded "
                         r"\"snponly\.efi\"")
    # A script of its own goes through.
    running.reload(config(tmp_path, 'filename "boot.ipxe";'))
    assert client.discover(loaded).file == b"boot.ipxe"
