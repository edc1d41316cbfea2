#include "wire/pxe.h"

bool pxe_read_boot_item(struct slice vendor_options, struct pxe_boot_item *item)
{
    struct reader r = reader_of_slice(vendor_options);

    while (!r.failed && reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r);
        struct reader value;

        if (code == PXE_END)
            return false;
        if (code == 0) /* PAD */
            continue;
        value = reader_of_slice(reader_bytes(&r, reader_u8(&r)));
        if (code != PXE_BOOT_ITEM || r.failed)
            continue;
        item->type = reader_be16(&value);
        item->layer = reader_be16(&value);
        return !value.failed;
    }
    return false;
}

size_t pxe_begin(struct writer *w, uint8_t code)
{
    writer_u8(w, code);
    writer_u8(w, 0); /* the length: pxe_finish() */
    return w->length;
}

void pxe_finish(struct writer *w, size_t begun)
{
    if (w->failed)
        return;
    if (w->length - begun > PXE_SUBOPTION_MAX)
        writer_fail(w);
    else
        w->data[begun - 1] = (uint8_t)(w->length - begun);
}

void pxe_write_control(struct writer *w, uint8_t bits)
{
    size_t begun = pxe_begin(w, PXE_DISCOVERY_CONTROL);

    writer_u8(w, bits);
    pxe_finish(w, begun);
}

void pxe_write_prompt(struct writer *w, uint8_t timeout, struct slice text)
{
    size_t begun = pxe_begin(w, PXE_MENU_PROMPT);

    writer_u8(w, timeout);
    writer_slice(w, text);
    pxe_finish(w, begun);
}

void pxe_write_boot_item(struct writer *w, struct pxe_boot_item item)
{
    size_t begun = pxe_begin(w, PXE_BOOT_ITEM);

    writer_be16(w, item.type);
    writer_be16(w, item.layer);
    pxe_finish(w, begun);
}

void pxe_write_server(struct writer *w, uint16_t type, uint32_t address)
{
    writer_be16(w, type);
    writer_u8(w, 1); /* addresses that follow */
    writer_be32(w, address);
}

void pxe_write_menu_item(struct writer *w, uint16_t type, struct slice text)
{
    writer_be16(w, type);
    writer_u8(w, (uint8_t)text.length);
    writer_slice(w, text);
}

void pxe_write_end(struct writer *w)
{
    writer_u8(w, PXE_END);
}
