/* Boot recipes carried out: what each kind of machine is handed for a `boot` or `menu` statement,
 * and the files that boot loaders ask for, made from it. Pure functions of values. */
#ifndef BOOTWIRE_DECIDE_BOOT_PLAN_H
#define BOOTWIRE_DECIDE_BOOT_PLAN_H

#include "base/cursor.h"
#include "decide/boot_client.h"
#include "decide/boot_loader.h"
#include "model/address.h"
#include "model/boot_recipe.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BOOT_ANSWER_FILE_SIZE = 512, /* a name or URL with its NUL */
    BOOT_ANSWER_WHY_SIZE = 256,
    BOOT_FILE_MAX = 1 << 20, /* bytes of the longest generated file; what would be longer is none */
};

/* The loaders that lie below one tftp-root. */
struct boot_root {
    const char *directory;
    uint64_t loaders; /* bits of boot_loader_bit() */
};

/* What the server has to boot machines with. */
struct boot_means {
    uint64_t loaders;              /* those that can be served: bits of boot_loader_bit() */
    const struct boot_root *roots; /* and those of machines that have one of these tftp-roots */
    size_t root_count;
    uint32_t server;    /* the server's address, as the machine reaches it; host order */
    uint16_t http_port; /* 0: no HTTP is served */
    bool nfs_root;      /* the machine is told of a root over NFS, by a root-path */
};

enum boot_outcome {
    BOOT_OUTCOME_FILE,  /* it is to load `file` */
    BOOT_OUTCOME_LOCAL, /* its own disk: it is told of no file, so its firmware goes on */
    BOOT_OUTCOME_NONE,  /* there is nothing for this kind of machine; `why` says what is missing */
};

/* What a machine is told in its DHCP answer. */
struct boot_answer {
    enum boot_outcome outcome;
    char file[BOOT_ANSWER_FILE_SIZE]; /* a name for TFTP, or a URL */
    bool is_url;
    bool generated;                   /* no file of the user's: boot.ipxe, boot.scr.uimg */
    const char *vendor_class;         /* option 60 of the answer; NULL: none */
    const struct boot_loader *loader; /* what `file` is, where it is a loader; else NULL */
    char why[BOOT_ANSWER_WHY_SIZE];   /* in words: "undionly.kpxe (iPXE) for a BIOS" */
};

/* The loaders that a machine with these settings can be served: `means->loaders` and those of its
 * tftp-root. */
uint64_t boot_means_loaders(const struct boot_means *means, const struct scope_view *view);

/* Chooses from `means->loaders`. `preferred`: what `boot-loader` says, else LOADER_NONE. */
void boot_plan_answer(struct boot_answer *answer, const struct boot_recipe *recipe,
                      const struct boot_client *client, enum boot_loader_kind preferred,
                      const struct boot_means *means);

/* The generated files. */
enum boot_file_kind {
    BOOT_FILE_KIND_NONE,           /* no generated file has that name */
    BOOT_FILE_KIND_IPXE,           /* an iPXE script: boot.ipxe */
    BOOT_FILE_KIND_PXELINUX,       /* pxelinux.cfg/...; U-Boot's `pxe get` reads the same */
    BOOT_FILE_KIND_PXELINUX_BELOW, /* DIRECTORY/pxelinux.cfg/...: names in it are looked for in
                                      that directory, unless they say otherwise */
    BOOT_FILE_KIND_EXTLINUX,       /* extlinux/extlinux.conf, for U-Boot's `sysboot` */
    BOOT_FILE_KIND_GRUB,           /* grub.cfg, grub.cfg-01-MAC, ... */
    BOOT_FILE_KIND_NETBSD,         /* boot.cfg of NetBSD's loaders */
    BOOT_FILE_KIND_U_BOOT,         /* boot.scr.uimg, boot.scr: a U-Boot script image */
    BOOT_FILE_KIND_COUNT,
};

/* Which generated file a path below tftp-root (as tftp_path() makes it: no slash in front) asks
 * for. */
enum boot_file_kind boot_plan_kind(const char *path);
/* Whether what stands in the file depends on `loaders` of the site: looking for them costs a
 * dozen of system calls. */
bool boot_plan_needs_loaders(enum boot_file_kind kind);
/* In words: "iPXE script", "pxelinux configuration", ... */
const char *boot_file_kind_in_words(enum boot_file_kind kind);

/* What generated files say of the place besides the recipe. Strings may be NULL or empty where
 * there is nothing to say. */
struct boot_site {
    uint32_t server;           /* the server's address, as the machine reaches it; host order */
    uint16_t http_port;        /* 0: no HTTP is served */
    struct boot_client client; /* who asked by DHCP last; zeroed: nobody knows */
    uint64_t loaders;       /* those that can be served: bits of boot_loader_bit(); looked at where
                               boot_plan_needs_loaders() */
    const char *console;    /* NetBSD's name of it ("com0", "pc"), as installboot takes it */
    uint32_t console_speed; /* baud; 0: none was said */
    uint32_t console_address; /* I/O address; 0: none was said */
    uint32_t nfs_server;      /* of the root; host order; 0: `server` */
    const char *root_path;    /* the directory on that server */
    const char *name;         /* the machine's */
    struct hardware hardware; /* the machine's address; length 0: unknown */
};

/* The site of a machine from the settings that hold for it: console, root-path (with or without a
 * server's address in front), next-server. The strings are copied into `text`. `client`, `loaders`,
 * `name` and `hardware` are the caller's to fill in. */
enum { BOOT_SITE_TEXT_SIZE = 1024 };
struct boot_site boot_site_of(const struct scope_view *view, uint32_t server, uint16_t http_port,
                              char text[BOOT_SITE_TEXT_SIZE]);

/* Writes the file. False where it does not fit, or the recipe has nothing that this loader could
 * boot: then there is no such file, and the name is looked for below tftp-root. */
bool boot_plan_write(enum boot_file_kind kind, const struct boot_site *site,
                     const struct boot_recipe *recipe, struct writer *w);

#endif
