/* What a PXE ROM is told in option 43, and which boot file its choice from the menu means. Pure
 * functions of the configuration. */
#ifndef BOOTWIRE_DECIDE_PXE_H
#define BOOTWIRE_DECIDE_PXE_H

#include "model/snapshot.h"
#include "wire/pxe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PXE_OPTIONS_SIZE = 4 * (PXE_SUBOPTION_MAX + 2) + 1 };

/* Whether the scopes hold a menu. */
bool pxe_has_menu(const struct scope_view *view);

/* Writes the value of option 43 into `to` and returns its length: the menu with this server
 * (`address`) behind every item, or else that the boot file at hand is to be loaded. 0: it does not
 * fit. */
size_t pxe_vendor_options(const struct scope_view *view, uint32_t address,
                          uint8_t to[PXE_OPTIONS_SIZE]);

/* The value of option 43 that has a ROM go on to the machine's own disk at once: a menu with that
 * one item, chosen without waiting. */
size_t pxe_local_options(uint8_t to[PXE_OPTIONS_SIZE]);

/* The boot file of a menu item; false where no item has that type, or it boots locally. */
bool pxe_menu_file(const struct scope_view *view, uint16_t type, struct slice *file);

#endif
