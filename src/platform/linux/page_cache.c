#include "platform/linux/page_cache.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CACHE_PAGE = 4096, /* no page is smaller */
    CACHE_STEP = 65536,
    CACHE_FILL = 65536, /* bytes of one read, on the stack */
    CACHE_SYSCALL = 451 /* cachestat(2) on every architecture; newer than the C library's headers */
};

struct cache_range {
    uint64_t offset, length;
};

struct cache_status {
    uint64_t cached, dirty, written_back, evicted, lately_evicted; /* pages */
};

/* False where the kernel knows of a page that is missing. */
static bool has_every_page(int descriptor, uint64_t offset, size_t length)
{
    static atomic_bool silent;
    struct cache_range range = {offset, length};
    struct cache_status status = {0};
    long told = sysconf(_SC_PAGESIZE);
    uint64_t size = told > 0 ? (uint64_t)told : CACHE_PAGE;

    if (atomic_load_explicit(&silent, memory_order_relaxed))
        return true;
    if (syscall(CACHE_SYSCALL, descriptor, &range, &status, 0) == 0)
        return status.cached >= (offset + length - 1) / size - offset / size + 1;
    /* EPERM: somebody else's file, this time. */
    if (errno == ENOSYS)
        atomic_store_explicit(&silent, true, memory_order_relaxed);
    return true;
}

/* Whether a byte is at hand. What lies behind the end is: there is nothing to wait for. */
static bool has_byte(int descriptor, uint64_t offset)
{
    char byte;
    struct iovec piece = {&byte, 1};

    return preadv2(descriptor, &piece, 1, (off_t)offset, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

bool page_cache_has(int descriptor, uint64_t offset, size_t length)
{
    if (length == 0)
        return true;
    for (uint64_t at = 0; at < length; at += CACHE_STEP) {
        if (!has_byte(descriptor, offset + at))
            return false;
    }
    return has_byte(descriptor, offset + length - 1) && has_every_page(descriptor, offset, length);
}

int page_cache_fill(int descriptor, uint64_t offset, size_t length, size_t *count)
{
    char bytes[CACHE_FILL];

    *count = 0;
    while (*count < length) {
        size_t left = length - *count;
        ssize_t n = pread(descriptor, bytes, left < sizeof(bytes) ? left : sizeof(bytes),
                          (off_t)(offset + *count));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return *count == 0 ? errno : 0;
        if (n == 0)
            break;
        *count += (size_t)n;
    }
    return 0;
}
