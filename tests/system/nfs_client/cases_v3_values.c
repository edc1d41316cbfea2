/* Version 3: what is said of what succeeds, field by field, beside what the system says of it. */
#include "cases_v3.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int type_of(mode_t mode)
{
    return S_ISREG(mode)    ? NF3REG
           : S_ISDIR(mode)  ? NF3DIR
           : S_ISBLK(mode)  ? NF3BLK
           : S_ISCHR(mode)  ? NF3CHR
           : S_ISLNK(mode)  ? NF3LNK
           : S_ISSOCK(mode) ? NF3SOCK
                            : NF3FIFO;
}

static bool is_time(nfstime3 time, const struct timespec *expected)
{
    return time.seconds == (uint32_t)expected->tv_sec &&
           time.nseconds == (uint32_t)expected->tv_nsec;
}

static void check_attributes(const fattr3 *attributes, const char *name)
{
    struct stat info;

    CHECK(lstat(case_local(name), &info) == 0);
    CHECK_IS(attributes->type, type_of(info.st_mode));
    CHECK_IS(attributes->mode, info.st_mode & 07777);
    CHECK_IS(attributes->nlink, info.st_nlink);
    CHECK_IS(attributes->uid, info.st_uid);
    CHECK_IS(attributes->gid, info.st_gid);
    CHECK_IS(attributes->size, info.st_size);
    CHECK_IS(attributes->used, info.st_blocks * 512);
    CHECK_IS(attributes->fileid, info.st_ino);
    /* Reading a list or a link, as this does too, moves the time of access. */
    if (S_ISREG(info.st_mode))
        CHECK(is_time(attributes->atime, &info.st_atim));
    CHECK(is_time(attributes->mtime, &info.st_mtim));
    CHECK(is_time(attributes->ctime, &info.st_ctim));
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
        CHECK_IS(attributes->rdev.specdata1, major(info.st_rdev));
        CHECK_IS(attributes->rdev.specdata2, minor(info.st_rdev));
    }
}

