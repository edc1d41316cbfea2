/* The command line that starts QEMU, from a description of the guest. Pure: it starts nothing. */
#ifndef BOOTWIRE_GUEST_COMMAND_LINE_H
#define BOOTWIRE_GUEST_COMMAND_LINE_H

#include "base/region.h"
#include "guest/machine_type.h"
#include "model/address.h"

#include <stdbool.h>

enum guest_accelerator { GUEST_TCG, GUEST_KVM };

/* A machine that boots from its network card, with a serial port and no display. */
struct guest_description {
    const struct guest_machine_type *type;
    enum guest_accelerator accelerator;
    unsigned memory_mib, cpus; /* 0: the type's own, and one */
    const char *nic; /* QEMU's name of the network card's model: "e1000"; NULL: the type's */
    struct hardware hardware; /* its link-layer address */
    int link_descriptor;      /* inherited by QEMU: */
    bool link_is_tap;         /* an open tap device, or else the end of a stream of frames */
    int monitor_descriptor;   /* a socket, for QMP */
    const char *firmware;  /* the file of the type's firmware, as QEMU is to take it; NULL: none */
    const char *variables; /* this guest's own copy of its variables; NULL: none */
};

/* Can it be the name of a QEMU device? A comma would begin another property. */
bool guest_nic_is_valid(const char *nic);
/* "kvm" or "tcg", as QEMU says it. */
const char *guest_accelerator_name(enum guest_accelerator accelerator);

/* The argument vector, NULL at its end, argv[0] the program; in the region. NULL where the region
 * is full. */
char *const *guest_command_line(struct region *region, const struct guest_description *guest);

#endif
