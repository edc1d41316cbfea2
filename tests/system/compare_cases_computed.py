"""What both servers are asked: statements whose number or flag is computed, and odd statements."""
from compare_cases import Configuration, discover
from compare_cases_encodings import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

# What stands behind `=` is bytes: a number without that many counts for none.
STATEMENTS = [
    "default-lease-time = 60;", "default-lease-time = -1;", "default-lease-time = 00:00:02:58;",
    "default-lease-time = encode-int (601, 32);", "default-lease-time = encode-int (602, 16);",
    'default-lease-time = "ab";', "default-lease-time = option user-class;",
    "max-lease-time = encode-int (700, 32);", "max-lease-time = 60;", "max-lease-time = null;",
    "min-lease-time = encode-int (1500, 32);", "min-lease-time = 90;",
    "default-lease-time = 4:b0; default-lease-time 800;", "default-lease-time 800; default-lease-time = 4:b0;",
    "if known { default-lease-time = encode-int (900, 32); }", "if known { default-lease-time = 09; }",
    "always-broadcast = 1;", "always-broadcast = 00;", "if known { authoritative on; }",
    "dynamic;", "foo; bar = baz;", 'routers; host-name = "x";', "a0; a1:b2;", "route = 1:2;",
    'hardware-type; option host-name "odd";',
]

c = Configuration("computed numbers", """
default-lease-time 1000; max-lease-time 2000;
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }
""" + "".join(f"host h{place} {{ hardware ethernet 02:00:00:c0:00:{place:02x}; "
              f"fixed-address 10.50.1.{70 + place}; {text} }}\n" for place, text in enumerate(STATEMENTS)))
for place, each in enumerate(STATEMENTS):
    c.case(each, discover(prl=[1, 51]),
           discover(prl=[1, 51], options=[(77, b"\0\0\3\xe7"), (51, b"\0\1\0\0")]),
           mac=f"02:00:00:c0:00:{place:02x}")
