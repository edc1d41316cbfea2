#include "test.h"

#include "wire/mount.h"
#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/xdr.h"

#include <stdio.h>
#include <string.h>

/* A recorded packet, cut from tests/captures/; it is a fuzzing seed too. */
static size_t golden(const char *name, uint8_t *to, size_t size)
{
    char path[512];
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%s/fuzz/seeds/%s", TEST_DATA, name);
    file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    length = fread(to, 1, size, file);
    fclose(file);
    return length;
}

static void xdr_fills_units(void **state)
{
    uint8_t bytes[64];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct reader r;

    (void)state;
    assert_int_equal(xdr_padding(0), 0);
    assert_int_equal(xdr_padding(1), 3);
    assert_int_equal(xdr_padding(4), 0);
    xdr_write_string(&w, "abcde");
    xdr_write_fixed(&w, "xy", 2);
    xdr_write_bool(&w, true);
    assert_false(w.failed);
    assert_int_equal(w.length, 4 + 8 + 4 + 4);
    assert_memory_equal(bytes, "\0\0\0\5abcde\0\0\0xy\0\0\0\0\0\1", w.length);
    r = reader_of(bytes, w.length);
    assert_true(slice_equal_string(xdr_read_opaque(&r, 5), "abcde"));
    assert_true(slice_equal_string(xdr_read_fixed(&r, 2), "xy"));
    assert_true(xdr_read_bool(&r));
    assert_false(r.failed);
    assert_int_equal(reader_left(&r), 0);
    r = reader_of(bytes, w.length);
    assert_int_equal(xdr_read_opaque(&r, 4).length, 0);
    assert_true(r.failed);
    /* The padding has to be there. */
    r = reader_of(bytes, 9);
    assert_int_equal(xdr_read_opaque(&r, 5).length, 0);
    assert_true(r.failed);
    /* A length near 2^32 must not wrap. */
    r = reader_of("\xff\xff\xff\xfe", 4);
    assert_int_equal(xdr_read_opaque(&r, SIZE_MAX).length, 0);
    assert_true(r.failed);
}

static void recorded_calls_decode(void **state)
{
    static const struct {
        const char *name;
        uint32_t xid, program, version, procedure;
    } rows[] = {
        {"rpc/libsa-getport", 1, PORTMAP_PROGRAM, 2, PORTMAP_GETPORT},
        {"rpc/libsa-mount1", 2, MOUNT_PROGRAM, 1, MOUNT_MNT},
        {"rpc/netbsd6-getport", 0xffffff01, PORTMAP_PROGRAM, 2, PORTMAP_GETPORT},
        {"rpc/netbsd6-mount3", 0xffffff02, MOUNT_PROGRAM, 3, MOUNT_MNT},
        {"rpc/netbsd6-access", 0x05db1c6b, 100003, 3, 16},
    };
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length = golden(rows[i].name, bytes, sizeof(bytes));
        struct reader r = reader_of(bytes, length);
        struct rpc_call call;

        assert_int_equal(rpc_read_call(&r, &call), RPC_DECODED_CALL);
        assert_int_equal(call.xid, rows[i].xid);
        assert_int_equal(call.program, rows[i].program);
        assert_int_equal(call.version, rows[i].version);
        assert_int_equal(call.procedure, rows[i].procedure);
        assert_int_equal(call.credentials.flavor, RPC_AUTH_SYS);
        assert_int_equal(call.credentials.uid, 0);
        if (call.program == MOUNT_PROGRAM)
            assert_true(slice_equal_string(mount_read_path(&r), "/export/nb5"));
        assert_false(r.failed);
        /* Cut anywhere in its header, a call is nonsense, and nothing more. */
        for (size_t cut = 0; cut < 40; cut++) {
            struct reader shorter = reader_of(bytes, cut);

            assert_int_equal(rpc_read_call(&shorter, &call), RPC_DECODED_NONSENSE);
        }
    }
}

