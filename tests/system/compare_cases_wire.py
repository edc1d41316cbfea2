"""What both servers are asked: sizes, long options, relays, INFORM, BOOTP, odd packets."""
from compare_cases import RANGE, Configuration, bootp, discover, inform, lease, relayed
from compare_cases_language import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]


def size(value):
    return [(57, value.to_bytes(2, "big"))]


# ------------------------------------------------------------------ message sizes and long options

c = Configuration("sizes", f"""
option domain-name "{'d' * 200}"; option nis-domain "{'n' * 180}"; option merit-dump "{'m' * 90}";
option nisplus-domain "{'p' * 100}"; option tcode "{'t' * 30}"; option pcode "{'c' * 40}";
option long code 222 = string; option long = concat("{'1' * 200}", "{'2' * 200}");
option longer code 223 = array of integer 32;
option longer {', '.join(str(number) for number in range(150))};
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host named {{ hardware ethernet 02:00:00:b1:00:01; fixed-address 10.50.1.50; filename "file"; server-name "server"; }}
host file {{ hardware ethernet 02:00:00:b1:00:02; fixed-address 10.50.1.51; filename "file"; }}
host server {{ hardware ethernet 02:00:00:b1:00:03; fixed-address 10.50.1.52; server-name "server"; }}
host tight {{ hardware ethernet 02:00:00:b1:00:05; fixed-address 10.50.1.54; filename "file"; server-name "server";
  option nisplus-domain "{'x' * 100}"; option nwip-domain "{'x' * 120}"; option pcode "{'y' * 62}"; }}
host roomy {{ hardware ethernet 02:00:00:b1:00:04; fixed-address 10.50.1.53;
  option dhcp-max-message-size 1400; }}
""")
c.case("into the file field", *lease(prl=[15, 14]))
c.case("into both fields", *lease(prl=[15, 14, 101]))
c.case("in pieces over the fields", *lease(prl=[15, 40, 101]))
c.case("one that fits nowhere", *lease(prl=[15, 40, 222, 100]))
c.case("no field is free", *lease(prl=[1, 100, 101]), mac="02:00:00:b1:00:01")
c.case("the sname field is free", *lease(prl=[15, 100]), mac="02:00:00:b1:00:02")
c.case("the file field is free", *lease(prl=[15, 14]), mac="02:00:00:b1:00:03")
c.case("the last bytes", *lease(prl=[64, 62, 100]), mac="02:00:00:b1:00:05",
       differs=["mask-first", "last-bytes"])
c.case("a long option with room", *lease(prl=[222], options=size(1400)))
c.case("a longer option with room", *lease(prl=[223], options=size(1400)))
c.case("two long options with room", *lease(prl=[222, 223], options=size(1500)))
c.case("a long option alone", *lease(prl=[222]))
c.case("more than a frame", *lease(prl=[222, 223, 15], options=size(9000)))
c.case("less than the least", *lease(prl=[100], options=size(300)))
c.case("nothing at all", *lease(prl=[100], options=size(0)))
c.case("600 bytes", *lease(prl=[15, 100], options=size(600)))
c.case("size of a wrong length", *lease(prl=[100], options=[(57, b"\5")]))
c.case("the configuration's size", *lease(prl=[222, 15]), mac="02:00:00:b1:00:04")
c.case("the client's size before the configuration's", *lease(prl=[15, 14], options=size(576)),
       mac="02:00:00:b1:00:04")
c.case("a relay's option on top", *(relayed(each, options=size(600) + [(82, b"\1\xc8" + b"r" * 200)],
                                            giaddr="10.50.1.9")
                                    for each in lease(prl=[15, 100])))

