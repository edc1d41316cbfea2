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
