"""What both servers are asked: configurations, and under each of them its cases.

A case is a name and the packets of one machine, in turn. It says under `differs` which documented
differences (doc/isc-differences.md, those of scope `case`) it shows.
"""
from bootwire_testing import DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, mac_bytes

POOL = [("10.50.1.200", "10.50.1.219")]
RANGE = "range 10.50.1.200 10.50.1.219;"

CONFIGURATIONS = []


class Configuration:
    def __init__(self, name, text, pools=POOL):
        self.name, self.text, self.pools = name, text, pools
        self.cases = []
        CONFIGURATIONS.append(self)

    def case(self, name, *steps, mac=None, differs=()):
        number = len(CONFIGURATIONS) * 256 + len(self.cases)
        mac = mac or f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        self.cases.append((name, [{"mac": mac, **step} for step in steps], tuple(differs)))


def step(kind, **more):
    return {"kind": kind, **more}


def discover(**more):
    return step(DISCOVER, **more)


def select(**more):
    """The request for what was offered."""
    return step(REQUEST, **{"requested": "offered", "server": "offered", **more})


def reboot(address, **more):
    return step(REQUEST, requested=address, **more)


def renew(**more):
    return step(REQUEST, **{"ciaddr": "offered", "source": "offered", "unicast": True, **more})


def rebind(**more):
    return step(REQUEST, **{"ciaddr": "offered", "source": "offered", **more})


def inform(address="10.50.1.77", **more):
    return step(INFORM, **{"ciaddr": address, "source": address, **more})


def bootp(**more):
    return step(None, **more)


def relayed(each, giaddr="10.60.0.1", **more):
    return {**each, "giaddr": giaddr, "hops": 1, "source": giaddr, "source_port": 67,
            "unicast": True, **more}


def lease(**more):
    return (discover(**more), select(**more))


def client_id(value):
    return (61, value)


# ------------------------------------------------------------------------------- option encodings

OPTIONS = {
    2: "time-offset -18000", 3: "routers 10.50.1.1, 10.50.1.2", 4: "time-servers 10.50.1.3",
    5: "ien116-name-servers 10.50.1.4", 6: "domain-name-servers 10.50.1.5, 10.50.1.6, 10.50.1.7",
    7: "log-servers 10.50.1.8", 8: "cookie-servers 10.50.1.9", 9: "lpr-servers 10.50.1.10",
    10: "impress-servers 10.50.1.11", 11: "resource-location-servers 10.50.1.12",
    12: 'host-name "machine"', 13: "boot-size 512", 14: 'merit-dump "/var/crash"',
    15: 'domain-name "example.org"', 16: "swap-server 10.50.1.13", 17: 'root-path "/srv/root"',
    18: 'extensions-path "/srv/extensions"', 19: "ip-forwarding on", 20: "non-local-source-routing off",
    21: "policy-filter 10.50.1.0 255.255.255.0, 10.51.0.0 255.255.0.0", 22: "max-dgram-reassembly 1400",
    23: "default-ip-ttl 60", 24: "path-mtu-aging-timeout 600", 25: "path-mtu-plateau-table 68, 576, 1500",
    26: "interface-mtu 1400", 27: "all-subnets-local true", 28: "broadcast-address 10.50.1.255",
    29: "perform-mask-discovery false", 30: "mask-supplier on", 31: "router-discovery off",
    32: "router-solicitation-address 10.50.1.14", 33: "static-routes 10.52.0.0 10.50.1.2",
    34: "trailer-encapsulation off", 35: "arp-cache-timeout 60", 36: "ieee802-3-encapsulation on",
    37: "default-tcp-ttl 64", 38: "tcp-keepalive-interval 75", 39: "tcp-keepalive-garbage off",
    40: 'nis-domain "nis.example.org"', 41: "nis-servers 10.50.1.15", 42: "ntp-servers 10.50.1.16, 10.50.1.17",
    44: "netbios-name-servers 10.50.1.18", 45: "netbios-dd-server 10.50.1.19",
    46: "netbios-node-type 8", 47: 'netbios-scope "scope"', 48: "font-servers 10.50.1.20",
    49: "x-display-manager 10.50.1.21", 62: 'nwip-domain "nwip"', 64: 'nisplus-domain "plus.example.org"',
    65: "nisplus-servers 10.50.1.22", 68: "mobile-ip-home-agent 10.50.1.23", 69: "smtp-server 10.50.1.24",
    70: "pop-server 10.50.1.25", 71: "nntp-server 10.50.1.26", 72: "www-server 10.50.1.27",
    73: "finger-server 10.50.1.28", 74: "irc-server 10.50.1.29", 75: "streettalk-server 10.50.1.30",
    76: "streettalk-directory-assistance-server 10.50.1.31",
    78: "slp-directory-agent true 10.50.1.32, 10.50.1.33", 79: 'slp-service-scope true "printers"',
    85: "nds-servers 10.50.1.34", 86: 'nds-tree-name "tree"', 87: 'nds-context "context"',
    98: 'uap-servers "http://10.50.1.35/"', 100: 'pcode "EST5EDT"', 101: 'tcode "America/New_York"',
    112: "netinfo-server-address 10.50.1.36", 113: 'netinfo-server-tag "tag"',
    114: 'default-url "http://example.org/"', 116: "auto-config 1",
    119: 'domain-search "example.org", "eng.example.org", "example.net"',
    136: "pana-agent 10.50.1.37", 137: "v4-lost lost.example.org",
    138: "capwap-ac-v4 10.50.1.38, 10.50.1.39",
    209: 'loader-configfile "pxelinux.cfg/x"',
    210: 'loader-pathprefix "/tftp/"', 211: "loader-reboottime 30",
}