static void a_reply_is_no_call(void **state)
{
    uint8_t bytes[256];
    size_t length = golden("rpc/reply", bytes, sizeof(bytes));
    struct reader r = reader_of(bytes, length);
    struct rpc_call call;

    (void)state;
    assert_int_equal(rpc_read_call(&r, &call), RPC_DECODED_NONSENSE);
}

static void credentials_come_through(void **state)
{
    struct rpc_call call = {.xid = 7, .program = 100003, .version = 2, .procedure = 4}, again;
    uint8_t bytes[512];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct reader r;

    (void)state;
    call.credentials = (struct rpc_credentials){.flavor = RPC_AUTH_SYS,
                                                .uid = 1000,
                                                .gid = 100,
                                                .gid_count = RPC_GIDS_MAX,
                                                .machine = slice_of_string("client")};
    for (uint32_t i = 0; i < RPC_GIDS_MAX; i++)
        call.credentials.gids[i] = 200 + i;
    rpc_write_call(&w, &call);
    assert_false(w.failed);
    r = reader_of(bytes, w.length);
    assert_int_equal(rpc_read_call(&r, &again), RPC_DECODED_CALL);
    assert_int_equal(again.credentials.uid, 1000);
    assert_int_equal(again.credentials.gid, 100);
    assert_int_equal(again.credentials.gid_count, RPC_GIDS_MAX);
    assert_int_equal(again.credentials.gids[15], 215);
    assert_true(slice_equal_string(again.credentials.machine, "client"));
    assert_int_equal(reader_left(&r), 0);
    /* Seventeen groups are one too many; the count stands after stamp, name, uid and gid. */
    bytes[24 + 8 + 4 + 12 + 8 + 3] = RPC_GIDS_MAX + 1;
    r = reader_of(bytes, w.length);
    assert_int_equal(rpc_read_call(&r, &again), RPC_DECODED_BAD_AUTH);
    assert_int_equal(again.xid, 7);
    /* Kerberos is not spoken. */
    bytes[27] = 6;
    r = reader_of(bytes, w.length);
    assert_int_equal(rpc_read_call(&r, &again), RPC_DECODED_BAD_AUTH);
    assert_int_equal(again.credentials.flavor, 6);
    bytes[11] = 3;
    r = reader_of(bytes, w.length);
    assert_int_equal(rpc_read_call(&r, &again), RPC_DECODED_MISMATCH);
    assert_int_equal(again.xid, 7);
    /* A credential that claims more than 400 bytes. */
    bytes[11] = 2;
    bytes[30] = 2;
    r = reader_of(bytes, w.length);
    assert_int_equal(rpc_read_call(&r, &again), RPC_DECODED_NONSENSE);
}

static void replies_stand_byte_for_byte(void **state)
{
    uint8_t bytes[64], recorded[64];
    size_t length = golden("rpc/reply", recorded, sizeof(recorded));
    struct writer w = writer_of(bytes, sizeof(bytes));

    (void)state;
    rpc_write_accepted(&w, 0xffffff01, RPC_SUCCESS);
    writer_be32(&w, 2049);
    assert_int_equal(w.length, length);
    assert_memory_equal(bytes, recorded, length);

    w = writer_of(bytes, sizeof(bytes));
    rpc_write_program_mismatch(&w, 1, 2, 3);
    assert_int_equal(w.length, 32);
    assert_memory_equal(bytes + 20, "\0\0\0\2\0\0\0\2\0\0\0\3", 12);
    w = writer_of(bytes, sizeof(bytes));
    rpc_write_mismatch(&w, 1);
    assert_int_equal(w.length, 24);
    assert_memory_equal(bytes + 4, "\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\2", 20);
    w = writer_of(bytes, sizeof(bytes));
    rpc_write_auth_error(&w, 1, RPC_AUTH_TOOWEAK);
    assert_int_equal(w.length, 20);
    assert_memory_equal(bytes + 4, "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\5", 16);
}

