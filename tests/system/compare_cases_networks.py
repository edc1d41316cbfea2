"""What both servers are asked: relays, shared networks, pools' permits, and packets of odd shapes."""
from bootwire_testing import DECLINE, RELEASE, REQUEST
from compare_cases import (POOL, RANGE, Configuration, bootp, client_id, discover, inform, lease,
                           reboot, rebind, relayed, renew, select, step)
from compare_cases_leases import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

SIXTY, SIXTY_ONE = ("10.60.0.100", "10.60.0.119"), ("10.61.1.100", "10.61.1.119")

# ------------------------------------------------------------------------------------------ relays

c = Configuration("relays", f"""
authoritative; option domain-name "none";
class "port1" {{ match if option agent.circuit-id = "port1"; option nis-domain "port1"; filename "port1"; }}
class "remote" {{ match if exists agent.remote-id; option nisplus-domain = option agent.remote-id; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ option domain-name "sixty";
  pool {{ allow members of "port1"; range 10.60.0.120 10.60.0.129; option pcode "port1"; }}
  pool {{ deny members of "port1"; range 10.60.0.100 10.60.0.119; }} }}
subnet 10.61.1.0 netmask 255.255.255.0 {{ range 10.61.1.100 10.61.1.119; option domain-name "sixty-one"; }}
host by-port {{ host-identifier option agent.circuit-id "port7"; option tcode "port7"; fixed-address 10.60.0.50; }}
host declared {{ hardware ethernet 02:00:00:b6:00:01; fixed-address 10.61.1.50; always-broadcast on; }}
""", pools=[*POOL, SIXTY, SIXTY_ONE, ("10.60.0.120", "10.60.0.129")])
LIST = [1, 15, 40, 64, 100, 101]


def agent(circuit=None, remote=None, more=b""):
    value = b"".join(bytes([code, len(text)]) + text
                     for code, text in ((1, circuit), (2, remote)) if text is not None)
    return [(82, value + more)]


def through(steps, giaddr="10.60.0.1", **more):
    return tuple(relayed(each, giaddr=giaddr, **more) for each in steps)


c.case("a circuit", *through(lease(prl=LIST, options=agent(b"port1"))))
c.case("a circuit's renewal past the relay", *through(lease(prl=LIST, options=agent(b"port1"))),
       renew(prl=LIST), renew(prl=LIST))
c.case("a circuit's rebinding", *through(lease(prl=LIST, options=agent(b"port1"))),
       relayed(rebind(prl=LIST, source="10.60.0.1", options=agent(b"port1"))))
c.case("another circuit", *through(lease(prl=LIST, options=agent(b"port2"))))
c.case("a remote identifier", *through(lease(prl=LIST, options=agent(b"port1", b"switch"))))
c.case("an empty circuit", *through(lease(prl=LIST, options=agent(b""))),
       differs=["agent-verbatim"])
c.case("a host by its circuit", *through(lease(prl=LIST, options=agent(b"port7"))))
c.case("an empty option 82", *through(lease(prl=LIST, options=[(82, b"")])))
c.case("option 82 with unknown sub-options", *through(lease(prl=LIST, options=agent(b"port2", None, b"\x97\3abc\x98\0"))),
       differs=["agent-verbatim"])
c.case("a sub-option that runs out", *through(lease(prl=LIST, options=[(82, b"\1\x09port1")])),
       differs=["agent-verbatim"])
c.case("option 82 first", *through(lease(options=[*agent(b"port2"), (55, bytes(LIST))])))
c.case("a long option 82", *through(lease(prl=LIST, options=agent(b"p" * 120, b"r" * 120))))
c.case("another relay of the same subnet", *through(lease(prl=LIST), giaddr="10.60.0.254"))
c.case("a relay in the other subnet", *through(lease(prl=LIST), giaddr="10.61.1.1"))
c.case("a host at another relay's", *through(lease(prl=LIST)), mac="02:00:00:b6:00:01")
c.case("a host at its relay's, always-broadcast", *through(lease(prl=LIST), giaddr="10.61.1.1"),
       mac="02:00:00:b6:00:01")
c.case("many hops", *through(lease(prl=LIST), hops=16))
c.case("a refusal", relayed(reboot("10.61.1.105", prl=LIST)))
c.case("a refusal, broadcast flag", relayed(reboot("10.61.1.105", prl=LIST, flags=0x8000)))
c.case("a refusal with option 82", relayed(reboot("192.168.9.9", prl=LIST, options=agent(b"port2"))))
c.case("a decline", *through((*lease(prl=LIST), step(DECLINE, requested="offered", server="offered"),
                              discover(prl=LIST))))
