#include "decide/boot_parts.h"

#include <stdarg.h>
#include <stdio.h>

bool boot_is_url(const char *path)
{
    size_t scheme = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+");

    return scheme > 0 && strncmp(path + scheme, "://", 3) == 0;
}

void boot_print(struct writer *w, const char *format, ...)
{
    char text[512];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(text))
        writer_fail(w);
    else
        writer_bytes(w, text, (size_t)length);
}

/* RFC 3986 section 2.3, and what may stand in a path besides (section 3.3), but for what some
 * loader's own syntax would take for something else. */
static bool is_plain_in_url(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != 0 && strchr("-._~/+@:,=", byte));
}

size_t boot_setting_length(const char *at)
{
    size_t length;

    if (strncmp(at, "${", 2) != 0)
        return 0;
    length = strspn(at + 2, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:");
    return at[2 + length] == '}' ? length + 3 : 0;
}

void boot_write_url(struct writer *w, const struct boot_site *site, const char *path)
{
    char address[IPV4_TEXT_SIZE];

    ipv4_text(address, site->server);
    if (site->http_port == 0)
        boot_print(w, "tftp://%s/", address);
    else if (site->http_port == 80)
        boot_print(w, "http://%s/", address);
    else
        boot_print(w, "http://%s:%u/", address, site->http_port);
    while (*path == '/')
        path++;
    while (*path) {
        uint8_t byte = (uint8_t)*path;
        size_t setting = boot_setting_length(path);

        if (setting > 0)
            writer_bytes(w, path, setting);
        else if (is_plain_in_url(byte))
            writer_u8(w, byte);
        else
            boot_print(w, "%%%02X", byte);
        path += setting > 0 ? setting : 1;
    }
}

/* The bytes of the UTF-8 character at `at` (RFC 3629); 0: it is none. */
static size_t character_length(const uint8_t *at)
{
    size_t length = *at < 0x80                  ? 1
                    : *at >= 0xc2 && *at < 0xe0 ? 2
                    : *at >= 0xe0 && *at < 0xf0 ? 3
                    : *at >= 0xf0 && *at < 0xf5 ? 4
                                                : 0;

    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

void boot_write_plain(struct writer *w, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;

    while (*at) {
        size_t length = character_length(at);

        if (length == 0 || *at < 0x20 || *at == 0x7f)
            writer_u8(w, length == 0 ? '?' : ' ');
        else
            writer_bytes(w, at, length);
        at += length > 0 ? length : 1;
    }
}

void boot_write_owner(struct writer *w, const struct boot_site *site)
{
    char address[HARDWARE_TEXT_SIZE];

    if (!site->name && site->hardware.length == 0)
        return;
    boot_print(w, "# ");
    /* By its address alone, as TFTP knows it, a declared machine's hardware may be unknown. */
    if (site->name)
        boot_write_plain(w, site->name);
    else
        boot_print(w, "%s", hardware_text(address, &site->hardware));
    boot_print(w, "\n");
}

const char *boot_title(const struct boot_entry *entry, char to[BOOT_TITLE_SIZE])
{
    static const char *const kinds[] = {
        [BOOT_LINUX] = "Linux",
        [BOOT_NETBSD] = "NetBSD",
        [BOOT_IPXE] = "iPXE script",
        [BOOT_FILE] = "Network",
        [BOOT_LOCAL] = "This computer's disk",
    };
    struct writer w = writer_of(to, BOOT_TITLE_SIZE - 1);

    if (entry->title && entry->title[0])
        boot_write_plain(&w, entry->title);
    else
        boot_write_plain(&w, kinds[entry->kind]);
    if (!(entry->title && entry->title[0]) && entry->file) {
        boot_write_plain(&w, " ");
        boot_write_plain(&w, entry->file);
    }
    to[w.length] = 0;
    return to;
}

int boot_console_port(const struct boot_site *site)
{
    if (!site->console || strncmp(site->console, "com", 3) != 0 || site->console[3] < '0' ||
        site->console[3] > '3')
        return -1;
    return site->console[3] - '0';
}

uint32_t boot_console_speed(const struct boot_site *site)
{
    return site->console_speed ? site->console_speed : 9600;
}

uint32_t boot_console_address(const struct boot_site *site)
{
    static const uint16_t usual[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    int port = boot_console_port(site);

    if (site->console_address || port < 0)
        return site->console_address;
    return usual[port];
}

bool boot_is_arm(enum boot_platform platform)
{
    return platform == PLATFORM_U_BOOT_ARM || platform == PLATFORM_U_BOOT_ARM64 ||
           platform == PLATFORM_EFI_ARM || platform == PLATFORM_EFI_ARM64;
}

bool boot_has_word(const char *append, const char *begins)
{
    while (append && *append) {
        append += strspn(append, " \t");
        if (strncmp(append, begins, strlen(begins)) == 0)
            return true;
        append += strcspn(append, " \t");
    }
    return false;
}

const char *boot_linux_root(const struct boot_site *site, const struct boot_entry *entry,
                            char to[BOOT_WORDS_SIZE])
{
    char address[IPV4_TEXT_SIZE];
    int length;

    to[0] = 0;
    if (!site->root_path || !site->root_path[0] || boot_has_word(entry->append, "root=") ||
        boot_has_word(entry->append, "boot="))
        return to;
    /* A name with a space in it, or anything else that a loader would take apart, goes by DHCP
     * alone: the kernel's command line has no way to write it. */
    if (site->root_path[strspn(site->root_path, "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/+@:,=")])
        return to;
    ipv4_text(address, site->nfs_server ? site->nfs_server : site->server);
    length = snprintf(to, BOOT_WORDS_SIZE, " root=/dev/nfs nfsroot=%s:%s%s", address,
                      site->root_path, boot_has_word(entry->append, "ip=") ? "" : " ip=dhcp");
    if (length < 0 || length >= BOOT_WORDS_SIZE)
        to[0] = 0;
    return to;
}

bool boot_linux_console(const struct boot_site *site, const struct boot_entry *entry)
{
    return boot_console_port(site) >= 0 && !boot_has_word(entry->append, "console=");
}

/* ---- The place ---- */

/* Copies the setting's bytes with a NUL behind them; NULL where there are none, or no room, or a
 * NUL or line's end among them. */
static const char *text_of(const struct scope_view *view, enum setting_space space, unsigned code,
                           struct writer *w)
{
    struct slice bytes = scope_view_bytes(view, space, code);
    size_t at = w->length;

    while (bytes.length > 0 && bytes.data[bytes.length - 1] == 0)
        bytes.length--;
    if (bytes.length == 0 || bytes.length >= writer_left(w))
        return NULL;
    for (size_t i = 0; i < bytes.length; i++) {
        if (bytes.data[i] < 0x20)
            return NULL;
    }
    writer_slice(w, bytes);
    writer_u8(w, 0);
    return (const char *)w->data + at;
}

struct boot_site boot_site_of(const struct scope_view *view, uint32_t server, uint16_t http_port,
                              char text[BOOT_SITE_TEXT_SIZE])
{
    struct writer w = writer_of(text, BOOT_SITE_TEXT_SIZE);
    struct boot_site site = {.server = server, .http_port = http_port};
    struct reader swap =
        reader_of_slice(scope_view_bytes(view, SPACE_DHCP, DHCP_OPTION_SWAP_SERVER));
    uint32_t address = reader_be32(&swap);

    site.console = text_of(view, SPACE_PARAMETER, PARAMETER_CONSOLE, &w);
    site.console_speed = scope_view_number(view, PARAMETER_CONSOLE_SPEED, 0);
    site.console_address = scope_view_number(view, PARAMETER_CONSOLE_ADDRESS, 0);
    site.root_path = text_of(view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH, &w);
    /* Option 16 goes before next-server for a root over NFS (doc/clients.md). */
    site.nfs_server =
        !swap.failed && address ? address : scope_view_number(view, PARAMETER_NEXT_SERVER, server);
    if (site.root_path) {
        const char *colon = strchr(site.root_path, ':');

        /* "ADDRESS:/path", as FreeBSD and Linux read it. */
        if (colon && ipv4_parse(site.root_path, (size_t)(colon - site.root_path), &site.nfs_server))
            site.root_path = colon + 1;
    }
    return site;
}
