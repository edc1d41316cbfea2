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

/* What happened, for programs: what a person reads of it stands in `asked` and `got`. */
enum step_event {
    STEP_NOTED, /* nothing follows from it */

    /* DHCP, BOOTP, RARP */
    STEP_OFFER, /* DHCPOFFER, or proxyDHCP's */
    STEP_ACK,
    STEP_NAK,
    STEP_BOOTP,  /* a BOOTP reply */
    STEP_INFORM, /* DHCPACK to a DHCPINFORM, or PXE's to a request at port 4011 */
    STEP_RELEASE,
    STEP_DECLINE,      /* somebody else answers at the address that it was given */
    STEP_OTHER_SERVER, /* it takes another server's address */
    STEP_IGNORED,      /* it gets no answer, on purpose */
    STEP_EXHAUSTED,    /* no address is left */
    STEP_NO_SUBNET,    /* no subnet is declared for where it is */
    STEP_LOOP,         /* the boot file would load itself: it is held back */
    STEP_RARP,
    STEP_RARP_UNKNOWN,  /* RARP gives it no address */
    STEP_FOREIGN_OFFER, /* another DHCP server's answer to it was seen on the wire */

    /* Files, by TFTP or HTTP */
    STEP_FILE_BEGUN,
    STEP_FILE_PROGRESS,
    STEP_FILE_SENT,
    STEP_FILE_MISSING,
    STEP_FILE_FORBIDDEN,
    STEP_FILE_REFUSED, /* for another reason: too busy, a bad request, a file that cannot be read */
    STEP_FILE_ABANDONED, /* the machine fell silent */
    STEP_FILE_ENDED, /* the machine ended it: it wanted the size only, or goes back in the file */
    STEP_FILE_RECEIVED, /* an upload */

    /* RPC */
    STEP_PORTMAP,
    STEP_PORTMAP_MISSING, /* a program or version that is not here */
    STEP_MOUNT,
    STEP_MOUNT_REFUSED,
    STEP_NFS_CALL, /* the first one after a mount */
    STEP_NFS_READ, /* the first READ of a file */
    STEP_NFS_REFUSED,
    STEP_NFS_TRAFFIC, /* calls and bytes since the last such step */
    STEP_BOOTPARAM,

    /* The serial console, and the guest behind it */
    STEP_CONSOLE_TEXT,
    STEP_CONSOLE_LOGIN,
    STEP_CONSOLE_PANIC,
    STEP_POWER_ON,
    STEP_POWER_OFF,
    STEP_KVM_DIED,
    STEP_COUNT,
};

/* A short name: "offer", "file-missing" ..., "noted". */
const char *step_event_name(enum step_event event);

/* A step. The strings need to live only for the call that takes the step; they hold printable text
 * (text_printable() has made it so where a client chose the bytes). */
struct boot_step {
    const char *service; /* "dhcp", "tftp", "http", "portmap", "mount", "nfs", "console" ... */
    enum step_event event;
    enum boot_stage stage;
    uint32_t address;         /* the machine's address, 0 if it has none yet */
    struct hardware hardware; /* length 0 where only the address is known */
    const char *host;         /* its host declaration's name, or NULL */
    const char *asked;        /* "DHCPDISCOVER with client identifier 01:..." */
    const char *got;          /* "DHCPOFFER 10.50.1.200: the lease it holds (...)" */
    const char *subject;      /* the file, path or server that it is about; NULL: none */
    const char *decided;      /* "FILE:LINE" of the configuration that decided it; NULL: unknown */
    uint64_t bytes;           /* payload that the step moved; 0 if none */
    uint64_t total;           /* bytes that the subject has in all; 0: unknown */
    bool refused;             /* the machine did not get what it asked for */
    bool quiet;               /* for those who watch: no line of the log */
};

#endif
