#include "model/step.h"

const char *boot_stage_name(enum boot_stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_UNKNOWN] = "unknown",     [STAGE_ROM] = "rom",
        [STAGE_IPXE] = "ipxe",           [STAGE_UEFI_PXE] = "uefi-pxe",
        [STAGE_UEFI_HTTP] = "uefi-http", [STAGE_U_BOOT] = "u-boot",
        [STAGE_LOADER] = "loader",       [STAGE_KERNEL] = "kernel",
        [STAGE_USERLAND] = "userland",
    };

    return stage < STAGE_COUNT ? names[stage] : "unknown";
}

const char *step_event_name(enum step_event event)
{
    static const char *const names[STEP_COUNT] = {
        [STEP_NOTED] = "noted",
        [STEP_OFFER] = "offer",
        [STEP_ACK] = "ack",
        [STEP_NAK] = "nak",
        [STEP_BOOTP] = "bootp",
        [STEP_INFORM] = "inform",
        [STEP_RELEASE] = "release",
        [STEP_DECLINE] = "decline",
        [STEP_OTHER_SERVER] = "other-server",
        [STEP_IGNORED] = "ignored",
        [STEP_EXHAUSTED] = "exhausted",
        [STEP_NO_SUBNET] = "no-subnet",
        [STEP_LOOP] = "loop",
        [STEP_RARP] = "rarp",
        [STEP_RARP_UNKNOWN] = "rarp-unknown",
        [STEP_UNSENT] = "unsent",
        [STEP_FOREIGN_OFFER] = "foreign-offer",
        [STEP_FILE_BEGUN] = "file-begun",
        [STEP_FILE_PROGRESS] = "file-progress",
        [STEP_FILE_SENT] = "file-sent",
        [STEP_FILE_MISSING] = "file-missing",
        [STEP_FILE_FORBIDDEN] = "file-forbidden",
        [STEP_FILE_REFUSED] = "file-refused",
        [STEP_FILE_ABANDONED] = "file-abandoned",
        [STEP_FILE_ENDED] = "file-ended",
        [STEP_FILE_RECEIVED] = "file-received",
        [STEP_PORTMAP] = "portmap",
        [STEP_PORTMAP_MISSING] = "portmap-missing",
        [STEP_MOUNT] = "mount",
        [STEP_MOUNT_REFUSED] = "mount-refused",
        [STEP_NFS_CALL] = "nfs-call",
        [STEP_NFS_READ] = "nfs-read",
        [STEP_NFS_REFUSED] = "nfs-refused",
        [STEP_NFS_REPEATED] = "nfs-repeated",
        [STEP_NFS_PROGRESS] = "nfs-progress",
        [STEP_NFS_TRAFFIC] = "nfs-traffic",
        [STEP_BOOTPARAM] = "bootparam",
        [STEP_CONSOLE_TEXT] = "console-text",
        [STEP_CONSOLE_LOGIN] = "console-login",
        [STEP_CONSOLE_PANIC] = "console-panic",
        [STEP_POWER_ON] = "power-on",
        [STEP_POWER_OFF] = "power-off",
        [STEP_KVM_DIED] = "kvm-died",
    };

    return event < STEP_COUNT && names[event] ? names[event] : "noted";
}
