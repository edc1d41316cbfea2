/* Any bytes as option 43 of a PXE client; an item that is read is written as it came. */
#include "wire/pxe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct pxe_boot_item item, again;
    uint8_t bytes[16];
    struct writer w = writer_of(bytes, sizeof(bytes));

    if (!pxe_read_boot_item(slice_of(data, length), &item))
        return 0;
    pxe_write_boot_item(&w, item);
    pxe_write_end(&w);
    if (w.failed || !pxe_read_boot_item(slice_of(bytes, w.length), &again) ||
        item.type != again.type || item.layer != again.layer)
        abort();
    return 0;
}
