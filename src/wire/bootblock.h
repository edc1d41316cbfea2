/* The parameters that NetBSD's x86 boot files (pxeboot, bootxx) carry: struct x86_boot_params, as
 * doc/clients.md describes it. Everything is little-endian. */
#ifndef BOOTWIRE_WIRE_BOOTBLOCK_H
#define BOOTWIRE_WIRE_BOOTBLOCK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BOOTBLOCK_SECTOR = 512,
    BOOTBLOCK_HEAD = 4 * BOOTBLOCK_SECTOR, /* the parameters lie in one of these sectors */
    BOOTBLOCK_SIZE = 104,                  /* bytes of parameters that are known */
    BOOTBLOCK_PASSWORD = 16,               /* an MD5 */
    BOOTBLOCK_KEYMAP = 64,
};

enum bootblock_flag {
    BOOTBLOCK_RESET_VIDEO = 1,
    BOOTBLOCK_HAS_PASSWORD = 2,
    BOOTBLOCK_NO_MODULES = 4,
    BOOTBLOCK_NO_BOOTCONF = 8,
};

struct bootblock {
    size_t offset;          /* of the parameters (their length field) in the file */
    uint32_t length;        /* bytes of parameters that the loader has, at most BOOTBLOCK_SIZE */
    uint32_t stored_length; /* the length field itself */
    uint32_t flags;
    uint32_t timeout; /* seconds */
    int32_t console;  /* see bootblock_console() */
    uint32_t speed;   /* baud */
    uint8_t password[BOOTBLOCK_PASSWORD];
    char keymap[BOOTBLOCK_KEYMAP];
    uint32_t ioaddr;
};

enum bootblock_status {
    BOOTBLOCK_FOUND,
    BOOTBLOCK_NO_MAGIC,
    BOOTBLOCK_SHORT, /* the file ends within the sector that was to be looked at */
};

/* Finds and decodes the parameters in a file's first BOOTBLOCK_HEAD bytes (fewer where the file is
 * shorter). What lies beyond the loader's own length counts as zero. */
enum bootblock_status bootblock_decode(struct bootblock *block, struct slice head);

/* Writes the parameters as `block->length` bytes; false where something else than zero would have
 * to stand beyond them. */
bool bootblock_encode(const struct bootblock *block, uint8_t to[BOOTBLOCK_SIZE]);

/* The number of a console's name ("pc", "com0" ... "com3kbd", "auto"); false where there is none.
 */
bool bootblock_console(struct slice name, int32_t *console);
/* The name of a console's number, or NULL. */
const char *bootblock_console_name(int32_t console);
/* The `i`-th of the names, for a message; NULL after the last. */
const char *bootblock_console_list(size_t i);

#endif
