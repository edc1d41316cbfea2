/* A guest's firmware: the file that a package installed, as QEMU is to take it. */
#ifndef BOOTWIRE_GUEST_FIRMWARE_H
#define BOOTWIRE_GUEST_FIRMWARE_H

#include <stddef.h>

struct guest_description;

/* Fills in the description's firmware and variables for guest `number`: copies that are changed on
 * the way, or that a guest writes to, are made in `directory`. Returns 0, or -1 with a
 * message that names the package in `error`; guest_firmware_release() is due either way. */
int guest_firmware_prepare(struct guest_description *guest, const char *directory, unsigned number,
                           char *error, size_t error_size);
/* Frees the names; the copies stay where they are. */
void guest_firmware_release(struct guest_description *guest);

#endif
