#include "wire/uboot_image.h"

#include "base/slice.h"

#include <stdint.h>
#include <string.h>

enum {
    MAGIC = 0x27051956,
    OS_LINUX = 5,
    ARCHITECTURE_ARM = 2, /* of a script nobody looks at it; mkimage says the same */
    TYPE_SCRIPT = 6,
    AT_HEADER_CRC = 4,
    AT_SIZE = 12,
    AT_DATA_CRC = 24,
    AT_NAME = 32,
};

/* The CRC-32 of ISO 3309, as U-Boot and zlib compute it. */
static uint32_t crc32(struct slice bytes)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < bytes.length; i++) {
        crc ^= bytes.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

size_t uboot_script_begin(struct writer *w)
{
    size_t begun = w->length;

    writer_be32(w, MAGIC);
    writer_zeros(w, 24); /* checksums, time, size, load and entry addresses: a script has none */
    writer_u8(w, OS_LINUX);
    writer_u8(w, ARCHITECTURE_ARM);
    writer_u8(w, TYPE_SCRIPT);
    writer_u8(w, 0); /* not compressed */
    writer_zeros(w, UBOOT_IMAGE_NAME);
    writer_zeros(w, UBOOT_IMAGE_LIST);
    return begun;
}

void uboot_script_finish(struct writer *w, size_t begun, const char *name)
{
    size_t length = strlen(name);
    uint8_t *image;
    size_t size;

    if (w->failed || w->length < begun + UBOOT_IMAGE_HEADER + UBOOT_IMAGE_LIST)
        return;
    image = w->data + begun;
    size = w->length - begun - UBOOT_IMAGE_HEADER;
    memcpy(image + AT_NAME, name, length < UBOOT_IMAGE_NAME ? length : UBOOT_IMAGE_NAME);
    writer_patch_be32(w, begun + UBOOT_IMAGE_HEADER, (uint32_t)(size - UBOOT_IMAGE_LIST));
    writer_patch_be32(w, begun + AT_SIZE, (uint32_t)size);
    writer_patch_be32(w, begun + AT_DATA_CRC, crc32(slice_of(image + UBOOT_IMAGE_HEADER, size)));
    /* Its own checksum counts as zero in the header's. */
    writer_patch_be32(w, begun + AT_HEADER_CRC, crc32(slice_of(image, UBOOT_IMAGE_HEADER)));
}
