/* pxelinux.cfg and extlinux.conf: syslinux's language, which U-Boot reads a part of. A value is the
 * rest of its line; nothing is quoted, so a path with a blank cannot be written. */
#include "decide/boot_parts.h"

struct form {
    enum boot_file_kind kind;
    const struct boot_site *site;
    bool u_boot;
};

/* Whether the loader can load it under this name. */
static bool can_name(const char *path)
{
    if (!path || !path[0] || boot_is_url(path))
        return path && path[0] && strpbrk(path, " \t\r\n,") == NULL &&
               strncmp(path, "nfs://", 6) != 0;
    return path[strcspn(path, " \t\r\n,")] == 0;
}

static bool has_loader(const struct boot_site *site, const char *name)
{
    const struct boot_loader *loader = boot_loader_by_name(name);

    return loader && (site->loaders & boot_loader_bit(loader));
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool can_boot(const struct form *form, const struct boot_entry *entry)
{
    switch (entry->kind) {
    case BOOT_LINUX:
        for (size_t i = 0; i < entry->initrd_count; i++) {
            if (!can_name(entry->initrds[i]))
                return false;
        }
        /* U-Boot loads one initrd, and nothing by URL. */
        return can_name(entry->file) &&
               !(form->u_boot && (entry->initrd_count > 1 || boot_is_url(entry->file)));
    case BOOT_NETBSD:
        return !form->u_boot && can_name(entry->file) && has_loader(form->site, "mboot.c32") &&
               !boot_platform_is_efi(form->site->client.platform);
    case BOOT_FILE:
        return !form->u_boot && can_name(entry->file) &&
               !boot_platform_is_efi(form->site->client.platform);
    case BOOT_LOCAL:
        return true;
    default:
        return false; /* an iPXE script */
    }
}

/* pxelinux looks for names in its own directory, U-Boot in the boot file's; "::" says: not there.
 */
static void write_name(struct writer *w, const struct form *form, const char *path)
{
    bool url = boot_is_url(path);

    while (!url && *path == '/')
        path++;
    if (!url && form->kind == BOOT_FILE_KIND_PXELINUX_BELOW && !form->u_boot)
        boot_print(w, "::");
    boot_write_plain(w, path);
}

static void write_append(struct writer *w, const char *append)
{
    if (append && append[0]) {
        boot_print(w, " ");
        boot_write_plain(w, append);
    }
}

static void write_linux(struct writer *w, const struct form *form, const struct boot_entry *entry)
{
    const struct boot_site *site = form->site;
    char words[BOOT_WORDS_SIZE];
    bool console = boot_linux_console(site, entry) && !boot_is_arm(site->client.platform);

    boot_print(w, "  KERNEL ");
    write_name(w, form, entry->file);
    for (size_t i = 0; i < entry->initrd_count; i++) {
        boot_print(w, i == 0 ? "\n  INITRD " : ",");
        write_name(w, form, entry->initrds[i]);
    }
    boot_linux_root(site, entry, words);
    /* U-Boot takes no line without a value. */
    if (console || words[0] || (entry->append && entry->append[0]))
        boot_print(w, "\n  APPEND");
    if (console)
        boot_print(w, " console=ttyS%d,%u", boot_console_port(site), boot_console_speed(site));
    writer_slice(w, slice_of_string(words));
    write_append(w, entry->append);
    boot_print(w, "\n  IPAPPEND 2\n"); /* BOOTIF=01-MAC, for installers */
}

static void write_netbsd(struct writer *w, const struct form *form, const struct boot_entry *entry)
{
    boot_print(w, "  KERNEL ");
    write_name(w, form, "mboot.c32");
    boot_print(w, "\n  APPEND ");
    write_name(w, form, entry->file);
    write_append(w, entry->append);
    if (boot_console_port(form->site) >= 0 && !boot_has_word(entry->append, "console="))
        boot_print(w, " console=com console_speed=%u console_addr=0x%x",
                   boot_console_speed(form->site), boot_console_address(form->site));
    boot_print(w, "\n");
}

static void write_entry(struct writer *w, const struct form *form, const struct boot_entry *entry,
                        size_t number, bool menu)
{
    char title[BOOT_TITLE_SIZE];

    boot_print(w, "LABEL %zu\n", number + 1);
    if (menu) {
        boot_print(w, "  MENU LABEL ");
        boot_write_plain(w, boot_title(entry, title));
        boot_print(w, "\n");
    }
    if (entry->kind == BOOT_LINUX) {
        write_linux(w, form, entry);
    } else if (entry->kind == BOOT_NETBSD) {
        write_netbsd(w, form, entry);
    } else if (entry->kind == BOOT_FILE) {
        boot_print(w, ends_with(entry->file, ".c32") ? "  KERNEL " : "  PXE ");
        write_name(w, form, entry->file);
        boot_print(w, "\n");
        if (entry->append && entry->append[0]) {
            boot_print(w, "  APPEND");
            write_append(w, entry->append);
            boot_print(w, "\n");
        }
    } else {
        boot_print(w, "  LOCALBOOT 0\n");
    }
}

/* A menu: menu.c32's where it is there; else its lines, and a prompt that takes their numbers. */
static void write_menu(struct writer *w, const struct form *form, const struct boot_recipe *recipe)
{
    bool ui = has_loader(form->site, "menu.c32") && has_loader(form->site, "libutil.c32") &&
              form->site->client.platform != PLATFORM_EFI_X64 &&
              form->site->client.platform != PLATFORM_EFI_IA32;
    char title[BOOT_TITLE_SIZE];

    if (ui && !form->u_boot) {
        boot_print(w, "UI ");
        write_name(w, form, "menu.c32");
        boot_print(w, "\n");
    }
    boot_print(w, "MENU TITLE ");
    boot_write_plain(w, recipe->title);
    boot_print(w, "\n");
    if (recipe->timeout_s > 0)
        boot_print(w, "TIMEOUT %llu\n", (unsigned long long)recipe->timeout_s * 10);
    boot_print(w, "PROMPT %d\n", ui || form->u_boot ? 0 : 1);
    if (ui || form->u_boot)
        return;
    boot_print(w, "SAY ");
    boot_write_plain(w, recipe->title);
    boot_print(w, "\n");
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (!can_boot(form, &recipe->entries[i]))
            continue;
        boot_print(w, "SAY %zu: ", i + 1);
        boot_write_plain(w, boot_title(&recipe->entries[i], title));
        boot_print(w, "\n");
    }
}

bool boot_write_pxelinux(enum boot_file_kind kind, const struct boot_site *site,
                         const struct boot_recipe *recipe, struct writer *w)
{
    struct form form = {kind, site,
                        kind == BOOT_FILE_KIND_EXTLINUX || site->client.asker == ASKER_U_BOOT};
    size_t first = recipe->entry_count;

    for (size_t i = recipe->entry_count; i-- > 0;) {
        if (can_boot(&form, &recipe->entries[i]))
            first = i;
    }
    if (first == recipe->entry_count)
        return false;
    if (can_boot(&form, &recipe->entries[recipe->default_entry]))
        first = recipe->default_entry;
    /* SERIAL counts only where it stands first. */
    if (boot_console_port(site) >= 0 && !form.u_boot)
        boot_print(w, "SERIAL %d %u\n", boot_console_port(site), boot_console_speed(site));
    boot_write_owner(w, site);
    boot_print(w, "DEFAULT %zu\n", first + 1);
    if (recipe->title)
        write_menu(w, &form, recipe);
    else
        boot_print(w, "PROMPT 0\n");
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (can_boot(&form, &recipe->entries[i]))
            write_entry(w, &form, &recipe->entries[i], i, recipe->title != NULL);
    }
    return true;
}
