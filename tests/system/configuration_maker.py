"""Configurations made at random from a seed: mostly right, some with a slip in them.

The grammar below is the language as dhcpd.conf(5) and dhcp-eval(5) have it, and, rarely taken, what
people write by mistake (ODD). `<name>` stands for one of the alternatives of that name.
"""
import random
import re

DEPTH_MAX = 5       # of what stands in itself
ODD_SHARE = 0.012   # of all choices: a mistake
MUTATED_SHARE = 0.25  # of all files: a token lost, doubled, or another one's

# What every file may speak of; each line is missing now and then.
PRELUDE = [
    "option space sp;", "option sp.one code 1 = text;", "option sp.two code 2 = ip-address;",
    "option foo code 200 = string;", "option pair code 201 = { integer 8, ip-address };",
    "option numbers code 202 = array of unsigned integer 16;",
    "option carrier code 203 = encapsulate sp;",
    'class "c1" { match if known; }', 'class "c2" { match hardware; }',
    'class "c3" { match option vendor-class-identifier; }',
]

GRAMMAR = {
    # Values
    "number": ["0", "1", "8", "16", "32", "60", "255", "256", "600", "65535", "010", "0x10"],
    "plain": ["0", "1", "4", "8", "16", "255", "600", "65536"],
    "byte": ["0", "1", "4", "200", "255"],
    "text": ['"abc"', '"a\\x41b"', '"\\101"', '"a b;c"', '"100%"', '"tab\\t"', '"/srv/x.0"'],
    "bytes": ["1:2:3", "01:0a:ff", "0:c:29:3e:5f:1", "00:11"],
    "address": ["10.50.1.9", "10.50.1.77", "192.0.2.1", "0.0.0.0", "255.255.255.255"],
    "addresses": ["<address>", "<address>, <address>", "<address>, <address>, <address>"],
    "flag": ["true", "false", "on", "off", "ignore"],
    "width": ["8", "16", "32"],
    "class": ['"c1"', '"c2"', '"c3"'],
    "variable": ["seen", "seen2", "boot-count", "my_own"],
    "comparison": ["=", "=", "=", "!=", "~=", "~~"],
    "option": [
        "option host-name <text>;", "option domain-name <text>;", "option root-path <text>;",
        "option domain-name-servers <addresses>;", "option routers <addresses>;",
        "option subnet-mask 255.255.255.0;", "option time-offset <number>;",
        "option time-offset -<plain>;", "option ip-forwarding <flag>;",
        "option default-ip-ttl <byte>;", "option interface-mtu <number>;",
        "option static-routes <address> <address>, <address> <address>;",
        'option domain-search "a.example", "b.example";',
        "option policy-filter <address> <address>;",
        "option vendor-encapsulated-options <bytes>;", "option dhcp-client-identifier <bytes>;",
        "option dhcp-parameter-request-list <byte>, <byte>;", "option netbios-node-type <byte>;",
        "option user-class <text>;", "option slp-directory-agent true <address>;",
        "option path-mtu-plateau-table <number>, <number>;", "option dhcp-lease-time <number>;",
        "option foo <text>;", "option foo <bytes>;", "option sp.one <text>;",
        "option sp.two <address>;", "option pair <byte> <address>;",
        "option numbers <byte>, <byte>;",
        "option carrier <bytes>;", "option dhcp.host-name <text>;", "option unknown-222 <bytes>;",
        "option fqdn.hostname <text>;", "option agent.circuit-id <text>;",
        "option server.filename <text>;", "option <option-name> = <data>;",
    ],
    "option-name": [
        "host-name", "domain-name", "vendor-class-identifier", "user-class", "routers", "foo",
        "sp.one", "pair", "agent.circuit-id", "agent.remote-id", "dhcp-client-identifier",
        "carrier",
        "dhcp-parameter-request-list", "dhcp-message-type", "bootfile-name", "unknown-99",
        "fqdn.hostname", "server.filename", "server.next-server",
    ],
    # Expressions
    "data": [
        '"abc"', '""', "1:2:3", "00", "hardware", "filename", "server-name", "host-decl-name",
        "leased-address", "null", "<variable>", "option host-name", "gethostname()",
        "option <option-name>", "config-option <option-name>",
        "substring(<data>, <numeric>, <numeric>)",
        "substring (<data>, 0, 4)", "suffix(<data>, <numeric>)", "concat(<data>, <data>)",
        "concat(<data>, <data>, <data>)", "lcase(<data>)", "ucase(<data>)",
        "reverse(<numeric>, <data>)",
        'binary-to-ascii(16, 8, ":", <data>)', 'binary-to-ascii(10, <width>, ".", <data>)',
        "binary-to-ascii(<plain>, <width>, <data>, <data>)", "encode-int(<numeric>, <width>)",
        "pick-first-value(<data>, <data>)", "pick(<data>)", "packet(<numeric>, <numeric>)",
        "(<data>)",
        'gethostbyname("localhost")',
    ],
    "numeric": ["0", "1", "4", "20", "255", "lease-time", "extract-int(<data>, <width>)",
        "<plain>"],
    "boolean": [
        "known", "static", "exists host-name", "exists <option-name>", "<data> <comparison> <data>",
        "<data> = <data>", "option host-name = <text>", "not <boolean>", "<boolean> and <boolean>",
        "<boolean> or <boolean>", "(<boolean>)", "not (<boolean>)",
        "defined(<variable>)", "<numeric> = <numeric>", "extract-int(<data>, 8) = 5",
        "substring(option vendor-class-identifier, 0, 9) = \"PXEClient\"",
    ],
    # Statements that stand anywhere
    "parameter": [
        "default-lease-time <number>;", "max-lease-time <number>;", "min-lease-time <number>;",
        "max-lease-time infinite;", "max-lease-time = 00:00:02:58;", "min-secs <byte>;",
        "filename <text>;", "filename = <data>;", "filename pxelinux.0;", "server-name <text>;",
        "next-server <address>;", "server-identifier <address>;", "always-broadcast <flag>;",
        "always-reply-rfc1048 <flag>;", "get-lease-hostnames <flag>;",
        "use-host-decl-names <flag>;",
        "use-lease-addr-for-default-route <flag>;", "one-lease-per-client <flag>;",
        "ping-check <flag>;", "ping-timeout <byte>;", "boot-unknown-clients <flag>;",
        "adaptive-lease-time-threshold <byte>;", "abandon-lease-time <number>;",
        "ignore-client-uids <flag>;", "stash-agent-options <flag>;", "echo-client-id <flag>;",
        "infinite-is-reserved <flag>;", "vendor-option-space sp;", 'site-option-space "sp";',
        "dynamic-bootp-lease-length <number>;", "allow-bootp = <boolean-data>;",
        "always-broadcast = <boolean-data>;",
    ],
    "boolean-data": ["01", "00", "<data>"],
    "ignored": [
        "ddns-update-style none;", "ddns-updates <flag>;", 'ddns-hostname <text>;',
        "ddns-domainname <text>;", "ddns-ttl <number>;", "update-static-leases <flag>;",
        "update-optimization <flag>;", "do-forward-updates <flag>;",
        "update-conflict-detection <flag>;",
        "log-facility local7;", "db-time-format local;", "dont-use-fsync <flag>;",
        "limit-addrs-per-ia <byte>;", "dhcp-cache-threshold <byte>;", "prefix-length-mode prefer;",
        "server-id-check <flag>;", "check-secs-byte-order <flag>;",
        "log-threshold-low <byte>;", "log-threshold-high <byte>;", "release-on-roam <flag>;",
        'lease-file-name "/l";', 'pid-file-name "/p";', "omapi-port <plain>;", "omapi-key k;",
        "local-port <plain>;", "remote-port <plain>;", "local-address <address>;",
        "max-ack-delay 5;",
        "delayed-ack <byte>;", "allow client-updates;", "ignore client-updates;",
        "deny leasequery;",
        "ddns-rev-domainname <text>;", "bind-local-address6 <flag>;",
    ],
    "allowance": [
        "<allow> bootp;", "<allow> booting;", "<allow> unknown-clients;", "<allow> declines;",
        "<allow> duplicates;", "ignore bootp;",
    ],
    "allow": ["allow", "deny"],
    "executable": [
        "if <boolean> { <bodies> }", "if <boolean> { <body> } else { <body> }",
        "if <boolean> { <body> } elsif <boolean> { <body> } else { <body> }",
        "if <boolean> { <body> } else if <boolean> { <body> }", "if (<boolean>) { <body> }",
        'switch (<data>) { case "a": <body> break; case option host-name: <body> default: <body> }',
        "switch (extract-int(<data>, 8)) { case 1: <body> break; default: break; }",
        "set <variable> = <data>;", "set <variable> = <numeric>;", "set <variable> = <boolean>;",
        "unset <variable>;", "log(<data>);", "log(info, <data>);", "log(debug, <data>);",
        "on commit { <bodies> }", "on release or expiry { <body> }", "eval <data>;", "add <class>;",
        "supersede host-name <text>;", "append domain-name-servers <address>;", "send foo <text>;",
        'prepend domain-name "x";', "default host-name <text>;", "default <option-name> = <data>;",
        'execute("/bin/true", <data>);', "set f = function (a) { return a; };", "foo;",
        "foo = <data>;",
        "option <option-name> = <data>;",
    ],
    "body": ["", "<option>", "<option>", "<parameter>", "<executable>", "<ignored>", "<allowance>"],
    "bodies": ["<body>", "<body> <body>", "<body> <body> <body>"],
    "statement": [
        "<option>", "<option>", "<parameter>", "<parameter>", "<executable>", "<ignored>",
        "<allowance>",
    ],
    "statements": ["", "<statement>", "<statement> <statement>"],
    # Definitions and declarations
    "atom": [
        "boolean", "integer 8", "integer 16", "integer 32", "signed integer 8", "ip-address",
        "unsigned integer 16", "unsigned integer 32", "ip6-address",
    ],
    "type": [
        "<atom>", "text", "string", "domain-name", "domain-list", "domain-list compressed",
        "encapsulate sp", "array of <atom>", "array of { <atom>, <atom> }", "{ <atom>, <atom> }",
        "{ <atom>, text }", "{ <atom>, string }", "{ <atom>, array of <atom> }", "zerolen",
        "{ <atom>, <atom>, domain-name }",
    ],
    "definition": [
        "option <new> code <code> = <type>;", "option sp.<new> code <code> = <type>;",
        "option dhcp.<new> code <code> = <type>;", "option space s<count>;",
        "option space s<count> code width 1 length width 1;",
        "option space s<count> code width 2 length width 2 hash size 7;",
        "option space s<count> code width 4 length width 2;",
    ],
    "code": ["150", "200", "210", "224", "252", "1", "43", "254"],
    "new": ["new", "newer", "a-b", "my_option", "x1"],
    "global": [
        "authoritative;", "not authoritative;", "<definition>", "<definition>",
        "<class-declaration>",
        "<host>", "<host>", "<subnet>", "<subnet>", "<group>", "<shared-network>", "<statement>",
        "<statement>", "<elsewhere>",
    ],
    "elsewhere": [
        "zone example.org. { primary 127.0.0.1; key k; }",
        "zone 1.168.192.in-addr.arpa. { primary <address>; }",
        "key k<count> { algorithm hmac-md5; secret abcdefgh; }",
        "key k<count> { algorithm hmac-sha256; secret \"abcd\"; };",
        "server-duid LL;", "server-duid LLT;", "server-duid EN 5 \"x\";", "lease-id-format hex;",
    ],
    "class-declaration": [
        'class "d<count>" { match if <boolean>; <statements> }',
        'class "d<count>" { match <data>; }',
        'class "d<count>" { match <data>; lease limit <plain>; }', 'class "c1" { <statements> }',
        'class "d<count>" { spawn with <data>; lease limit <plain>; }',
        'subclass "c2" 1:2:3:4:5:6:7;',
        'subclass "c3" <text> { <statements> }', 'subclass "c3" <text>;',
        'subclass "c2" <bytes> { lease limit <plain>; }',
        'class "d<count>" { lease limit <plain>; }',
    ],
    "hardware": [
        "hardware ethernet 0:1:2:3:4:<count-hex>;", "hardware ethernet 0:1:2:3:4:<count-hex>;",
        "hardware token-ring 0:1:2:3:4:<count-hex>;", "hardware fddi 0:1:2:3:4:<count-hex>;",
        "hardware infiniband 0:1:2:3:4:5:6:<count-hex>;", "hardware unknown-7 1:<count-hex>;", "",
    ],
    "host": [
        "host h<count> { <hardware> <of-host> <statements> }",
        "host h<count> { <hardware> fixed-address 10.50.1.<count>; <of-host> }",
        "host h<count> { <hardware> fixed-address 10.50.1.<count>, 10.60.0.<count>; }",
        "host h-<count>.example { <hardware> <statements> }",
    ],
    "of-host": [
        "", "", "dynamic;", "deleted;", "uid 1:2:<count-hex>;", 'uid "u<count>";',
        'host-identifier option agent.circuit-id "x<count>";',
        "host-identifier option host-name <text>;",
        'option dhcp-client-identifier "i<count>";',
    ],
    "permit": [
        "", "", "allow unknown-clients;", "deny unknown clients;", "allow known-clients;",
        "deny known clients;", "allow members of <class>;", "deny members of <class>;",
        "allow dynamic bootp clients;", "deny dynamic bootp clients;", "deny all clients;",
        "allow all clients;", "allow after 4 2026/01/01 00:00:00;", "deny after never;",
        "allow unauthenticated clients;",
    ],
    "group": ["group { <inner> }", "group g<count> { <inner> }", 'group "g<count>" { <inner> }'],
    "inner": ["<statements>", "<statement> <host>", "<host> <host>", "<group>", "<subnet>"],
    "shared-network": [
        "shared-network n<count> { <subnet> <statements> }",
        'shared-network "n <count>" { <subnet> <subnet> }',
        "shared-network n<count> { <statements> <subnet> <subnet> <host> }",
    ],
}