static const char *const kinds[] = {"regular", "directory", "symlink", "character",
                                    "block",   "fifo",      "socket"};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void make_kinds(void)
{
    int file = open(case_local("regular"), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    CHECK(file >= 0 && write(file, "12345", 5) == 5 && close(file) == 0);
    CHECK(link(case_local("regular"), case_local("second")) == 0);
    CHECK(chown(case_local("regular"), 1234, 4294967294u) == 0);
    CHECK(mkdir(case_local("directory"), 01711) == 0);
    CHECK(symlink("regular", case_local("symlink")) == 0);
    CHECK(mknod(case_local("character"), S_IFCHR | 0600, makedev(4095, 1048575)) == 0);
    CHECK(mknod(case_local("block"), S_IFBLK | 0660, makedev(8, 257)) == 0);
    CHECK(mknod(case_local("fifo"), S_IFIFO | 0622, 0) == 0);
    CHECK(mknod(case_local("socket"), S_IFSOCK | 0777, 0) == 0);
}

static void attributes_of_every_type(void)
{
    fattr3 attributes, here = attributes_of(&work);

    make_kinds();
    for (size_t i = 0; i < KINDS; i++) {
        struct handle handle = handle_at(&work, kinds[i]);

        CHECK(said.object.attributes_follow && said.above.attributes_follow);
        check_attributes(&said.object.post_op_attr_u.attributes, kinds[i]);
        check_attributes(&said.above.post_op_attr_u.attributes, ".");
        CHECK_IS(v3_getattr(root, &handle, &attributes), NFS3_OK);
        check_attributes(&attributes, kinds[i]);
        CHECK_IS(attributes.fsid, here.fsid);
        CHECK_IS(handle.fh.data.data_len, 32);
    }
}

static void file_ids_and_cookies_are_small(void)
{
    uint64_t most = 0;
    struct stat info;

    make_kinds();
    CHECK(stat(case_local("."), &info) == 0);
    CHECK_IS(v3_readdirplus(root, &work, 0, NULL, 8192, 32768), NFS3_OK);
    for (size_t i = 0; i < listed.count; i++) {
        if (listed.entries[i].cookie > most)
            most = listed.entries[i].cookie;
        CHECK(info.st_ino > UINT32_MAX || listed.entries[i].fileid <= UINT32_MAX);
    }
    CHECK(most <= INT32_MAX);
}

/* Before and after are what the object was and is: the two looks belong to the call alone. */
static void check_wcc(const wcc_data *wcc, const fattr3 *before, const struct handle *of)
{
    fattr3 after = attributes_of(of);

    CHECK(wcc->before.attributes_follow && wcc->after.attributes_follow);
    CHECK_IS(wcc->before.pre_op_attr_u.attributes.size, before->size);
    CHECK(same_time(wcc->before.pre_op_attr_u.attributes.mtime, before->mtime));
    CHECK(same_time(wcc->before.pre_op_attr_u.attributes.ctime, before->ctime));
    CHECK_IS(wcc->after.post_op_attr_u.attributes.size, after.size);
    CHECK_IS(wcc->after.post_op_attr_u.attributes.nlink, after.nlink);
    CHECK(same_time(wcc->after.post_op_attr_u.attributes.mtime, after.mtime));
    CHECK(same_time(wcc->after.post_op_attr_u.attributes.ctime, after.ctime));
}

/* Calls, which has to succeed, and compares what it says of the directory. */
#define CHANGES(handle, call)                                                                      \
    do {                                                                                           \
        fattr3 was_there = attributes_of(handle);                                                  \
        wcc_data told;                                                                             \
        CHECK_IS(call, NFS3_OK);                                                                   \
        told = said.wcc;                                                                           \
        check_wcc(&told, &was_there, handle);                                                      \
    } while (0)

static void weak_cache_consistency(void)
{
    struct handle file, dir = new_directory(&work, "dir", 0755);
    sattr3 mode = v3_mode(0600);
    wcc_data from, to;
    fattr3 was, was_to;

    CHANGES(&work, v3_create(root, &work, "unchecked", UNCHECKED, NULL, NULL));
    CHANGES(&work, v3_create(root, &work, "unchecked", UNCHECKED, NULL, NULL));
    CHANGES(&work, v3_create(root, &work, "file", GUARDED, NULL, NULL));
    file = handle_at(&work, "file");
    CHANGES(&work, v3_create(root, &work, "exclusive", EXCLUSIVE, NULL, "verifier"));
    CHANGES(&work, v3_mkdir(root, &work, "made", 0755));
    CHANGES(&work, v3_symlink(root, &work, "link", "file"));
    CHANGES(&work, v3_mknod(root, &work, "fifo", NF3FIFO, 0, 0));
    CHANGES(&work, v3_link(root, &file, &work, "hard"));
    CHANGES(&work, v3_remove(root, &work, "hard"));
    CHANGES(&work, v3_rmdir(root, &work, "made"));
    CHANGES(&file, v3_setattr(root, &file, &mode, NULL));
    CHANGES(&file, v3_write(root, &file, 0, "abc", 3, FILE_SYNC));
    CHANGES(&file, v3_write(root, &file, 3, "def", 3, UNSTABLE));
    CHANGES(&file, v3_commit(root, &file));
    CHANGES(&work, v3_rename(root, &work, "file", &work, "renamed"));
    was = attributes_of(&work);
    was_to = attributes_of(&dir);
    CHECK_IS(v3_rename(root, &work, "renamed", &dir, "moved"), NFS3_OK);
    from = said.wcc;
    to = said.wcc_to;
    check_wcc(&from, &was, &work);
    check_wcc(&to, &was_to, &dir);
}

static void creating(void)
{
    sattr3 attributes = v3_mode(04751);
    struct handle first;

    attributes.uid.set_it = attributes.gid.set_it = attributes.size.set_it = 1;
    attributes.uid.set_uid3_u.uid = 77;
    attributes.gid.set_gid3_u.gid = 88;
    attributes.size.set_size3_u.size = 5000;
    attributes.mtime.set_it = SET_TO_CLIENT_TIME;
    attributes.mtime.set_mtime_u.mtime = (nfstime3){1000000000, 123456789};
    CHECK_IS(v3_create(root, &work, "file", GUARDED, &attributes, NULL), NFS3_OK);
    check_attributes(&said.object.post_op_attr_u.attributes, "file");
    CHECK_IS(said.object.post_op_attr_u.attributes.mode, 04751);
    CHECK_IS(said.object.post_op_attr_u.attributes.uid, 77);
    CHECK_IS(said.object.post_op_attr_u.attributes.gid, 88);
    CHECK_IS(said.object.post_op_attr_u.attributes.size, 5000);
    CHECK_IS(said.object.post_op_attr_u.attributes.mtime.nseconds, 123456789);
    first = said.handle;
    /* One that is there keeps all but its size, and that too where none is given. */
    attributes = v3_mode(0600);
    CHECK_IS(v3_create(root, &work, "file", UNCHECKED, &attributes, NULL), NFS3_OK);
    CHECK(same_handle(&first, &said.handle));
    CHECK_IS(said.object.post_op_attr_u.attributes.size, 5000);
    attributes.size.set_it = 1;
    CHECK_IS(v3_create(root, &work, "file", UNCHECKED, &attributes, NULL), NFS3_OK);
    CHECK_IS(said.object.post_op_attr_u.attributes.size, 0);
    CHECK_IS(said.object.post_op_attr_u.attributes.mode, 04751);
    CHECK_IS(said.object.post_op_attr_u.attributes.uid, 77);
    /* An exclusive one may be sent twice. */
    CHECK_IS(v3_create(root, &work, "lock", EXCLUSIVE, NULL, "\377erifier"), NFS3_OK);
    first = said.handle;
    CHECK_IS(v3_create(root, &work, "lock", EXCLUSIVE, NULL, "\377erifier"), NFS3_OK);
    CHECK(same_handle(&first, &said.handle));
    CHECK_IS(v3_create(root, &work, "lock", EXCLUSIVE, NULL, "\377erifieR"), NFS3ERR_EXIST);
    CHECK_IS(v3_create(other, &work, "theirs", GUARDED, NULL, NULL), NFS3_OK);
    CHECK_IS(said.object.post_op_attr_u.attributes.uid, 1000);
    CHECK_IS(said.object.post_op_attr_u.attributes.gid, 1000);
}

static void devices_of_any_number(void)
{
    static const struct {
        int type;
        uint32_t major, minor;
    } rows[] = {{NF3CHR, 0, 0},        {NF3CHR, 5, 1},     {NF3BLK, 8, 255},
                {NF3BLK, 255, 256},    {NF3CHR, 256, 255}, {NF3CHR, 4095, 1048575},
                {NF3BLK, 1000, 70000}, {NF3SOCK, 0, 0},    {NF3FIFO, 0, 0}};
    char name[32];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const fattr3 *attributes = &said.object.post_op_attr_u.attributes;

        snprintf(name, sizeof(name), "node%zu", i);
        CHECK_IS(v3_mknod(root, &work, name, rows[i].type, rows[i].major, rows[i].minor), NFS3_OK);
        CHECK_IS(attributes->type, rows[i].type);
        CHECK_IS(attributes->mode, 0640);
        CHECK_IS(attributes->rdev.specdata1, rows[i].major);
        CHECK_IS(attributes->rdev.specdata2, rows[i].minor);
        check_attributes(attributes, name);
    }
}