static void portmap_reads_what_was_recorded(void **state)
{
    struct portmap_mapping mapping;
    struct portmap_indirect call;
    struct rpcbind_entry entry;
    uint8_t bytes[256], copy[256];
    struct writer w = writer_of(copy, sizeof(copy));
    struct reader r;
    size_t length;

    (void)state;
    r = reader_of(bytes, golden("portmap/netbsd6", bytes, sizeof(bytes)));
    portmap_read_mapping(&r, &mapping);
    assert_false(r.failed);
    assert_int_equal(mapping.program, MOUNT_PROGRAM);
    assert_int_equal(mapping.version, 3);
    assert_int_equal(mapping.protocol, PORTMAP_UDP);
    portmap_write_mapping(&w, &mapping);
    assert_memory_equal(bytes, copy, 16);

    length = golden("portmap/rpcb", bytes, sizeof(bytes));
    r = reader_of(bytes, length);
    rpcbind_read_entry(&r, &entry);
    assert_false(r.failed);
    assert_true(slice_equal_string(entry.netid, "udp"));
    assert_true(slice_equal_string(entry.address, "10.50.1.1.0.111"));
    w = writer_of(copy, sizeof(copy));
    rpcbind_write_entry(&w, &entry);
    assert_int_equal(w.length, length);
    assert_memory_equal(bytes, copy, length);
    r = reader_of(bytes, length - 1);
    rpcbind_read_entry(&r, &entry);
    assert_true(r.failed);

    r = reader_of(bytes, golden("portmap/callit", bytes, sizeof(bytes)));
    portmap_read_indirect(&r, &call);
    assert_false(r.failed);
    assert_int_equal(call.program, MOUNT_PROGRAM);
    assert_int_equal(call.arguments.length, 0);
}

static void universal_addresses_name_ports(void **state)
{
    char text[UNIVERSAL_ADDRESS_SIZE];

    (void)state;
    assert_string_equal(universal_address(text, 0x0a320101, 2049), "10.50.1.1.8.1");
    assert_string_equal(universal_address(text, 0xffffffff, 65535), "255.255.255.255.255.255");
}

static void mounts_answer_each_version(void **state)
{
    uint8_t handle[32], bytes[128];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct slice slice = slice_of(handle, sizeof(handle));

    (void)state;
    memset(handle, 'h', sizeof(handle));
    mount_write_result(&w, 1, MOUNT_OK, slice);
    assert_int_equal(w.length, 4 + 32);
    assert_memory_equal(bytes + 4, handle, 32);
    w = writer_of(bytes, sizeof(bytes));
    mount_write_result(&w, 3, MOUNT_OK, slice);
    assert_int_equal(w.length, 4 + 4 + 32 + 8);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\x20", 8);
    assert_memory_equal(bytes + 40, "\0\0\0\1\0\0\0\1", 8);
    w = writer_of(bytes, sizeof(bytes));
    mount_write_result(&w, 3, MOUNT_ACCES, slice);
    assert_int_equal(w.length, 4);
    assert_memory_equal(bytes, "\0\0\0\x0d", 4);
    w = writer_of(bytes, sizeof(bytes));
    mount_write_export(&w, "/a");
    mount_write_group(&w, "h");
    mount_write_end(&w);
    mount_write_mounted(&w, "h", "/a");
    mount_write_end(&w);
    assert_int_equal(w.length, 4 + 8 + 4 + 8 + 4 + 4 + 8 + 8 + 4);
    memset(bytes, 0, 4);
    bytes[2] = 4;
    bytes[3] = 1;
    assert_int_equal(mount_read_path(&(struct reader){.data = bytes, .length = 128}).length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xdr_fills_units),
        cmocka_unit_test(recorded_calls_decode),
        cmocka_unit_test(a_reply_is_no_call),
        cmocka_unit_test(credentials_come_through),
        cmocka_unit_test(replies_stand_byte_for_byte),
        cmocka_unit_test(portmap_reads_what_was_recorded),
        cmocka_unit_test(universal_addresses_name_ports),
        cmocka_unit_test(mounts_answer_each_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
