/* Sun's bootparam protocol, RPC program 100026 version 1: who a diskless machine is, and where its
 * files are. No RFC has it; the X description of SunOS (bootparam_prot.x) is the reference. */
#ifndef BOOTWIRE_WIRE_BOOTPARAM_H
#define BOOTWIRE_WIRE_BOOTPARAM_H

#include "base/cursor.h"

#include <stdint.h>

enum { BOOTPARAM_PROGRAM = 100026, BOOTPARAM_VERSION = 1 };

enum { BOOTPARAM_WHOAMI = 1, BOOTPARAM_GETFILE = 2 }; /* procedures */

enum {
    BOOTPARAM_NAME_MAX = 255,  /* bytes of a machine's or domain's name */
    BOOTPARAM_PATH_MAX = 1024, /* bytes of a path */
    BOOTPARAM_FILE_MAX = 32,   /* bytes of a file's key: "root", "swap" ... */
};

/* Arguments of GETFILE: views into the packet. */
struct bootparam_getfile {
    struct slice client; /* the machine's name, as WHOAMI told it */
    struct slice file;
};

/* WHOAMI's result. */
struct bootparam_who {
    struct slice client, domain;
    uint32_t router; /* host byte order */
};

/* GETFILE's result; all empty says "there is none". */
struct bootparam_file {
    struct slice server, path;
    uint32_t address; /* the server's, host byte order */
};

/* The address that WHOAMI asks about, in host byte order; fails the reader where it is none of
 * IPv4. */
uint32_t bootparam_read_whoami(struct reader *r);
void bootparam_read_getfile(struct reader *r, struct bootparam_getfile *asked);
void bootparam_write_who(struct writer *w, const struct bootparam_who *who);
void bootparam_write_file(struct writer *w, const struct bootparam_file *file);

#endif