c.case("a release", *through(lease(prl=LIST)),
       step(RELEASE, ciaddr="offered", server="offered", source="offered", unicast=True),
       relayed(discover(prl=LIST)))
c.case("a rebinding through the relay", *through(lease(prl=LIST)),
       relayed(rebind(prl=LIST, source="10.60.0.1")))
c.case("moved to another network", *through(lease(prl=LIST)),
       relayed(reboot("10.60.0.105", prl=LIST), giaddr="10.61.1.1"),
       *through(lease(prl=LIST), giaddr="10.61.1.1"))
c.case("moved to the server's network", *through(lease(prl=LIST)), *lease(prl=LIST))
c.case("link selection elsewhere", *through(lease(prl=LIST, options=agent(b"port2", None, b"\5\4\x0a\x3d\1\0"))))
c.case("link selection of nothing", relayed(discover(prl=LIST, options=agent(None, None, b"\5\4\x0a\x0a\1\0"))))
c.case("link selection of three bytes", relayed(discover(prl=LIST, options=agent(None, None, b"\5\3\x0a\x3d\1"))))
c.case("link and subnet selection", relayed(discover(prl=LIST, options=[
    (118, b"\x0a\x32\1\0"), *agent(None, None, b"\5\4\x0a\x3d\1\0")])))
c.case("subnet selection of three bytes", relayed(discover(prl=LIST, options=[(118, b"\x0a\x3d\1")])))
c.case("option 82 without a relay", *lease(prl=LIST, options=agent(b"port2")))
c.case("BOOTP", relayed(bootp(), giaddr="10.61.1.1"), mac="02:00:00:b6:00:01")

for stash in ("on", "off"):
    c = Configuration(f"stash-agent-options {stash}", f"""
authoritative; stash-agent-options {stash};
class "port1" {{ match if option agent.circuit-id = "port1"; option nis-domain "port1"; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ range 10.60.0.100 10.60.0.119; option pcode = option agent.circuit-id; }}
""", pools=[*POOL, SIXTY])
    c.case("a renewal past the relay", *through(lease(prl=LIST, options=agent(b"port1"))),
           renew(prl=LIST))
    c.case("a renewal past the relay, never an option 82", *through(lease(prl=LIST)),
           renew(prl=LIST))
    c.case("a renewal with another circuit", *through(lease(prl=LIST, options=agent(b"port1"))),
           renew(prl=LIST, options=agent(b"port2")), renew(prl=LIST))

# --------------------------------------------------------------------------------- shared networks

c = Configuration("two ranges on a wire", """
authoritative;
class "wired" { match if option vendor-class-identifier = "wired"; }
shared-network wire {
  option domain-name "wire"; default-lease-time 900;
  subnet 10.50.1.0 netmask 255.255.255.0 { option routers 10.50.1.1; option broadcast-address 10.50.1.255;
    pool { allow known-clients; range 10.50.1.200 10.50.1.209; option pcode "known"; } }
  subnet 10.61.1.0 netmask 255.255.255.0 { option routers 10.61.1.1; default-lease-time 800;
    pool { deny known-clients; range 10.61.1.100 10.61.1.119; option pcode "unknown"; max-lease-time 700; } }
  pool { allow members of "wired"; range 10.61.1.130 10.61.1.139; option tcode "wired"; }
}
shared-network far { subnet 10.60.0.0 netmask 255.255.255.0 { }
  subnet 10.60.1.0 netmask 255.255.255.0 { range 10.60.1.100 10.60.1.119; option domain-name "far"; } }
host known { hardware ethernet 02:00:00:b7:00:01; }
host known-too { hardware ethernet 02:00:00:b7:00:02; option host-name "two"; }
host fixed { hardware ethernet 02:00:00:b7:00:03; fixed-address 10.60.0.50, 10.61.1.50; }
""", pools=[("10.50.1.200", "10.50.1.209"), SIXTY_ONE, ("10.61.1.130", "10.61.1.139"),
            ("10.60.1.100", "10.60.1.119")])
