/* NFS version 3 on the wire. The calls are a NetBSD 6 kernel's (tests/captures), the results of
 * GETATTR, FSINFO, LOOKUP and ACCESS what it was given and understood. */
#include "test.h"

#include "wire/nfs3.h"

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

static union nfs3_arguments decode(enum nfs3_procedure procedure, const char *hex)
{
    size_t length = unhex(hex, packet, sizeof(packet));
    struct reader r = reader_of(packet, length);
    union nfs3_arguments arguments;

    assert_true(nfs3_read_arguments(&r, procedure, &arguments));
    assert_int_equal(reader_left(&r), 0);
    /* Cut short anywhere it is no call. */
    for (size_t shorter = 0; shorter < length; shorter++) {
        union nfs3_arguments ignored;

        r = reader_of(packet, shorter);
        assert_false(nfs3_read_arguments(&r, procedure, &ignored));
    }
    return arguments;
}

static uint8_t written[1024];

static void assert_bytes(const struct writer *w, const char *hex)
{
    uint8_t expected[1024];
    size_t length = unhex(hex, expected, sizeof(expected));

    assert_false(w->failed);
    assert_int_equal(w->length, length);
    assert_memory_equal(w->data, expected, length);
}

#define HANDLE "00000020 0000000000000000000000000000000000000000000000000000000000000001 "
#define OTHER  "00000020 0000000000000000000000000000000000000000000000000000000000000002 "
#define NAME   "00000003 64657600 "
#define SATTR                                                                                      \
    "00000001 000001a4 00000001 00000001 00000001 00000002 00000001 0000000000000003 "             \
    "00000001 00000002 00000005 00000006 "

static void a_kernels_calls_decode(void **state)
{
    union nfs3_arguments a;

    (void)state;
    a = decode(NFS3_GETATTR, "00000017 00fe0000a820a70000000000a820a7000000000002dc2f00");
    assert_int_equal(a.handle.length, 23);
    a = decode(NFS3_LOOKUP,
               "00000017 00fe0000a820a70000000000a820a7000000000002dc2f00 00000003 64657600");
    assert_true(slice_equal_string(a.place.name, "dev"));
    a = decode(NFS3_ACCESS,
               "00000019 00fe00007521a700000000007521a7000000000004dc2f15f3000000 00000020");
    assert_int_equal(a.access.wanted, NFS3_ACCESS_EXECUTE);
    a = decode(NFS3_READ, "00000019 00fe00007521a700000000007521a7000000000004dc2f15f3000000 "
                          "0000000000000000 00008000");
    assert_int_equal(a.read.count, 32768);
    a = decode(NFS3_READDIR, "00000017 00fe0000a820a70000000000a820a7000000000002dc2f00 "
                             "0000000000000000 0000000000000000 00001000");
    assert_int_equal(a.readdir.count, 4096);
}

