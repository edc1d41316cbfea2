/* What a machine is to boot, whatever it asks with: one `boot` statement, or a `menu` of them. The
 * statements say what; which loader and which generated file carry it to the machine is for
 * decide/boot_plan.h. */
#ifndef BOOTWIRE_MODEL_BOOT_RECIPE_H
#define BOOTWIRE_MODEL_BOOT_RECIPE_H

#include "model/expression.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BOOT_INITRDS_MAX = 8,
    BOOT_ENTRIES_MAX = 32,  /* of one menu */
    BOOT_STRING_MAX = 2048, /* bytes of a title, a path or a command line */
};

enum boot_kind {
    BOOT_LINUX,  /* a kernel, its initrds, its command line */
    BOOT_NETBSD, /* a kernel that mounts its root over NFS; its command line */
    BOOT_IPXE,   /* an iPXE script of the user's own */
    BOOT_FILE,   /* a file that the firmware runs as it is */
    BOOT_LOCAL,  /* the machine's own disk */
};

/* One thing to boot. */
struct boot_entry {
    enum boot_kind kind;
    const char *title;  /* the item's name in a menu; NULL: none was written */
    const char *file;   /* kernel, script or file: a path below tftp-root, or a URL; NULL: LOCAL */
    const char *append; /* the kernel's command line; "": none */
    const char *initrds[BOOT_INITRDS_MAX]; /* BOOT_LINUX: paths as `file`, in their order */
    size_t initrd_count;
    struct position where;               /* its `boot` */
    struct position file_where;          /* `file`, in its statement */
    const struct position *initrd_where; /* each of `initrds`; NULL: there are none */
};

/* What a scope says is booted. */
struct boot_recipe {
    const char *title; /* of the menu; NULL: no menu, the one entry is booted */
    const struct boot_entry *entries;
    size_t entry_count;   /* at least 1, at most BOOT_ENTRIES_MAX */
    size_t default_entry; /* its index: what is booted when nobody chooses */
    uint32_t timeout_s;   /* seconds until then; 0: at once without menu, never with one */
    struct position where;
};

#endif
