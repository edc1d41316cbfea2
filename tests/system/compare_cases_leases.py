"""Cases about leases: how long they hold, who may have one, and what ends them."""
from bootwire_testing import DECLINE, RELEASE
from compare_cases import (RANGE, Configuration, bootp, client_id, discover, lease, rebind, relayed,
                           renew, select, step)
from compare_cases_wire import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

OTHER = {"mac": "02:00:00:1e:a5:01"}  # a second machine of a case
THIRD = {"mac": "02:00:00:1e:a5:02"}


def release(**more):
    return step(RELEASE, **{"ciaddr": "offered", "source": "offered", "unicast": True, **more})


def decline(**more):
    return step(DECLINE, **{"requested": "offered", **more})


# Each case has its own server state only if it has its own configuration: what is to be exhausted
# stands alone.
def one_address(name, text, head=""):
    return Configuration(name, head + "subnet 10.50.1.0 netmask 255.255.255.0 "
                         "{ pool { range 10.50.1.200; " + text + " } }",
                         pools=[("10.50.1.200", "10.50.1.200")])


# ------------------------------------------------------------------------------------ min-secs

c = Configuration("min-secs", f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} min-secs 4; }}
""")
c.case("DISCOVER too early", discover(secs=0))
c.case("DISCOVER nearly", discover(secs=3))
c.case("DISCOVER late enough", *lease(secs=4))
c.case("DISCOVER late", *lease(secs=300))

# ------------------------------------------------------------------------------- BOOTP's leases

c = Configuration("dynamic-bootp lengths", """
dhcp-cache-threshold 25;
subnet 10.50.1.0 netmask 255.255.255.0 { range dynamic-bootp 10.50.1.200 10.50.1.219;
  dynamic-bootp-lease-length 600; min-secs 9; }
""")
c.case("BOOTP with a length", bootp())
c.case("BOOTP, then DHCP", bootp(), discover(secs=9), select(secs=9), differs=["young-lease"])

c = Configuration("BOOTP for ever", """
dhcp-cache-threshold 25;
subnet 10.50.1.0 netmask 255.255.255.0 { range dynamic-bootp 10.50.1.200 10.50.1.219; }
""")
c.case("BOOTP, then DHCP, then BOOTP", bootp(), *lease(), bootp(), differs=["young-lease"])
c = Configuration("BOOTP for ever, never reused", """
subnet 10.50.1.0 netmask 255.255.255.0 { range dynamic-bootp 10.50.1.200 10.50.1.219; }
""")
c.case("BOOTP, then DHCP, then BOOTP", bootp(), *lease(), bootp())
c.case("a shorter time", *lease(options=[(51, b"\0\0\x0e\x10")]),
       *lease(options=[(51, b"\0\0\2\x58")]))

# -------------------------------------------------------------------- after, adaptive, declines

c = Configuration("after a date", """
subnet 10.50.1.0 netmask 255.255.255.0 {
  pool { range 10.50.1.200 10.50.1.209; deny after 4 2001/09/08 01:46:40; }
  pool { range 10.50.1.210 10.50.1.219; allow after epoch 1000000000; option domain-name "now"; }
  pool { range 10.50.1.220 10.50.1.229; allow after never; } }
""", pools=[("10.50.1.200", "10.50.1.209"), ("10.50.1.210", "10.50.1.219"),
            ("10.50.1.220", "10.50.1.229")])
c.case("the pool of today", *lease(prl=[1, 15]))

c = one_address("closed pool", "allow after never;")
c.case("nothing is open yet", discover())

c = Configuration("adaptive", """
default-lease-time 3600; min-lease-time 400;
subnet 10.50.1.0 netmask 255.255.255.0 { pool { range 10.50.1.200 10.50.1.203;
  adaptive-lease-time-threshold 50; } }
