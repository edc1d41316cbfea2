/* Lease files of ISC dhcpd: every statement of dhcpd.leases(5), and mistakes by their lines. */
#include "test.h"

#include "config/lease_file.h"
#include "model/lease_notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKEN_MAX = 16, TEN_O_CLOCK = 1795082400 }; /* 2026-11-19 10:00:00 UTC */

static struct {
    struct lease leases[TAKEN_MAX];
    uint8_t notes[TAKEN_MAX][LEASE_NOTES_MAX];
    unsigned lines[TAKEN_MAX];
    size_t count;
    struct {
        unsigned line;
        bool entry;
        char message[256];
    } complaints[TAKEN_MAX];
    size_t complaint_count;
} taken;

static void take(void *argument, const struct lease *lease, unsigned line)
{
    (void)argument;
    assert_true(taken.count < TAKEN_MAX);
    taken.lines[taken.count] = line;
    if (lease->notes.length > 0)
        memcpy(taken.notes[taken.count], lease->notes.data, lease->notes.length);
    taken.leases[taken.count] = *lease;
    taken.leases[taken.count].notes = slice_of(taken.notes[taken.count], lease->notes.length);
    taken.count++;
}

static void complain(void *argument, unsigned line, bool entry, const char *message)
{
    (void)argument;
    assert_true(taken.complaint_count < TAKEN_MAX);
    taken.complaints[taken.complaint_count].line = line;
    taken.complaints[taken.complaint_count].entry = entry;
    snprintf(taken.complaints[taken.complaint_count++].message, 256, "%s", message);
}

static void read_text(struct slice text)
{
    const struct lease_file_sink sink = {take, complain, NULL};

    memset(&taken, 0, sizeof(taken));
    lease_file_read(text, &sink);
}

static void read_seed(const char *name)
{
    static char text[8192];
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/fuzz/seeds/lease_file/%s", TEST_DATA, name);
    file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    read_text(slice_of(text, fread(text, 1, sizeof(text), file)));
    fclose(file);
}

static void a_whole_file(void **state)
{
    const struct lease *lease = taken.leases;

    (void)state;
    read_seed("whole.leases");
    assert_int_equal(taken.complaint_count, 0);
    assert_int_equal(taken.count, 5);
    assert_int_equal(taken.lines[0], 7);
    assert_int_equal(lease[0].address, 0x0a320164);
    assert_int_equal(lease[0].state, LEASE_BOUND);
    assert_int_equal(lease[0].start, TEN_O_CLOCK);
    assert_int_equal(lease[0].expiry, TEN_O_CLOCK + 12 * 3600);
    assert_int_equal(lease[0].hardware.type, HARDWARE_ETHERNET);
    assert_memory_equal(lease[0].hardware.address, "\x22\x22\x22\x22\0\1", 6);
    assert_int_equal(lease[0].client_identifier_length, 7);
    assert_memory_equal(lease[0].client_identifier, "\1\x22\x22\x22\x22\0\1", 7);
    assert_string_equal(lease[0].vendor_class, "PXEClient:Arch:00000:UNDI:002001");
    assert_string_equal(lease[0].host_name, "one");
    assert_int_equal(lease[1].start, 1795341600);
    assert_true(lease[1].expiry == LEASE_FOREVER);
    assert_memory_equal(lease[1].hardware.address, "\x22\x22\x22\x22\0\2", 6);
    assert_memory_equal(lease[1].client_identifier, "\1\x22\x22\x22\x22\0\2", 7);
    assert_int_equal(lease[2].state, LEASE_DECLINED);
    assert_int_equal(lease[2].expiry, TEN_O_CLOCK + LEASE_FILE_ABANDONED_SECONDS);
    assert_int_equal(lease[3].state, LEASE_RELEASED);
    assert_int_equal(lease[3].expiry, TEN_O_CLOCK + 3600);
    assert_int_equal(lease[4].address, lease[0].address);
    assert_int_equal(lease[4].start, TEN_O_CLOCK + 3600); /* an hour east of Greenwich */
}

