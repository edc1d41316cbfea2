/* One step of one machine's boot, as the log and the timeline tell it. */
#ifndef BOOTWIRE_MODEL_STEP_H
#define BOOTWIRE_MODEL_STEP_H

#include "model/address.h"

#include <stdbool.h>
#include <stdint.h>

/* What asked, as far as its packet tells. */
enum boot_stage {
    STAGE_UNKNOWN,
    STAGE_ROM,  /* a PXE ROM */
    STAGE_IPXE, /* iPXE, in a ROM or loaded */
    STAGE_UEFI_PXE,
    STAGE_UEFI_HTTP,
    STAGE_U_BOOT,
    STAGE_LOADER, /* NetBSD's libsa and its like */
    STAGE_KERNEL,
    STAGE_USERLAND,
    STAGE_COUNT,
};

/* A short name: "rom", "ipxe", "uefi-pxe" ..., "unknown". */
const char *boot_stage_name(enum boot_stage stage);

/* A step. The strings need to live only for the call that takes the step; they hold printable text
 * (text_printable() has made it so where a client chose the bytes). */
struct boot_step {
    const char *service; /* "dhcp", "tftp", "portmap", "mount", "nfs" */
    enum boot_stage stage;
    uint32_t address;         /* the machine's address, 0 if it has none yet */
    struct hardware hardware; /* length 0 where only the address is known */
    const char *host;         /* its host declaration's name, or NULL */
    const char *asked;        /* "DHCPDISCOVER with client identifier 01:..." */
    const char *got;          /* "DHCPOFFER 10.50.1.200: the lease it holds (...)" */
    uint64_t bytes;           /* payload that the step moved; 0 if none */
    bool refused;             /* the machine did not get what it asked for */
};

#endif
