/* grub.cfg. Within single quotes GRUB takes everything as it is but the quote itself. */
#include "decide/boot_parts.h"

static void write_quoted_byte(struct writer *w, uint8_t byte)
{
    if (byte == '\'')
        writer_slice(w, slice_of_string("'\\''"));
    else
        writer_u8(w, byte < 0x20 || byte == 0x7f ? ' ' : byte);
}

static void write_quoted(struct writer *w, const char *text, size_t length)
{
    writer_u8(w, '\'');
    for (size_t i = 0; i < length; i++)
        write_quoted_byte(w, (uint8_t)text[i]);
    writer_u8(w, '\'');
}

/* A command line, a word an argument: GRUB quotes arguments with blanks for the kernel. */
static void write_words(struct writer *w, const char *text)
{
    while (text && *text) {
        size_t length;

        text += strspn(text, " \t\r\n");
        length = strcspn(text, " \t\r\n");
        if (length > 0) {
            writer_u8(w, ' ');
            write_quoted(w, text, length);
        }
        text += length;
    }
}

/* Whether GRUB can load it: by TFTP, from this server or another one. */
static bool can_name(const char *path)
{
    return path && path[0] && (!boot_is_url(path) || strncmp(path, "tftp://", 7) == 0);
}

static bool can_boot(const struct boot_entry *entry)
{
    for (size_t i = 0; i < entry->initrd_count; i++) {
        if (!can_name(entry->initrds[i]))
            return false;
    }
    return entry->kind == BOOT_LOCAL || (entry->kind != BOOT_IPXE && can_name(entry->file));
}

/* "'(tftp,SERVER)/path'": named in full, for GRUB takes what has no device from where its prefix
 * is.
 */
static void write_name(struct writer *w, const struct boot_site *site, const char *path)
{
    char address[IPV4_TEXT_SIZE];
    const char *host = ipv4_text(address, site->server);
    size_t length = strlen(host);

    if (boot_is_url(path)) {
        host = path + strlen("tftp://");
        length = strcspn(host, "/");
        path = host + length;
    }
    while (*path == '/')
        path++;
    writer_slice(w, slice_of_string("'(tftp,"));
    for (size_t i = 0; i < length; i++)
        write_quoted_byte(w, (uint8_t)host[i]);
    writer_slice(w, slice_of_string(")/"));
    for (; *path; path++)
        write_quoted_byte(w, (uint8_t)*path);
    writer_u8(w, '\'');
}

static void write_linux(struct writer *w, const struct boot_site *site,
                        const struct boot_entry *entry)
{
    char words[BOOT_WORDS_SIZE];
    bool console = boot_linux_console(site, entry);

    if (console) {
        /* On Arm ports have other names; the kernel finds its console in the device tree. */
        boot_print(w, "  set con=console=ttyS%d,%u\n", boot_console_port(site),
                   boot_console_speed(site));
        boot_print(w, "  if [ \"$grub_cpu\" = arm64 -o \"$grub_cpu\" = arm ]; then\n"
                      "    set con=\n  fi\n");
    }
    boot_print(w, "  linux ");
    write_name(w, site, entry->file);
    if (console)
        boot_print(w, " $con");
    write_words(w, boot_linux_root(site, entry, words));
    write_words(w, entry->append);
    if (entry->initrd_count > 0)
        boot_print(w, "\n  initrd");
    for (size_t i = 0; i < entry->initrd_count; i++) {
        boot_print(w, " ");
        write_name(w, site, entry->initrds[i]);
    }
    boot_print(w, "\n");
}