/* Whatever byte a name may have, and of whatever length it may be, it comes back. */
static void names_of_all_bytes_and_lengths(void)
{
    char name[256];
    size_t count = 0;

    for (int byte = 1; byte < 256; byte++) {
        if (byte == '/')
            continue;
        snprintf(name, sizeof(name), "b%c", byte);
        new_file(&work, name, 0644);
        handle_at(&work, name);
        CHECK(access(case_local(name), F_OK) == 0);
        count++;
    }
    for (size_t length = 1; length <= 255; length += length < 250 ? 23 : 1) {
        memset(name, 'l', length);
        name[length] = 0;
        new_file(&work, name, 0644);
        count++;
    }
    CHECK_IS(v3_readdir(root, &work, 0, NULL, 32768), NFS3_OK);
    CHECK_IS(listed.count, count + 2);
    for (size_t i = 0; i < listed.count; i++) {
        struct v3_entry entry = listed.entries[i];

        CHECK_IS(v3_lookup(root, &work, entry.name), NFS3_OK);
        if (entry.name[0] != '.')
            CHECK_IS(v3_remove(root, &work, entry.name), NFS3_OK);
    }
}

static void reading_and_writing(void)
{
    struct handle file = new_file(&work, "file", 0644);
    char pattern[30000], verifier[8];

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
    for (int stable = UNSTABLE; stable <= FILE_SYNC; stable++) {
        CHECK_IS(v3_write(root, &file, 100, pattern, sizeof(pattern), (stable_how)stable), NFS3_OK);
        CHECK_IS(said.count, sizeof(pattern));
        if (stable > UNSTABLE)
            CHECK(memcmp(said.verifier, verifier, sizeof(verifier)) == 0);
        memcpy(verifier, said.verifier, sizeof(verifier));
    }
    CHECK_IS(v3_commit(root, &file), NFS3_OK);
    CHECK(memcmp(said.verifier, verifier, sizeof(verifier)) == 0);
    CHECK_IS(v3_write(root, &file, 5, pattern, 0, UNSTABLE), NFS3_OK);
    CHECK_IS(said.count, 0);
    CHECK_IS(v3_read(root, &file, 0, 32000), NFS3_OK);
    CHECK_IS(said.count, sizeof(pattern) + 100);
    CHECK(said.eof && said.data[99] == 0 && memcmp(said.data + 100, pattern, sizeof(pattern)) == 0);
    CHECK_IS(said.object.post_op_attr_u.attributes.size, sizeof(pattern) + 100);
    CHECK_IS(v3_read(root, &file, 101, 1000), NFS3_OK);
    CHECK(said.count == 1000 && !said.eof && memcmp(said.data, pattern + 1, 1000) == 0);
    CHECK_IS(v3_read(root, &file, sizeof(pattern), 100), NFS3_OK);
    CHECK(said.count == 100 && said.eof);
    CHECK_IS(v3_read(root, &file, sizeof(pattern) + 100, 100), NFS3_OK);
    CHECK(said.count == 0 && said.eof);
    CHECK_IS(v3_read(root, &file, 10, 0), NFS3_OK);
    CHECK(said.count == 0 && !said.eof);
}

