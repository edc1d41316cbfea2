/* Any bytes, into a buffer of any size: what comes out is printable, whole, and ends. */
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    size_t size;
    char *to;

    if (length == 0)
        return 0;
    size = 8u + data[0];
    to = malloc(size);
    if (!to)
        abort();
    text_printable(to, size, slice_of(data + 1, length - 1));
    if (!memchr(to, '\0', size))
        abort();
    for (const char *c = to; *c; c++) {
        if (*c < ' ' || *c > '~')
            abort();
    }
    free(to);
    return 0;
}