c = Configuration("wishes", f"""
option domain-name "example.org"; option nis-domain "nis"; option root-path "/root";
option domain-name-servers 10.50.1.5; option host-name "name";
option loader-configfile "x"; option loader-pathprefix "y";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host forced {{ hardware ethernet 02:00:00:b2:00:01; fixed-address 10.50.1.50;
  option dhcp-parameter-request-list 1, 15, 209; }}
host added {{ hardware ethernet 02:00:00:b2:00:02; fixed-address 10.50.1.51;
  option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, d1, d2); }}
host identified {{ hardware ethernet 02:00:00:b2:00:03; fixed-address 10.50.1.52;
  option dhcp-server-identifier 10.50.1.61; }}
host times {{ hardware ethernet 02:00:00:b2:00:04; fixed-address 10.50.1.53; default-lease-time 1000;
  option dhcp-renewal-time 2000; option dhcp-rebinding-time 3000; }}
host swapped {{ hardware ethernet 02:00:00:b2:00:05; fixed-address 10.50.1.54; default-lease-time 1000;
  option dhcp-renewal-time 800; option dhcp-rebinding-time 700; }}
host late {{ hardware ethernet 02:00:00:b2:00:06; fixed-address 10.50.1.55; default-lease-time 1000;
  option dhcp-renewal-time 900; }}
host early {{ hardware ethernet 02:00:00:b2:00:07; fixed-address 10.50.1.56; default-lease-time 1000;
  option dhcp-rebinding-time 100; }}
""")
c.case("a list in the configuration", *lease(prl=[40, 17]), mac="02:00:00:b2:00:01")
c.case("a list in the configuration, none from the client", *lease(), mac="02:00:00:b2:00:01")
c.case("codes added to the list", *lease(prl=[15]), mac="02:00:00:b2:00:02")
c.case("INFORM, a list in the configuration", inform("10.50.1.50", prl=[40]),
       mac="02:00:00:b2:00:01", differs=["inform-anywhere"])
c.case("server identifier as an option", *lease(prl=[1, 54]), mac="02:00:00:b2:00:03",
       differs=["own-source"])
for number, name in enumerate(("T1 and T2 after the end", "T1 after T2", "T1 only", "T2 only"), 4):
    c.case(name, *lease(prl=[51, 58, 59]), mac=f"02:00:00:b2:00:{number:02x}")

# --------------------------------------------------------------------------------- classless routes

c = Configuration("encodings", f"""
option rfc3442-classless-static-routes code 121 = array of integer 8;
option rfc3442-classless-static-routes 24, 192, 168, 10, 10, 50, 1, 1, 0, 10, 50, 1, 2;
option ms-classless-static-routes code 249 = array of unsigned integer 8;
option ms-classless-static-routes 24, 192, 168, 10, 10, 50, 1, 1;
option domain-search "example.org", "a.example.org", "b.a.example.org", "example.net", "EXAMPLE.org", "org";
option slp-service-scope true "\\303\\244"; option slp-directory-agent false 10.50.1.4;
option rdnss-selection 1 10.50.1.1 10.50.1.2 "example.org";
option option-6rd 4 32 2001:db8:: 10.50.1.1, 10.50.1.2;
option sip code 120 = {{ integer 8, array of ip-address }};
option uint code 230 = unsigned integer 16; option uint 65535;
option sint code 231 = signed integer 16; option sint -2;
option flag code 232 = boolean; option flag true;
option pairs code 233 = array of {{ ip-address, integer 8 }}; option pairs 10.0.0.1 8, 10.0.0.2 9;
option name code 234 = domain-name; option name www.example.org;
option names code 235 = domain-list; option names "a.b.c", "b.c", "c";
option six code 236 = ip6-address; option six 2001:db8::1;
option raw code 237 = string; option raw 01:02:0a:ff;
option text code 238 = text; option text "text";
option sip 1 10.50.1.8, 10.50.1.9;
option vivco 00:00:00:01:02:61:62; option vivso 00:00:00:01:04:01:02:61:62;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
""")
for code in (78, 79, 119, 120, 121, 124, 125, 146, 212, 249, *range(230, 239)):
    c.case(f"option {code}", discover(prl=[code]))

# -------------------------------------------------------------------------------------------- INFORM