WIRE = [1, 3, 12, 15, 28, 51, 100, 101]
c.case("a known machine", *lease(prl=WIRE), mac="02:00:00:b7:00:01")
c.case("another known machine", *lease(prl=WIRE), mac="02:00:00:b7:00:02")
c.case("an unknown machine", *lease(prl=WIRE))
c.case("of the class", *lease(prl=WIRE, options=[(60, b"wired")], requested="10.61.1.135"))
c.case("a fixed address of the second subnet", *lease(prl=WIRE), mac="02:00:00:b7:00:03")
c.case("a fixed address through a relay", *through(lease(prl=WIRE)), mac="02:00:00:b7:00:03")
c.case("the far network", *through(lease(prl=WIRE)))
c.case("the far network's second relay", *through(lease(prl=WIRE), giaddr="10.60.1.1"))
c.case("an unknown machine renews", *lease(prl=WIRE), renew(prl=WIRE))
c.case("an unknown machine reboots", *lease(prl=WIRE), reboot("10.61.1.250", prl=WIRE),
       differs=["wrong-address"])
c.case("asks for the known ones' address", discover(prl=WIRE, requested="10.50.1.205"))
c.case("asks for an address of the wire that no range has", reboot("10.50.1.77", prl=WIRE),
       differs=["wrong-address"])
c.case("asks for the far network's address", reboot("10.60.1.105", prl=WIRE))
c.case("INFORM from the second subnet", inform("10.61.1.77", prl=WIRE))
c.case("INFORM from a pool's address", inform("10.61.1.105", prl=WIRE))

c = Configuration("a machine with several declarations", f"""
authoritative;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} pool {{ deny known-clients; range 10.50.1.220 10.50.1.229; }} }}
subnet 10.60.0.0 netmask 255.255.255.0 {{ range 10.60.0.100 10.60.0.119; }}
subnet 10.61.1.0 netmask 255.255.255.0 {{ range 10.61.1.100 10.61.1.119; }}
host here {{ hardware ethernet 02:00:00:bb:01:01; fixed-address 10.50.1.50; filename "here"; option pcode "here"; }}
host there {{ hardware ethernet 02:00:00:bb:01:01; fixed-address 10.60.0.50; filename "there"; option tcode "there"; }}
host only-there {{ hardware ethernet 02:00:00:bb:01:02; fixed-address 10.60.0.51; filename "only-there"; }}
host anywhere {{ hardware ethernet 02:00:00:bb:01:03; filename "anywhere"; }}
host at-sixty {{ hardware ethernet 02:00:00:bb:01:03; fixed-address 10.60.0.52; filename "at sixty"; }}
host by-name {{ option dhcp-client-identifier "name"; fixed-address 10.50.1.53; filename "name here"; }}
host by-name-there {{ option dhcp-client-identifier "name"; fixed-address 10.60.0.53; filename "name there"; }}
""", pools=[*POOL, ("10.50.1.220", "10.50.1.229"), SIXTY, SIXTY_ONE])
HOSTS = [1, 67, 100, 101]
for number, name in ((1, "two addresses"), (2, "an address there"), (3, "one without an address")):
    MAC = f"02:00:00:bb:01:{number:02x}"
    c.case(f"{name}, here", *lease(prl=HOSTS), mac=MAC)
    c.case(f"{name}, there", *through(lease(prl=HOSTS)), mac=MAC)
    c.case(f"{name}, elsewhere", *through(lease(prl=HOSTS), giaddr="10.61.1.1"), mac=MAC)
    c.case(f"{name}, INFORM", inform("10.60.0.50", prl=HOSTS), mac=MAC)
NAME = [client_id(b"name")]
c.case("by identifier, here", *lease(prl=HOSTS, options=NAME))
c.case("by identifier, there", *through(lease(prl=HOSTS, options=NAME)))
c.case("by identifier, elsewhere", *through(lease(prl=HOSTS, options=NAME), giaddr="10.61.1.1"))

# ---------------------------------------------------------------------------------- pools' permits

