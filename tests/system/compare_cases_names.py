"""What both servers are asked: names of hosts for addresses, and what dhcpd reads oddly."""
from compare_cases import RANGE, Configuration, discover, lease
from compare_cases_networks import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

# Every machine knows the name localhost. Nobody knows the others, and each stands in one case alone:
# what dhcpd could not look up it takes for an empty value until a minute later.
c = Configuration("names", f"""
next-server localhost;
option ntp-servers localhost, 10.50.1.16; option swap-server LocalHost;
option static-routes localhost 10.50.1.2;
option log-servers 10.50.1.8; option lpr-servers 10.50.1.10; option cookie-servers 10.50.1.9;
option www-server = gethostbyname ("localhost");
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE}
  option lpr-servers 10.50.1.3, lost-1.invalid;
  option cookie-servers lost-2.invalid;
  option irc-server = gethostbyname ("lost-3.invalid");
}}
host lost-next {{ hardware ethernet 02:00:00:be:00:01; next-server lost-4.invalid; }}
host lost-address {{ hardware ethernet 02:00:00:be:00:02; fixed-address lost-5.invalid; }}
host found-address {{ hardware ethernet 02:00:00:be:00:03; fixed-address localhost, 10.50.1.50; }}
""")
c.case("a name with an address", *lease(prl=[1, 42, 16, 33, 7, 72]))
c.case("a name without one, among addresses", discover(prl=[1, 9]))
c.case("a name without one hides what stands around", discover(prl=[1, 8]))
c.case("an expression without one", discover(prl=[1, 74]))
c.case("a next-server without one", discover(prl=[1]), mac="02:00:00:be:00:01")
c.case("a fixed-address without one", discover(prl=[1]), mac="02:00:00:be:00:02")
c.case("a fixed-address with one", *lease(prl=[1]), mac="02:00:00:be:00:03")

c = Configuration("odd values", f"""
option interface-mtu -1; option default-ip-ttl -128; option arp-cache-timeout 4294967297;
option ip-forwarding ignore; option user-class = 0001:f; option nds-context one-word;
option empty code 222 = zerolen; option empty;
option server.filename "named"; option server.next-server 10.50.1.60; server-name tower;
option dhcp6.name-servers 2001:db8::1; option far code 300 = text; option far "away";
if exists fqdn.hostname {{ filename "told"; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} zone example.org. {{ primary 10.50.1.1; }} }}
host short {{ hardware ethernet 02:00:00; filename "short"; }}
""")
for code in (26, 23, 35, 19, 77, 87, 222, 43):
    c.case(f"option {code}", discover(prl=[1, code]))
c.case("the fields", *lease(prl=[1]))