c = Configuration("INFORM", f"""
authoritative; option domain-name "example.org"; filename "boot"; next-server 10.50.1.60;
class "asks" {{ match if option vendor-class-identifier = "asks"; option nis-domain "class"; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} option root-path "/fifty";
  pool {{ range 10.50.1.220 10.50.1.229; option pcode "pool"; }} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ option root-path "/sixty"; }}
host fixed {{ hardware ethernet 02:00:00:b3:00:01; fixed-address 10.50.1.50; option tcode "host"; }}
host dynamic {{ hardware ethernet 02:00:00:b3:00:02; option tcode "host"; }}
""")
LIST = [1, 3, 15, 17, 40, 51, 58, 59, 100, 101]
c.case("its address in the source alone", inform("0.0.0.0", source="10.50.1.77", prl=LIST))
c.case("no address anywhere", inform("0.0.0.0", source="0.0.0.0", prl=LIST))
c.case("its address in ciaddr alone", inform("10.50.1.77", source="0.0.0.0", prl=LIST))
c.case("an address of another subnet", inform("10.60.0.77", source="10.60.0.77", prl=LIST))
c.case("an address of no subnet", inform("10.61.0.77", source="10.61.0.77", prl=LIST))
c.case("an address of a pool", inform("10.50.1.221", prl=LIST))
c.case("by unicast", inform(unicast=True, prl=LIST))
c.case("with the broadcast flag", inform(flags=0x8000, prl=LIST))
c.case("of a class", inform(prl=LIST, options=[(60, b"asks")]))
c.case("a fixed host at its address", inform("10.50.1.50", prl=LIST), mac="02:00:00:b3:00:01")
c.case("a fixed host elsewhere", inform("10.50.1.78", prl=LIST), mac="02:00:00:b3:00:01")
c.case("a host without an address", inform("10.50.1.78", prl=LIST), mac="02:00:00:b3:00:02")
c.case("through a relay", relayed(inform("10.60.0.77", prl=LIST)))
c.case("through a relay, ciaddr zero", relayed(inform("0.0.0.0", prl=LIST)))
c.case("through a relay with option 82", relayed(inform("10.60.0.77", prl=LIST,
                                                       options=[(82, b"\1\2ab")])))
c.case("subnet selection", inform(prl=LIST, options=[(118, b"\x0a\x3c\0\0")]))

# ------------------------------------------------------------------------------------------- BOOTP

c = Configuration("BOOTP's room", f"""
option domain-name "example.org"; option merit-dump "{'m' * 60}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host plain {{ hardware ethernet 02:00:00:b4:00:01; fixed-address 10.50.1.50; }}
host file {{ hardware ethernet 02:00:00:b4:00:02; fixed-address 10.50.1.51; filename "boot"; }}
host answered {{ hardware ethernet 02:00:00:b4:00:03; fixed-address 10.50.1.52; always-reply-rfc1048 on; }}
host relayed {{ hardware ethernet 02:00:00:b4:00:04; fixed-address 10.50.1.53; }}
""")
c.case("300 bytes have no room for all", bootp(size=300), mac="02:00:00:b4:00:01")
c.case("400 bytes have", bootp(size=400), mac="02:00:00:b4:00:01")
c.case("option 57", bootp(size=300, options=size(576)), mac="02:00:00:b4:00:01")
c.case("names a file", bootp(size=400, file=b"kernel"), mac="02:00:00:b4:00:01")
c.case("names a file, another is configured", bootp(size=400, file=b"kernel"),
       mac="02:00:00:b4:00:02")
c.case("no cookie, names a file", bootp(cookie=False, file=b"kernel"), mac="02:00:00:b4:00:01")
c.case("no cookie, options all the same", bootp(cookie=False), mac="02:00:00:b4:00:03")
c.case("through a relay with option 82", relayed(bootp(size=400, options=[(82, b"\1\2ab")]),
                                                giaddr="10.50.1.9"), mac="02:00:00:b4:00:04",
       differs=["bootp-agent"])
