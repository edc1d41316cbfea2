#include "model/patch.h"

void patches_apply(const struct patches *patches, uint64_t offset, uint8_t *data, size_t length)
{
    for (size_t i = 0; i < patches->count; i++) {
        const struct patch *patch = &patches->list[i];

        for (size_t j = 0; j < patch->length; j++) {
            uint64_t at = patch->offset + j;

            if (at >= offset && at - offset < length)
                data[at - offset] = patch->bytes[j];
        }
    }
}