static void changes_decode(void **state)
{
    union nfs3_arguments a;

    (void)state;
    a = decode(NFS3_SETATTR, HANDLE SATTR "00000001 00000007 00000008");
    assert_int_equal(a.setattr.sattr.mode, 0644);
    assert_int_equal(a.setattr.sattr.uid, 1);
    assert_int_equal(a.setattr.sattr.gid, 2);
    assert_int_equal(a.setattr.sattr.size, 3);
    assert_int_equal(a.setattr.sattr.set_atime, NFS3_SET_TO_SERVER);
    assert_int_equal(a.setattr.sattr.mtime.nanoseconds, 6);
    assert_int_equal(a.setattr.guard_ctime.seconds, 7);
    a = decode(NFS3_SETATTR,
               HANDLE "00000000 00000000 00000000 00000000 00000000 00000000 00000000");
    assert_false(a.setattr.sattr.set_mode || a.setattr.sattr.set_size || a.setattr.guarded);
    a = decode(NFS3_WRITE, HANDLE "0000000000001000 00000005 00000002 00000005 6162636465000000");
    assert_int_equal(a.write.offset, 4096);
    assert_int_equal(a.write.stable, NFS3_FILE_SYNC);
    assert_true(slice_equal_string(a.write.data, "abcde"));
    a = decode(NFS3_CREATE, HANDLE NAME "00000001 " SATTR);
    assert_int_equal(a.create.how, NFS3_GUARDED);
    assert_int_equal(a.create.sattr.size, 3);
    a = decode(NFS3_CREATE, HANDLE NAME "00000002 0102030405060708");
    assert_int_equal(a.create.verifier[7], 8);
    a = decode(NFS3_MKDIR, HANDLE NAME SATTR);
    assert_int_equal(a.mkdir.sattr.mode, 0644);
    a = decode(NFS3_SYMLINK, HANDLE NAME SATTR "00000004 2f646576");
    assert_true(slice_equal_string(a.symlink.target, "/dev"));
    a = decode(NFS3_MKNOD, HANDLE NAME "00000004 " SATTR "00000005 00000001");
    assert_int_equal(a.mknod.major, 5);
    assert_int_equal(a.mknod.minor, 1);
    a = decode(NFS3_MKNOD, HANDLE NAME "00000007 " SATTR);
    assert_int_equal(a.mknod.type, NFS3_FIFO);
    a = decode(NFS3_MKNOD, HANDLE NAME "00000063");
    assert_int_equal(a.mknod.type, 99);
    a = decode(NFS3_RENAME, HANDLE NAME OTHER "00000001 78000000");
    assert_true(slice_equal_string(a.rename.from.name, "dev"));
    assert_true(slice_equal_string(a.rename.to.name, "x"));
    assert_int_equal(a.rename.to.directory.data[31], 2);
    a = decode(NFS3_LINK, HANDLE OTHER NAME);
    assert_int_equal(a.link.handle.data[31], 1);
    assert_int_equal(a.link.to.directory.data[31], 2);
    a = decode(NFS3_REMOVE, HANDLE NAME);
    a = decode(NFS3_RMDIR, HANDLE NAME);
    assert_true(slice_equal_string(a.place.name, "dev"));
    a = decode(NFS3_READDIRPLUS, HANDLE "0000000000000009 0000000000000000 00000200 00001000");
    assert_int_equal(a.readdir.cookie, 9);
    assert_int_equal(a.readdir.dircount, 512);
    assert_int_equal(a.readdir.count, 4096);
    a = decode(NFS3_COMMIT, HANDLE "0000000000001000 00000005");
    assert_int_equal(a.commit.offset, 4096);
    decode(NFS3_READLINK, HANDLE);
    decode(NFS3_FSSTAT, HANDLE);
    decode(NFS3_FSINFO, HANDLE);
    decode(NFS3_PATHCONF, HANDLE);
    decode(NFS3_NULL, "");
}

static void nonsense_is_refused(void **state)
{
    static const struct {
        enum nfs3_procedure procedure;
        const char *hex;
    } rows[] = {
        {NFS3_GETATTR, "00000041"},            /* a handle of 65 bytes */
        {NFS3_GETATTR, "ffffffff"},            /* of 4 GiB */
        {NFS3_CREATE, HANDLE NAME "00000003"}, /* a way to create that is none */
        {NFS3_MKDIR, HANDLE NAME "00000000 00000000 00000000 00000000 00000003"}, /* of a time */
        {NFS3_WRITE, HANDLE "0000000000000000 00000000 00000003 00000000"},       /* of stability */
        {NFS3_WRITE, HANDLE "0000000000000000 00000000 00000000 00100001"},       /* 1 MiB + 1 */
    };
    union nfs3_arguments ignored;
    struct reader r;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r = reader_of(packet, unhex(rows[i].hex, packet, sizeof(packet)));
        assert_false(nfs3_read_arguments(&r, rows[i].procedure, &ignored));
    }
    r = reader_of(packet, 0);
    assert_false(nfs3_read_arguments(&r, NFS3_PROCEDURE_COUNT, &ignored));
}