c = Configuration("options", "".join(f"option {text};\n" for text in OPTIONS.values()) +
                  "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.130 10.50.1.249; }\n",
                  pools=[("10.50.1.130", "10.50.1.249")])
for code, text in OPTIONS.items():
    c.case(f"option {code} {text.split()[0]}", discover(prl=[code]))
c.case("a long list of wishes", *lease(prl=[1, 3, 6, 12, 15, 17, 26, 28, 40, 42, 119]))
c.case("wishes twice", discover(prl=[3, 3, 6, 6]))
c.case("wishes that nobody configured", discover(prl=[80, 90, 200, 224]))
c.case("INFORM wishes", inform(prl=[6, 15, 42]), differs=["inform-anywhere"])

# ----------------------------------------------------------------------------- spellings of values

c = Configuration("spellings", f"""
option domain-search "a.example.org", "b.example.org", "c.d.example.org", "example.org", "org";
option root-path "a \\"quoted\\" path\\\\with\\tescapes\\x41\\101";
option domain-name "";
option netbios-node-type 0x8;
option boot-size 0x0200;
option interface-mtu 0576;
option time-offset 4294949296;
option ip-forwarding true;
option tcp-keepalive-interval 4294967295;
option vendor-encapsulated-options 01:04:aa:bb:cc:dd:ff;
option merit-dump = "with an equals sign";
OPTION ROUTERS 10.50.1.1;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} option subnet-mask 255.255.255.128; }}
""")
for code in (1, 2, 3, 13, 14, 15, 17, 19, 26, 38, 43, 46, 119):
    c.case(f"option {code}", discover(prl=[code]))
c.case("an empty list of wishes", discover(prl=[]))
c.case("no list of wishes", discover())

# ------------------------------------------------------------------------------------ lease times

c = Configuration("times", f"""
default-lease-time 1200; max-lease-time 7200; min-lease-time 600;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host short {{ hardware ethernet 02:00:00:aa:00:01; fixed-address 10.50.1.20; default-lease-time 700; }}
host long {{ hardware ethernet 02:00:00:aa:00:02; fixed-address 10.50.1.21; default-lease-time 9000; }}
host ever {{ hardware ethernet 02:00:00:aa:00:03; fixed-address 10.50.1.22; default-lease-time -1; max-lease-time -1; }}
host renewal {{ hardware ethernet 02:00:00:aa:00:04; fixed-address 10.50.1.23;
  option dhcp-renewal-time 111; option dhcp-rebinding-time 222; }}
""")
TIMES = [1, 51, 58, 59]


def seconds(value):
    return [(51, value.to_bytes(4, "big"))]


