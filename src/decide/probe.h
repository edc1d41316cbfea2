/* Requests as the clients of each stage of a boot send them (doc/clients.md), made up: what a
 * configuration would answer them is found without any machine. */
#ifndef BOOTWIRE_DECIDE_PROBE_H
#define BOOTWIRE_DECIDE_PROBE_H

#include "model/address.h"
#include "model/expression.h"
#include "wire/dhcp.h"

/* What one stage's client sends. */
struct probe_stage {
    const char *name;  /* for a table: "UEFI HTTP" */
    const char *key;   /* for a program: "uefi-http" */
    const char *after; /* the key of the stage before it, whose lease it finds; NULL: the first */
    bool is_loader;    /* it names in its request the file that it opens */
    bool is_rom;       /* it cannot go on without a boot file */
    uint16_t secs, flags;
    bool sends_identifier; /* option 61: type 1 and the hardware address */
    bool is_pxe;           /* options 93, 94 and 97 */
    uint16_t architecture; /* option 93 */
    uint8_t interface[3];  /* option 94 */
    uint16_t largest;      /* option 57; 0: not sent */
    const char *vendor_class;
    const char *user_class;
    struct slice ipxe;   /* option 175 */
    struct slice wanted; /* option 55 */
    size_t size;         /* bytes of the BOOTP message at least */
};

/* The stages in the order of a boot; `*count` takes their number. */
const struct probe_stage *probe_stages(size_t *count);

/* One request to make. */
struct probe {
    const struct probe_stage *stage;
    struct hardware hardware;
    struct slice identifier; /* option 61 whatever the stage sends; empty: what it sends */
    const char *file;        /* what a loader opens; NULL: "netbsd" */
    uint32_t relay;          /* giaddr; 0: none */
    uint16_t secs;           /* at least that long it has asked for */
    /* One more option, of SPACE_DHCP or SPACE_AGENT; empty: none. */
    enum setting_space extra_space;
    unsigned extra_code;
    struct slice extra;
};

/* Writes the DHCPDISCOVER into `to`; returns its length, 0 where it does not fit. */
size_t probe_write(const struct probe *probe, uint8_t to[DHCP_MESSAGE_MAX]);

#endif