""", pools=[("10.50.1.200", "10.50.1.203")])
c.case("the first two get all the time", *lease(), *(lease(**OTHER)))
c.case("the third gets little", *lease())
c.case("and the fourth", *lease())

c = one_address("declines denied", "", head="deny declines;\n")
c.case("a declined address is offered again", *lease(), decline(), discover())
c.case("to nobody else", discover())

c = one_address("declines", "")
c.case("a declined address is kept from others", *lease(), decline(), discover(**OTHER),
       differs=["declined-kept"])

# ---------------------------------------------------------------------------------- release

c = one_address("released", "")
c.case("a released address is another's", *lease(), release(), *(lease(**OTHER)))
c.case("and nobody else's", discover())

c = one_address("release for another", "")
c.case("the word for another server is not ours", *lease(), release(server="10.50.1.77"),
       discover(**OTHER), differs=["release-elsewhere"])

# --------------------------------------------------------------------------- one lease per client

MOVED = ("option domain-name \"here\"; subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200; }\n"
         "subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.100 10.60.0.119; }\n")
MOVED_POOLS = [("10.50.1.200", "10.50.1.200"), ("10.60.0.100", "10.60.0.119")]


def moved(*packets):
    return [relayed(each) for each in packets]


for flag in ("true", "false"):
    c = Configuration(f"one-lease-per-client {flag}", f"one-lease-per-client {flag};\n" + MOVED,
                      pools=MOVED_POOLS)
    c.case("a machine moves, and another takes its place",
           *lease(options=[client_id(b"\1abc")]), *moved(*lease(options=[client_id(b"\1abc")])),
           discover(**OTHER))

c = Configuration("one lease, no identifier", "one-lease-per-client true;\n" + MOVED,
                  pools=MOVED_POOLS)
c.case("a machine without an identifier moves", *lease(), *moved(*lease()), discover(**OTHER))

for flag in ("allow", "deny"):
    c = Configuration(f"{flag} duplicates", "one-lease-per-client true; " + flag + " duplicates;\n"
                      "host twin { hardware ethernet 02:00:00:1e:a5:07; }\n" + MOVED,
                      pools=MOVED_POOLS)
    c.case("another identifier elsewhere", *lease(options=[client_id(b"\1abc")]),
           *moved(*lease(options=[client_id(b"\1def")]), *lease(options=[client_id(b"\1def")])),
           discover(**OTHER), mac="02:00:00:1e:a5:07")

c = Configuration("deny duplicates alone", "deny duplicates;\n"
                  "host twin { hardware ethernet 02:00:00:1e:a5:07; }\n" + MOVED, pools=MOVED_POOLS)
c.case("changes nothing", *lease(options=[client_id(b"\1abc")]),
       *moved(*lease(options=[client_id(b"\1def")])), discover(**OTHER), mac="02:00:00:1e:a5:07")

c = Configuration("ignore-client-uids", """
ignore-client-uids true;
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200; }
""", pools=[("10.50.1.200", "10.50.1.200")])
c.case("one machine, two identifiers", *lease(options=[client_id(b"\1abc")]),
       *lease(options=[client_id(b"\1def")]), *lease())

# --------------------------------------------------------------------------------- lease limits

MEMBER = {"options": [(77, b"limited")]}
SUBNET = f"subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}\n"

c = Configuration("lease limit", """
class "limited" { match if option user-class = "limited"; lease limit 1; }
host fixed { hardware ethernet 02:00:00:1e:a5:0f; fixed-address 10.50.1.15; }
""" + SUBNET)
c.case("one member", *lease(**MEMBER), discover(**OTHER, **MEMBER),
       step(3, **OTHER, **MEMBER, requested="10.50.1.201", server="10.50.1.1"))
c.case("who is no member", *lease())
c.case("a fixed address does not count", *lease(**MEMBER), mac="02:00:00:1e:a5:0f")

c = Configuration("lease limit, released", """
class "limited" { match if option user-class = "limited"; lease limit 1; }
""" + SUBNET)
c.case("the next member's turn", *lease(**MEMBER), *lease(**MEMBER), release(**MEMBER),
       *lease(**OTHER, **MEMBER), discover(**THIRD, **MEMBER))

c = Configuration("lease limit of two classes", """
class "one" { match if option user-class = "limited"; lease limit 1; }
class "two" { match if exists user-class; lease limit 1; }
""" + SUBNET)
c.case("the second class has room", *lease(**MEMBER), *lease(**OTHER, **MEMBER),
       discover(**THIRD, **MEMBER))

c = Configuration("lease limit of offers", """
class "limited" { match if option user-class = "limited"; lease limit 1; }
""" + SUBNET)
c.case("an offer does not count", discover(**MEMBER), discover(**OTHER, **MEMBER), select(**MEMBER),
       step(3, **OTHER, **MEMBER, requested="offered", server="offered"))

c = Configuration("spawned classes", """
class "ports" { spawn with option agent.circuit-id; lease limit 1; }
subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.100 10.60.0.119; }
subnet 10.50.1.0 netmask 255.255.255.0 { }
""", pools=[("10.60.0.100", "10.60.0.119")])
PORT = {"options": [(82, b"\1\4eth0")]}
PORT2 = {"options": [(82, b"\1\4eth1")]}
c.case("each port its own", *moved(*lease(**PORT), *lease(**OTHER, **PORT2),
                                   discover(**THIRD, **PORT)))
c.case("and no port none", *moved(*lease()))

c = Configuration("subclasses with limits", """
class "kinds" { match option user-class; lease limit 1; }
subclass "kinds" "one";
subclass "kinds" "two" { lease limit 2; option domain-name "two"; }
""" + SUBNET)
for kind in ("one", "two"):
    option = {"options": [(77, kind.encode())]}
    c.case(f"three of {kind}", *lease(**option, prl=[15]), discover(**OTHER, **option, prl=[15]),
           discover(**THIRD, **option, prl=[15]))
c.case("two of two", *lease(options=[(77, b"two")]), discover(**OTHER, options=[(77, b"two")]))

# ------------------------------------------------------------------------------------ variables

c = Configuration("variables", f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE}
  if option host-name = "forget" {{ unset kind; }}
  if defined (kind) {{ filename = concat ("was-", kind); }}
  if kind = "rom" {{ option domain-name "rom"; }}
  if exists user-class {{ set kind = option user-class; }}
  on commit {{ set committed = "yes"; }}
  if defined (committed) {{ option nis-domain "committed"; }}
}}
""")
KIND = {"options": [(77, b"rom")], "prl": [15, 40]}
PLAIN = {"prl": [15, 40]}
c.case("stay with the lease", *lease(**KIND), *lease(**PLAIN), renew(**PLAIN), rebind(**PLAIN))
c.case("from the offer on", discover(**KIND), select(**PLAIN), discover(**PLAIN))
c.case("are another machine's own", *lease(**PLAIN))
c.case("end with the release", *lease(**KIND), release(), *lease(**PLAIN))
c.case("can be unset", *lease(**KIND), *lease(**PLAIN, options=[(12, b"forget")]), *lease(**PLAIN))

