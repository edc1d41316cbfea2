/* Which boot loaders can be served now: those that packages have installed, and those below the
 * tftp-roots of the configuration. Looked at again every BOOT_MEANS_MS, so that who installs a
 * package need not tell the server. One thread's. */
#ifndef BOOTWIRE_SERVICE_BOOT_MEANS_H
#define BOOTWIRE_SERVICE_BOOT_MEANS_H

#include "decide/boot_plan.h"
#include "model/snapshot.h"

#include <stdint.h>

enum {
    BOOT_MEANS_MS = 5000,
    BOOT_ROOTS_MAX = 16, /* tftp-roots that are looked below; of more, the first written */
};

/* What was found. All zero: nobody has looked yet. */
struct boot_findings {
    const struct snapshot *snapshot; /* whose roots those are; never looked into; NULL: none yet */
    uint64_t looked_at_ms;
    uint64_t packaged;
    struct boot_root roots[BOOT_ROOTS_MAX]; /* their directories: boot_findings_release() frees */
    size_t root_count;
};

/* The means, as of now at the latest BOOT_MEANS_MS ago; they live until the next call. `now_ms`:
 * monotonic. Does nothing, and finds none, where the configuration has no recipe.
 * Another configuration may come to lie where an old one was: boot_findings_release() before. */
struct boot_means boot_findings_means(struct boot_findings *findings,
                                      const struct snapshot *snapshot, uint16_t http_port,
                                      uint64_t now_ms);
/* The loaders that a machine with these settings can be served, looked at now: bits of
 * boot_loader_bit(). Any thread may ask. */
uint64_t boot_loaders_now(const struct scope_view *view);
/* What is found, as it is now: whether a package has installed a loader (NULL: no), which loaders
 * packages have installed, and which lie below a tftp-root and can be served from there. */
bool boot_loader_is_installed(const struct boot_loader *loader);
uint64_t boot_loaders_installed(void);
uint64_t boot_loaders_below(const char *directory);
/* The port that a server with this configuration serves HTTP on, where it can: http-port, else 80;
 * 0: none. */
uint16_t boot_http_port(const struct snapshot *snapshot);
void boot_findings_release(struct boot_findings *findings);

#endif