static void sparse_and_larger_than_4_gib(void)
{
    struct handle file = new_file(&work, "file", 0644);
    const uint64_t far = ((uint64_t)5 << 30) + 3;
    sattr3 size = {.size.set_it = 1};
    fattr3 attributes;

    CHECK_IS(v3_write(root, &file, far, "end", 3, FILE_SYNC), NFS3_OK);
    attributes = attributes_of(&file);
    CHECK_IS(attributes.size, far + 3);
    CHECK(attributes.used < 1 << 20);
    check_attributes(&attributes, "file");
    CHECK_IS(v3_read(root, &file, far, 10), NFS3_OK);
    CHECK(said.count == 3 && said.eof && memcmp(said.data, "end", 3) == 0);
    CHECK_IS(v3_read(root, &file, (uint64_t)1 << 32, 1000), NFS3_OK);
    CHECK(said.count == 1000 && !said.eof && said.data[0] == 0 && said.data[999] == 0);
    size.size.set_size3_u.size = (uint64_t)7 << 30;
    CHANGES(&file, v3_setattr(root, &file, &size, NULL));
    CHECK_IS(attributes_of(&file).size, (uint64_t)7 << 30);
    size.size.set_size3_u.size = 1;
    CHANGES(&file, v3_setattr(root, &file, &size, NULL));
    CHECK_IS(attributes_of(&file).size, 1);
}

static void setting_attributes(void)
{
    struct handle file = new_file(&work, "file", 0666);
    sattr3 all = v3_mode(02750), now = {.size.set_it = 1, .mtime.set_it = SET_TO_SERVER_TIME};
    fattr3 attributes;

    all.uid.set_it = all.gid.set_it = all.size.set_it = 1;
    all.uid.set_uid3_u.uid = 4000000000;
    all.gid.set_gid3_u.gid = 3;
    all.size.set_size3_u.size = 12;
    all.atime.set_it = SET_TO_CLIENT_TIME;
    all.mtime.set_it = SET_TO_CLIENT_TIME;
    all.atime.set_atime_u.atime = (nfstime3){1, 2};
    all.mtime.set_mtime_u.mtime = (nfstime3){0x7fffffff, 999999999};
    CHANGES(&file, v3_setattr(root, &file, &all, NULL));
    attributes = attributes_of(&file);
    check_attributes(&attributes, "file");
    CHECK(attributes.mode == 02750 && attributes.uid == 4000000000 && attributes.gid == 3);
    CHECK(attributes.size == 12 && same_time(attributes.atime, (nfstime3){1, 2}));
    CHECK(same_time(attributes.mtime, (nfstime3){0x7fffffff, 999999999}));
    /* What a client's open() with O_TRUNC asks for, by somebody who may write but owns nothing. */
    file = new_file(&work, "shared", 0666);
    CHECK_IS(v3_write(root, &file, 0, "abc", 3, UNSTABLE), NFS3_OK);
    CHANGES(&file, v3_setattr(other, &file, &now, NULL));
    CHECK_IS(attributes_of(&file).size, 0);
}