c = Configuration("options at commit", f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} filename "early"; option nis-domain "early";
  on commit {{ option domain-name "commit"; filename "late"; next-server 10.50.1.7;
    if exists host-name {{ option nis-domain = option host-name; }} }}
}}
""")
c.case("in the ACK alone", *lease(prl=[15, 40], options=[(12, b"abc")]), renew(prl=[15, 40]))

c = Configuration("variables in options", f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE}
  set kind = "loader"; option domain-name = concat ("was-", kind); }}
""")
c.case("have a value", *lease(prl=[15]), differs=["variable-option"])

# ---------------------------------------------------------------------- the relay's options kept

for flag in ("true", "false"):
    c = Configuration(f"stash-agent-options {flag}", f"stash-agent-options {flag};" + """
class "port" { match if option agent.circuit-id = "eth0"; option domain-name "port"; }
subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.100 10.60.0.119; }
subnet 10.50.1.0 netmask 255.255.255.0 { }
""", pools=[("10.60.0.100", "10.60.0.119")])
    c.case("a renewal past the relay", *moved(*lease(**PORT, prl=[15])), renew(prl=[15]))

# -------------------------------------------------------------------------------- reservations

c = Configuration("infinite is reserved", """
infinite-is-reserved true; max-lease-time 600;
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200; }
""", pools=[("10.50.1.200", "10.50.1.200")])
c.case("nobody else gets it", *lease(options=[(51, b"\xff\xff\xff\xff")]), release(),
       discover(**OTHER))

# ------------------------------------------------------------------------------------- identity

c = one_address("a cloned identifier", "")
c.case("two machines", *lease(options=[client_id(b"\1clone")]),
       discover(**OTHER, options=[client_id(b"\1clone")]), differs=["clones"])
c = one_address("a released clone", "")
c.case("the address is free", *lease(options=[client_id(b"\1clone")]),
       release(options=[client_id(b"\1clone")]),
       *lease(**OTHER, options=[client_id(b"\1clone")]))
c = one_address("two identifiers", "")
c.case("of one machine", *lease(options=[client_id(b"\1rom")]), discover(),
       differs=["one-machine"])