static const struct nfs3_fattr root_fattr = {
    .type = NFS3_DIRECTORY,
    .mode = 0x41ed,
    .nlink = 14,
    .size = 4096,
    .used = 4096,
    .fsid = 0xfe00,
    .fileid = 0xa720a8,
    .atime = {0x6b0346cc, 0},
    .mtime = {0x6b03467f, 0},
    .ctime = {0x6b0346cc, 0},
};
#define ROOT_FATTR                                                                                 \
    "00000002 000041ed 0000000e 00000000 00000000 0000000000001000 0000000000001000 00000000 "     \
    "00000000 000000000000fe00 0000000000a720a8 6b0346cc00000000 6b03467f00000000 "                \
    "6b0346cc00000000 "

static void results_are_what_a_kernel_understood(void **state)
{
    const struct nfs3_post_op root = {true, root_fattr}, none = {.present = false};
    const struct nfs3_fsinfo fsinfo = {
        .read_max = 32768,
        .read_preferred = 32768,
        .read_multiple = 4096,
        .write_max = 32768,
        .write_preferred = 32768,
        .write_multiple = 4096,
        .readdir_preferred = 4096,
        .file_size_max = UINT64_MAX,
        .time_delta = {1, 0},
        .properties = 0x1b,
    };
    struct writer w = writer_of(written, sizeof(written));

    (void)state;
    nfs3_write_getattr(&w, NFS3_OK, &root_fattr);
    assert_bytes(&w, "00000000 " ROOT_FATTR);
    w = writer_of(written, sizeof(written));
    nfs3_write_fsinfo(&w, NFS3_OK, &root, &fsinfo);
    assert_bytes(&w, "00000000 00000001 " ROOT_FATTR
                     "00008000 00008000 00001000 00008000 00008000 00001000 00001000 "
                     "ffffffffffffffff 0000000100000000 0000001b");
    w = writer_of(written, sizeof(written));
    nfs3_write_access(&w, NFS3_OK, &root, NFS3_ACCESS_LOOKUP);
    assert_bytes(&w, "00000000 00000001 " ROOT_FATTR "00000002");
    w = writer_of(written, sizeof(written));
    nfs3_write_lookup(&w, NFS3ERR_NOENT, NULL, &none, &root);
    assert_bytes(&w, "00000002 00000001 " ROOT_FATTR);
}

