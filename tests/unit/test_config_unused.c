#include "test.h"

#include "config/config.h"

#include <string.h>

#define PEER "failover peer \"a\" { peer address 10.0.0.2; split 128; mclt 60; "
#define POOL "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.5; "
#define BOTH "} " POOL "failover peer \"a\"; } }"
#define KEY  "key k { algorithm hmac-md5; secret YWJj; } "

/* Statements of dhcpd's that bootwire does nothing with, and the only error in them; NULL: none. */
static const struct row {
    const char *text, *error;
} rows[] = {
    /* Failover peers. */
    {PEER BOTH, NULL},
    {"failover peer a { secondary; address boot.example.org; port 647; peer address 10.0.0.2; peer "
     "port 847; max-response-delay 60; load balance max seconds 3; max-unacked-updates 10; " BOTH,
     NULL},
    {"failover peer a { primary; mclt 5; peer address 10.0.0.2; hba "
     "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f:20; " BOTH,
     NULL},
    {PEER "} failover peer a state { my state normal; partner state recover at epoch 5; } " POOL
          "failover peer \"a\"; } }",
     NULL},
    {PEER "} shared-network n { failover peer a; " POOL "failover peer \"a\"; } } }", NULL},
    {PEER "} " POOL "failover peer \"a\"; } pool { no failover peer range 10.0.0.6; } }", NULL},
    {POOL "failover peer \"a\"; } }", "there is no failover peer \"a\" before this line"},
    {POOL "failover peer a; } }", "expected the name of a failover peer in quotes, found `a`"},
    {POOL "no failover peer; } }", "no `;` may follow `no failover peer`: dhcpd would not read on"},
    {"shared-network n { failover peer a; subnet 10.0.0.0 netmask 255.0.0.0 { } }",
     "there is no failover peer `a` before this line"},
    {PEER "}", "no pool names this failover peer: write `failover peer \"a\";` in one"},
    {PEER "foo 5; " BOTH,
     "expected `primary`, `secondary`, `address`, `peer address`, `mclt`, `split` or another "
     "setting of a failover peer, found `foo`"},
    {"failover peer a { split 5; mclt 5; " BOTH, "this failover peer has no `peer address`"},
    {"failover peer a { peer address 10.0.0.2; mclt 5; " BOTH,
     "a primary must have `split` (or `hba`)"},
    {"failover peer a { peer address 10.0.0.2; split 5; " BOTH, "a primary must have `mclt`"},
    {PEER "secondary; " BOTH,
     "a secondary has no `split` and no `hba`: they belong in the primary's file"},
    {PEER "split 257; " BOTH, "the split is a number from 0 to 256"},
    {PEER "hba 1:2; " BOTH, "expected `:`: the hba has 32 bytes, found `;`"},
    {PEER "max-balance 0x5; " BOTH, "expected a number, found `0x5`"},
    {PEER "load balance max secs 3; " BOTH,
     "expected `load balance max seconds` and a number, found `secs`"},
    {PEER "} " PEER BOTH, "there is a failover peer \"a\" already"},
    {PEER "} failover peer a state { mclt 5; } " POOL "failover peer \"a\"; } }",
     "a primary learns no `mclt` from its partner"},
    {PEER "} failover peer a state { my state odd; } " POOL "failover peer \"a\"; } }",
     "expected a failover state, as in `normal`, found `odd`"},
    {"failover peer 5 { }", "expected the name of a failover peer, found `5`"},
    {"failover pear a { }", "expected `peer`, found `pear`"},
    {"failover peer a;", "only a shared-network or a pool can have a failover peer: write what it "
                         "is in braces"},
    /* Keys: a secret may be several tokens. */
    {KEY, NULL},
    {"key \"k\" { secret \"YW+/\" Jj//==; algorithm foo.; };", NULL},
    {"key k { secret \"\"; algorithm foo; }", NULL},
    {"key k { algorithm foo; }", "this key has no `secret`"},
    {"key k { secret YWJj; }", "this key has no `algorithm`"},
    {"key k { algorithm \"foo\"; secret YWJj; }",
     "expected the name of an algorithm, as in hmac-sha256, found \"foo\""},
    {"key k { algorithm foo; algorithm foo; secret YWJj; }", "this key has an algorithm already"},
    {"key k { algorithm foo; secret YWJj; secret YWJj; }", "this key has a secret already"},
    {"key k { algorithm foo; secret YW-j; }",
     "`YW-j` begins no base64: it has letters, digits, `+` and `/`, and `=` at its end"},
    {"key k { algorithm foo; secret YWJj=YWJj; }",
     "`YWJj` begins no base64: it has letters, digits, `+` and `/`, and `=` at its end"},
    {"key k { algorithm foo; secret YWJ; }",
     "this base64 is cut short: it has 3 characters, and its bits end within a byte"},
    {"key k { algorithm foo; secret; }", "expected a secret in base64, found `;`"},
    {"key k { algorithm foo; secret YWJj; option host-name \"a\"; }",
     "expected `algorithm`, `secret` or `}`, found `option`"},
    {"key { }", "expected the name of a key, found `{`"},
    {"key k { algorithm foo; secret YWJj;\n",
     "the file ends inside the block that line 1 opens: expected `}`"},
    /* Zones. */
    {KEY "zone 0.0.10.in-addr.arpa. { primary 10.0.0.1, ns.example.org; key K; }", NULL},
    {"zone a.b { secondary 10.0.0.1; primary6 2001:db8::1, ::2; secondary6 ::1; }", NULL},
    {"zone a.b { key k; }", "there is no key `k` before this line"},
    {KEY "zone a.b { key k; key k; }", "this zone has a key already"},
    {"zone a.b { primary 10.0.0.1; primary 10.0.0.2; }",
     "this zone has a `primary` already: write all addresses in one, with `,` between them"},
    {"zone a.b { primary 10.0.0; }",
     "`10.0.0` is no IPv4 address: it has four numbers from 0 to 255 with dots between them"},
    {"zone a.b { primary6 10.0.0.1; }", "expected an IPv6 address, as in 2001:db8::1"},
    {"zone \"a.b\" { }", "expected the name of a zone without quotes, found \"a.b\""},
    {"zone a.b { primary 10.0.0.1 }", "expected `;` at the end of this statement"},
    /* OMAPI's key may be declared later. */
    {"omapi-key k; " KEY, NULL},
    {"host h { omapi-key k; }", NULL},
    {"omapi-key = option host-name;", NULL},
    {"omapi-key \"k\";", "there is no key \"k\" in this file"},
    {"omapi-key;", "expected the name of a key, found `;`"},
    /* The server's name in DHCPv6. */
    {"server-duid ll;", NULL},
    {"server-duid LLT ethernet 213982198 00:16:6f:49:7d:9b;", NULL},
    {"server-duid ll fddi 00:16;", NULL},
    {"server-duid EN 2495 \"abc\";", NULL},
    {"server-duid 4 \"abc\";", NULL},
    {"server-duid foo;", "expected `llt`, `ll`, `en` or the number of a type, found `foo`"},
    {"server-duid ll infiniband 1;", "expected one of ethernet, token-ring, fddi, found "
                                     "`infiniband`"},
    {"server-duid llt ethernet 00:16;", "expected a byte in hexadecimal, found `:`"},
    {"server-duid en 5 abc;", "expected the identifier in quotes, found `abc`"},
    /* Of DHCPv6's hosts, and a network's interface. */
    {"host h { fixed-address6 2001:db8::1; fixed-address 10.0.0.1; }",
     "this host has a fixed-address6: the addresses of DHCP and those of DHCPv6 belong in two "
     "hosts"},
    {"host h { fixed-address 10.0.0.1; fixed-address6 2001:db8::1; }",
     "this host has fixed addresses already: those of DHCP and those of DHCPv6 belong in two "
     "hosts"},
    {"host h { fixed-address6 10.0.0.1; }", "expected an IPv6 address, as in 2001:db8::1"},
    {"host h { fixed-address6 ::1 ::2; }", "expected `;`, found `:`"},
    {"host h { fixed-prefix6 2001:db8::/128; fixed-prefix6 ::/0; }", NULL},
    {"host h { fixed-prefix6 2001:db8::; }",
     "expected `/` and the prefix's length, as in 2001:db8::/48, found `;`"},
    {"host h { fixed-prefix6 2001:db8::/129; }", "a prefix has 0 to 128 bits"},
    {"host h { fixed-prefix6 2001:db8::1/127; }", "this address has bits behind its prefix"},
    {"subnet 10.0.0.0 netmask 255.0.0.0 { interface eth0; }", NULL},
    {"subnet 10.0.0.0 netmask 255.0.0.0 { interface eth0.5; }",
     "expected the name of an interface in quotes, found `eth0.5`"},
    {"shared-network n { interface \"a\"; subnet 10.0.0.0 netmask 255.0.0.0 { interface \"a\"; } }",
     "this network has an interface already"},
    /* Functions of one's own. */
    {"define f (a, b) { set c = a; return 5; }", NULL},
    {"set f () { }", NULL},
    {"define f (1) { }", "expected the name of a variable, found `1`"},
    {"define f (a b) { }", "expected `,` or `)`, found `b`"},
    {"define f { }", "expected `=`, found `{`"},
};

static void what_is_not_used_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diagnostics found = {.count = 0};
        struct snapshot *snapshot = config_parse("conf", slice_of_string(rows[i].text), &found);
        const char *error = NULL;

        for (size_t j = found.count; j-- > 0;) {
            if (found.list[j].severity == DIAGNOSTIC_ERROR)
                error = found.list[j].message;
        }
        if (found.error_count != (rows[i].error != NULL))
            fail_msg("%s: %zu errors: %s", rows[i].text, found.error_count, error ? error : "");
        if (error)
            assert_string_equal(error, rows[i].error);
        assert_int_equal(snapshot == NULL, rows[i].error != NULL);
        diagnostics_release(&found);
        snapshot_free(snapshot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_used_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
