/* The PXE option space within option 43: Preboot Execution Environment 2.1, section 2.2.
 *
 * Sub-options are written one after another; PXE_END ends them. Numbers are big-endian. */
#ifndef BOOTWIRE_WIRE_PXE_H
#define BOOTWIRE_WIRE_PXE_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PXE_DISCOVERY_CONTROL = 6,
    PXE_BOOT_SERVERS = 8,
    PXE_BOOT_MENU = 9,
    PXE_MENU_PROMPT = 10,
    PXE_BOOT_ITEM = 71,
    PXE_END = 255,
};

/* Bits of discovery control. */
enum {
    PXE_NO_BROADCAST = 1,
    PXE_NO_MULTICAST = 2,
    PXE_ONLY_LISTED_SERVERS = 4,
    PXE_FILE_AT_HAND = 8, /* the boot file of this very reply is to be loaded, without a menu */
};

enum {
    PXE_SERVER_PORT = 4011,
    PXE_SUBOPTION_MAX = 255, /* bytes of one sub-option */
    PXE_LOCAL_BOOT = 0,      /* the type of the menu item "boot from the local disk" */
    PXE_FIRST_TYPE = 0x8000, /* types from here on are a vendor's to give */
};

/* What a client chose, and what a boot server echoes. */
struct pxe_boot_item {
    uint16_t type;
    uint16_t layer; /* bit 15: credentials are asked for */
};

/* Finds the boot item in the value of a request's option 43; false where there is none. */
bool pxe_read_boot_item(struct slice vendor_options, struct pxe_boot_item *item);

void pxe_write_control(struct writer *w, uint8_t bits);
void pxe_write_prompt(struct writer *w, uint8_t timeout, struct slice text);
void pxe_write_boot_item(struct writer *w, struct pxe_boot_item item);
/* A list in pieces: begin, the entries, end. More than PXE_SUBOPTION_MAX bytes fail the writer. */
size_t pxe_begin(struct writer *w, uint8_t code);
void pxe_write_server(struct writer *w, uint16_t type, uint32_t address);
void pxe_write_menu_item(struct writer *w, uint16_t type, struct slice text);
void pxe_finish(struct writer *w, size_t begun);
/* The byte that ends the option. */
void pxe_write_end(struct writer *w);

#endif
