/* RARP and bootparam: their bytes, and what a host declaration answers. */
#include "golden.h"

#include "config/config.h"
#include "decide/export.h"
#include "decide/recall.h"
#include "decide/sun.h"

#include <stdio.h>
#include <stdlib.h>

static const char config[] =
    "option domain-name \"example.org\";"
    "subnet 10.50.1.0 netmask 255.255.255.0 { option routers 10.50.1.254, 10.50.1.253; }"
    "subnet 10.60.1.0 netmask 255.255.255.0 { }"
    "host sun1 { hardware ethernet 08:00:20:01:02:03; fixed-address 10.60.1.9, 10.50.1.9;"
    " option root-path \"/export/sun//\"; }"
    "host sun2 { hardware ethernet 08:00:20:01:02:04; option host-name \"otherwise\";"
    " option root-path \"10.50.1.7:/r\"; server-name \"files\"; }"
    "host sun4 { hardware ethernet 08:00:20:01:02:06; fixed-address 10.50.1.11;"
    " option root-path \"/r4\"; bootparam swap \"/swap/4\"; bootparam root \"10.50.1.8:/other\";"
    " bootparam term \":vt100\"; if hardware = 1:08:00:20:01:02:06 { bootparam dump \"/dump/4\"; }"
    " if exists user-class { bootparam install \"/install\"; } }"
    "host sun3 { hardware ethernet 08:00:20:01:02:05; fixed-address 10.50.1.10; deny booting; }";

static const uint8_t ours[6] = {0xaa, 0xbb, 0xcc, 0, 0, 1};
enum { OUR_ADDRESS = 0x0a320101 };

static struct snapshot *snapshot;

static int load(void **state)
{
    struct diagnostics diagnostics = {.count = 0};

    (void)state;
    snapshot = config_parse("sun", slice_of_string(config), &diagnostics);
    diagnostics_release(&diagnostics);
    return snapshot ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    snapshot_free(snapshot);
    return 0;
}

static void rarp_answers_as_scapy_writes_it(void **state)
{
    uint8_t request_bytes[64], reply_bytes[64], written[RARP_SIZE];
    struct slice request = golden("rarp-request.bin", request_bytes, sizeof(request_bytes));
    struct slice reply = golden("rarp-reply.bin", reply_bytes, sizeof(reply_bytes));
    struct rarp_packet packet;
    struct rarp_plan plan;

    (void)state;
    assert_true(rarp_decode(&packet, request));
    assert_int_equal(packet.operation, RARP_REQUEST);
    decide_rarp(snapshot, NULL, 0, &packet, ours, OUR_ADDRESS, &plan);
    assert_true(plan.has_reply);
    assert_string_equal(plan.host->name, "sun1");
    assert_int_equal(rarp_encode(&plan.reply, written, sizeof(written)), RARP_SIZE);
    assert_memory_equal(written, reply.data, RARP_SIZE);
    assert_int_equal(rarp_encode(&plan.reply, written, RARP_SIZE - 1), 0);
    /* A reply is not answered. */
    assert_true(rarp_decode(&packet, reply));
    decide_rarp(snapshot, NULL, 0, &packet, ours, OUR_ADDRESS, &plan);
    assert_false(plan.has_reply || plan.for_us);
}

static void arp_is_read_and_written_as_scapy_writes_it(void **state)
{
    static const uint8_t asks[] = {2, 0, 0, 0, 0, 1}, theirs[] = {2, 0, 0, 0, 0, 2};
    uint8_t probe_bytes[64], reply_bytes[64], written[RARP_SIZE];
    struct slice probe = golden("arp-probe.bin", probe_bytes, sizeof(probe_bytes));
    struct slice reply = golden("arp-reply.bin", reply_bytes, sizeof(reply_bytes));
    struct rarp_packet packet = {.operation = ARP_REQUEST, .target_address = 0x0a3201c8};

    (void)state;
    memcpy(packet.sender_hardware, asks, sizeof(asks));
    assert_int_equal(rarp_encode(&packet, written, sizeof(written)), RARP_SIZE);
    assert_true(slice_equal(probe, slice_of(written, sizeof(written))));
    assert_true(arp_decode(&packet, reply));
    assert_int_equal(packet.operation, ARP_REPLY);
    assert_int_equal(packet.sender_address, 0x0a3201c8);
    assert_memory_equal(packet.sender_hardware, theirs, sizeof(theirs));
    /* Neither takes the other's operations, and nothing that is cut off. */
    assert_false(rarp_decode(&packet, reply));
    for (size_t length = 0; length < RARP_SIZE; length++)
        assert_false(arp_decode(&packet, slice_of(reply_bytes, length)));
    reply_bytes[7] = RARP_REPLY;
    assert_false(arp_decode(&packet, reply));
}