# What is wrong, or looks so.
ODD = {
    "number": ["-1", "-128", "017", "08", "1e3", "4294967295", "4294967296", "1k", "", "abc"],
    "plain": ["-1", "0x10", "x"],
    "byte": ["256", "-1", "x"],
    "text": ["abc", "a-b.c", "1:2:ff", "a:b", '""', "5", "'x'", '"x" "y"'],
    "bytes": ['"abc"', "1:2:333", "g:h", "1-2"],
    "address": ["300.1.1.1", "10.50.1", "localhost", '"10.50.1.9"', "10.50.1.9.1"],
    "addresses": ["<address> <address>", "<address>,", ""],
    "flag": ["yes", "1", "maybe", ""],
    "width": ["24", "9", "0"],
    "class": ['"nope"', "c1"],
    "variable": ["known", "option", "1x", "a.b", "f00", "v2", "host"],
    "comparison": ["==", "<>", "<", "=~"],
    "data": ["foo bar", "sdnif", "%", "5", "text", "option nope", "option"],
    "numeric": ["-1", "0x4", "<data>", '"4"'],
    "boolean": ["<data>", "true", "exists nope", "known and", "static static", "<data> =", "not",
                "check <class>", "<data> = <numeric>", "<numeric> = <data>"],
    "option": [
        "option host-name;", "option nope 5;", "option foo;", "option pair 1, 10.50.1.1;",
        "option routers 1;", "option host-name <text>, <text>;", "option ip-forwarding 1;",
        "option sp.nope 5;", "option nope.one 5;",
        "option domain-name-servers <address> <address>;",
    ],
    "parameter": [
        "filename;", "next-server;", "default-lease-time;", "filename <text> <text>;",
        "min-secs x;",
        "range <address>;", "fixed-address <address>;", "authoritative on;", "always-broadcast;",
        "vendor-option-space none;", "vendor-option-space \"sp\";",
        "hardware ethernet 1:2:3:4:5:6;",
        "match if known;", "lease limit 3;", "spawn with hardware;", "dynamic-bootp;", "not bootp;",
        "interface eth0;",
    ],
    "ignored": ["ddns-update-style sometimes;", "log-facility;", "local-port x;"],
    "allowance": ["allow foo;", "deny members of <class>;", "allow known-clients;",
        "deny unknown clients;"],
    "executable": [
        "if <boolean> <body>", "if { }", "else { }", "break;", "return;", "switch (<boolean>) { }",
        "switch (<data>) { case 5: break; }", "switch (<data>) { case 1:2: }", "on nothing { }",
        "log(warning, <data>);", "log <data>;",
        "set v <data>;", "unset;", "add c1;", "execute();", "let x = 1;", "execute(<data>);",
        "supersede option host-name \"x\";", "if <boolean> { <body>", "eval;", "bareword;",
        "two words;",
        "define f (a, b) { return a; }", "if <boolean> { } else { } else { }", "case 5:",
        "default: ;",
    ],
    "type": [
        "integer 24", "float", "array of text", "{ text, integer 8 }", "{}",
        "array of array of integer 8",
        "{ array of integer 8, text }", "array of encapsulate sp", "encapsulate nope",
        "enumeration",
        "text compressed", "array of zerolen", "{ encapsulate sp, integer 8 }", "",
    ],
    "code": ["0", "255", "256", "-1", "x", "0x20", "70000"],
    "new": ["host-name", "no.such", "foo", "5", '"new"'],
    "definition": [
        "option space sp;", "option space dhcp;", "option space;",
        "option space s<count> code width 3;",
        "option <new> code = text;", "option <new> <code> = text;", "option a.b.c code 5 = text;",
    ],
    "global": [
        "pool { range 10.50.1.7; }", "}", "{", ";", ";;", "5;", '"text";', "other { }", "{ }",
        "subnet6 2001:db8::/64 { }", "lease 10.50.1.100 { starts 1 2026/01/01 00:00:00; }",
        'include "/nonexistent";', "pool6 { }", "vendor-class \"x\" { }", "authoritative",
        "# words",
        "% words;", "shared-network \"\" { }", "shared-network n { }",
    ],
    "class-declaration": [
        'class c<count> { }', "class { }", 'subclass "nope" "x";', 'subclass "c1" "x";',
        'subclass "c2" = <data>;', 'class "d<count>" { match hardware; match if known; }',
        'class "d<count>" { lease limit 4 }', 'subclass "c2" <bytes> { match hardware; }',
        'class "c2" { match if known; }', 'class "d<count>" { <host> }', 'subclass "c2";',
    ],
    "hardware": [
        "hardware ethernet 1:2:3:4:5;", "hardware ethernet 01-02-03-04-05-06;", "hardware;",
        "hardware ethernet 1:2:3:4:5:ggg;", "hardware ethernet;", "hardware ether 1:2:3:4:5:6;",
        "hardware ethernet 1:2:3:4:5:6:7;", "hardware ethernet 010203040506;",
    ],
    "host": [
        'host "h<count>" { }', "host { }", "host <count> { }", "host h<count> { <host> }",
        "host h h { }",
        "host h<count> { <subnet> }", "host h<count> { range 10.50.1.7; }", "host h { } host h { }",
    ],
    "of-host": [
        "fixed-address;", "fixed-address 999.1.1.1;", "fixed-address 10.50.1.9 10.50.1.10;",
        "fixed-address6 ::1;", 'client-hostname "x";', "group g1;", "uid;",
        "host-identifier host-name x;",
        'host-identifier v6relopt 1 dhcp6.interface-id "x";', "dynamic", "fixed-address 10.50.1.8; "
        "fixed-address 10.50.1.9;",
    ],
    "permit": [
        'allow members of "nope";', "allow bootp;", "allow known clients, unknown clients;",
        "allow members of c1;", "allow dynamic-bootp;", "deny after 0 epoch;",
        "allow after epoch 5;",
        'failover peer "x";', "no failover peer;", "allow clients;", "allow authenticated clients;",
    ],
    "group": ["group g h { }", "group 1 { }", "group"],
    "shared-network": ["shared-network { <subnet> }", "shared-network n<count> <subnet>"],
}

