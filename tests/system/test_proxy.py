"""proxyDHCP: another DHCP server (dnsmasq) gives the addresses, bootwire tells what to boot."""
import contextlib
import pathlib
import re
import shutil

import pytest
from scapy.layers.inet import UDP

import bootwire_testing as testing

MAC = "22:22:22:22:00:00"
OTHER = "10.50.1.2"

# Prints a line on the first serial port, in 16-bit code at 0000:7c00, and halts.
LOADER = bytes.fromhex("fc31c08ed8be167cbaf803ac84c07403eeebf8f4ebfd") + b"loader: running\r\n\0"

pytestmark = pytest.mark.skipif(not testing.have("dnsmasq"), reason="needs dnsmasq")


def config(tmp_path, more):
    (tmp_path / "tftp").mkdir(exist_ok=True)
    (tmp_path / "tftp" / "loader.bin").write_bytes(LOADER)
    return f"""
        tftp-root "{tmp_path}/tftp";
        subnet 10.50.1.0 netmask 255.255.255.0 {{ proxy-dhcp on; {more} }}
        """


@contextlib.contextmanager
def other_server(network, tmp_path):
    network.client_address(OTHER)
    log = tmp_path / "dnsmasq.log"
    with open(log, "w") as output:
        process = network.client.popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
             "--log-facility=-", "--log-dhcp", "--interface=eth0", "--bind-interfaces", "--no-ping",
             "--user=root", "--dhcp-authoritative", f"--dhcp-leasefile={tmp_path}/dnsmasq.leases",
             "--pid-file=", "--dhcp-range=10.50.1.100,10.50.1.150"], stdout=output, stderr=output)
    try:
        testing.wait_until(lambda: "DHCP, IP range" in log.read_text(), log.read_text)
        yield
    finally:
        process.kill()
        process.wait()
        print(log.read_text())


def replies(recording):
    return [testing.DhcpReply(packet) for packet in recording.packets()
            if UDP in packet and bytes(packet[UDP].payload)[:1] == b"\2"]


@pytest.mark.timeout(200)
def test_ipxe_takes_both(network, server, guest, tmp_path):
    running = server(config(tmp_path, 'filename "loader.bin";'))
    recording = network.record("udp")
    with other_server(network, tmp_path):
        pc = guest(testing.PC, mac=MAC)
        pc.expect("loader: running", timeout=120)
    # The machine is known by the address that the other server gave.
    running.wait_for_log(rf"{MAC} 10\.50\.1\.1[0-4]\d tftp.*loader\.bin.* -> .*bytes")
    running.wait_for_log(rf"it takes 10\.50\.1\.1[0-4]\d from server {re.escape(OTHER)}")
    own = [reply for reply in replies(recording) if reply.source == testing.SERVER_ADDRESS]
    assert own and all(reply.yiaddr == "0.0.0.0" for reply in own)


@pytest.mark.timeout(200)
def test_ipxe_chooses_from_a_menu(network, server, guest, tmp_path):
    """Without a wait the first item is taken: the boot server on port 4011 says which file."""
    running = server(config(tmp_path, 'pxe-prompt "Boot menu" 0; '
                                      'pxe-menu "Loader" "loader.bin", "Local disk";'))
    with other_server(network, tmp_path):
        pc = guest(testing.PC, mac=MAC)
        pc.expect("loader: running", timeout=120)
    running.wait_for_log(r"DHCPACK, file \"loader\.bin\": the boot server of item 32768")


def test_a_boot_server_answers_where_it_was_asked(network, server):
    server("subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; filename \"x.0\"; }")
    address = network.client_address("10.50.1.100")
    client = network.client.socket()
    client.bind((address, 4011))
    client.sendto(testing.bootp_request(
        MAC, [(53, b"\3"), (60, b"PXEClient:Arch:00007:UNDI:003000"), (97, bytes(17))],
        xid=7, ciaddr=address), (testing.SERVER_ADDRESS, 4011))
    reply, peer = client.recvfrom(2000)
    client.close()
    assert peer == (testing.SERVER_ADDRESS, 4011)
    options = dict(testing.dhcp_options(reply[240:])[0])
    assert (options[53], options[60], options[97]) == (b"\5", b"PXEClient", bytes(17))
    assert options[43] == b"\6\1\x08\xff"
    assert reply[108:111] == b"x.0" and reply[16:20] == bytes(4)


def test_userland_is_left_to_the_other_server(server, machine):
    server("subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; filename \"x.0\"; }")
    client = machine(MAC)
    client.vendor = b"udhcp 1.35"
    assert client.receive_dhcp(client.send_dhcp(testing.DISCOVER), timeout=1) is None
    client.vendor = b"PXEClient:Arch:00007:UNDI:003000"
    offer = client.discover()
    assert offer.yiaddr == "0.0.0.0" and offer.destination == "255.255.255.255"


def test_port_4011_may_be_taken(network, server, machine):
    with network.server.socket() as taken:
        taken.bind(("", 4011))
        running = server("subnet 10.50.1.0 netmask 255.255.255.0 "
                         "{ range 10.50.1.200 10.50.1.250; }")
        assert re.search(r"4011 is held by", running.log)
        machine(MAC).lease()


OVMF = pathlib.Path("/usr/share/OVMF")


@pytest.mark.skipif(not (OVMF / "OVMF_CODE_4M.fd").exists(), reason="needs ovmf")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("more", [
    'filename "loader.bin";',
    'pxe-prompt "Boot menu" 0; pxe-menu "Loader" "loader.bin", "Local disk";'],
    ids=["file", "menu"])
def test_ovmf_takes_both(network, server, guest, tmp_path, more):
    """UEFI's own PXE client; what it fetches is no program, and it says so."""
    shutil.copy(OVMF / "OVMF_VARS_4M.fd", tmp_path / "vars.fd")
    running = server(config(tmp_path, more))
    with other_server(network, tmp_path):
        guest(["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "512", "-nodefaults",
               "-display", "none", "-vga", "none", "-serial", "stdio",
               "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
               "-drive", f"if=pflash,unit=1,format=raw,file={tmp_path}/vars.fd"],
              mac=MAC, network_arguments=["-device",
                                          f"virtio-net-pci,netdev=wire,mac={MAC},bootindex=0"])
        running.wait_for_log(rf"{MAC} 10\.50\.1\.1[0-4]\d tftp.*loader\.bin.* -> 40 bytes",
                             timeout=240)
