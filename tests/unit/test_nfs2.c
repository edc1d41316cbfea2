/* NFS version 2 on the wire. */
#include "test.h"

#include "wire/nfs2.h"

#include <stdlib.h>

static size_t unhex(const char *hex, uint8_t *to, size_t size)
{
    size_t length = 0;

    for (; hex[0] && hex[1]; hex += hex[0] == ' ' ? 1 : 2) {
        char byte[3] = {hex[0], hex[1], 0};

        if (hex[0] == ' ')
            continue;
        assert_true(length < size);
        to[length++] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return length;
}

static uint8_t packet[512];

static union nfs2_arguments decode(enum nfs2_procedure procedure, const char *hex)
{
    size_t length = unhex(hex, packet, sizeof(packet));
    struct reader r = reader_of(packet, length);
    union nfs2_arguments arguments;

    assert_true(nfs2_read_arguments(&r, procedure, &arguments));
    assert_int_equal(reader_left(&r), 0);
    for (size_t shorter = 0; shorter < length; shorter++) {
        union nfs2_arguments ignored;

        r = reader_of(packet, shorter);
        assert_false(nfs2_read_arguments(&r, procedure, &ignored));
    }
    return arguments;
}

#define HANDLE "0000000000000000000000000000000000000000000000000000000000000001 "
#define OTHER  "0000000000000000000000000000000000000000000000000000000000000002 "
#define NAME   "00000006 6e65746273640000 "
#define SATTR  "000001a4 00000001 00000002 ffffffff 00000005 00000006 ffffffff ffffffff "

static void calls_decode(void **state)
{
    union nfs2_arguments a;

    (void)state;
    decode(NFS2_NULL, "");
    decode(NFS2_ROOT, "");
    decode(NFS2_WRITECACHE, "");
    a = decode(NFS2_GETATTR, HANDLE);
    assert_int_equal(a.handle.length, NFS2_HANDLE_SIZE);
    assert_int_equal(a.handle.data[31], 1);
    a = decode(NFS2_SETATTR, HANDLE SATTR);
    assert_int_equal(a.setattr.sattr.mode, 0644);
    assert_int_equal(a.setattr.sattr.size, NFS2_DONT_CHANGE);
    assert_int_equal(a.setattr.sattr.atime.microseconds, 6);
    a = decode(NFS2_LOOKUP, HANDLE NAME);
    assert_true(slice_equal_string(a.place.name, "netbsd"));
    /* As NetBSD's boot loader reads: 1,024 bytes at a time. */
    a = decode(NFS2_READ, HANDLE "00000400 00000400 00000000");
    assert_int_equal(a.read.offset, 1024);
    assert_int_equal(a.read.count, 1024);
    a = decode(NFS2_WRITE, HANDLE "00000000 00000200 00000000 00000003 61626300");
    assert_int_equal(a.write.offset, 512);
    assert_true(slice_equal_string(a.write.data, "abc"));
    a = decode(NFS2_CREATE, HANDLE NAME SATTR);
    assert_int_equal(a.create.sattr.gid, 2);
    decode(NFS2_MKDIR, HANDLE NAME SATTR);
    decode(NFS2_REMOVE, HANDLE NAME);
    decode(NFS2_RMDIR, HANDLE NAME);
    a = decode(NFS2_RENAME, HANDLE NAME OTHER "00000001 78000000");
    assert_true(slice_equal_string(a.rename.to.name, "x"));
    a = decode(NFS2_LINK, HANDLE OTHER NAME);
    assert_int_equal(a.link.to.directory.data[31], 2);
    a = decode(NFS2_SYMLINK, HANDLE NAME "00000004 2f646576 " SATTR);
    assert_true(slice_equal_string(a.symlink.target, "/dev"));
    assert_int_equal(a.symlink.sattr.uid, 1);
    a = decode(NFS2_READDIR, HANDLE "00000007 00002000");
    assert_int_equal(a.readdir.cookie, 7);
    assert_int_equal(a.readdir.count, 8192);
    decode(NFS2_READLINK, HANDLE);
    decode(NFS2_STATFS, HANDLE);
}

static void nonsense_is_refused(void **state)
{
    union nfs2_arguments ignored;
    struct reader r;

    (void)state;
    r = reader_of(packet, unhex(HANDLE "ffffffff", packet, sizeof(packet)));
    assert_false(nfs2_read_arguments(&r, NFS2_LOOKUP, &ignored));
    r = reader_of(packet,
                  unhex(HANDLE "00000000 00000000 00000000 00002001", packet, sizeof(packet)));
    assert_false(nfs2_read_arguments(&r, NFS2_WRITE, &ignored));
    r = reader_of(packet, 0);
    assert_false(nfs2_read_arguments(&r, NFS2_PROCEDURE_COUNT, &ignored));
}

static uint8_t written[512];

static void assert_bytes(const struct writer *w, const char *hex)
{
    uint8_t expected[512];
    size_t length = unhex(hex, expected, sizeof(expected));

    assert_false(w->failed);
    assert_int_equal(w->length, length);
    assert_memory_equal(w->data, expected, length);
}

#define FATTR                                                                                      \
    "00000001 000081a4 00000001 00000003 00000004 00000400 00001000 00000000 00000008 0000fe00 "   \
    "00000009 0000000a0000000b 0000000c0000000d 0000000e0000000f "

static void results_have_their_shapes(void **state)
{
    const struct nfs2_fattr fattr = {
        .type = NFS2_REGULAR,
        .mode = 0100644,
        .nlink = 1,
        .uid = 3,
        .gid = 4,
        .size = 1024,
        .block_size = 4096,
        .blocks = 8,
        .fsid = 0xfe00,
        .fileid = 9,
        .atime = {10, 11},
        .mtime = {12, 13},
        .ctime = {14, 15},
    };
    const struct nfs2_statfs statfs = {8192, 4096, 3, 2, 1};
    uint8_t handle[NFS2_HANDLE_SIZE] = {[31] = 1};
    struct writer w;

    (void)state;
#define CHECK(call, hex)                                                                           \
    do {                                                                                           \
        w = writer_of(written, sizeof(written));                                                   \
        call;                                                                                      \
        assert_bytes(&w, hex);                                                                     \
    } while (0)
    CHECK(nfs2_write_status(&w, NFS2ERR_NOENT), "00000002");
    CHECK(nfs2_write_attributes(&w, &fattr), "00000000 " FATTR);
    CHECK(nfs2_write_object(&w, handle, &fattr), "00000000 " HANDLE FATTR);
    CHECK(nfs2_write_readlink(&w, slice_of_string("abc")), "00000000 00000003 61626300");
    CHECK(nfs2_write_read(&w, &fattr, 1024), "00000000 " FATTR "00000400");
    CHECK(nfs2_write_statfs(&w, &statfs), "00000000 00002000 00001000 00000003 00000002 00000001");
#undef CHECK
}

static void lists_keep_to_their_limits(void **state)
{
    struct writer w = writer_of(written, sizeof(written));
    struct nfs2_list list;
    size_t length;

    (void)state;
    /* Four for the status, eight for the end, 20 for each entry. */
    nfs2_list_start(&list, &w, 4 + 2 * 20 + 8 + 19);
    assert_true(nfs2_list_add(&list, 1, slice_of_string("ab"), 2));
    length = w.length;
    assert_true(nfs2_list_add(&list, 3, slice_of_string("cd"), 4));
    assert_false(nfs2_list_add(&list, 5, slice_of_string("ef"), 6));
    nfs2_list_cut(&list, length);
    nfs2_list_end(&list, true);
    assert_bytes(&w, "00000000 00000001 00000001 00000002 61620000 00000002 00000000 00000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_decode),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(results_have_their_shapes),
        cmocka_unit_test(lists_keep_to_their_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
