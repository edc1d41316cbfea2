/* The command line that starts QEMU, from a description of the guest. Pure: it starts nothing. */
#ifndef BOOTWIRE_GUEST_COMMAND_LINE_H
#define BOOTWIRE_GUEST_COMMAND_LINE_H

#include "base/region.h"
#include "model/address.h"

#include <stdbool.h>

enum guest_accelerator { GUEST_TCG, GUEST_KVM };

/* A PC that boots from its network card's ROM, with a serial port and no display. */
struct guest_description {
    const char *program; /* "qemu-system-x86_64"; found through PATH */
    enum guest_accelerator accelerator;
    unsigned memory_mib;
    const char *nic;          /* QEMU's name of the network card's model: "e1000" */
    struct hardware hardware; /* its link-layer address */
    int tap_descriptor;       /* the open tap device, inherited by QEMU */
};

/* Can it be the name of a QEMU device? A comma would begin another property. */
bool guest_nic_is_valid(const char *nic);
/* Does a line of QEMU's say that KVM, and not the guest, has failed? After some of these QEMU goes
 * on with a guest that stands still. */
bool guest_line_blames_kvm(const char *line);
/* "kvm" or "tcg", as QEMU says it. */
const char *guest_accelerator_name(enum guest_accelerator accelerator);

/* The argument vector, NULL at its end, argv[0] the program; in the region. NULL where the region
 * is full. */
char *const *guest_command_line(struct region *region, const struct guest_description *guest);

#endif
