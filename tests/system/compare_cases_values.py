"""What both servers are asked: the values of expressions made at random, from seeds that stay."""
import random
import re
import shutil
import subprocess
import tempfile

from compare_cases import Configuration, discover
from compare_cases_names import CONFIGURATIONS

__all__ = ["CONFIGURATIONS"]

CODES = [code for code in range(128, 213) if code != 175]  # bootwire sends 175 unasked
CHUNK = 12    # options in one request: they fit into its reply
LONGEST = 80  # bytes of an option
SEEDS = range(12)

WORDS = ('""', '"abc"', '"MiXeD-9"', '"a.b"', '"Machine"', "00", "ff:fe:80:7f", "12:34:56:78:9a",
         "41:00:42", '"\\001\\377"')
PATTERNS = ('"^M"', '"[0-9]+$"', '"a.c"', '"^(abc|machine)$"', '"x"', '"[[:upper:]]"', '""')
NUMBERS = (0, 1, 2, 3, 5, 8, 16, 127, 128, 255, 256, 65535, 65536, 16777216, 2147483647)
LEAVES = ("option host-name", "option user-class", "option vendor-class-identifier",
          "option nis-domain", "option nisplus-domain", "hardware", "leased-address",
          "filename", "server-name", "config-option domain-name",
          "config-option nis-servers", "config-option time-offset", "null",
          "option dhcp-parameter-request-list")


