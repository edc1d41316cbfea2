#include "wire/uboot_image.h"

enum {
    MAGIC = 0x27051956,
    OS_LINUX = 5,
    ARCHITECTURE_ARM = 2, /* of a script nobody looks at it; mkimage says the same */
    TYPE_SCRIPT = 6,
    AT_HEADER_CRC = 4,
    AT_SIZE = 12,
    AT_DATA_CRC = 24,
    AT_NAME = 32,
    LIST_SIZE = 8, /* one part's size, and the zero behind it */
};

uint32_t uboot_crc32(struct slice bytes)
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
    writer_zeros(w, LIST_SIZE);
    return begun;
}

void uboot_script_finish(struct writer *w, size_t begun, const char *name)
{
    size_t length = strlen(name);
    uint8_t *image;
    size_t size;

    if (w->failed || w->length < begun + UBOOT_IMAGE_HEADER + LIST_SIZE)
        return;
    image = w->data + begun;
    size = w->length - begun - UBOOT_IMAGE_HEADER;
    memcpy(image + AT_NAME, name, length < UBOOT_IMAGE_NAME ? length : UBOOT_IMAGE_NAME);
    writer_patch_be32(w, begun + UBOOT_IMAGE_HEADER, (uint32_t)(size - LIST_SIZE));
    writer_patch_be32(w, begun + AT_SIZE, (uint32_t)size);
    writer_patch_be32(w, begun + AT_DATA_CRC,
                      uboot_crc32(slice_of(image + UBOOT_IMAGE_HEADER, size)));
    /* Its own checksum counts as zero in the header's. */
    writer_patch_be32(w, begun + AT_HEADER_CRC, uboot_crc32(slice_of(image, UBOOT_IMAGE_HEADER)));
}

bool uboot_script_decode(struct uboot_script *script, struct slice image)
{
    struct reader r = reader_of_slice(image);
    uint8_t header[UBOOT_IMAGE_HEADER];
    uint32_t magic, header_crc, size, data_crc, length;
    uint8_t kind[4];
    struct slice data;

    *script = (struct uboot_script){.time = 0};
    magic = reader_be32(&r);
    header_crc = reader_be32(&r);
    script->time = reader_be32(&r);
    size = reader_be32(&r);
    reader_skip(&r, 8);
    data_crc = reader_be32(&r);
    reader_copy(&r, kind, sizeof(kind));
    reader_copy(&r, script->name, sizeof(script->name));
    data = reader_bytes(&r, size);
    if (r.failed || magic != MAGIC || kind[2] != TYPE_SCRIPT || kind[3] != 0)
        return false;
    memcpy(header, image.data, sizeof(header));
    memset(header + AT_HEADER_CRC, 0, 4);
    if (uboot_crc32(slice_of(header, sizeof(header))) != header_crc ||
        uboot_crc32(data) != data_crc)
        return false;
    r = reader_of_slice(data);
    length = reader_be32(&r);
    if (reader_be32(&r) != 0) /* a second part: no script of U-Boot's has one */
        return false;
    script->text = reader_bytes(&r, length);
    return !r.failed;
}
