/* The boot loaders that carry a machine from its firmware to what a recipe names: under which name
 * each is served, and where Debian's packages install it. Pure data. A file of that name below
 * tftp-root comes before the packaged one. */
#ifndef BOOTWIRE_DECIDE_BOOT_LOADER_H
#define BOOTWIRE_DECIDE_BOOT_LOADER_H

#include "decide/boot_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BOOT_LOADER_FILES_MAX = 3, /* places of one loader */
    BOOT_LOADERS_MAX = 64,     /* rows: a set of them is the bits of a uint64_t */
};

enum boot_loader_kind {
    LOADER_NONE,
    LOADER_IPXE,
    LOADER_PXELINUX, /* for a BIOS */
    LOADER_SYSLINUX, /* for UEFI */
    LOADER_GRUB,
    LOADER_SHIM,    /* it loads a signed GRUB: what Secure Boot takes */
    LOADER_U_BOOT,  /* no file: the machine has it already */
    LOADER_PXEBOOT, /* NetBSD's */
    LOADER_PART,    /* a file that one of the others asks for */
    LOADER_KIND_COUNT,
};

struct boot_loader {
    const char *name; /* as it is served: a path below tftp-root */
    enum boot_loader_kind kind;
    enum boot_platform platform;
    /* A part's: whose it is. Of the others, LOADER_NONE. */
    enum boot_loader_kind part_of;
    /* Absolute paths where packages install it, in the order in which they are tried; NULL after
     * the last. None: the user puts it below tftp-root. */
    const char *files[BOOT_LOADER_FILES_MAX + 1];
    const char *package; /* Debian's that has it; NULL: none */
    const char *cure;    /* how to get it where no package has it; NULL: install the package */
};

/* All of them. Of one kind and platform the one that is preferred stands first. */
extern const struct boot_loader boot_loaders[];
extern const size_t boot_loader_count;

/* The row that is served under the name (as tftp_path() makes it: no slash in front), or NULL. */
const struct boot_loader *boot_loader_by_name(const char *name);
/* The row's bit in a set of loaders. */
uint64_t boot_loader_bit(const struct boot_loader *loader);
/* The first row of that kind and platform that is in the set; NULL: none. */
const struct boot_loader *boot_loader_find(uint64_t present, enum boot_loader_kind kind,
                                           enum boot_platform platform);

/* The kind that a `boot-loader "NAME";` statement means: "ipxe", "pxelinux", "grub", "syslinux",
 * "uboot", "pxeboot"; LOADER_NONE where there is none of that name. */
enum boot_loader_kind boot_loader_kind_of(const char *name);

#endif
