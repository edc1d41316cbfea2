/* What QEMU and KVM are known to fail with, by what they say. Pure. */
#ifndef BOOTWIRE_GUEST_TROUBLE_H
#define BOOTWIRE_GUEST_TROUBLE_H

#include <stdbool.h>

struct guest_trouble {
    const char *sign; /* a part of the line that QEMU prints */
    const char *name; /* what it is, for the person */
    bool emulate;     /* the same guest works without KVM: it starts again so */
};

/* What a line of QEMU's tells; NULL: nothing that is known. After some of these QEMU goes on with a
 * guest that stands still. */
const struct guest_trouble *guest_trouble_find(const char *line);

#endif
