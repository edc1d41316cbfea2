#include "decide/pxe.h"

/* One item of PARAMETER_PXE_MENU's value. */
struct menu_item {
    uint16_t type;
    struct slice text, file;
};

static struct reader menu_of(const struct scope_view *view)
{
    return reader_of_slice(scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_PXE_MENU));
}

/* Takes the next item; `*number` counts them, from 0. */
static bool next_item(struct reader *menu, unsigned *number, struct menu_item *item)
{
    if (reader_left(menu) == 0)
        return false;
    item->text = reader_bytes(menu, reader_u8(menu));
    item->file = reader_bytes(menu, reader_u8(menu));
    item->type =
        item->file.length > 0 ? (uint16_t)(PXE_FIRST_TYPE + *number) : (uint16_t)PXE_LOCAL_BOOT;
    (*number)++;
    return !menu->failed;
}

bool pxe_has_menu(const struct scope_view *view)
{
    return menu_of(view).length > 0;
}

static void write_menu(const struct scope_view *view, uint32_t address, struct writer *w)
{
    struct slice prompt = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_PXE_PROMPT);
    struct reader menu = menu_of(view);
    struct menu_item item;
    unsigned number = 0;
    size_t begun;

    pxe_write_control(w, PXE_NO_BROADCAST | PXE_NO_MULTICAST | PXE_ONLY_LISTED_SERVERS);
    begun = pxe_begin(w, PXE_BOOT_SERVERS);
    while (next_item(&menu, &number, &item))
        pxe_write_server(w, item.type, address);
    pxe_finish(w, begun);
    begun = pxe_begin(w, PXE_BOOT_MENU);
    number = 0;
    for (menu = menu_of(view); next_item(&menu, &number, &item);)
        pxe_write_menu_item(w, item.type, item.text);
    pxe_finish(w, begun);
    /* Without a prompt a ROM may show no menu at all; 255 shows it and waits. */
    if (prompt.length > 0)
        pxe_write_prompt(w, prompt.data[0], slice_of(prompt.data + 1, prompt.length - 1));
    else
        pxe_write_prompt(w, 255, slice_of_string("Boot:"));
}

size_t pxe_vendor_options(const struct scope_view *view, uint32_t address,
                          uint8_t to[PXE_OPTIONS_SIZE])
{
    struct writer w = writer_of(to, PXE_OPTIONS_SIZE);

    if (pxe_has_menu(view))
        write_menu(view, address, &w);
    else
        pxe_write_control(&w, PXE_FILE_AT_HAND);
    pxe_write_end(&w);
    return w.failed ? 0 : w.length;
}

size_t pxe_local_options(uint8_t to[PXE_OPTIONS_SIZE])
{
    struct writer w = writer_of(to, PXE_OPTIONS_SIZE);
    size_t begun;

    pxe_write_control(&w, PXE_NO_BROADCAST | PXE_NO_MULTICAST);
    begun = pxe_begin(&w, PXE_BOOT_MENU);
    pxe_write_menu_item(&w, PXE_LOCAL_BOOT, slice_of_string("Local boot"));
    pxe_finish(&w, begun);
    /* Without a wait the first item is taken (PXE 2.1 table 2-1, sub-option 10). */
    pxe_write_prompt(&w, 0, slice_of_string("Local boot"));
    pxe_write_end(&w);
    return w.failed ? 0 : w.length;
}

bool pxe_menu_file(const struct scope_view *view, uint16_t type, struct slice *file)
{
    struct reader menu = menu_of(view);
    struct menu_item item;
    unsigned number = 0;

    while (next_item(&menu, &number, &item)) {
        if (item.type == type && item.file.length > 0) {
            *file = item.file;
            return true;
        }
    }
    return false;
}
