/* iPXE scripts. iPXE splits a line at its blanks, knows no quotes, and expands ${...} in each word
 * afterwards; a backslash at a line's end joins the next line to it. ${bw} is never set: it makes
 * an empty word, or keeps a word from being taken for a separator. */
#include "decide/boot_parts.h"

/* Whether the word, as it stands in the script, would end a command or begin a comment. */
static bool is_separator(const char *word, size_t length)
{
    return word[0] == '#' || (length == 1 && word[0] == ';') ||
           (length == 2 && (memcmp(word, "||", 2) == 0 || memcmp(word, "&&", 2) == 0));
}

/* Writes a word's bytes. There is no way to write "${" where nothing is to be replaced: a blank
 * goes between the two. `settings`: what the user wrote for iPXE to replace is left to it. */
static void write_word(struct writer *w, const char *word, size_t length, bool settings)
{
    if (is_separator(word, length))
        writer_slice(w, slice_of_string("${bw}"));
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)word[i];

        if (byte == '{' && i > 0 && word[i - 1] == '$' &&
            !(settings && boot_setting_length(word + i - 1) > 0))
            writer_u8(w, ' ');
        writer_u8(w, byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
}

/* Writes text so that it comes out as it is; what is no text (control characters) does not. */
static void write_words(struct writer *w, const char *text, bool settings)
{
    while (*text) {
        size_t blanks = strspn(text, " \t\r\n"), length;

        /* Blanks in a row are words without letters between them. */
        for (size_t i = 1; i < blanks; i++)
            writer_slice(w, slice_of_string(" ${bw}"));
        if (blanks > 0)
            writer_u8(w, ' ');
        text += blanks;
        length = strcspn(text, " \t\r\n");
        if (length == 0)
            break;
        write_word(w, text, length, settings);
        text += length;
    }
    if (w->length > 0 && !w->failed && w->data[w->length - 1] == '\\')
        writer_slice(w, slice_of_string(" ${bw}"));
}

/* A title. A hyphen in front would make it an option. */
static void write_title(struct writer *w, const char *title)
{
    char plain[BOOT_STRING_MAX * 2];
    struct writer text = writer_of(plain, sizeof(plain) - 1);

    boot_write_plain(&text, title);
    if (text.failed)
        writer_fail(w);
    plain[text.length] = 0;
    if (plain[0] == '-')
        writer_slice(w, slice_of_string("${bw} "));
    write_words(w, plain, false);
}

/* The URL of a path below tftp-root, or a URL as it is but for what iPXE would take apart. */
static void write_location(struct writer *w, const struct boot_site *site, const char *path)
{
    if (!boot_is_url(path)) {
        boot_write_url(w, site, path);
        return;
    }
    while (*path) {
        uint8_t byte = (uint8_t)*path;
        size_t setting = boot_setting_length(path);

        if (setting > 0)
            writer_bytes(w, path, setting);
        else if (byte <= 0x20 || byte >= 0x7f || byte == '$' || byte == '\\')
            boot_print(w, "%%%02X", byte);
        else
            writer_u8(w, byte);
        path += setting > 0 ? setting : 1;
    }
}

static void write_linux(struct writer *w, const struct boot_site *site,
                        const struct boot_entry *entry, size_t number)
{
    char words[BOOT_WORDS_SIZE];

    if (boot_linux_console(site, entry)) {
        /* On Arm ports have other names; the kernel finds its console in the device tree. */
        boot_print(w, "set con console=ttyS%d,%u\n", boot_console_port(site),
                   boot_console_speed(site));
        boot_print(w, "iseq ${buildarch} arm64 && clear con ||\n"
                      "iseq ${buildarch} arm32 && clear con ||\n");
    }
    boot_print(w, "kernel ");
    write_location(w, site, entry->file);
    if (boot_linux_console(site, entry))
        boot_print(w, " ${con}");
    write_words(w, boot_linux_root(site, entry, words), false);
    /* A kernel that UEFI starts looks for its initrds by these names. */
    for (size_t i = 0; i < entry->initrd_count; i++)
        boot_print(w, " initrd=initrd%zu", i);
    if (entry->append && entry->append[0]) {
        boot_print(w, " ");
        write_words(w, entry->append, true);
    }
    boot_print(w, " || goto failed%zu\n", number);
    for (size_t i = 0; i < entry->initrd_count; i++) {
        boot_print(w, "initrd --name initrd%zu ", i);
        write_location(w, site, entry->initrds[i]);
        boot_print(w, " || goto failed%zu\n", number);
    }
    boot_print(w, "boot || goto failed%zu\n", number);
}

/* What NetBSD calls the card that iPXE uses, by the card's PCI numbers: the first one of its
 * driver, for a machine with several has to say so itself. */