static void every_result_has_its_shape(void **state)
{
    const struct nfs3_post_op none = {.present = false};
    const struct nfs3_wcc no_wcc = {.has_before = false};
    const struct nfs3_wcc before = {true, 1, {2, 3}, {4, 5}, {.present = false}};
    const struct nfs3_fsstat fsstat = {1, 2, 3, 4, 5, 6, 7};
    const struct nfs3_pathconf pathconf = {32000, 255, true, true, false, true};
    const uint8_t verifier[NFS3_VERIFIER_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t handle[NFS3_HANDLE_SIZE] = {[31] = 1};
    struct writer w;

    (void)state;
#define CHECK(call, hex)                                                                           \
    do {                                                                                           \
        w = writer_of(written, sizeof(written));                                                   \
        call;                                                                                      \
        assert_bytes(&w, hex);                                                                     \
    } while (0)
    CHECK(nfs3_write_getattr(&w, NFS3ERR_STALE, NULL), "00000046");
    CHECK(nfs3_write_change(&w, NFS3_OK, &before),
          "00000000 00000001 0000000000000001 0000000200000003 0000000400000005 00000000");
    CHECK(nfs3_write_lookup(&w, NFS3_OK, handle, &none, &none),
          "00000000 " HANDLE "00000000 00000000");
    CHECK(nfs3_write_readlink(&w, NFS3_OK, &none, slice_of_string("abc")),
          "00000000 00000000 00000003 61626300");
    CHECK(nfs3_write_read(&w, NFS3_OK, &none, 5, true),
          "00000000 00000000 00000005 00000001 00000005");
    CHECK(nfs3_write_write(&w, NFS3_OK, &no_wcc, 5, NFS3_DATA_SYNC, verifier),
          "00000000 00000000 00000000 00000005 00000001 0102030405060708");
    CHECK(nfs3_write_write(&w, NFS3ERR_NOSPC, &no_wcc, 5, NFS3_DATA_SYNC, verifier),
          "0000001c 00000000 00000000");
    CHECK(nfs3_write_create(&w, NFS3_OK, handle, &none, &no_wcc),
          "00000000 00000001 " HANDLE "00000000 00000000 00000000");
    CHECK(nfs3_write_create(&w, NFS3_OK, NULL, &none, &no_wcc),
          "00000000 00000000 00000000 00000000 00000000");
    CHECK(nfs3_write_create(&w, NFS3ERR_EXIST, handle, &none, &no_wcc),
          "00000011 00000000 00000000");
    CHECK(nfs3_write_rename(&w, NFS3_OK, &no_wcc, &before),
          "00000000 00000000 00000000 00000001 0000000000000001 0000000200000003 "
          "0000000400000005 00000000");
    CHECK(nfs3_write_link(&w, NFS3_OK, &none, &no_wcc), "00000000 00000000 00000000 00000000");
    CHECK(nfs3_write_fsstat(&w, NFS3_OK, &none, &fsstat),
          "00000000 00000000 0000000000000001 0000000000000002 0000000000000003 "
          "0000000000000004 0000000000000005 0000000000000006 00000007");
    CHECK(nfs3_write_pathconf(&w, NFS3_OK, &none, &pathconf),
          "00000000 00000000 00007d00 000000ff 00000001 00000001 00000000 00000001");
    CHECK(nfs3_write_commit(&w, NFS3_OK, &no_wcc, verifier),
          "00000000 00000000 00000000 0102030405060708");
    CHECK(nfs3_write_readdir_failed(&w, NFS3ERR_NOTDIR, &none), "00000014 00000000");
#undef CHECK
}

static void lists_keep_to_their_limits(void **state)
{
    static const uint8_t verifier[NFS3_VERIFIER_SIZE];
    const struct nfs3_post_op none = {.present = false};
    struct nfs3_entry entry = {.fileid = 1, .name = slice_of_string("ab"), .cookie = 2};
    struct writer w = writer_of(written, sizeof(written));
    struct nfs3_list list;

    (void)state;
    /* The result without its status: 12 before the entries, 8 after them, 28 for each. */
    nfs3_list_start(&list, &w, false, &none, verifier, 12 + 28 + 8 + 27, SIZE_MAX);
    assert_true(nfs3_list_add(&list, &entry));
    assert_false(nfs3_list_add(&list, &entry));
    nfs3_list_end(&list, false);
    assert_bytes(&w, "00000000 00000000 0000000000000000 00000001 0000000000000001 00000002 "
                     "61620000 0000000000000002 00000000 00000000");
    /* dircount has room for one entry's name, file id and cookie. */
    w = writer_of(written, sizeof(written));
    nfs3_list_start(&list, &w, true, &none, verifier, 1000, 24 + 23);
    entry.has_handle = true;
    assert_true(nfs3_list_add(&list, &entry));
    assert_false(nfs3_list_add(&list, &entry));
    nfs3_list_end(&list, true);
    assert_int_equal(w.length, 4 + 12 + 28 + 4 + 4 + 4 + 32 + 8);
    /* A limit past the reply's own end is the reply's end. */
    w = writer_of(written, 100);
    nfs3_list_start(&list, &w, false, &none, verifier, SIZE_MAX, SIZE_MAX);
    while (nfs3_list_add(&list, &entry))
        ;
    nfs3_list_end(&list, false);
    assert_false(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernels_calls_decode),
        cmocka_unit_test(changes_decode),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(results_are_what_a_kernel_understood),
        cmocka_unit_test(every_result_has_its_shape),
        cmocka_unit_test(lists_keep_to_their_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