class Maker:
    """Expressions of the language, as text."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.leaves = LEAVES

    def pick(self, *rows):
        return self.random.choice(rows)

    def small(self):
        return str(self.pick(0, 1, 2, 3, 4, 6, 7, 20, 255))

    def data_leaf(self):
        return self.pick(self.pick(*WORDS), self.pick(*self.leaves), self.pick(*self.leaves),
                         f"packet ({self.pick(0, 1, 2, 3, 28, 34, 100, 230, 2000)}, {self.small()})")

    def data(self, depth):
        if depth <= 0:
            return self.data_leaf()
        inner = depth - 1
        kind = self.random.randrange(11)
        if kind == 0:
            return f"substring ({self.data(inner)}, {self.number(inner // 2)}, {self.small()})"
        if kind == 1:
            return f"suffix ({self.data(inner)}, {self.number(inner // 2)})"
        if kind == 2:
            parts = [self.data(inner) for _ in range(self.pick(2, 2, 3))]
            return f"concat ({', '.join(parts)})"
        if kind == 3:
            return f"{self.pick('lcase', 'ucase')} ({self.data(inner)})"
        if kind == 4:
            return f"encode-int ({self.number(inner)}, {self.pick(8, 16, 32)})"
        if kind in (5, 6):
            width = self.pick(8, 16, 32)
            # With 32 bits dhcpd has zeros too many in other bases (number-zeros).
            base = self.pick(2, 8, 16) if width == 32 else self.pick(2, 3, 7, 8, 10, 11, 15, 16)
            separator = self.pick('""', '":"', '", "', self.data(0))
            return (f"binary-to-ascii ({base}, {width}, {separator}, "
                    f"{self.data(inner)})")
        if kind == 7:
            return f"reverse ({self.pick(1, 1, 2, 3, 4)}, {self.data(inner)})"
        if kind == 8:
            parts = [self.data(inner) for _ in range(self.pick(2, 3))]
            return f"{self.pick('pick', 'pick-first-value')} ({', '.join(parts)})"
        if kind == 9:
            return f"packet ({self.number(0)}, {self.small()})"
        return self.data_leaf()

    def number(self, depth):
        if depth <= 0:
            return self.pick(str(self.pick(*NUMBERS)), self.small())
        inner = depth - 1
        kind = self.random.randrange(5)
        if kind < 2:
            width = self.pick(8, 16, 32)
            # dhcpd ends at the first byte of an empty value.
            data = f"concat ({self.data(inner)}, 07)" if width == 8 else self.data(inner)
            return f"extract-int ({data}, {width})"
        if kind == 2:
            return f"({self.chain(inner, 2)})"
        if kind == 3:
            return self.chain(inner, self.pick(2, 3))
        return self.number(0)

    def chain(self, depth, length):
        """Numbers in a row, without parentheses."""
        text = self.number(depth)
        for _ in range(length - 1):
            operator = self.pick("+", "-", "*", "/", "%", "&", "|", "^")
            text += f" {operator} {self.number(depth)}"
        return text

    def boolean(self, depth):
        if depth <= 0:
            return self.pick("known", "static", f"exists {self.pick('host-name', 'nis-domain')}",
                             f"{self.data(0)} {self.pick('=', '!=')} {self.data(0)}")
        inner = depth - 1
        kind = self.random.randrange(8)
        if kind == 0:
            return f"not {self.boolean(0)}"
        if kind == 1:
            return f"not ({self.boolean(inner)})"
        if kind == 2:
            return f"({self.boolean(inner)})"
        if kind == 3:
            return f"{self.data(inner)} {self.pick('~=', '~~')} {self.pick(*PATTERNS)}"
        if kind == 4:
            return f"{self.number(inner)} {self.pick('=', '!=')} {self.number(inner)}"
        if kind == 5:
            return f"{self.data(inner)} {self.pick('=', '!=')} {self.data(inner)}"
        return " ".join([self.boolean(inner)] + [
            f"{self.pick('and', 'or')} {self.boolean(inner)}" for _ in range(self.pick(1, 2))])

    def switch(self, name):
        """The option's value, by what a value is equal to."""
        value, cases = ((self.number(1), [self.number(0) for _ in range(3)])
                        if self.pick(0, 1) else
                        (self.data(1), [self.pick(*(word for word in WORDS if word[0] == '"'))
                                 for _ in range(3)]))
        lines = [f'case {case}: option {name} = "{place}"; {self.pick("break;", "")}'
                 for place, case in enumerate(dict.fromkeys(cases))]
        if self.pick(0, 1):
            lines.append(f'default: option {name} = "default";')
        return f"switch ({value}) {{ {' '.join(lines)} }}"

    def statement(self, name):
        kind = self.random.randrange(10)
        # Statements see no name of a host without an address in dhcpd (early-host-name).
        self.leaves = (*LEAVES, "host-decl-name") if kind < 6 else LEAVES
        if kind < 5:
            return f"option {name} = substring ({self.data(3)}, 0, {LONGEST});"
        if kind < 6:
            return f"option {name} = encode-int ({self.number(3)}, {self.pick(8, 16, 32)});"
        if kind < 8:
            return (f'if {self.boolean(3)} {{ option {name} = "yes"; }} '
                    f'else {{ option {name} = "no"; }}')
        if kind < 9:
            return self.switch(name)
        variable = "v" + name[1:].translate(str.maketrans("0123456789", "ghijklmnop"))
        return (f"set {variable} = {self.pick(self.data(2), self.number(2), self.boolean(1))}; "
                f'if defined ({variable}) {{ option {name} = "set"; }} {self.pick(f"unset {variable};", "")} '
                f'if {variable} = {self.pick(self.data(1), self.number(1))} {{ option {name} = "equal"; }}')


def ask(number, prl):
    """One of four machines: two hosts with an address, one without, a stranger."""
    says = ([(12, b"Machine"), (77, bytes(range(1, 9))), (60, b"abc"), (40, b"a.b")],
            [(12, b"x7"), (77, b"\xff\0\x80"), (60, b"PXEClient:Arch:00000:UNDI:002001")],
            [(77, b"\x01"), (40, b"NIS")], [])[number]
    fields = ({"file": b"boot.cfg"}, {"sname": b"tower"}, {"file": b"a", "sname": b"b"}, {})[number]
    return discover(prl=[1, *prl], options=[*says, (57, b"\x05\xdc")], **fields)


