"""Cases in the language: expressions, classes, pools, option definitions, shared networks."""
from compare_cases import CONFIGURATIONS, RANGE, Configuration, discover, lease, rebind

__all__ = ["CONFIGURATIONS"]

# ------------------------------------------------------------------------- expressions and classes

PXE0 = (60, b"PXEClient:Arch:00000:UNDI:002001")
LIBSA = (60, b"NetBSD:i386:libsa")
c = Configuration("pxeboot(8)", f"""
authoritative; next-server 10.50.1.60;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE}
  if substring (option vendor-class-identifier, 0, 17) = "NetBSD:i386:libsa" {{
    if filename = "boot.cfg" {{ filename "tftp:boot.cfg"; }}
    elsif filename = "netbsd" {{ filename "tftp:netbsd"; }}
    else {{ filename "nfs:other"; }}
    option root-path "/export/netbsd";
  }} else {{ filename "pxeboot_ia32.bin"; }}
}}
""")
c.case("the ROM", *lease(prl=[1], options=[PXE0]))
c.case("the loader", *lease(prl=[1, 17], options=[LIBSA]))
c.case("the loader wants boot.cfg", *lease(prl=[1, 17], options=[LIBSA], file=b"boot.cfg"))
c.case("the loader wants a kernel", *lease(prl=[1, 17], options=[LIBSA], file=b"netbsd"))
c.case("somebody else", *lease(prl=[1, 17]))

EXPRESSIONS = {
    "substring": 'substring (option host-name, 1, 3)', "substring past the end": 'substring (option host-name, 2, 99)',
    "suffix": 'suffix (option host-name, 3)', "suffix longer": 'suffix (option host-name, 99)',
    "concat": 'concat ("a-", option host-name, "-z")', "lcase": "lcase (option host-name)",
    "ucase": "ucase (option host-name)", "option": "option host-name",
    "hardware": 'binary-to-ascii (16, 8, ":", hardware)',
    "hardware substring": 'binary-to-ascii (16, 8, "-", substring (hardware, 1, 6))',
    "base 10": 'binary-to-ascii (10, 8, ".", option user-class)',
    "base 8": 'binary-to-ascii (8, 8, " ", option user-class)',
    "base 16, 16 bits": 'binary-to-ascii (16, 16, ":", option user-class)',
    "base 10, 32 bits": 'binary-to-ascii (10, 32, ":", option user-class)',
    "reverse": 'binary-to-ascii (16, 8, ":", reverse (1, option user-class))',
    "reverse pairs": 'binary-to-ascii (16, 8, ":", reverse (2, option user-class))',
    "encode-int 8": 'binary-to-ascii (16, 8, ":", encode-int (258, 8))',
    "encode-int 16": 'binary-to-ascii (16, 8, ":", encode-int (258, 16))',
    "encode-int 32": 'binary-to-ascii (16, 8, ":", encode-int (258, 32))',
    "extract-int 8": 'binary-to-ascii (10, 32, "", encode-int (extract-int (option user-class, 8), 32))',
    "extract-int 16": 'binary-to-ascii (10, 32, "", encode-int (extract-int (option user-class, 16), 32))',
    "extract-int 32": 'binary-to-ascii (10, 32, "", encode-int (extract-int (option user-class, 32), 32))',
    "pick": 'pick-first-value (option nis-domain, option host-name, "last")',
    "pick the last": 'pick-first-value (option nis-domain, "last")',
    "packet": 'binary-to-ascii (16, 8, ":", packet (0, 3))',
    "packet chaddr": 'binary-to-ascii (16, 8, ":", packet (28, 6))',
    "config-option": "config-option domain-name",
    "leased-address": 'binary-to-ascii (10, 8, ".", leased-address)',
    "host-decl-name": "host-decl-name",
    "null from a missing option": 'concat ("x", option nis-domain)',
}
CONDITIONS = {
    "equal": 'option host-name = "Machine"', "equal, other case": 'option host-name = "machine"',
    "not equal": 'option host-name != "other"', "equal missing": 'option nis-domain = "x"',
    "not equal missing": 'option nis-domain != "x"',
    "exists": "exists host-name", "exists not": "exists nis-domain", "not exists": "not exists nis-domain",
    "known": "known", "not known": "not known", "static": "static",
    "and": 'exists host-name and exists user-class', "and not": "exists host-name and not exists user-class",
    "or": "exists nis-domain or exists host-name",
    "and before or": "exists host-name or exists nis-domain and exists nis-domain",
    "regex": 'option host-name ~= "^Mach"', "regex, other case": 'option host-name ~= "^mach"',
    "regex without case": 'option host-name ~~ "^mach"', "regex no match": 'option host-name ~= "x$"',
    "hardware": "substring (hardware, 1, 3) = 02:00:00", "hardware type": "substring (hardware, 0, 1) = 01",
    "hex": "option user-class = 01:02:03:04", "number of another size": "extract-int (option user-class, 8) = 1",
    "numbers": "extract-int (option user-class, 16) = 258",
}


