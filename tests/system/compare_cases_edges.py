"""What both servers are asked: where statements meet each other, or no value."""
from compare_cases import Configuration, bootp, discover
from compare_cases_computed import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

ASKED = [1, 15, 43, 51, 82, 200, 201]
HEAD = """
default-lease-time 1000; max-lease-time 2000; option domain-name "outside";
vendor-option-space later;
option t code 200 = text;
option space sp;
""" + "".join(f"option sp.o{code} code {code} = text;\n" for code in (1, 2, 18)) + """
option sp.nothing code 3 = zerolen;
option carrier code 201 = encapsulate sp;
option space later; option later.one code 1 = text;
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }
"""


def of_hosts(name, cases, *steps, fixed=True):
    """A host for each statement; a case is the statements, or they and what differs."""
    cases = [(each, ()) if isinstance(each, str) else each for each in cases]
    hosts = "".join(
        f"host h{place} {{ hardware ethernet 02:00:00:ed:{len(CONFIGURATIONS):02x}:{place:02x}; "
        + (f"fixed-address 10.50.1.{70 + place}; " if fixed else "") + f"{text} }}\n"
        for place, (text, _) in enumerate(cases))
    mac = f"02:00:00:ed:{len(CONFIGURATIONS):02x}:"
    made = Configuration(name, HEAD + hosts)
    for place, (text, differs) in enumerate(cases):
        made.case(text, *steps, mac=f"{mac}{place:02x}", differs=differs)


TIMES = [discover(prl=ASKED), discover(prl=ASKED, options=[(51, b"\0\0\0\x64")]),
         discover(prl=ASKED, options=[(51, b"\0\1\0\0")])]
of_hosts("limits of lease times", [
    "min-lease-time 600; max-lease-time 300;", "min-lease-time 3000;",
    "min-lease-time 3000; default-lease-time 2500;",
    "min-lease-time 3000; default-lease-time 4000;",
    "max-lease-time 100;", "min-lease-time 0;", "min-lease-time 600; max-lease-time 0;",
    ("min-lease-time -1;", ["forever"]),
], *TIMES)

ONE = discover(prl=ASKED)
of_hosts("flags of several bytes", [
    *(f"always-broadcast = {value};" for value in (
        "00", "01", "02", "03", "ff", "00:01", "01:00", "02:01", "00:00:00:00:01",
        "01:00:00:00:00", '""', "null", "option nis-domain")),
    *(f"allow-booting = {value};" for value in (
        "00", "01", "02", "00:01", "01:02", '""', "null", "option nis-domain")),
    "if known { allow-booting = null; }",
], ONE)
of_hosts("flags of BOOTP", [
    f"allow-bootp = {value};" for value in ("01", "02", "00:01", "null")
], bootp())

OPERATIONS = ("append", "prepend", "default", "supersede")
of_hosts("joined to no value", [
    *(f'{first} t = null; {second} t "second";' for first in OPERATIONS for second in OPERATIONS),
    'option t "x"; append t = null; default t "second";',
    'append t = null; option t "y"; append t "x";',
    'append domain-name = null; default domain-name "inside";',
    'supersede domain-name = null; append domain-name "inside";',
    'default domain-name = null; append domain-name "inside";',
    'if not exists nis-domain { option t = null; } default t "second";',
    'option t = option nis-domain; append t "second";',
    'option t = ""; default t "second";', 'option t = ""; append t "second";',
    'filename = null; default server.filename "second";',
    'supersede server.filename = null; append server.filename "second";',
    "next-server = null; default server.next-server 10.1.1.1;",
], ONE)

of_hosts("what a carrier carries", [
    'option sp.o1 "one"; option sp.o2 "two";', 'option sp.o2 "two"; option sp.o1 "one";',
    ('option sp.o1 "one"; option sp.o18 "eighteen";', ["sub-option-order"]),
    'option carrier "own"; option sp.o1 "one";', 'option sp.o1 "one"; default carrier "own";',
    'option sp.o1 "one"; append carrier "own";', 'option carrier = null; option sp.o1 "one";',
    'option carrier = ""; option sp.o1 "one";', "option sp.o1 = null;",
    'option sp.o1 = null; default sp.o1 "one";', 'option sp.o1 "";', 'option sp.o1 = "";',
    "option sp.nothing;", 'option sp.o1 ""; option sp.o2 "two";',
    'vendor-option-space sp; option sp.o1 "one";', 'option later.one "one";',
    'vendor-option-space nowhere; option later.one "one";',
    'option vendor-encapsulated-options 1:1:1; option later.one "one";',
    'option vendor-encapsulated-options = null; option later.one "one";',
    'option vendor-encapsulated-options = ""; option later.one "one";',
    ('option agent.circuit-id "own";', ["agent-echo"]),
], ONE)

of_hosts("escapes that are cut short", [
    f'option t "{text}";' for text in (
        r"a\0 bc", r'a\0;"x', r"\0\101", r"a\0nn", r"a\00zz", r"a\0\0\000b")
], ONE)

of_hosts("min-secs of a host", [
    ("min-secs 9;", ["host-min-secs"]), "min-secs 0;"
], ONE)
of_hosts("min-secs of a host without an address", [
    ("min-secs 9;", ["host-min-secs"])
], ONE, fixed=False)

c = Configuration("min-secs around a host", HEAD + """
min-secs 5;
host known { hardware ethernet 02:00:00:ed:ff:01; fixed-address 10.50.1.70; }
""")
c.case("a known one must wait, too", discover(prl=ASKED), discover(prl=ASKED, secs=4),
       discover(prl=ASKED, secs=5), mac="02:00:00:ed:ff:01")
c.case("and one from the range", discover(prl=ASKED), discover(prl=ASKED, secs=5))

BYTES = [":".join(f"{place % 251:02x}" for place in range(size)) for size in (1024, 1100, 1400, 3000)]
ROOM = [(57, size.to_bytes(2, "big")) for size in (576, 1300, 1500)]
of_hosts("values of more than 1,024 bytes", [
    *(f"option vendor-encapsulated-options {value};" for value in BYTES),
    f"option t = {BYTES[2]};", f'option t "{"x" * 1499}";',
    "option domain-name-servers " + ", ".join(["10.1.1.1"] * 300) + ";",
    "option domain-name-servers " + ", ".join(["10.1.1.1"] * 16000) + ";",
    "option domain-search " + ", ".join(f'"n{place}.example.org"' for place in range(200)) + ";",
    f"option t = suffix ({BYTES[3]}, 5);",
    f"option vendor-encapsulated-options = concat ({BYTES[1]}, {BYTES[1]});",
], *(discover(prl=[1, 6, 43, 51, 119, 200], options=[room]) for room in ROOM), ONE)