c.case("default", *lease(prl=TIMES))
c.case("asks for less than the minimum", *lease(prl=TIMES, options=seconds(60)))
c.case("asks for the minimum", *lease(prl=TIMES, options=seconds(600)))
c.case("asks for something between", *lease(prl=TIMES, options=seconds(3000)))
c.case("asks for the maximum", *lease(prl=TIMES, options=seconds(7200)))
c.case("asks for more than the maximum", *lease(prl=TIMES, options=seconds(100000)))
c.case("asks for ever", *lease(prl=TIMES, options=seconds(0xffffffff)))
c.case("asks for nothing", *lease(prl=TIMES, options=seconds(0)))
c.case("a host's own default", *lease(prl=TIMES), mac="02:00:00:aa:00:01")
c.case("a host's default above the maximum", *lease(prl=TIMES), mac="02:00:00:aa:00:02")
c.case("a host's lease for ever", *lease(prl=TIMES), mac="02:00:00:aa:00:03",
       differs=["forever"])
c.case("T1 and T2 as configured", *lease(prl=TIMES), mac="02:00:00:aa:00:04")
c.case("a renewal", *lease(prl=TIMES), renew(prl=TIMES))
c.case("a rebinding", *lease(prl=TIMES), rebind(prl=TIMES))

c = Configuration("times unset", f"subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}\n")
c.case("default", *lease(prl=TIMES))
c.case("asks for a minute", *lease(prl=TIMES, options=seconds(60)))
c.case("asks for a week", *lease(prl=TIMES, options=seconds(604800)))

# ------------------------------------------------------------ hosts, groups, scopes and precedence

c = Configuration("scopes", f"""
option domain-name "global"; option root-path "/global"; option nis-domain "global";
option ntp-servers 10.50.1.100; filename "global"; next-server 10.50.1.101; server-name "global";
option host-name "global";
subnet 10.50.1.0 netmask 255.255.255.0 {{
  {RANGE}
  option root-path "/subnet"; filename "subnet"; option routers 10.50.1.1;
  host inside {{ hardware ethernet 02:00:00:bb:00:01; fixed-address 10.50.1.30; }}
}}
group {{
  option nis-domain "group"; filename "group"; next-server 10.50.1.102; option ntp-servers 10.50.1.103;
  host grouped {{ hardware ethernet 02:00:00:bb:00:02; fixed-address 10.50.1.31; }}
  host grouped-dynamic {{ hardware ethernet 02:00:00:bb:00:03; }}
  host own {{ hardware ethernet 02:00:00:bb:00:04; fixed-address 10.50.1.32; filename "host";
    option nis-domain "host"; option root-path "/host"; server-name "host"; option host-name "host"; }}
  group {{
    option nis-domain "inner";
    host inner {{ hardware ethernet 02:00:00:bb:00:05; fixed-address 10.50.1.33; }}
  }}
}}
group {{
  use-host-decl-names on;
  host named {{ hardware ethernet 02:00:00:bb:00:06; fixed-address 10.50.1.34; }}
}}
host empty {{ hardware ethernet 02:00:00:bb:00:07; fixed-address 10.50.1.35; filename ""; server-name ""; }}
host several {{ hardware ethernet 02:00:00:bb:00:08; fixed-address 10.99.0.1, 10.50.1.36, 10.50.1.37; }}
host elsewhere {{ hardware ethernet 02:00:00:bb:00:09; fixed-address 10.99.0.2; }}
host by-identifier {{ option dhcp-client-identifier "machine-1"; fixed-address 10.50.1.38; filename "identifier"; }}
host by-octets {{ option dhcp-client-identifier 01:02:03:04:05:06:07; fixed-address 10.50.1.39; }}
host both {{ hardware ethernet 02:00:00:bb:00:0a; option dhcp-client-identifier "both"; fixed-address 10.50.1.40; }}
host dynamic {{ hardware ethernet 02:00:00:bb:00:0b; filename "dynamic"; }}
""")
WISHES = [1, 3, 12, 15, 17, 40, 42, 66, 67]
for mac, name in enumerate(("inside a subnet", "grouped", "grouped, dynamic", "own statements",
                            "group within a group", "use-host-decl-names", "empty filename",
                            "several addresses", "address elsewhere", None, "dynamic host"), 1):
    if name:
        c.case(name, *lease(prl=WISHES), mac=f"02:00:00:bb:00:{mac:02x}")
c.case("unknown machine", *lease(prl=WISHES))
c.case("no list of wishes", *lease())
c.case("by identifier", *lease(prl=WISHES, options=[client_id(b"machine-1")]))
c.case("by identifier with a zero type", *lease(prl=WISHES, options=[client_id(b"\0machine-1")]),
       differs=["identifier-type"])
