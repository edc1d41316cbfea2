#include "guest/command_line.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { ARGUMENTS_MAX = 48 };

/* The vector while it grows. */
struct arguments {
    struct region *region;
    char **list;
    size_t count;
    bool full;
};

bool guest_nic_is_valid(const char *nic)
{
    for (const char *c = nic; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && *c != '.')
            return false;
    }
    return *nic != 0;
}

const char *guest_accelerator_name(enum guest_accelerator accelerator)
{
    return accelerator == GUEST_KVM ? "kvm" : "tcg";
}

static void add(struct arguments *arguments, char *argument)
{
    if (!argument || arguments->count == ARGUMENTS_MAX)
        arguments->full = true;
    else
        arguments->list[arguments->count++] = argument;
}

static void add_option(struct arguments *arguments, const char *option, char *value)
{
    add(arguments, region_string(arguments->region, option));
    add(arguments, value);
}

/* A file's name inside an option: QEMU wants its commas doubled. */
static char *file_name(struct region *region, const char *path)
{
    char *name = region_allocate(region, 2 * strlen(path) + 1), *to = name;

    for (; name && *path; path++) {
        if (*path == ',')
            *to++ = ',';
        *to++ = *path;
    }
    return name;
}

static void add_flash(struct arguments *arguments, unsigned unit, const char *path, bool readonly)
{
    char *name = file_name(arguments->region, path);

    add_option(arguments, "-drive",
               name ? region_printf(arguments->region, "if=pflash,unit=%u,format=raw,%sfile=%s",
                                    unit, readonly ? "readonly=on," : "", name)
                    : NULL);
}

static void add_firmware(struct arguments *arguments, const struct guest_description *guest)
{
    struct region *region = arguments->region;

    switch (guest->type->firmware) {
    case FIRMWARE_OF_QEMU:
        return;
    case FIRMWARE_BIOS:
    case FIRMWARE_SWAPPED:
        add_option(arguments, "-bios", region_string(region, guest->firmware));
        return;
    case FIRMWARE_KERNEL:
        add_option(arguments, "-kernel", region_string(region, guest->firmware));
        return;
    case FIRMWARE_FLASH:
        add_flash(arguments, 0, guest->firmware, true);
        add_flash(arguments, 1, guest->variables, false);
        return;
    }
}

/* Where the firmware is not the card's own ROM, that is left out: its iPXE would come first. */
static void add_card(struct arguments *arguments, const struct guest_description *guest)
{
    struct region *region = arguments->region;
    const char *nic = guest->nic ? guest->nic : guest->type->nic;
    char hardware[HARDWARE_TEXT_SIZE];

    add_option(arguments, "-netdev",
               region_printf(
                   region, guest->link_is_tap ? "tap,id=network,fd=%d" : "socket,id=network,fd=%d",
                   guest->link_descriptor));
    hardware_text(hardware, &guest->hardware);
    if (guest->type->nic_on_board && strcmp(nic, guest->type->nic) == 0)
        add_option(arguments, "-net",
                   region_printf(region, "nic,netdev=network,macaddr=%s,model=%s", hardware, nic));
    else
        add_option(arguments, "-device",
                   region_printf(region, "%s,netdev=network,mac=%s,bootindex=1%s", nic, hardware,
                                 guest->type->firmware == FIRMWARE_OF_QEMU ? "" : ",romfile="));
}

char *const *guest_command_line(struct region *region, const struct guest_description *guest)
{
    const struct guest_machine_type *type = guest->type;
    struct arguments arguments = {
        .region = region, .list = region_allocate(region, (ARGUMENTS_MAX + 1) * sizeof(char *))};

    if (!arguments.list)
        return NULL;
    add(&arguments, region_string(region, type->program));
    add(&arguments, region_string(region, "-nodefaults"));
    add(&arguments, region_string(region, "-no-user-config"));
    add_option(&arguments, "-machine",
               region_printf(region, "%s,accel=%s", type->board,
                             guest_accelerator_name(guest->accelerator)));
    if (guest->accelerator == GUEST_KVM && type->cpu)
        add_option(&arguments, "-cpu", region_string(region, "host"));
    else if (type->cpu)
        add_option(&arguments, "-cpu", region_string(region, type->cpu));
    add_option(
        &arguments, "-m",
        region_printf(region, "%u", guest->memory_mib ? guest->memory_mib : type->memory_mib));
    if (guest->cpus > 1)
        add_option(&arguments, "-smp", region_printf(region, "%u", guest->cpus));
    add_option(&arguments, "-display", region_string(region, "none"));
    add_option(&arguments, "-vga", region_string(region, "none"));
    add_option(&arguments, "-serial", region_string(region, "stdio"));
    add_option(&arguments, "-chardev",
               region_printf(region, "socket,id=monitor,fd=%d", guest->monitor_descriptor));
    add_option(&arguments, "-mon", region_string(region, "chardev=monitor,mode=control"));
    add_firmware(&arguments, guest);
    add_card(&arguments, guest);
    return arguments.full ? NULL : arguments.list;
}
