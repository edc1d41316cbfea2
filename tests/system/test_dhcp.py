"""DHCP and BOOTP on the wire: what leaves, where to, and what a machine may count on."""
import re

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }\n"

HOST = """
host kvm-netbsd-ia32 {
  hardware ethernet 22:22:22:22:00:00;
  next-server 10.50.1.1;
  filename "/netbsd-5/pxeboot_ia32.bin";
  option root-path "/storage/nfs/ia32/netbsd-5.1.2/root";
}
"""


def test_discover_to_ack(server, machine):
    running = server(SUBNET + HOST)
    rom = machine("22:22:22:22:00:00")
    rom.discover()
    running.wait_for_log("DHCPOFFER")
    print(running.log)
