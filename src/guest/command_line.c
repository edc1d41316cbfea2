#include "guest/command_line.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

bool guest_nic_is_valid(const char *nic)
{
    for (const char *c = nic; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && *c != '.')
            return false;
    }
    return *nic != 0;
}

bool guest_line_blames_kvm(const char *line)
{
    static const char *const signs[] = {
        "KVM internal error", /* an instruction that a nested host cannot emulate: iPXE has some */
        "KVM: entry failed",  /* the processor refuses the guest's state */
        "kvm run failed",       "failed to initialize kvm",
        "Could not access KVM", "invalid accelerator kvm", /* a QEMU built without it */
    };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strcasestr(line, signs[i]))
            return true;
    }
    return false;
}

const char *guest_accelerator_name(enum guest_accelerator accelerator)
{
    return accelerator == GUEST_KVM ? "kvm" : "tcg";
}

char *const *guest_command_line(struct region *region, const struct guest_description *guest)
{
    char hardware[HARDWARE_TEXT_SIZE];
    const char *const arguments[] = {
        guest->program,
        "-nodefaults",
        "-no-user-config",
        /* Without graphics SeaBIOS shows on the serial port what the ROM and the loader print. */
        "-machine",
        region_printf(region, "pc,accel=%s,graphics=off",
                      guest_accelerator_name(guest->accelerator)),
        "-m",
        region_printf(region, "%u", guest->memory_mib),
        "-display",
        "none",
        "-vga",
        "none",
        "-serial",
        "stdio",
        "-netdev",
        region_printf(region, "tap,id=network,fd=%d", guest->tap_descriptor),
        "-device",
        region_printf(region, "%s,netdev=network,mac=%s,bootindex=1", guest->nic,
                      hardware_text(hardware, &guest->hardware)),
        NULL,
    };
    char **vector = region_allocate(region, sizeof(arguments));

    if (!vector)
        return NULL;
    for (size_t i = 0; i + 1 < sizeof(arguments) / sizeof(arguments[0]); i++) {
        vector[i] = arguments[i] ? region_string(region, arguments[i]) : NULL;
        if (!vector[i])
            return NULL;
    }
    return vector;
}