static void write_root_guess(struct writer *w)
{
    static const struct {
        const char *busid, *interface;
    } cards[] = {
        {"01:80:86:10:0e", "wm0"},    {"01:80:86:10:0f", "wm0"},  {"01:80:86:10:d3", "wm0"},
        {"01:80:86:12:29", "fxp0"},   {"01:80:86:12:09", "fxp0"}, {"01:10:22:20:00", "pcn0"},
        {"01:10:ec:81:39", "rtk0"},   {"01:10:ec:81:68", "re0"},  {"01:1a:f4:10:00", "vioif0"},
        {"01:1a:f4:10:41", "vioif0"},
    };

    boot_print(w, "clear root\n");
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
        boot_print(w, "iseq ${netX/busid} %s && set root root=%s ||\n", cards[i].busid,
                   cards[i].interface);
}

/* NetBSD's own loader for the machine that runs the script. */
static void write_netbsd_loader(struct writer *w)
{
    boot_print(w, "set loader pxeboot_ia32.bin\n"
                  "iseq ${platform} efi && set loader bootx64.efi ||\n"
                  "iseq ${platform}/${buildarch} efi/i386 && set loader bootia32.efi ||\n"
                  "iseq ${platform}/${buildarch} efi/arm64 && set loader bootaa64.efi ||\n");
}

/* A BIOS's iPXE starts the kernel itself (multiboot); on UEFI, and where the kernel was built
 * without multiboot, NetBSD's loader does. The kernel reads flags only as the first word;
 * `console=com` has the port in an argument of its own, and "com0", as loaders have it, would leave
 * the port silent. */
static void write_netbsd(struct writer *w, const struct boot_site *site,
                         const struct boot_entry *entry, size_t number)
{
    bool guess = !boot_has_word(entry->append, "root=");
    bool console = !boot_has_word(entry->append, "console=");

    write_netbsd_loader(w);
    boot_print(w, "iseq ${platform} efi && goto own%zu ||\n", number);
    if (guess)
        write_root_guess(w);
    boot_print(w, "kernel ");
    write_location(w, site, entry->file);
    if (entry->append && entry->append[0]) {
        boot_print(w, " ");
        write_words(w, entry->append, true);
    }
    if (console && boot_console_port(site) >= 0)
        boot_print(w, " console=com console_speed=%u console_addr=0x%x", boot_console_speed(site),
                   boot_console_address(site));
    else if (console && site->console && strcmp(site->console, "pc") == 0)
        boot_print(w, " console=pc");
    boot_print(w, "%s || goto own%zu\n", guess ? " ${root}" : "", number);
    boot_print(w, "boot || goto own%zu\n:own%zu\nimgfree\nchain ", number, number);
    boot_write_url(w, site, "");
    boot_print(w, "${loader} || goto failed%zu\n", number);
}

static void write_entry(struct writer *w, const struct boot_site *site,
                        const struct boot_entry *entry, size_t number)
{
    switch (entry->kind) {
    case BOOT_LINUX:
        write_linux(w, site, entry, number);
        break;
    case BOOT_NETBSD:
        write_netbsd(w, site, entry, number);
        break;
    case BOOT_IPXE:
    case BOOT_FILE:
        boot_print(w, "chain ");
        write_location(w, site, entry->file);
        boot_print(w, " || goto failed%zu\n", number);
        break;
    case BOOT_LOCAL:
        /* A UEFI takes the next entry of its list where this one fails. */
        boot_print(w, "iseq ${platform} efi && exit 1 ||\n"
                      "sanboot --no-describe --drive 0x80 || exit 1\n");
        break;
    }
}

/* What is done where one cannot be booted: the menu again, else what the firmware has next. */
static void write_failure(struct writer *w, size_t number, bool menu)
{
    boot_print(w,
               ":failed%zu\necho It could not be booted: ${errno}\n"
               "prompt --timeout 10000 Press a key%s || %s\n",
               number, menu ? " for the menu" : " for a shell", menu ? "goto start" : "exit 1");
    boot_print(w, "%s\n", menu ? "goto start" : "shell");
}

bool boot_write_ipxe(const struct boot_site *site, const struct boot_recipe *recipe,
                     struct writer *w)
{
    bool menu = recipe->title != NULL;
    char title[BOOT_TITLE_SIZE];

    boot_print(w, "#!ipxe\n");
    boot_write_owner(w, site);
    if (menu) {
        boot_print(w, ":start\nmenu ");
        write_title(w, recipe->title);
        boot_print(w, "\n");
        for (size_t i = 0; i < recipe->entry_count; i++) {
            boot_print(w, "item entry%zu ", i);
            write_title(w, boot_title(&recipe->entries[i], title));
            boot_print(w, "\n");
        }
        boot_print(w, "choose --default entry%zu", recipe->default_entry);
        if (recipe->timeout_s > 0)
            boot_print(w, " --timeout %llu", (unsigned long long)recipe->timeout_s * 1000);
        boot_print(w, " selected || exit 1\ngoto ${selected}\n");
    }
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (menu)
            boot_print(w, ":entry%zu\n", i);
        write_entry(w, site, &recipe->entries[i], i);
        if (recipe->entries[i].kind != BOOT_LOCAL)
            write_failure(w, i, menu);
    }
    return true;
}