WORDS = [";", "{", "}", ",", "(", ")", "=", '"x"', "1", "foo", "option", "and", "not", "10.50.1.1",
":"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0

    def expand(self, name, depth=0):
        """One of the alternatives of a name; far down, one that holds no others."""
        made = getattr(self, "make_" + name.replace("-", "_"), None)
        odd = self.random.random() < ODD_SHARE
        if made and not odd:
            return made(depth)
        choices = ODD[name] if odd and name in ODD else GRAMMAR.get(name)
        if choices is None:
            return made(depth)
        if depth > DEPTH_MAX:
            choices = [each for each in choices if "<" not in each] or choices[:1]
        return self.fill(self.random.choice(choices), depth)

    def fill(self, text, depth):
        return re.sub("<([a-z-]+)>", lambda found: self.expand(found[1], depth + 1), text)

    # Names of the grammar that need to know what stands before them.

    def make_count(self, _):
        self.count += 1
        return str(self.count)

    def make_count_hex(self, _):
        self.count += 1
        return f"{self.count % 256:x}"

    def make_subnet(self, depth):
        """Subnets do not overlap, and ranges lie in theirs."""
        if depth > DEPTH_MAX:
            return ""
        self.count += 1
        network = f"10.{60 + self.count % 190}"
        ranges = self.random.choice([
            "", "", f"range {network}.0.10 {network}.0.90;", f"range {network}.0.7;",
            f"range dynamic-bootp {network}.0.10 {network}.0.90;",
            f"range {network}.0.90 {network}.0.10;"])
        pool = self.random.choice([
            "", "", f"pool {{ range {network}.1.1 {network}.1.9; <permit> <permit> <statements> }}",
            f"pool {{ <permit> <statements> range {network}.1.5; }}", "pool { <permit> }"])
        if self.random.random() < ODD_SHARE:
            ranges = self.random.choice(["range 10.50.1.5;", "range;", "range 10.50.1.300;",
                                         f"range {network}.0.10 10.50.1.9;",
                                         f"range {network}.0.10, {network}.0.90;"])
        mask = self.random.choice(["255.255.0.0"] * 30 + ["255.255.255.0", "255.255.0.255", "16",
                                   ""])
        inside = self.random.choice(["<statements>", "<statements>", "<host>",
                                     "group { <statements> <host> }"])
        return self.fill(f"subnet {network}.0.0 netmask {mask} {{ {ranges} {inside} {pool} }}",
        depth)

    def mutate(self, text):
        """The text with a token lost, doubled, or replaced."""
        tokens = re.findall(r'"[^"]*"|[\w.-]+|\s+|.', text)
        place = self.random.randrange(len(tokens))
        tokens[place] = self.random.choice([
            "", f"{tokens[place]} {tokens[place]}", f" {self.random.choice(tokens)} ",
            f" {self.random.choice(WORDS)} "])
        return "".join(tokens)

    def file(self):
        lines = [line for line in PRELUDE if self.random.random() < 0.93]
        lines += [self.expand("global") for _ in range(self.random.choice([1, 1, 2, 2, 3]))]
        text = "\n".join(lines) + "\n"
        return self.mutate(text) if self.random.random() < MUTATED_SHARE else text


def configuration(seed):
    return Maker(seed).file()
