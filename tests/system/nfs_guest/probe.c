/* usage: probe DIRECTORY 2|3
 *
 * Runs in a guest, in a directory that is mounted by NFS of that version: what programs expect of a
 * file system beyond plain reading and writing. Prints the name of each part when it was good; says
 * what was not as it must be, and exits with 1. Some files stay, for a look from the server's side.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: it is not so that %s (errno %d, %s)\n", __FILE__, __LINE__, #condition, \
                   errno, strerror(errno));                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define FAILS_WITH(call, error)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK((call) < 0);                                                                         \
        CHECK(errno == (error));                                                                   \
    } while (0)

#define GIB(n) ((off_t)(n) << 30)

enum { PAGE = 4096, OWNER = 1000 };

static int version;

/* What the kernel knows is forgotten: the next look is answered by the server. */
static void forget(void)
{
    sync();
    int file = open("/proc/sys/vm/drop_caches", O_WRONLY);
    CHECK(file >= 0 && write(file, "3", 1) == 1 && close(file) == 0);
}

/* At each multiple of eight stands that number, big-endian. */
static void fill(unsigned char *data, off_t from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)((uint64_t)(((off_t)i + from) & ~(off_t)7) >>
                                  (56 - 8 * (((off_t)i + from) & 7)));
}

static bool is_filled(const unsigned char *data, off_t from, size_t size)
{
    unsigned char wanted[PAGE];
    for (size_t done = 0; done < size; done += sizeof(wanted)) {
        size_t part = size - done < sizeof(wanted) ? size - done : sizeof(wanted);
        fill(wanted, from + (off_t)done, part);
        if (memcmp(data + done, wanted, part) != 0)
            return false;
    }
    return true;
}

/* A file that grows under its mapping: by ftruncate, then filled through the map; by write, then
 * read through the map. The tail stays: "growing". */
static void growing_map(void)
{
    enum { STEPS = 200, STEP = 3 * PAGE + 1000 };
    static unsigned char part[STEP];
    size_t room = (size_t)STEPS * STEP;
    int file = open("growing", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(file >= 0);
    unsigned char *map = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(map != MAP_FAILED);
    for (off_t at = 0; at < (off_t)room; at += STEP) {
        if ((at / STEP) % 2 == 0) {
            CHECK(ftruncate(file, at + STEP) == 0);
            fill(map + at, at, STEP);
        } else {
            fill(part, at, STEP);
            CHECK(pwrite(file, part, STEP, at) == STEP);
        }
        CHECK(is_filled(map + at, at, STEP));
        if ((at / STEP) % 16 == 3) {
            CHECK(msync(map, (size_t)at, MS_SYNC) == 0);
            CHECK(pread(file, part, STEP, at) == STEP && is_filled(part, at, STEP));
        }
    }
    CHECK(munmap(map, room) == 0 && close(file) == 0);
    forget();
    file = open("growing", O_RDONLY);
    map = mmap(NULL, room, PROT_READ, MAP_SHARED, file, 0);
    CHECK(map != MAP_FAILED && is_filled(map, 0, room));
    CHECK(munmap(map, room) == 0 && close(file) == 0);
}

/* Blocks far apart, over the 4 GiB that 32 bits count; what is between them is zeros and takes no
 * room. "sparse" stays. */
static void sparse(void)
{
    static const off_t places[] = {0, GIB(1) + 77, GIB(2) - 100, GIB(4) - 2048, GIB(5), GIB(1024)};
    unsigned char block[PAGE], zeros[PAGE] = {0};
    int file = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(file >= 0);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        fill(block, places[i], sizeof(block));
        CHECK(pwrite(file, block, sizeof(block), places[i]) == sizeof(block));
    }
    CHECK(fsync(file) == 0 && close(file) == 0);
    forget();
    file = open("sparse", O_RDWR);
    struct stat status;
    CHECK(fstat(file, &status) == 0);
    CHECK(status.st_size == GIB(1024) + PAGE && status.st_blocks < 1024);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        CHECK(pread(file, block, sizeof(block), places[i]) == sizeof(block));
        CHECK(is_filled(block, places[i], sizeof(block)));
    }
    CHECK(pread(file, block, sizeof(block), GIB(3)) == sizeof(block));
    CHECK(memcmp(block, zeros, sizeof(block)) == 0);
    /* What was cut off comes back as zeros. */
    CHECK(ftruncate(file, GIB(5) + 5) == 0 && ftruncate(file, GIB(6)) == 0);
    CHECK(pread(file, block, sizeof(block), GIB(5)) == sizeof(block));
    CHECK(is_filled(block, GIB(5), 5) && memcmp(block + 5, zeros, PAGE - 5) == 0);
    CHECK(close(file) == 0);
}

