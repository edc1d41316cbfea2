/* What stands in an attribute that anybody may have set: what is read is written again as a text
 * that reads the same. */
#include "store/ownership.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct ownership first, second;
    uint8_t text[OWNERSHIP_TEXT_MAX];
    size_t written;

    if (!ownership_read(&first, slice_of(data, length)))
        return 0;
    written = ownership_write(text, &first);
    if (written > sizeof(text) || !ownership_read(&second, slice_of(text, written)) ||
        first.mode != second.mode || first.uid != second.uid || first.gid != second.gid ||
        first.major != second.major || first.minor != second.minor)
        abort();
    return 0;
}