static void access_rights(void)
{
    static const struct {
        const char *name;
        u_int mode;
        uint32_t roots, others;
    } rows[] = {
        {"a", 0777, 0x2d, 0x2d}, {"b", 0666, 0x0d, 0x0d}, {"c", 0755, 0x2d, 0x21},
        {"d", 0700, 0x2d, 0x00}, {"e", 0644, 0x0d, 0x01}, {"f", 0000, 0x0d, 0x00},
    };
    static const struct {
        const char *name;
        u_int mode;
        uint32_t roots, others;
    } directories[] = {{"g", 0777, 0x1f, 0x1f},
                       {"h", 0755, 0x1f, 0x03},
                       {"i", 0711, 0x1f, 0x02},
                       {"j", 0722, 0x1f, 0x00},
                       {"k", 0700, 0x1f, 0x00}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct handle file = new_file(&work, rows[i].name, rows[i].mode);

        CHECK_IS(v3_access(root, &file, 0x3f), NFS3_OK);
        CHECK_IS(said.granted, rows[i].roots);
        check_attributes(&said.object.post_op_attr_u.attributes, rows[i].name);
        CHECK_IS(v3_access(other, &file, 0x3f), NFS3_OK);
        CHECK_IS(said.granted, rows[i].others);
        CHECK_IS(v3_access(other, &file, 0x01), NFS3_OK);
        CHECK_IS(said.granted, rows[i].others & 0x01);
    }
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        struct handle dir = new_directory(&work, directories[i].name, directories[i].mode);

        CHECK_IS(v3_access(root, &dir, 0x3f), NFS3_OK);
        CHECK_IS(said.granted, directories[i].roots);
        CHECK_IS(v3_access(other, &dir, 0x3f), NFS3_OK);
        CHECK_IS(said.granted, directories[i].others);
    }
}

static void links(void)
{
    static char target[1024];
    struct handle file = new_file(&work, "file", 0644), dir = new_directory(&work, "dir", 0755);

    memset(target, 't', sizeof(target) - 1);
    CHECK_IS(v3_symlink(root, &work, "long", target), NFS3_OK);
    CHECK_IS(said.object.post_op_attr_u.attributes.type, NF3LNK);
    CHECK_IS(said.object.post_op_attr_u.attributes.size, strlen(target));
    CHECK_IS(v3_readlink(root, &said.handle), NFS3_OK);
    CHECK(strcmp(said.target, target) == 0);
    check_attributes(&said.object.post_op_attr_u.attributes, "long");
    CHECK_IS(v3_link(root, &file, &dir, "second"), NFS3_OK);
    CHECK_IS(said.object.post_op_attr_u.attributes.nlink, 2);
    CHECK_IS(v3_lookup(root, &dir, "second"), NFS3_OK);
    CHECK(same_handle(&said.handle, &file));
    CHECK_IS(v3_remove(root, &work, "file"), NFS3_OK);
    CHECK_IS(attributes_of(&file).nlink, 1);
}