c = Configuration("expressions", """
authoritative; option domain-name "example.org"; use-host-decl-names off;
""" + "".join(f'class "{name}" {{ match if option nisplus-domain = "{name}"; option merit-dump = {text}; }}\n'
              for name, text in EXPRESSIONS.items()) +
    "".join(f'if option nisplus-domain = "if {name}" {{ if {text} {{ filename "yes"; }} else {{ filename "no"; }} }}\n'
            for name, text in CONDITIONS.items()) + f"""
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE} }}
host declared {{ hardware ethernet 02:00:00:ac:00:01; fixed-address 10.50.1.70; }}
""")
SAYS = [(12, b"Machine"), (77, bytes(range(1, 5)))]
for name in EXPRESSIONS:
    c.case(name, discover(prl=[1, 14], options=[*SAYS, (64, name.encode())]), mac="02:00:00:ac:00:01")
for name in CONDITIONS:
    c.case("if " + name, discover(prl=[1], options=[*SAYS, (64, b"if " + name.encode())]),
           mac="02:00:00:ac:00:01")
for name in ("known", "not known", "static"):
    c.case(f"if {name}, a stranger", discover(prl=[1], options=[*SAYS, (64, b"if " + name.encode())]))

c = Configuration("classes", """
option domain-name "global"; filename "global";
class "vendor" { match option vendor-class-identifier; }
subclass "vendor" "first" { filename "first"; option root-path "/first"; }
subclass "vendor" "second";
class "machine" { match hardware; filename "machine"; }
subclass "machine" 1:02:00:00:ad:00:01;
class "if" { match if substring (option vendor-class-identifier, 0, 3) = "abc"; filename "abc";
  option domain-name "abc"; default-lease-time 777; next-server 10.50.1.61; }
class "user" { match pick-first-value (option user-class, option host-name); }
subclass "user" "gold" { option nis-domain "gold"; }
class "inner" { match if exists nis-domain; if option nis-domain = "x" { filename "x"; } else { filename "else"; } }
subnet 10.50.1.0 netmask 255.255.255.0 {
  pool { allow members of "vendor"; range 10.50.1.140 10.50.1.149; option nis-domain "pool"; }
  pool { deny members of "vendor"; deny members of "if"; range 10.50.1.150 10.50.1.159; }
  pool { allow members of "if"; deny unknown-clients; range 10.50.1.160 10.50.1.169; }
  pool { allow members of "if"; range 10.50.1.170 10.50.1.179; max-lease-time 500; }
}
host known { hardware ethernet 02:00:00:ad:00:02; }
host own { hardware ethernet 02:00:00:ad:00:03; filename "own"; fixed-address 10.50.1.80; }
""", pools=[("10.50.1.140", "10.50.1.149"), ("10.50.1.150", "10.50.1.159"), ("10.50.1.160", "10.50.1.169"),
            ("10.50.1.170", "10.50.1.179")])
ASKS = [1, 15, 17, 40]
for name, options, mac in (
        ("a subclass with statements", [(60, b"first")], None), ("a subclass without", [(60, b"second")], None),
        ("no subclass", [(60, b"third")], None), ("nothing", [], None),
        ("by hardware", [], "02:00:00:ad:00:01"), ("by condition", [(60, b"abcdef")], None),
        ("by condition, known", [(60, b"abcdef")], "02:00:00:ad:00:02"), ("known", [], "02:00:00:ad:00:02"),
        ("a host's own", [(60, b"first")], "02:00:00:ad:00:03"), ("a host's own, by condition", [(60, b"abc")], "02:00:00:ad:00:03"),
        ("by user class", [(77, b"gold")], None), ("by host name", [(12, b"gold")], None),
        ("if within a class", [(40, b"x")], None), ("else within a class", [(40, b"y")], None)):
    c.case(name, *lease(prl=ASKS, options=options), mac=mac)