static void other_packets_are_no_rarp(void **state)
{
    uint8_t bytes[64];
    struct slice request = golden("rarp-request.bin", bytes, sizeof(bytes));
    struct rarp_packet packet;

    (void)state;
    for (size_t length = 0; length < RARP_SIZE; length++)
        assert_false(rarp_decode(&packet, slice_of(bytes, length)));
    /* Hardware type, protocol, both lengths, operation: each must be as it is. */
    for (size_t i = 0; i < 8; i++) {
        bytes[i] ^= 0x40;
        assert_false(rarp_decode(&packet, request));
        bytes[i] ^= 0x40;
    }
    bytes[7] = 1; /* an ARP request */
    assert_false(rarp_decode(&packet, request));
}

static void rarp_says_why_not(void **state)
{
    struct rarp_packet packet = {.operation = RARP_REQUEST,
                                 .target_hardware = {8, 0, 0x20, 1, 2, 4}};
    struct rarp_plan plan;

    (void)state;
    decide_rarp(snapshot, NULL, 0, &packet, ours, OUR_ADDRESS, &plan);
    assert_false(plan.has_reply);
    assert_non_null(strstr(plan.why, "host sun2 has no fixed-address"));
    packet.target_hardware[5] = 5;
    decide_rarp(snapshot, NULL, 0, &packet, ours, OUR_ADDRESS, &plan);
    assert_false(plan.has_reply);
    assert_non_null(strstr(plan.why, "denied"));
    packet.target_hardware[5] = 99;
    decide_rarp(snapshot, NULL, 0, &packet, ours, OUR_ADDRESS, &plan);
    assert_false(plan.has_reply);
    assert_non_null(strstr(plan.why, "no host declaration"));
    /* An interface outside of every subnet. */
    decide_rarp(snapshot, NULL, 0, &packet, ours, 0x01020304, &plan);
    assert_false(plan.has_reply || plan.for_us);
}

static void whoami_from_the_declaration(void **state)
{
    uint8_t bytes[1024];
    struct reader r = reader_of_slice(golden("bootparam-whoami.bin", bytes, sizeof(bytes)));
    const struct host *host = snapshot_host_by_name(snapshot, "sun1");
    struct scope_view view = scope_view_of(snapshot, host, &snapshot->subnets[0]);
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct bootparam_who who;

    (void)state;
    assert_int_equal(bootparam_read_whoami(&r), 0x0a3201c8);
    assert_false(r.failed);
    assert_false(decide_whoami(NULL, &view, &who));
    assert_true(decide_whoami(host, &view, &who));
    bootparam_write_who(&w, &who);
    assert_false(w.failed);
    /* 254 goes as a signed char, -2. */
    assert_int_equal(w.length, 8 + 16 + 20);
    assert_memory_equal(bytes,
                        "\0\0\0\4sun1\0\0\0\13example.org\0\0\0\0\1"
                        "\0\0\0\12\0\0\0\62\0\0\0\1\xff\xff\xff\xfe",
                        w.length);
    /* An address of another kind. */
    r = reader_of("\0\0\0\2\0\0\0\12\0\0\0\62\0\0\0\1\0\0\0\1", 20);
    assert_int_equal(bootparam_read_whoami(&r), 0);
    assert_true(r.failed);
}

static struct bootparam_file file_of(const char *name, const char *key, char text[SUN_TEXT_SIZE])
{
    const struct host *host = snapshot_host_by_name(snapshot, name);
    struct scope_view view = scope_view_of(snapshot, host, &snapshot->subnets[0]);
    struct bootparam_file result;

    decide_getfile(snapshot, &view, slice_of_string(key), OUR_ADDRESS, 0xffffff00, text, &result);
    return result;
}

static void getfile_from_the_declaration(void **state)
{
    char text[SUN_TEXT_SIZE];
    uint8_t wanted_bytes[256], written[256];
    struct slice wanted = golden("bootparam-file.bin", wanted_bytes, sizeof(wanted_bytes));
    struct writer w = writer_of(written, sizeof(written));
    struct bootparam_file file = file_of("sun1", "root", text);

    (void)state;
    bootparam_write_file(&w, &file);
    assert_true(slice_equal(slice_of(written, w.length), wanted));
    file = file_of("sun2", "root", text);
    assert_true(slice_equal_string(file.server, "files"));
    assert_true(slice_equal_string(file.path, "/r"));
    assert_int_equal(file.address, 0x0a320107);
    file = file_of("sun1", "gateway", text);
    assert_true(slice_equal_string(file.server, "10.50.1.254"));
    assert_true(slice_equal_string(file.path, "255.255.255.0"));
    for (size_t i = 0; i < 2; i++) {
        /* No such file, and a host without a root-path. */
        file = file_of(i ? "sun3" : "sun1", i ? "root" : "swap", text);
        assert_int_equal(file.address, 0);
        assert_int_equal(file.server.length + file.path.length, 0);
    }
}