static void renaming(void)
{
    struct handle one = new_file(&work, "one", 0644), two = new_file(&work, "two", 0644);
    struct handle dir = new_directory(&work, "dir", 0755), empty;

    CHECK_IS(v3_write(root, &one, 0, "1", 1, FILE_SYNC), NFS3_OK);
    CHECK_IS(v3_rename(root, &work, "one", &work, "one"), NFS3_OK);
    /* Over a file that others have open: its handle is stale, the other's goes on. */
    CHECK_IS(v3_rename(root, &work, "one", &work, "two"), NFS3_OK);
    CHECK_IS(v3_getattr(root, &two, NULL), NFS3ERR_STALE);
    CHECK(same_handle(&one, &(struct handle[]){handle_at(&work, "two")}[0]));
    /* Both names of one file stay. */
    CHECK_IS(v3_link(root, &one, &work, "again"), NFS3_OK);
    CHECK_IS(v3_rename(root, &work, "two", &work, "again"), NFS3_OK);
    CHECK_IS(attributes_of(&one).nlink, 2);
    /* A client that removes a file which it has open gives it another name, and works on. */
    CHECK_IS(v3_rename(root, &work, "again", &dir, ".nfs0001"), NFS3_OK);
    CHECK_IS(v3_remove(root, &work, "two"), NFS3_OK);
    CHECK_IS(v3_write(root, &one, 1, "2", 1, UNSTABLE), NFS3_OK);
    CHECK_IS(v3_commit(root, &one), NFS3_OK);
    CHECK_IS(v3_read(root, &one, 0, 10), NFS3_OK);
    CHECK(said.count == 2 && memcmp(said.data, "12", 2) == 0);
    CHECK_IS(v3_remove(root, &dir, ".nfs0001"), NFS3_OK);
    CHECK_IS(v3_read(root, &one, 0, 10), NFS3ERR_STALE);
    empty = new_directory(&work, "empty", 0755);
    CHECK_IS(v3_rename(root, &work, "dir", &work, "empty"), NFS3_OK);
    CHECK_IS(v3_getattr(root, &empty, NULL), NFS3ERR_STALE);
    CHECK_IS(v3_lookup(root, &dir, ".."), NFS3_OK);
    CHECK(same_handle(&said.handle, &work));
}

static unsigned times_seen[2000];

/* Notes an entry; of other names than file<number> none is wanted but the two. */
static void see(const struct v3_entry *entry)
{
    unsigned number;

    if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
        return;
    CHECK(sscanf(entry->name, "file%u", &number) == 1 && number < 2000);
    times_seen[number]++;
}

static void fill_directory(unsigned count)
{
    char name[32];

    memset(times_seen, 0, sizeof(times_seen));
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        CHECK(mknod(case_local(name), S_IFREG | 0644, 0) == 0);
    }
}

static void listing_in_pieces(void)
{
    static const uint32_t counts[] = {400, 1024, 8192, 32768};
    uint64_t cookie = 0;

    fill_directory(500);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        bool plus = i % 2 == 1;

        listed.eof = false;
        for (cookie = 0; !listed.eof;) {
            CHECK_IS(plus ? v3_readdirplus(root, &work, cookie, NULL, counts[i], counts[i])
                          : v3_readdir(root, &work, cookie, NULL, counts[i]),
                     NFS3_OK);
            CHECK(listed.eof || listed.count > 0);
            check_attributes(&said.above.post_op_attr_u.attributes, ".");
            for (size_t j = 0; j < listed.count; j++) {
                see(&listed.entries[j]);
                cookie = listed.entries[j].cookie;
                CHECK_IS(listed.entries[j].has_handle, plus);
                if (plus)
                    check_attributes(&listed.entries[j].attributes, listed.entries[j].name);
            }
        }
        for (size_t j = 0; j < 500; j++)
            CHECK_IS(times_seen[j], i + 1);
    }
}

/* What is there all the time is listed once, whatever comes and goes. */
static void listing_what_changes(void)
{
    uint64_t cookie = 0;
    char name[32];
    unsigned turn = 0;

    fill_directory(1000);
    for (listed.eof = false; !listed.eof; turn++) {
        CHECK_IS(v3_readdir(root, &work, cookie, NULL, 1024), NFS3_OK);
        for (size_t j = 0; j < listed.count; j++) {
            see(&listed.entries[j]);
            cookie = listed.entries[j].cookie;
        }
        for (unsigned i = 0; i < 10 && turn < 50; i++) {
            snprintf(name, sizeof(name), "file%u", 500 + turn * 10 + i);
            CHECK(unlink(case_local(name)) == 0);
            snprintf(name, sizeof(name), "file%u", 1000 + turn * 10 + i);
            CHECK(mknod(case_local(name), S_IFREG | 0644, 0) == 0);
        }
    }
    for (unsigned i = 0; i < 2000; i++)
        CHECK(times_seen[i] <= 1 && (i >= 500 || times_seen[i] == 1));
}

