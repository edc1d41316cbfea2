#include "guest/command_line.h"

#include <stddef.h>

char *const *guest_command_line(struct region *region, const struct guest_description *guest)
{
    char hardware[HARDWARE_TEXT_SIZE];
    const char *const arguments[] = {
        guest->program,
        "-nodefaults",
        "-accel",
        guest->accelerator == GUEST_KVM ? "kvm" : "tcg",
        "-m",
        region_printf(region, "%u", guest->memory_mib),
        "-display",
        "none",
        "-vga",
        "none",
        "-serial",
        "stdio",
        "-boot",
        "n",
        "-netdev",
        region_printf(region, "tap,id=network,fd=%d", guest->tap_descriptor),
        "-device",
        region_printf(region, "%s,netdev=network,mac=%s", guest->nic,
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