/* As a machine that asks by RARP and bootparam alone. */
static void getfile_of_any_key(void **state)
{
    static const struct {
        const char *key, *server, *path;
        uint32_t address;
    } rows[] = {
        {"swap", "10.50.1.1", "/swap/4", OUR_ADDRESS},
        {"root", "10.50.1.8", "/other", 0x0a320108},
        {"term", "", "vt100", 0},
        {"dump", "10.50.1.1", "/dump/4", OUR_ADDRESS},
        {"install", "", "", 0},
        {"SWAP", "", "", 0},
    };
    const struct host *host = snapshot_host_by_name(snapshot, "sun4");
    struct reach_question question = {.snapshot = snapshot, .host = host, .address = 0x0a32010b};
    struct recalled *recalled = recall_new(snapshot, host, &host->hardware, 0x0a32010b);
    char text[SUN_TEXT_SIZE], below[EXPORT_PATH_MAX];
    struct exports exports;
    struct position bad;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bootparam_file file;

        decide_getfile(snapshot, &recalled->view, slice_of_string(rows[i].key), OUR_ADDRESS, 0,
                       text, &file);
        assert_true(slice_equal_string(file.server, rows[i].server));
        assert_true(slice_equal_string(file.path, rows[i].path));
        assert_int_equal(file.address, rows[i].address);
    }
    recall_free(recalled);
    /* What is said to be here may be mounted. */
    assert_int_equal(exports_find(&exports, &question, true, NULL, &bad), EXPORT_GRANTED);
    assert_int_equal(exports.count, 4);
    assert_non_null(exports_allow(&exports, slice_of_string("/r4"), below));
    assert_non_null(exports_allow(&exports, slice_of_string("/swap/4"), below));
    assert_non_null(exports_allow(&exports, slice_of_string("/dump/4"), below));
    assert_non_null(exports_allow(&exports, slice_of_string("/install"), below));
    assert_null(exports_allow(&exports, slice_of_string("/other"), below));
    exports_release(&exports);
}

/* Without a fixed address: what a lease gives it now, here. */
static void rarp_tells_a_leased_address(void **state)
{
    struct rarp_packet packet = {.operation = RARP_REQUEST,
                                 .target_hardware = {8, 0, 0x20, 1, 2, 4}};
    struct lease lease = {.address = 0x0a320120,
                          .state = LEASE_BOUND,
                          .expiry = 1000,
                          .hardware = {1, 6, {8, 0, 0x20, 1, 2, 4}}};
    struct lease_table leases = {.count = 0};
    struct rarp_plan plan;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        /* sun2, then a machine that nobody declared. */
        packet.target_hardware[5] = lease.hardware.address[5] = i ? 0x44 : 4;
        lease.address = 0x0a320120 + i;
        lease.state = LEASE_BOUND;
        lease_table_put(&leases, &lease);
        decide_rarp(snapshot, &leases, 999, &packet, ours, OUR_ADDRESS, &plan);
        assert_true(plan.has_reply);
        assert_int_equal(plan.reply.target_address, lease.address);
        decide_rarp(snapshot, &leases, 1000, &packet, ours, OUR_ADDRESS, &plan);
        assert_false(plan.has_reply);
        /* The interface is in another subnet. */
        decide_rarp(snapshot, &leases, 999, &packet, ours, 0x0a3c0101, &plan);
        assert_false(plan.has_reply);
        lease.state = LEASE_RELEASED;
        lease_table_put(&leases, &lease);
        decide_rarp(snapshot, &leases, 999, &packet, ours, OUR_ADDRESS, &plan);
        assert_false(plan.has_reply);
    }
    lease_table_release(&leases);
}

static void names_find_their_host(void **state)
{
    const struct host *sun1 = snapshot_host_by_name(snapshot, "sun1");
    const struct host *sun2 = snapshot_host_by_name(snapshot, "sun2");

    (void)state;
    assert_ptr_equal(sun_host_by_name(snapshot, NULL, slice_of_string("sun1")), sun1);
    assert_ptr_equal(sun_host_by_name(snapshot, sun2, slice_of_string("otherwise")), sun2);
    /* By either name of its own, and nothing of others'. */
    assert_ptr_equal(sun_host_by_name(snapshot, sun2, slice_of_string("sun2")), sun2);
    assert_null(sun_host_by_name(snapshot, sun2, slice_of_string("sun1")));
    assert_null(sun_host_by_name(snapshot, sun1, slice_of_string("otherwise")));
    assert_null(sun_host_by_name(snapshot, sun1, slice_of("sun1\0", 5)));
    assert_null(sun_host_by_name(snapshot, sun1, slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rarp_answers_as_scapy_writes_it),
        cmocka_unit_test(arp_is_read_and_written_as_scapy_writes_it),
        cmocka_unit_test(other_packets_are_no_rarp),
        cmocka_unit_test(rarp_says_why_not),
        cmocka_unit_test(whoami_from_the_declaration),
        cmocka_unit_test(getfile_from_the_declaration),
        cmocka_unit_test(getfile_of_any_key),
        cmocka_unit_test(rarp_tells_a_leased_address),
        cmocka_unit_test(names_find_their_host),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