static void mistakes_by_their_lines(void **state)
{
    static const struct {
        unsigned line;
        bool entry;
        const char *message;
    } wanted[] = {
        {1, true, "expected an IPv4 address, found 10.50.1.300"},
        {3, true, "expected a date"},
        {7, true, "expected a binding state"},
        {10, true, "expected a hardware address, as in 22:22:22:22:00:00, found 22:22:22:zz"},
        {12, true, "expected a lease, found }"},
        {15, false, "colour is no statement of a lease"},
        {18, true, "host is no IPv4 lease"},
        {19, true, "ia-na is no IPv4 lease"},
        {20, true, "expected a lease, found nonsense"},
        {21, true, "the entry is cut off"},
    };

    (void)state;
    read_seed("mistakes.leases");
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_int_equal(taken.complaints[i].line, wanted[i].line);
        assert_int_equal(taken.complaints[i].entry, wanted[i].entry);
        if (!strstr(taken.complaints[i].message, wanted[i].message))
            fail_msg("%s", taken.complaints[i].message);
    }
    assert_int_equal(taken.complaint_count, sizeof(wanted) / sizeof(wanted[0]));
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.leases[0].address, 0x0a320104);
}

static void odd_but_accepted(void **state)
{
    (void)state;
    read_text(slice_of_string("LEASE 10.0.0.1 { hardware unknown-27 aa:b; abandoned; }"
                              "lease 10.0.0.2 { starts never; bootp; hardware fddi 1:2:3:4:5:6;"
                              " client-hostname \"a\\tb\\x41\\\\\"; }"
                              "lease 10.0.0.3 { hostname plain; ; binding state backup }"));
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.leases[0].hardware.type, 27);
    assert_int_equal(taken.leases[0].hardware.length, 2);
    assert_int_equal(taken.leases[0].state, LEASE_DECLINED);
    assert_true(taken.leases[1].expiry == LEASE_FOREVER);
    assert_string_equal(taken.leases[1].host_name, "a\\x09bA\\x5c");
    assert_int_equal(taken.complaint_count, 1); /* the `;` behind "backup" */
    read_text(slice_of(NULL, 0));
    assert_int_equal(taken.count + taken.complaint_count, 0);
}

/* What the configuration of dhcpd kept with a lease in use goes along. */
static void variables_and_classes_are_taken(void **state)
{
    static const char text[] =
        "lease 10.50.1.20 { starts 4 2026/11/19 10:00:00; ends 4 2026/11/19 12:00:00;\n"
        "binding state active; hardware ethernet 22:22:22:22:00:01; reserved;\n"
        "set kind = \"diskless\"; set port = %-42; set seen = true; set mark = 1:ff:0;\n"
        "set ddns-txt = \"x\"; billing subclass \"ports\" \"eth0/1\"; }\n"
        "lease 10.50.1.21 { binding state free; hardware ethernet 22:22:22:22:00:02; reserved;\n"
        "set kind = \"gone\"; billing class \"ports\"; }\n"
        "lease 10.50.1.22 { binding state active; billing class; }\n"
        "lease 10.50.1.23 { binding state active; billing what \"x\"; }\n";
    static const uint8_t notes[] = "\6\0\0\0"
                                   "\1\5kind\0\0\10diskless"
                                   "\2\5port\0\0\10\377\377\377\377\377\377\377\326"
                                   "\3\5seen\0\0\1\1"
                                   "\1\5mark\0\0\3\1\377\0"
                                   "\5\0\0\14ports\0eth0/1";

    (void)state;
    read_text(slice_of(text, sizeof(text) - 1));
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.leases[0].notes.length, sizeof(notes) - 1);
    assert_memory_equal(taken.leases[0].notes.data, notes, sizeof(notes) - 1);
    assert_int_equal(taken.leases[1].notes.length, 4);
    assert_int_equal(taken.leases[1].notes.data[0], NOTE_RESERVED);
    assert_int_equal(taken.complaint_count, 2);
    assert_string_equal(taken.complaints[0].message, "expected the name of a class, found ;");
    assert_string_equal(taken.complaints[1].message, "expected class or subclass, found what");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_and_classes_are_taken),
        cmocka_unit_test(a_whole_file),
        cmocka_unit_test(mistakes_by_their_lines),
        cmocka_unit_test(odd_but_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