# ------------------------------------------------------- option definitions, spaces and encapsulation

c = Configuration("definitions", f"""
option arch code 93 = unsigned integer 16;
option local-text code 200 = text;
option local-string code 201 = string;
option local-address code 202 = ip-address;
option local-addresses code 203 = array of ip-address;
option local-byte code 204 = integer 8;
option local-word code 205 = unsigned integer 16;
option local-long code 206 = unsigned integer 32;
option local-flag code 212 = boolean;
option local-words code 213 = array of unsigned integer 16;
option local-record code 214 = {{ unsigned integer 8, ip-address, text }};
option local-records code 215 = array of {{ unsigned integer 8, ip-address }};
option local-text "text"; option local-string 01:02:ff; option local-address 10.50.1.90;
option local-addresses 10.50.1.91, 10.50.1.92; option local-byte -3; option local-word 65535;
option local-long 4000000000; option local-flag on; option local-words 1, 2, 3;
option local-record 7 10.50.1.93 "rest"; option local-records 1 10.50.1.94, 2 10.50.1.95;
option space PXE;
option PXE.discovery-control code 6 = unsigned integer 8;
option PXE.prompt code 10 = {{ unsigned integer 8, text }};
option space ipxe;
option ipxe-encap code 175 = encapsulate ipxe;
option ipxe.no-pxedhcp code 176 = unsigned integer 8;
option ipxe.script code 203 = text;
subnet 10.50.1.0 netmask 255.255.255.0 {{ {RANGE}
  if option arch = 00:07 {{ filename "efi"; }} elsif option arch = 00:00 {{ filename "bios"; }} else {{ filename "none"; }}
  if exists arch and option arch = 00:09 {{ vendor-option-space PXE; option PXE.discovery-control 8; option PXE.prompt 0 "menu"; }}
  if option user-class = "iPXE" {{ option ipxe.no-pxedhcp 1; option ipxe.script "menu.ipxe"; }}
}}
""")
for code in (200, 201, 202, 203, 204, 205, 206, 212, 213, 214, 215):
    c.case(f"option {code}", discover(prl=[1, code]))
for arch in (0, 6, 7):
    c.case(f"architecture {arch}", *lease(prl=[1, 67], options=[(93, bytes([0, arch]))]))
c.case("architecture in one byte", *lease(prl=[1, 67], options=[(93, b"\7")]))
c.case("a vendor space", *lease(prl=[1, 43], options=[(93, b"\0\x09")]))
c.case("an encapsulated space", *lease(prl=[1, 175], options=[(77, b"iPXE")]))

# ---------------------------------------------------------------------------- shared networks

c = Configuration("shared network", """
authoritative;
shared-network wire {
  option domain-name "wire"; option nis-domain "wire";
  subnet 10.50.1.0 netmask 255.255.255.0 { option nis-domain "first"; option routers 10.50.1.1; }
  subnet 10.61.1.0 netmask 255.255.255.0 { range 10.61.1.100 10.61.1.119; option nis-domain "second"; option routers 10.61.1.1; }
}
host fixed-here { hardware ethernet 02:00:00:ae:00:01; fixed-address 10.50.1.50; }
host fixed-there { hardware ethernet 02:00:00:ae:00:02; fixed-address 10.61.1.50; }
""", pools=[("10.61.1.100", "10.61.1.119")])
WIRE = [1, 3, 15, 40]
c.case("an address of the other subnet", *lease(prl=WIRE))
c.case("a fixed address of the first", *lease(prl=WIRE), mac="02:00:00:ae:00:01")
c.case("a fixed address of the second", *lease(prl=WIRE), mac="02:00:00:ae:00:02")
c.case("a renewal", *lease(prl=WIRE), rebind(prl=WIRE))
c.case("asks for an address of the second", discover(prl=WIRE, requested="10.61.1.105"))
