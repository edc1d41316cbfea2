/* A U-Boot script image: what is read lies within it, and comes out alike when it is written again.
 */
#include "wire/uboot_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static uint8_t bytes[1 << 16];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct uboot_script script, again;
    size_t begun;

    if (!uboot_script_decode(&script, slice_of(data, length)))
        return 0;
    if (script.text.data < data || script.text.data + script.text.length > data + length)
        abort();
    begun = uboot_script_begin(&w);
    writer_slice(&w, script.text);
    uboot_script_finish(&w, begun, "fuzz");
    if (w.failed)
        return 0;
    if (!uboot_script_decode(&again, slice_of(bytes, w.length)) ||
        !slice_equal(again.text, script.text))
        abort();
    return 0;
}