c.case("by identifier in octets", *lease(prl=WISHES, options=[client_id(bytes(range(1, 8)))]))
c.case("hardware of a host that has an identifier too", *lease(prl=WISHES), mac="02:00:00:bb:00:0a")
c.case("identifier of a host that has hardware too", *lease(prl=WISHES, options=[client_id(b"both")]),
       differs=["one-holder-yiaddr", "one-holder-destination"])
c.case("INFORM of a host", inform("10.50.1.31", prl=WISHES), mac="02:00:00:bb:00:02",
       differs=["inform-anywhere"])
c.case("INFORM of a stranger", inform(prl=WISHES), differs=["inform-anywhere"])
c.case("INFORM without wishes", inform(), differs=["inform-anywhere"])

# ---------------------------------------------------------------------------------------- requests

for authority in ("authoritative", "not authoritative"):
    c = Configuration(authority, f"""
{authority}; default-lease-time 3000; option domain-name "example.org";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} option routers 10.50.1.1; }}
host fixed {{ hardware ethernet 02:00:00:cc:00:01; fixed-address 10.50.1.50; }}
""")
    LIST = [1, 3, 15]
    REFUSED = ["wrong-address"] if authority == "authoritative" else []
    c.case("reboot with an unknown address of the range", reboot("10.50.1.210", prl=LIST),
           differs=["unknown-lease"])
    c.case("reboot with an address outside of the range", reboot("10.50.1.100", prl=LIST),
           differs=REFUSED)
    c.case("reboot with an address of another network", reboot("192.168.7.7", prl=LIST))
    c.case("reboot with its own", *lease(prl=LIST), reboot("10.50.1.201", prl=LIST))
    c.case("a fixed host reboots", reboot("10.50.1.50", prl=LIST), mac="02:00:00:cc:00:01")
    c.case("a fixed host reboots with another address", reboot("10.50.1.210", prl=LIST),
           mac="02:00:00:cc:00:01")
    c.case("a fixed host selects another address",
           discover(prl=LIST), select(prl=LIST, requested="10.50.1.51"), mac="02:00:00:cc:00:01")
    c.case("another server was chosen", discover(prl=LIST), select(prl=LIST, server="10.50.1.2"),
           differs=["other-server"])
    c.case("renewal of an unknown lease",
           renew(ciaddr="10.50.1.211", source="10.50.1.211", prl=LIST), differs=["unknown-lease"])
    c.case("renewal of an address elsewhere",
           renew(ciaddr="192.168.7.9", source="10.50.1.99", prl=LIST), differs=REFUSED)
    c.case("no address at all", step(REQUEST, prl=LIST))

c = Configuration("requests", f"""
authoritative; default-lease-time 3000; option domain-name "example.org"; filename "boot";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} option routers 10.50.1.1; }}
host fixed {{ hardware ethernet 02:00:00:cd:00:01; fixed-address 10.50.1.50; }}
host loud {{ hardware ethernet 02:00:00:cd:00:02; fixed-address 10.50.1.51; always-broadcast on; }}
host away {{ hardware ethernet 02:00:00:cd:00:03; fixed-address 10.50.1.52; next-server 10.50.1.60;
  server-identifier 10.50.1.61; server-name "away"; }}
host refused {{ hardware ethernet 02:00:00:cd:00:04; deny booting; }}
""")
c.case("asks for a free address", *lease(requested="10.50.1.205"), reboot("10.50.1.205"))
c.case("asks for an address outside of the range", discover(requested="10.50.1.99"))
c.case("asks for an address elsewhere", discover(requested="192.168.1.1"))
c.case("asks for the server's own", discover(requested="10.50.1.1"))
c.case("asks for another's", discover(requested="10.50.1.50"))
c.case("broadcast flag", *lease(flags=0x8000))
c.case("unknown flags", *lease(flags=0x0001))
c.case("always-broadcast", *lease(), mac="02:00:00:cd:00:02")
c.case("next-server and server-identifier", *lease(prl=[1, 54, 66, 67]), mac="02:00:00:cd:00:03",
       differs=["own-source"])
