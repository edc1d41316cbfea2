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
    STEP_UNSENT,        /* this machine could not send the answer that it has for it */
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
    STEP_NFS_REPEATED, /* the same READ over UDP came again and again, however it was answered */
    /* Bytes read since the last mount; once it reads on no more, `total` is the same. For who
     * watches: nothing follows from it. */
    STEP_NFS_PROGRESS,
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

/* Why a step was refused, where one event has several reasons. */
enum step_reason {
    REASON_NONE,

    /* An address */
    REASON_BOOTING_DENIED, /* `deny booting` */
    REASON_UNKNOWN_DENIED, /* `deny unknown-clients`, and no declaration names it */
    REASON_BOOTP_DENIED,   /* `deny bootp` */
    REASON_TOO_SOON,       /* it has not asked for min-secs yet */
    REASON_LEASE_LIMIT,    /* its class has all the leases that it may have */
    REASON_NO_LOADER,      /* it has an address, and its recipe has nothing for what asks */
    REASON_NO_BOOT_FILE,   /* it has an address, and firmware, and nothing to boot is said */
    REASON_LEFT_OUT,       /* it has an address, and no room for all options: the hint lists them */
    REASON_ELSEWHERE,      /* it is sent to another server for its file: the hint names it */

    /* An answer that is not sent */
    REASON_NO_ROUTE,
    REASON_FIREWALL, /* this machine's own */

    /* A file */
    REASON_OUTSIDE,   /* the name, or the link that it is, leads out of tftp-root */
    REASON_DIRECTORY, /* the name is no regular file's */
    REASON_PRIVATE,   /* the file is not readable by everyone */
    REASON_NO_ROOT,   /* there is no tftp-root, or it cannot be opened */
    REASON_PACKAGE,   /* the package that has the loader is not installed: the hint names it */

    /* A mount */
    REASON_UNKNOWN_MACHINE, /* neither a declaration nor a lease nor an export names it */
    REASON_NO_EXPORT,       /* it has neither a root-path nor an export */
    REASON_OTHER_PATH,      /* it has others: the hint names them */
    REASON_NO_DIRECTORY,    /* the path is permitted, and cannot be opened */

    /* An NFS call */
    REASON_VERSION,   /* of the program: the hint says which are served */
    REASON_STALE,     /* the handle's file is gone, or in none of its exports */
    REASON_READ_ONLY, /* the export is */
    REASON_ACCESS,    /* its user may not, or is taken for nobody */
    REASON_ABSENT,    /* there is no such file */
    REASON_NOBODY,    /* its calls come from a port that any of its users may have */
    REASON_COUNT,
};

/* What a file is that a machine loads, as far as its first bytes tell. */
enum step_content { CONTENT_UNKNOWN, CONTENT_PROGRAM, CONTENT_KERNEL, CONTENT_SCRIPT };

/* A step. The strings need to live only for the call that takes the step; they hold printable text
 * (text_printable() has made it so where a client chose the bytes). */
struct boot_step {
    const char *service; /* "dhcp", "tftp", "http", "portmap", "mount", "nfs", "console" ... */
    enum step_event event;
    enum boot_stage stage;
    uint32_t address;          /* the machine's address, 0 if it has none yet */
    struct hardware hardware;  /* length 0 where only the address is known */
    const char *host;          /* its host declaration's name, or NULL */
    const char *asked;         /* "DHCPDISCOVER with client identifier 01:..." */
    const char *got;           /* "DHCPOFFER 10.50.1.200: the lease it holds (...)" */
    const char *subject;       /* the file, path or server that it is about; NULL: none */
    enum step_reason reason;   /* of a refusal */
    const char *hint;          /* what would have done, or why it may not run; NULL: nothing */
    enum step_content content; /* of a file that was sent */
    uint32_t block_size;       /* of a TFTP transfer; 0: none */
    const char *decided;       /* "FILE:LINE" of the configuration that decided it; NULL: unknown */
    uint64_t bytes;            /* payload that the step moved; 0 if none */
    uint64_t total;            /* bytes that the subject has in all; 0: unknown */
    bool refused;              /* the machine did not get what it asked for */
    bool quiet;                /* for those who watch: no line of the log */
};

#endif
