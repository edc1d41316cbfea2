"""What both servers are asked: options of every type, at the limits of their values."""
from compare_cases import Configuration, discover
from compare_cases_values import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }\n"

# The type of an option, and its value.
VALUES = [
    ("boolean", "on"), ("boolean", "false"), ("integer 8", "-128"), ("integer 8", "127"),
    ("integer 16", "-32768"), ("integer 32", "-2147483648"), ("integer 32", "2147483647"),
    ("unsigned integer 8", "255"), ("unsigned integer 16", "0xffff"), ("unsigned integer 16", "010"),
    ("unsigned integer 32", "4294967295"), ("signed integer 16", "-1"), ("ip-address", "255.255.255.255"),
    ("ip-address", "0.0.0.0"), ("array of ip-address", "1.2.3.4, 5.6.7.8"),
    ("ip6-address", "2001:db8::1"), ("ip6-address", "::ffff:1.2.3.4"), ("array of ip6-address", "::1, fe80::"),
    ("text", r'"a\tb\nc\r\\d\"e\x41\101\001\377z"'), ("text", '""'),
    ("string", '"text"'), ("string", "0:1:ff:0a"), ("string", "f"), ("string", '"\\000\\001"'),
    ("domain-list", '"a.example.org", "b.example.org", "example.org"'),
    ("domain-list compressed", '"a.example.org", "b.example.org", "org", "a.example.org"'),
    ("array of integer 8", "-1, 0, 1"), ("array of unsigned integer 32", "0, 4294967295"),
    ("array of boolean", "on, off, true"),
    ("{ integer 8, text }", '-5 "rest"'), ("{ ip-address, boolean, unsigned integer 16 }", "1.2.3.4 on 65535"),
    ("array of { ip-address, unsigned integer 8 }", "1.2.3.4 5, 6.7.8.9 10"),
    ("array of { boolean, integer 32 }", "on -1, off 1, true 2147483647"),
    ("{ unsigned integer 8, array of ip-address }", "1 1.2.3.4, 5.6.7.8"),
    ("{ integer 16, domain-list }", '1 "a.b", "c.b"'), ("{ unsigned integer 16, string }", "258 1:2:3"),
    ("zerolen", ""),
    ("text", '"' + "x" * 300 + '"'), ("unsigned integer 32", "0x10"), ("integer 8", "0xff"),
]
CODES = [code for code in range(128, 128 + len(VALUES) + 1) if code != 175]

c = Configuration("types", "".join(
    f"option o{code} code {code} = {kind};\noption o{code} {value};\n"
    for code, (kind, value) in zip(CODES, VALUES)) + SUBNET)
for code, (kind, _) in zip(CODES, VALUES):
    c.case(f"option {code}: {kind}", discover(prl=[1, code], options=[(57, b"\x05\xdc")]))

c = Configuration("joined values", """
option words code 200 = array of unsigned integer 16; option text code 201 = text;
option pairs code 203 = array of { ip-address, boolean };
option bytes code 204 = string; option flag code 205 = boolean; option list code 206 = domain-list;
append words 1; prepend words 2, 3; append text "a"; append text "b"; prepend text "c";
default pairs 1.2.3.4 on; default pairs 5.6.7.8 off; append pairs 9.9.9.9 off;
supersede bytes 01:02; prepend bytes = option host-name; append bytes = option nis-domain;
option flag on; supersede flag off; default flag on;
option list "x.org"; append list "y.x.org";
append domain-name-servers 1.1.1.1; prepend domain-search "first.org"; append domain-search "last.first.org";
append domain-name "one"; append nis-servers = concat (01:01:01:01, 02:02:02:02);
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219;
  append words 4; prepend text "d"; append flag on;
  append domain-name-servers 2.2.2.2; prepend domain-name-servers 3.3.3.3; append domain-name "two";
  if exists user-class { supersede text "z"; append words = option user-class; }
}
""")
c.case("option 119", discover(prl=[1, 119]), differs=["joined-names"])
for code in (200, 201, 203, 204, 205, 206, 6, 15, 41):
    c.case(f"option {code}", discover(prl=[1, code], options=[(12, b"H")]))
    c.case(f"option {code}, with a user class", discover(prl=[1, code], options=[(77, b"\7\7")]))

for code_width, length_width in ((1, 1), (2, 2), (1, 2), (2, 1), (4, 1), (4, 2)):
    c = Configuration(f"a space of widths {code_width} and {length_width}", f"""
option space wide code width {code_width} length width {length_width};
option wide.a code 1 = unsigned integer 8; option wide.b code 7 = text; option wide.c code 3 = ip-address;
option wide.z code 250 = zerolen;
option carrier code 200 = encapsulate wide;
option wide.b "text"; option wide.a 5; option wide.c 1.2.3.4;
""" + SUBNET)
    c.case("the carrier", discover(prl=[1, 200]))

c = Configuration("nested spaces", """
option space outer; option space inner; option space deep;
option carrier code 200 = encapsulate outer;
option outer.inner code 2 = encapsulate inner; option outer.a code 1 = text;
option inner.deep code 5 = encapsulate deep; option inner.b code 4 = array of unsigned integer 16;
option deep.c code 6 = string;
option outer.a "a"; option inner.b 1, 65535; option deep.c 0:1:2;
option space vendor; option vendor.x code 1 = text; option vendor.y code 255 = text; option vendor.list code 3 = domain-list;
vendor-option-space vendor; option vendor.x "x"; option vendor.list "a.b", "c.b";
option record code 201 = { unsigned integer 8, text }; option record 1 "kept";
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219;
  if exists user-class { append deep.c 9; prepend outer.a "p"; option vendor.x = option user-class; }
}
""")
for name, options in (("plain", []), ("with a user class", [(77, b"user")])):
    c.case(name, discover(prl=[1, 200, 43, 201], options=options))
c.case("43 unasked", discover(prl=[1]))

c = Configuration("values of other options", """
option late code 200 = string; option before code 201 = string; option own code 202 = string;
option late = config-option nis-domain; option nis-domain "late";
option before = concat ("x", config-option nis-domain); option own = gethostname ();
""" + SUBNET)
c.case("what is set later", discover(prl=[1, 200]), differs=["late-values"])
for code in (201, 202):
    c.case(f"option {code}", discover(prl=[1, code]))