c = Configuration("permits", """
class "a" { match if substring (option vendor-class-identifier, 0, 1) = "a"; }
class "b" { match if substring (option vendor-class-identifier, 1, 1) = "b"; }
class "list" { match pick-first-value (option dhcp-client-identifier, hardware); }
subclass "list" 1:02:00:00:b8:00:01;
subclass "list" "text";
subnet 10.50.1.0 netmask 255.255.255.0 {
  pool { deny all clients; range 10.50.1.130 10.50.1.134; option pcode "nobody"; }
  pool { allow members of "a"; allow members of "b"; deny unknown-clients; range 10.50.1.140 10.50.1.144; option pcode "known"; }
  pool { allow members of "a"; deny members of "b"; range 10.50.1.150 10.50.1.154; option pcode "a, not b"; }
  pool { allow members of "list"; range 10.50.1.160 10.50.1.164; option pcode "list"; default-lease-time 400; }
  pool { allow unauthenticated clients; deny members of "a"; deny members of "list"; deny dynamic bootp clients;
    range 10.50.1.170 10.50.1.174; option pcode "rest"; }
  pool { allow dynamic bootp clients; range dynamic-bootp 10.50.1.180 10.50.1.184; option pcode "bootp"; }
}
host known { hardware ethernet 02:00:00:b8:00:02; }
""", pools=[(f"10.50.1.{low}", f"10.50.1.{low + 4}") for low in (130, 140, 150, 160, 170, 180)])
POOLS = [1, 51, 100]
for name, options, mac in (
        ("a", [(60, b"a")], None), ("b", [(60, b"xb")], None),
        ("nothing", [], None), ("a, known", [(60, b"a")], "02:00:00:b8:00:02"),
        ("a and b, known", [(60, b"ab")], "02:00:00:b8:00:02"), ("known", [], "02:00:00:b8:00:02"),
        ("by hardware", [], "02:00:00:b8:00:01"), ("by identifier", [client_id(b"text")], None),
        ("by another identifier", [client_id(b"other")], "02:00:00:b8:00:01")):
    c.case(name, *lease(prl=POOLS, options=options), mac=mac)
c.case("BOOTP", bootp())
c.case("asks for what it may not have", discover(prl=POOLS, requested="10.50.1.152"))
c.case("takes what it may not have", reboot("10.50.1.131", prl=POOLS), differs=["unknown-lease"])
c.case("a class that it leaves", *lease(prl=POOLS, options=[(60, b"a")]), renew(prl=POOLS))
c.case("no pool is left", discover(prl=POOLS, options=[(60, b"ab")]))

c = Configuration("denied in scopes", f"""
deny unknown-clients;
subnet 10.50.1.0 netmask 255.255.255.0 {{ pool {{ {RANGE} }}
  pool {{ allow unknown-clients; range 10.50.1.220 10.50.1.229; }} }}
group {{ deny booting; host asleep {{ hardware ethernet 02:00:00:b9:00:01; }}
  host awake {{ hardware ethernet 02:00:00:b9:00:02; allow booting; }} }}
class "quiet" {{ match if option vendor-class-identifier = "quiet"; ignore booting; }}
host quiet {{ hardware ethernet 02:00:00:b9:00:03; }}
""", pools=[*POOL, ("10.50.1.220", "10.50.1.229")])
c.case("an unknown machine", discover())
c.case("a host in a group that is denied", discover(), mac="02:00:00:b9:00:01")
c.case("a host that is allowed within", *lease(), mac="02:00:00:b9:00:02")
c.case("a class that is ignored", discover(options=[(60, b"quiet")]), mac="02:00:00:b9:00:03")
c.case("the same without its class", *lease(), mac="02:00:00:b9:00:03")

# -------------------------------------------------------------------------------------- odd shapes

c = Configuration("odd shapes", """
authoritative; option domain-name "example.org"; option host-name = option host-name;
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.130 10.50.1.249; }
subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.100 10.60.0.119; }
""", pools=[("10.50.1.130", "10.50.1.249"), SIXTY])
IB = bytes.fromhex("ff0000000002000002c90002c9030012345678")
c.case("op says reply", discover(op=2),
       differs=["op"])
c.case("op says nothing", discover(op=0),
       differs=["op"])
c.case("hlen 0", discover(hlen=0),
       differs=["nameless"])
c.case("hlen 0 with an identifier", discover(hlen=0, htype=32, chaddr=b"", flags=0x8000,
                                            options=[client_id(IB)]))
c.case("hlen 16", *lease(hlen=16, chaddr=bytes(range(16)), flags=0x8000))
c.case("hlen 17", discover(hlen=17, chaddr=bytes(range(16)), flags=0x8000))
c.case("hlen 255", discover(hlen=255, flags=0x8000))
c.case("a token ring", *lease(htype=6, flags=0x8000))
c.case("no hardware type", *lease(htype=0, flags=0x8000))
c.case("bytes behind the hardware address", *lease(chaddr=b"\2\0\0\0\xfe\1" + b"x" * 10))
c.case("an option without a value", *lease(prl=[12], options=[(12, b"")]))
c.case("an empty identifier", *lease(options=[client_id(b"")]),
       differs=["empty-identifier"])