c.case("booting is denied", discover(), mac="02:00:00:cd:00:04")
c.case("DISCOVER twice, another xid", discover(), discover())
c.case("secs and hops", *lease(secs=30))
c.case("a client identifier", *lease(options=[client_id(b"\1" + mac_bytes("02:00:00:00:00:77"))]))
c.case("a file is asked for", *lease(file=b"netbsd"))
c.case("a server is asked for", *lease(sname=b"nowhere"))
c.case("a message of 576 bytes at most", *lease(options=[(57, b"\2\x40")]))
c.case("a message of 1400 bytes at most", *lease(options=[(57, b"\5\x78")]))
c.case("a small message", *lease(size=244))
c.case("a large message", *lease(size=548))
c.case("release and come back", *lease(), step(RELEASE, ciaddr="offered", server="offered",
                                              source="offered", unicast=True), discover())
c.case("decline of nothing", step(DECLINE, requested="10.50.1.203", server="10.50.1.1"))
c.case("release of nothing", step(RELEASE, ciaddr="10.50.1.204", server="10.50.1.1"))
c.case("INFORM", inform(prl=[1, 3, 15]))
c.case("INFORM with the broadcast flag", inform(flags=0x8000, prl=[1, 3, 15]))
c.case("INFORM wants a lease time", inform(prl=[51, 58, 59, 1]))
c.case("a user class", *lease(prl=[1, 77], options=[(77, b"something")]))
c.case("a vendor class", *lease(prl=[1, 60], options=[(60, b"something")]))
c.case("an option of its own in pieces", *lease(prl=[1, 3], options=[(12, b"a"), (12, b"b")]))
for wish in (50, 51, 52, 53, 54, 55, 56, 57, 60, 61, 82, 255):
    c.case(f"wishes for option {wish}", discover(prl=[1, wish]))

# ------------------------------------------------------------------------------------------- BOOTP

c = Configuration("bootp", f"""
option domain-name "example.org"; option domain-name-servers 10.50.1.5; filename "boot";
subnet 10.50.1.0 netmask 255.255.255.0 {{
  {RANGE} range dynamic-bootp 10.50.1.220 10.50.1.229; option routers 10.50.1.1;
}}
host fixed {{ hardware ethernet 02:00:00:dd:00:01; fixed-address 10.50.1.50; option root-path "/root";
  next-server 10.50.1.60; server-name "server"; option host-name "fixed"; }}
host refused {{ hardware ethernet 02:00:00:dd:00:02; fixed-address 10.50.1.51; deny bootp; }}
""", pools=[*POOL, ("10.50.1.220", "10.50.1.229")])
c.case("fixed address", bootp(), mac="02:00:00:dd:00:01")
c.case("fixed address, broadcast flag", bootp(flags=0x8000), mac="02:00:00:dd:00:01",
       differs=["bootp-broadcast"])
c.case("fixed address, without a cookie", bootp(cookie=False), mac="02:00:00:dd:00:01")
c.case("a stranger, from the dynamic range", bootp())
c.case("a stranger twice", bootp(), bootp())
c.case("with a list of wishes", bootp(prl=[1, 3, 17]), mac="02:00:00:dd:00:01")
c.case("wants a file", bootp(file=b"kernel"), mac="02:00:00:dd:00:01")
c.case("denied", bootp(), mac="02:00:00:dd:00:02")
c.case("64 bytes of vendor area", bootp(size=300), mac="02:00:00:dd:00:01")
c.case("knows its address", bootp(ciaddr="10.50.1.50"), mac="02:00:00:dd:00:01")
c.case("DHCP of the same host", *lease(prl=[1, 3, 12, 17]), mac="02:00:00:dd:00:01")

c = Configuration("bootp denied", f"deny bootp; subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}\n"
                  "host fixed { hardware ethernet 02:00:00:de:00:01; fixed-address 10.50.1.50; }\n")
c.case("a declared host", bootp(), mac="02:00:00:de:00:01")
c.case("a stranger", bootp())
c.case("DHCP all the same", *lease())

c = Configuration("known machines only", f"""
deny unknown-clients;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host dynamic {{ hardware ethernet 02:00:00:df:00:01; }}
host fixed {{ hardware ethernet 02:00:00:df:00:02; fixed-address 10.50.1.50; }}
""")
c.case("a stranger", discover())
c.case("a stranger's request", reboot("10.50.1.205"))
c.case("a known machine", *lease(), mac="02:00:00:df:00:01")
c.case("a machine with a fixed address", *lease(), mac="02:00:00:df:00:02")
c.case("a stranger informs", inform(prl=[1]))

# --------------------------------------------------------------------------- long values and sizes