/* NFS v2 counts 32 bits, of which its client uses 31. */
static void end_of_v2(void)
{
    int file = open("largest", O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(file >= 0);
    CHECK(pwrite(file, "x", 1, GIB(2) - 2) == 1 && fsync(file) == 0);
    FAILS_WITH(pwrite(file, "y", 1, GIB(2)), EFBIG);
    CHECK(close(file) == 0 && unlink("largest") == 0);
}

/* With nolock the client keeps locks itself: a counter that four processes raise loses nothing. */
static void locks(void)
{
    enum { PROCESSES = 4, TURNS = 100 };
    int file = open("counter", O_RDWR | O_CREAT | O_TRUNC, 0644);
    int count = 0;
    CHECK(file >= 0 && write(file, &count, sizeof(count)) == sizeof(count));
    int refused[2];
    char told[PROCESSES];
    CHECK(flock(file, LOCK_EX) == 0 && pipe(refused) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() != 0)
            continue;
        int own = open("counter", O_RDWR);
        FAILS_WITH(flock(own, LOCK_EX | LOCK_NB), EWOULDBLOCK);
        CHECK(write(refused[1], "", 1) == 1);
        for (int turn = 0; turn < TURNS; turn++) {
            CHECK(flock(own, LOCK_EX) == 0);
            CHECK(pread(own, &count, sizeof(count), 0) == sizeof(count));
            count++;
            CHECK(pwrite(own, &count, sizeof(count), 0) == sizeof(count));
            CHECK(flock(own, LOCK_UN) == 0);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(read(refused[0], &told[i], 1) == 1);
    CHECK(flock(file, LOCK_UN) == 0 && close(refused[0]) == 0 && close(refused[1]) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    CHECK(pread(file, &count, sizeof(count), 0) == sizeof(count) && count == PROCESSES * TURNS);
    CHECK(close(file) == 0 && unlink("counter") == 0);
}

/* Name `i` is i bytes long and has all bytes that a name may have, as many as fit. */
static void make_name(char *name, int i)
{
    for (int at = 0; at < i; at++) {
        unsigned char byte = (unsigned char)(i * 7 + at);
        name[at] = (char)(byte == 0 || byte == '/' || byte == '.' ? 'x' : byte);
    }
    name[i] = '\0';
}

static int count_entries(const char *directory, bool remove)
{
    DIR *stream = opendir(directory);
    CHECK(stream);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (remove)
            CHECK(unlinkat(dirfd(stream), entry->d_name, 0) == 0);
    }
    CHECK(closedir(stream) == 0);
    return count;
}

static void names(void)
{
    char name[257];
    CHECK(mkdir("names", 0755) == 0 && chdir("names") == 0);
    for (int i = 1; i <= 255; i++) {
        make_name(name, i);
        CHECK(mknod(name, S_IFREG | 0600, 0) == 0);
    }
    make_name(name, 256);
    FAILS_WITH(mknod(name, S_IFREG | 0600, 0), ENAMETOOLONG);
    forget();
    CHECK(count_entries(".", false) == 255);
    for (int i = 1; i <= 255; i++) {
        struct stat status;
        make_name(name, i);
        CHECK(lstat(name, &status) == 0 && S_ISREG(status.st_mode));
    }
    CHECK(count_entries(".", true) == 255);
    CHECK(chdir("..") == 0 && rmdir("names") == 0);
}

/* A directory that changes under its reader: nothing is left out, so that it can go at the end. */
static void changing_directory(void)
{
    enum { FILES = 3000 };
    char name[64];
    CHECK(mkdir("changing", 0755) == 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "changing/a-file-with-a-longer-name-%d", i);
        CHECK(mknod(name, S_IFREG | 0600, 0) == 0);
    }
    forget();
    CHECK(count_entries("changing", false) == FILES);
    CHECK(count_entries("changing", true) == FILES);
    CHECK(rmdir("changing") == 0);
}

/* The kernel takes away what it had renamed, for it was open, behind the back of close(). */
static void wait_for_entries(const char *path, int count)
{
    enum { TRIES = 200, PAUSE_US = 50000 };
    int tries = 0;
    while (count_entries(path, false) != count && ++tries < TRIES)
        usleep(PAUSE_US);
    CHECK(count_entries(path, false) == count);
}

/* What was removed or replaced while open is there until it is closed, and no longer. */
static void open_and_gone(void)
{
    static unsigned char block[100000];
    CHECK(mkdir("gone", 0755) == 0);
    int file = open("gone/open", O_RDWR | O_CREAT | O_EXCL, 0644);
    fill(block, 0, sizeof(block));
    CHECK(file >= 0 && write(file, block, sizeof(block)) == sizeof(block));
    CHECK(unlink("gone/open") == 0);
    FAILS_WITH(open("gone/open", O_RDONLY), ENOENT);
    forget();
    CHECK(pread(file, block, sizeof(block), 0) == sizeof(block));
    CHECK(is_filled(block, 0, sizeof(block)));
    CHECK(pwrite(file, block, 1000, sizeof(block)) == 1000 && fsync(file) == 0);
    CHECK(close(file) == 0);
    wait_for_entries("gone", 0);

    file = open("gone/old", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(file >= 0 && write(file, "old", 3) == 3);
    int other = open("gone/new", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(other >= 0 && write(other, "new", 3) == 3 && close(other) == 0);
    CHECK(rename("gone/new", "gone/old") == 0);
    forget();
    CHECK(pread(file, block, 3, 0) == 3 && memcmp(block, "old", 3) == 0);
    other = open("gone/old", O_RDONLY);
    CHECK(other >= 0 && pread(other, block, 3, 0) == 3 && memcmp(block, "new", 3) == 0);
    CHECK(close(file) == 0 && close(other) == 0);
    CHECK(count_entries("gone", true) == 1 && rmdir("gone") == 0);
}

static void creation(void)
{
    struct stat status;
    umask(0);
    int file = open("exclusive", O_RDWR | O_CREAT | O_EXCL, 0751);
    CHECK(file >= 0 && close(file) == 0);
    FAILS_WITH(open("exclusive", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
    CHECK(stat("exclusive", &status) == 0 && status.st_mode == (S_IFREG | 0751));
    CHECK(status.st_size == 0 && llabs(time(NULL) - status.st_mtime) < 3600);
    CHECK(unlink("exclusive") == 0);
    umask(022);

    /* An owner writes through the descriptor of a file that is born read-only, or closed to all. */
    static unsigned char block[200000];
    fill(block, 0, sizeof(block));
    CHECK(mkdir("own", 0755) == 0 && chown("own", OWNER, OWNER) == 0);
    CHECK(setegid(OWNER) == 0 && seteuid(OWNER) == 0);
    for (mode_t mode = 0; mode <= 0444; mode += 0444) {
        file = open("own/file", O_RDWR | O_CREAT | O_EXCL, mode);
        CHECK(file >= 0 && write(file, block, sizeof(block)) == sizeof(block));
        CHECK(fsync(file) == 0);
        CHECK(pread(file, block, sizeof(block), 0) == sizeof(block));
        CHECK(close(file) == 0);
        if (mode == 0)
            FAILS_WITH(open("own/file", O_RDONLY), EACCES);
        FAILS_WITH(open("own/file", O_WRONLY), EACCES);
        CHECK(stat("own/file", &status) == 0 && status.st_size == sizeof(block));
        CHECK(status.st_uid == OWNER && status.st_gid == OWNER);
        CHECK(unlink("own/file") == 0);
    }
    FAILS_WITH(chown("own", 0, 0), EPERM);
    FAILS_WITH(mkdir("not-own", 0755), EACCES);
    CHECK(seteuid(0) == 0 && setegid(0) == 0 && rmdir("own") == 0);
}

/* "device", "pipe" and "link" stay. */
static void specials(void)
{
    struct stat status;
    /* In NFS v2 a device is 32 bits that clients fill each in its own way. */
    dev_t device = version == 2 ? makedev(8, 65) : makedev(259, 70000);
    CHECK(mknod("device", S_IFCHR | 0640, device) == 0);
    CHECK(mknod("block", S_IFBLK | 0600, makedev(8, 1)) == 0);
    CHECK(mkfifo("pipe", 0604) == 0);
    char target[1001] = {0};
    memset(target, 't', sizeof(target) - 1);
    CHECK(symlink(target, "link") == 0 && lchown("link", 12345, 54321) == 0);
    forget();
    CHECK(lstat("device", &status) == 0 && status.st_mode == (S_IFCHR | 0640));
    CHECK(status.st_rdev == device);
    CHECK(lstat("block", &status) == 0 && status.st_mode == (S_IFBLK | 0600));
    CHECK(status.st_rdev == makedev(8, 1) && unlink("block") == 0);
    CHECK(lstat("pipe", &status) == 0 && status.st_mode == (S_IFIFO | 0604));
    CHECK(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(status.st_uid == 12345 && status.st_gid == 54321);
    CHECK(status.st_size == (off_t)strlen(target));
    char read_back[2000];
    CHECK(readlink("link", read_back, sizeof(read_back)) == (ssize_t)strlen(target));
    CHECK(memcmp(read_back, target, strlen(target)) == 0);
}

static void attributes(void)
{
    struct stat status;
    /* NFS v2 counts microseconds. */
    const struct timespec times[2] = {{1234567890, 123456000}, {987654321, 987654000}};
    const struct timespec kept[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    int file = open("attributes", O_RDWR | O_CREAT, 0600);
    CHECK(file >= 0 && futimens(file, times) == 0 && fchown(file, 12345, 54321) == 0);
    CHECK(fchmod(file, 06711) == 0);
    forget();
    CHECK(fstat(file, &status) == 0 && status.st_mode == (S_IFREG | 06711));
    CHECK(status.st_uid == 12345 && status.st_gid == 54321);
    CHECK(status.st_atim.tv_sec == 1234567890 && status.st_atim.tv_nsec == 123456000);
    CHECK(status.st_mtim.tv_sec == 987654321 && status.st_mtim.tv_nsec == 987654000);
    /* In NFS v2 "now" is written as a million microseconds, which sets both. */
    CHECK(futimens(file, kept) == 0 && fstat(file, &status) == 0);
    CHECK(status.st_mtim.tv_sec > 1234567890);
    CHECK(version == 2 || status.st_atim.tv_sec == 1234567890);
    CHECK(futimens(file, times) == 0 && write(file, "x", 1) == 1 && fsync(file) == 0);
    CHECK(fstat(file, &status) == 0 && status.st_mtim.tv_sec > 1234567890);
    CHECK(close(file) == 0 && unlink("attributes") == 0);
}

/* Two processes append lines of their own length: each is whole. "appended" stays. */
static void appending(void)
{
    enum { LINES = 200 };
    for (int i = 0; i < 2; i++) {
        if (fork() != 0)
            continue;
        char line[100];
        memset(line, 'a' + i, sizeof(line));
        line[40 + i * 50] = '\n';
        int file = open("appended", O_WRONLY | O_CREAT | O_APPEND, 0644);
        CHECK(file >= 0);
        for (int turn = 0; turn < LINES; turn++)
            CHECK(write(file, line, (size_t)(41 + i * 50)) == 41 + i * 50);
        CHECK(close(file) == 0);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    struct stat status;
    CHECK(stat("appended", &status) == 0 && status.st_size == LINES * (41 + 91));
}

static void links_and_directories(void)
{
    struct stat status;
    CHECK(mkdir("one", 02775) == 0 && mkdir("one/two", 0700) == 0 && mkdir("three", 0700) == 0);
    CHECK(mknod("one/file", S_IFREG | 0600, 0) == 0 && link("one/file", "three/file") == 0);
    CHECK(stat("three/file", &status) == 0 && status.st_nlink == 2);
    CHECK(stat("one", &status) == 0 && status.st_nlink == 3);
    FAILS_WITH(link("one/file", "three/file"), EEXIST);
    FAILS_WITH(link("one/two", "three/two"), EPERM);
    FAILS_WITH(rmdir("one"), ENOTEMPTY);
    FAILS_WITH(rmdir("one/file"), ENOTDIR);
    FAILS_WITH(unlink("one/two"), EISDIR);
    FAILS_WITH(rename("one", "one/two/in"), EINVAL);
    FAILS_WITH(rename("one", "three"), ENOTEMPTY);
    FAILS_WITH(rename("one/file", "three"), EISDIR);
    FAILS_WITH(rename("one", "three/file"), ENOTDIR);
    FAILS_WITH(rename("none", "three/file"), ENOENT);
    /* Two names of one file: nothing happens (POSIX rename). */
    CHECK(rename("one/file", "three/file") == 0 && access("one/file", F_OK) == 0);
    CHECK(unlink("one/file") == 0 && rename("one/two", "three/two") == 0);
    CHECK(stat("three/file", &status) == 0 && status.st_nlink == 1);
    CHECK(rmdir("one") == 0 && rmdir("three/two") == 0);
    CHECK(unlink("three/file") == 0 && rmdir("three") == 0);
}

static void room(void)
{
    struct statvfs status;
    CHECK(statvfs(".", &status) == 0);
    CHECK(status.f_blocks > 0 && status.f_bfree > 0 && status.f_bfree <= status.f_blocks);
}

static const struct part {
    const char *name;
    void (*run)(void);
    int versions; /* of NFS that have it, as bits */
} parts[] = {
    {"growing map", growing_map, 1 << 2 | 1 << 3},
    {"sparse file", sparse, 1 << 3},
    {"end of v2", end_of_v2, 1 << 2},
    {"locks", locks, 1 << 2 | 1 << 3},
    {"names", names, 1 << 2 | 1 << 3},
    {"changing directory", changing_directory, 1 << 2 | 1 << 3},
    {"open and gone", open_and_gone, 1 << 2 | 1 << 3},
    {"creation", creation, 1 << 2 | 1 << 3},
    {"special files", specials, 1 << 2 | 1 << 3},
    {"attributes", attributes, 1 << 2 | 1 << 3},
    {"appending", appending, 1 << 2 | 1 << 3},
    {"links and directories", links_and_directories, 1 << 2 | 1 << 3},
    {"room", room, 1 << 2 | 1 << 3},
};

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[2], "2") != 0 && strcmp(argv[2], "3") != 0)) {
        fprintf(stderr, "usage: probe DIRECTORY 2|3\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    umask(022);
    version = argv[2][0] - '0';
    CHECK(mkdir(argv[1], 0755) == 0 && chdir(argv[1]) == 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!(parts[i].versions & 1 << version))
            continue;
        parts[i].run();
        printf("%s\n", parts[i].name);
    }
    return 0;
}