/* On a BIOS GRUB starts the kernel itself; on UEFI NetBSD's loader does. */
static void write_netbsd(struct writer *w, const struct boot_site *site,
                         const struct boot_entry *entry)
{
    static const char *const loaders[][2] = {
        {"x86_64", "bootx64.efi"}, {"i386", "bootia32.efi"}, {"arm64", "bootaa64.efi"}};
    const char *text = entry->append ? entry->append : "";

    boot_print(w, "  if [ \"$grub_platform\" = pc ]; then\n    knetbsd");
    if (boot_console_port(site) >= 0)
        boot_print(w, " --serial=com%d,%u", boot_console_port(site), boot_console_speed(site));
    /* Its options: the kernel's flags, and the root device. */
    while (*text) {
        size_t length;

        text += strspn(text, " \t\r\n");
        length = strcspn(text, " \t\r\n");
        if (length > 1 && text[0] == '-') {
            boot_print(w, " ");
            write_quoted(w, text, length);
        } else if (length > 5 && strncmp(text, "root=", 5) == 0) {
            boot_print(w, " --root=");
            write_quoted(w, text + 5, length - 5);
        }
        text += length;
    }
    boot_print(w, " ");
    write_name(w, site, entry->file);
    for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
        boot_print(w, "\n  elif [ \"$grub_cpu\" = %s ]; then\n    chainloader ", loaders[i][0]);
        write_name(w, site, loaders[i][1]);
    }
    boot_print(w, "\n  fi\n");
}

static void write_entry(struct writer *w, const struct boot_site *site,
                        const struct boot_entry *entry, size_t number)
{
    char title[BOOT_TITLE_SIZE];

    boot_title(entry, title);
    boot_print(w, "menuentry ");
    write_quoted(w, title, strlen(title));
    boot_print(w, " --id entry%zu {\n", number);
    if (entry->kind == BOOT_LINUX) {
        write_linux(w, site, entry);
    } else if (entry->kind == BOOT_NETBSD) {
        write_netbsd(w, site, entry);
    } else if (entry->kind == BOOT_FILE) {
        boot_print(w, "  chainloader ");
        write_name(w, site, entry->file);
        boot_print(w, "\n");
    } else {
        /* A UEFI goes on to the next entry of its list. */
        boot_print(w, "  if [ \"$grub_platform\" = efi ]; then\n    exit\n  else\n"
                      "    set root=hd0\n    chainloader +1\n  fi\n");
    }
    boot_print(w, "}\n");
}

/* A PC's ports have numbers; elsewhere `serial` finds none and says so, and the UEFI's own console
 * is the serial one already. */
static bool has_numbered_ports(enum boot_platform platform)
{
    return !boot_platform_is_efi(platform) || platform == PLATFORM_EFI_X64 ||
           platform == PLATFORM_EFI_IA32;
}

static void write_console(struct writer *w, const struct boot_site *site)
{
    if (boot_console_port(site) < 0 || !has_numbered_ports(site->client.platform))
        return;
    boot_print(w, "if serial ");
    if (site->console_address)
        boot_print(w, "--port=0x%x", site->console_address);
    else
        boot_print(w, "--unit=%d", boot_console_port(site));
    boot_print(w,
               " --speed=%u; then\n  terminal_input serial console\n"
               "  terminal_output serial console\nfi\n",
               boot_console_speed(site));
}

bool boot_write_grub(const struct boot_site *site, const struct boot_recipe *recipe,
                     struct writer *w)
{
    size_t first = recipe->entry_count;

    for (size_t i = recipe->entry_count; i-- > 0;) {
        if (can_boot(&recipe->entries[i]))
            first = i;
    }
    if (first == recipe->entry_count)
        return false;
    if (can_boot(&recipe->entries[recipe->default_entry]))
        first = recipe->default_entry;
    boot_write_owner(w, site);
    write_console(w, site);
    boot_print(w, "set default=entry%zu\n", first);
    if (!recipe->title)
        boot_print(w, "set timeout=0\n");
    else if (recipe->timeout_s > 0)
        boot_print(w, "set timeout=%u\n", recipe->timeout_s);
    else
        boot_print(w, "set timeout=-1\n");
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (can_boot(&recipe->entries[i]))
            write_entry(w, site, &recipe->entries[i], i);
    }
    return true;
}
