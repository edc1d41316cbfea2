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

/* FNV-1a: whoever writes the configuration alone chooses what goes in, and a digest under the key
 * of this process would be another one after a restart. */
static uint64_t digest_of(uint64_t digest, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        digest = (digest ^ (number >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
    return digest;
}

uint64_t patches_digest(const struct patches *patches)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < patches->count; i++) {
        const struct patch *patch = &patches->list[i];

        digest = digest_of(digest, patch->offset, sizeof(patch->offset));
        digest = digest_of(digest, patch->length, 1);
        for (size_t j = 0; j < patch->length; j++)
            digest = digest_of(digest, patch->bytes[j], 1);
    }
    return patches->count > 0 ? digest : 0;
}
