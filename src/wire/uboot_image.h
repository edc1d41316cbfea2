/* U-Boot's legacy image with a script in it: what `source` runs. A header of 64 bytes (magic,
 * CRC-32 of the header and of the data, size, kind, name), then a list of the sizes of its parts,
 * ended by a zero, then the script's text. All numbers are big-endian. */
#ifndef BOOTWIRE_WIRE_UBOOT_IMAGE_H
#define BOOTWIRE_WIRE_UBOOT_IMAGE_H

#include "base/cursor.h"

#include <stddef.h>

enum {
    UBOOT_IMAGE_HEADER = 64,
    UBOOT_IMAGE_LIST = 8,  /* the list of a script's image: its size, and the zero */
    UBOOT_IMAGE_NAME = 32, /* bytes of the name; a shorter one ends with NULs */
};

/* Room for a script's text: writes what stands before it, and returns where the image begins, to be
 * given to uboot_script_finish() once the text is written behind it. */
size_t uboot_script_begin(struct writer *w);
/* The text is complete: fills in sizes, name (cut at UBOOT_IMAGE_NAME bytes) and checksums. */
void uboot_script_finish(struct writer *w, size_t begun, const char *name);

#endif