c = Configuration("long values", f"""
option domain-name "{'d' * 200}"; option root-path "{'r' * 120}"; option nis-domain "{'n' * 100}";
option merit-dump "{'m' * 90}"; filename "{'f' * 100}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host whole {{ hardware ethernet 02:00:00:ee:00:01; filename "{'w' * 127}"; fixed-address 10.50.1.50; }}
""")
ROOM = [(57, b"\5\xc0")]
c.case("a client with room", *lease(prl=[15, 17, 40, 14], options=ROOM))
c.case("one value", *lease(prl=[14]))
c.case("a filename of 127 bytes", *lease(prl=[1], options=ROOM), mac="02:00:00:ee:00:01")

# ------------------------------------------------------------------------------- boot ROMs, by kind

ROM = [(60, b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"), (94, b"\1\2\1"), (97, bytes(17))]
IPXE = ROM + [(77, b"iPXE"), (175, b"\xeb\3\1\x15\1")]
HTTP = [(60, b"HTTPClient:Arch:00016:UNDI:003001"), (93, b"\0\x10"), (97, bytes(17))]
c = Configuration("boot ROMs", f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} filename "pxelinux.0"; next-server 10.50.1.4; }}
host web {{ hardware ethernet 02:00:00:ec:00:01; filename "http://10.50.1.4/boot.efi"; }}
""")
c.case("a PXE ROM", *lease(prl=[1, 3, 43, 60, 66, 67], options=ROM))
c.case("iPXE", *lease(prl=[1, 3, 43, 60, 66, 67, 175], options=IPXE), differs=["no-pxedhcp"])
c.case("UEFI's HTTP client", *lease(prl=[1, 3, 60, 67], options=HTTP), mac="02:00:00:ec:00:01",
       differs=["http-class"])
c.case("UEFI's HTTP client without a URL", *lease(prl=[1, 3, 60, 67], options=HTTP))

# -------------------------------------------------------------------------------------- the relay

c = Configuration("relay", f"""
option domain-name "example.org";
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ range 10.60.0.100 10.60.0.119; option routers 10.60.0.1; filename "behind"; }}
host fixed {{ hardware ethernet 02:00:00:ab:00:01; fixed-address 10.50.1.50, 10.60.0.50; }}
""", pools=[*POOL, ("10.60.0.100", "10.60.0.119")])
AGENT = [(82, b"\1\4eth1\2\6remote")]
for name, more in (("plain", {}), ("option 82", {"options": AGENT}), ("broadcast flag", {"flags": 0x8000})):
    c.case(name, *(relayed(each, **more) for each in lease(prl=[1, 3, 15])))
c.case("a host's address there", *(relayed(each) for each in lease(prl=[1, 3])), mac="02:00:00:ab:00:01")
c.case("the same host here", *lease(prl=[1, 3]), mac="02:00:00:ab:00:01")
c.case("the relay's address is unknown", relayed(discover(), giaddr="10.61.0.1"))
c.case("BOOTP through a relay", relayed(bootp()), mac="02:00:00:ab:00:01")
c.case("a renewal from behind the relay", *(relayed(each) for each in lease(prl=[1])),
       renew(prl=[1]))
c.case("an address that is not the relay's network's", relayed(reboot("10.50.1.205")))

# ------------------------------------------------------------------------ relays' options

c = Configuration("relay options", f"""
authoritative;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ range 10.60.0.100 10.60.0.119; option domain-name "sixty"; }}
subnet 10.61.1.0 netmask 255.255.255.0 {{ range 10.61.1.100 10.61.1.119; option domain-name "sixty-one"; }}
""", pools=[*POOL, ("10.60.0.100", "10.60.0.119"), ("10.61.1.100", "10.61.1.119")])
SELECT, LINK, OVERRIDE = b"\x0a\x3d\x01\1", b"\5\4\x0a\x3d\x01\1", b"\x0b\4\x0a\x3c\0\1"
for name, options in (("link selection", [(82, LINK)]), ("subnet selection", [(118, SELECT)]),
                      ("link and circuit", [(82, b"\1\2ab" + LINK)])):
    c.case(name, *(relayed(each, options=options) for each in lease(prl=[1, 15])))
c.case("subnet selection without a relay", discover(prl=[1, 15], options=[(118, SELECT)]))
c.case("subnet selection of nothing", relayed(discover(prl=[1, 15], options=[(118, b"\x0a\x0a\x0a\0")])))
c.case("server-identifier override", relayed(discover(prl=[1, 15], options=[(82, OVERRIDE)])),
       differs=["override"])