c.case("an empty list of wishes", *lease(options=[(55, b"")]))
c.case("an empty vendor class", *lease(options=[(60, b"")]))
c.case("requested address of three bytes", discover(options=[(50, b"\x0a\x32\1")]))
c.case("requested address of five bytes", discover(options=[(50, b"\x0a\x32\1\xcd\0")]))
c.case("lease time of two bytes", *lease(prl=[51], options=[(51, b"\1\0")]))
c.case("a text with a NUL", *lease(prl=[12], options=[(12, b"na\0me")]))
c.case("a text with a NUL behind it", *lease(prl=[12, 15], options=[(12, b"name\0")]),
       differs=["trailing-nul"])
c.case("a type of two bytes", step(None, options=[(53, b"\1\1")]))
c.case("no type, an empty one", step(None, options=[(53, b"")]))
for kind in (0, 9, 10, 13, 200):
    c.case(f"type {kind}", step(None, options=[(53, bytes([kind]))]))
c.case("two types", discover(prl=[1], options=[(53, b"\3")]))
c.case("pads before and between", discover(raw=b"\0\0\0\x37\1\x0f\0\0\xff"))
c.case("nothing behind END counts", discover(prl=[1], raw=b"\xff\x37\1\x0f"))
c.case("no END", discover(prl=[15], raw=b"", size=244))
c.case("an option that runs out", discover(prl=[15], raw=b"\x0c\x20abc", size=244))
c.case("a code without a length", discover(prl=[15], raw=b"\x0c", size=244))
c.case("200 options", discover(prl=[15], raw=b"".join(bytes([code, 1, code]) for code in range(128, 254)) + b"\xff"),
       differs=["no-pxedhcp"])
c.case("300 times one option", discover(prl=[12], raw=b"\x0c\1x" * 300 + b"\xff"))
c.case("options in the file field", discover(prl=[15], options=[(52, b"\1")], file=b"\x0c\4name\xff"))
c.case("options in the sname field", discover(prl=[12], options=[(52, b"\2")], sname=b"\x0c\4name\xff"))
c.case("options in both", discover(prl=[12], options=[(52, b"\3"), (12, b"a")], file=b"\x0c\1b\xff",
                                  sname=b"\x0c\1c\xff"))
c.case("overload within the overload", discover(prl=[12], options=[(52, b"\1")], file=b"\x34\1\2\x0c\1b\xff",
                                               sname=b"\x0c\1c\xff"))
c.case("overload of 4", discover(prl=[15], options=[(52, b"\4")]))
c.case("overload of two bytes", discover(prl=[15], options=[(52, b"\1\1")], file=b"\x0c\4name\xff"))
c.case("an overloaded field without END", discover(prl=[12], options=[(52, b"\2")], sname=b"\x0c\x3e" + b"n" * 62))
c.case("an overloaded field that runs out", discover(prl=[15], options=[(52, b"\2")], sname=b"\x0c\x3f" + b"n" * 62))
c.case("the server's address as the relay's", discover(giaddr="10.50.1.1", flags=0x8000))
c.case("a relay's address, not through it", *lease(giaddr="10.60.0.1"))
c.case("ciaddr in a DISCOVER", discover(ciaddr="10.50.1.77"),
       differs=["offer-ciaddr"])
c.case("ciaddr elsewhere in a DISCOVER", discover(ciaddr="192.168.3.3"),
       differs=["offer-ciaddr"])
c.case("renews with a server identifier", *lease(), renew(server="offered"))
c.case("renews with the broadcast flag", *lease(), renew(flags=0x8000),
       differs=["renewal-frame", "renewal-destination"])
c.case("renews and names its address", *lease(), renew(requested="offered"))
c.case("rebinds with the broadcast flag", *lease(), rebind(flags=0x8000),
       differs=["renewal-frame", "renewal-destination"])
c.case("selects twice", *lease(), select())
c.case("asks for the network's address", discover(requested="10.50.1.0"))
c.case("asks for the broadcast address", discover(requested="10.50.1.255"))
c.case("asks for 0.0.0.0", discover(options=[(50, bytes(4))]))
c.case("reboots with 0.0.0.0", step(REQUEST, options=[(50, bytes(4))]))

# Nobody else asks here, who might have got the address.
c = Configuration("no offer", f"subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}\n")
c.case("selects without an offer", select(requested="10.50.1.209", server="10.50.1.1"))