/* As rm -r does. */
static void listing_while_all_is_removed(void)
{
    uint64_t cookie = 0;
    unsigned removed = 0;

    fill_directory(1000);
    for (bool end = false; !end;) {
        CHECK_IS(v3_readdirplus(root, &work, cookie, NULL, 1024, 4096), NFS3_OK);
        end = listed.eof;
        for (size_t j = 0; j < listed.count; j++) {
            cookie = listed.entries[j].cookie;
            if (listed.entries[j].name[0] != '.') {
                CHECK_IS(v3_remove(root, &work, listed.entries[j].name), NFS3_OK);
                removed++;
            }
        }
    }
    CHECK_IS(removed, 1000);
    CHECK_IS(v3_readdir(root, &work, 0, NULL, 4096), NFS3_OK);
    CHECK(listed.count == 2 && listed.eof);
}

static void a_small_dircount_still_gets_on(void)
{
    fill_directory(20);
    CHECK_IS(v3_readdirplus(root, &work, 0, NULL, 1, 8192), NFS3_OK);
    CHECK(listed.count == 1 && !listed.eof);
    CHECK_IS(v3_readdirplus(root, &work, 0, NULL, 100, 8192), NFS3_OK);
    CHECK(listed.count >= 1 && listed.count <= 4 && !listed.eof);
}

static void the_file_system(void)
{
    struct statvfs info;

    CHECK_IS(v3_fsstat(root, &work), NFS3_OK);
    CHECK(statvfs(case_local("."), &info) == 0);
    CHECK_IS(said.fsstat.tbytes, (uint64_t)info.f_blocks * info.f_frsize);
    CHECK(said.fsstat.fbytes <= said.fsstat.tbytes && said.fsstat.abytes <= said.fsstat.fbytes);
    CHECK_IS(said.fsstat.tfiles, info.f_files);
    CHECK(said.fsstat.ffiles <= said.fsstat.tfiles && said.fsstat.afiles <= said.fsstat.ffiles);
    CHECK_IS(said.fsstat.invarsec, 0);
    check_attributes(&said.object.post_op_attr_u.attributes, ".");
    CHECK_IS(v3_fsinfo(root, &work), NFS3_OK);
    CHECK(said.fsinfo.rtmax >= 32768 && said.fsinfo.rtpref <= said.fsinfo.rtmax);
    CHECK(said.fsinfo.wtmax >= 32768 && said.fsinfo.wtpref <= said.fsinfo.wtmax);
    CHECK(said.fsinfo.rtmult > 0 && said.fsinfo.rtpref % said.fsinfo.rtmult == 0);
    CHECK(said.fsinfo.wtmult > 0 && said.fsinfo.wtpref % said.fsinfo.wtmult == 0);
    CHECK(said.fsinfo.dtpref >= 4096 && said.fsinfo.maxfilesize > (uint64_t)1 << 40);
    CHECK(said.fsinfo.time_delta.seconds == 0 && said.fsinfo.time_delta.nseconds >= 1);
    CHECK_IS(said.fsinfo.properties, 0x1b);
    check_attributes(&said.object.post_op_attr_u.attributes, ".");
    CHECK_IS(v3_pathconf(root, &work), NFS3_OK);
    CHECK_IS(said.pathconf.linkmax, pathconf(case_local("."), _PC_LINK_MAX));
    CHECK_IS(said.pathconf.name_max, 255);
    CHECK(said.pathconf.no_trunc && said.pathconf.chown_restricted);
    CHECK(!said.pathconf.case_insensitive && said.pathconf.case_preserving);
    check_attributes(&said.object.post_op_attr_u.attributes, ".");
}

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

const struct test_case cases_v3_values[] = {
    CASE(attributes_of_every_type),
    CASE(file_ids_and_cookies_are_small),
    CASE(weak_cache_consistency),
    CASE(creating),
    CASE(devices_of_any_number),
    CASE(names_of_all_bytes_and_lengths),
    CASE(reading_and_writing),
    CASE(sparse_and_larger_than_4_gib),
    CASE(setting_attributes),
    CASE(access_rights),
    CASE(links),
    CASE(renaming),
    CASE(listing_in_pieces),
    CASE(listing_what_changes),
    CASE(listing_while_all_is_removed),
    CASE(a_small_dircount_still_gets_on),
    CASE(the_file_system),
    {NULL, NULL},
};