def refused(definitions, statements):
    """The places of the statements that dhcpd's grammar has no place for: it reads numbers and
    operators in its own ways, and what it refuses has no value to be compared."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("\n".join(definitions + statements) + "\n")
        file.flush()
        said = subprocess.run(["dhcpd", "-t", "-cf", file.name], capture_output=True, text=True,
                              check=False).stderr
    lines = {int(line) - 1 - len(definitions)
             for line in re.findall(re.escape(file.name) + r" line (\d+):", said)}
    return {each for each in lines if each >= 0}


def accepted_statements(maker, definitions, names):
    """A statement that dhcpd takes for each option."""
    found = [maker.statement(name) for name in names]
    while shutil.which("dhcpd"):
        wrong = refused(definitions, found)
        if not wrong:
            break
        for place in sorted(wrong):
            found[min(place, len(names) - 1)] = maker.statement(names[min(place, len(names) - 1)])
    return found


def random_configuration(seed):
    maker = Maker(seed)
    names = [(f"e{code}", code) for code in CODES]
    definitions = [f"option {name} code {code} = string;" for name, code in names]
    lines = accepted_statements(maker, definitions, [name for name, _ in names])
    made = Configuration(f"expressions of seed {seed}", """
authoritative; option domain-name "example.org"; option time-offset -2; use-host-decl-names off;
""" + "\n".join(definitions) + """
subnet 10.50.1.0 netmask 255.255.255.0 {
  pool { allow known-clients; range 10.50.1.200; } pool { deny known-clients; range 10.50.1.201; }
""" + "\n".join(lines) + f"""
}}
host declared {{ hardware ethernet 02:00:00:bf:00:{seed:02x}; fixed-address 10.50.1.70; }}
host addressless {{ hardware ethernet 02:00:00:bf:01:{seed:02x}; }}
host other {{ hardware ethernet 02:00:00:bf:03:{seed:02x}; fixed-address 10.50.1.71; }}
""")
    for number in range(4):
        steps = [ask(number, CODES[first:first + CHUNK]) for first in range(0, len(CODES), CHUNK)]
        made.case(f"machine {number}", *steps, mac=f"02:00:00:bf:{number:02x}:{seed:02x}")


for each in SEEDS:
    random_configuration(each)

c = Configuration("expressions that dhcpd computes otherwise", """
option zeros code 200 = string; option zeros = binary-to-ascii (10, 32, "", ff:ff:ff:fe);
option early code 201 = string; if host-decl-name = "early" { option early = "yes"; }
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }
host early { hardware ethernet 02:00:00:be:01:01; }
""")
c.case("a long decimal number", discover(prl=[1, 200]), differs=["number-zeros"])
c.case("a host without an address", discover(prl=[1, 201]), mac="02:00:00:be:01:01",
       differs=["early-host-name"])

# Each pair reads otherwise where operators are taken from left to right.
PRECEDENCE = [
    'exists root-path and option host-name = "x" or exists host-name',
    'exists host-name or option host-name = "x" and exists root-path',
    'option host-name = "Machine" or exists host-name and exists root-path',
    'not exists host-name and option root-path = "x" or option host-name = "Machine"',
    'option root-path = "x" and option root-path = "y" or option host-name = "Machine"',
    'extract-int (option user-class, 8) | 6 = 7', 'encode-int (1 + 2 * 3, 8) = 09',
    'encode-int (3 * 1 + 2, 8) = 09', 'encode-int (1 + 6 & 3, 8) = 03',
    'encode-int (2 * 1 + 2 * 3, 8) = 12',
    'option root-path ~= ""', 'option host-name ~= ""', 'option root-path = null',
]
c = Configuration("precedence", "option e1 code 200 = string;\n" + "".join(
    f'option e{code} code {code} = string; if {text} {{ option e{code} = "yes"; }} '
    f'else {{ option e{code} = "no"; }}\n' for code, text in enumerate(PRECEDENCE, 201)) + """
option numbered code 220 = string;
switch (extract-int (option user-class, 8)) {
  case 16: option numbered = "16"; break;
  case 10: option numbered = "10"; break;
  case 257: option numbered = "257"; break;
  default: option numbered = "default";
}
subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.219; }
""")
for first in (b"\x01", b"\x10", b"\x0a", b"\x00"):
    c.case(f"user class {first.hex()}", discover(prl=[1, *range(201, 221)],
                                                 options=[(12, b"Machine"), (77, first)]))
