/* boot.cfg of NetBSD's loaders (boot.cfg(5)): a title ends at its first colon, a command at a
 * semicolon; nothing is quoted. */
#include "decide/boot_parts.h"

enum { NETBSD_ENTRIES_MAX = 10 }; /* the loader reads no more menu lines */

static bool can_boot(const struct boot_entry *entry)
{
    return entry->kind == BOOT_NETBSD && entry->file && !boot_is_url(entry->file) &&
           entry->file[strcspn(entry->file, " \t\r\n;")] == 0;
}

/* What the loader hands on are flags alone. */
static void write_flags(struct writer *w, const char *append)
{
    while (append && *append) {
        size_t length;

        append += strspn(append, " \t\r\n");
        length = strcspn(append, " \t\r\n;");
        if (length > 1 && append[0] == '-') {
            writer_u8(w, ' ');
            writer_bytes(w, append, length);
        }
        append += length + (append[length] == ';');
    }
}

static void write_title(struct writer *w, const struct boot_entry *entry)
{
    char title[BOOT_TITLE_SIZE];

    boot_title(entry, title);
    for (char *at = title; *at; at++) {
        if (*at == ':')
            *at = ' ';
    }
    writer_slice(w, slice_of_string(title));
}

bool boot_write_netbsd(const struct boot_site *site, const struct boot_recipe *recipe,
                       struct writer *w)
{
    size_t count = 0, chosen = 0;

    for (size_t i = 0; i < recipe->entry_count && count < NETBSD_ENTRIES_MAX; i++) {
        const struct boot_entry *entry = &recipe->entries[i];

        if (!can_boot(entry))
            continue;
        count++;
        if (i == recipe->default_entry)
            chosen = count;
        boot_print(w, "menu=");
        write_title(w, entry);
        boot_print(w, ":boot ");
        writer_slice(w, slice_of_string(entry->file));
        write_flags(w, entry->append);
        boot_print(w, "\n");
    }
    if (count == 0)
        return false;
    boot_print(w, "default=%zu\n", chosen ? chosen : 1);
    if (!recipe->title)
        boot_print(w, "timeout=0\n");
    else if (recipe->timeout_s > 0)
        boot_print(w, "timeout=%u\n", recipe->timeout_s);
    else
        boot_print(w, "timeout=-1\n");
    if (boot_console_port(site) >= 0)
        boot_print(w, "consdev=%s,%u\n", site->console, boot_console_speed(site));
    else if (site->console)
        boot_print(w, "consdev=%s\n", site->console);
    return true;
}
