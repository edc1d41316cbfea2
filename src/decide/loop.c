#include "decide/loop.h"

#include <stdio.h>
#include <strings.h>

static uint32_t hash_bytes(uint32_t hash, struct slice bytes)
{
    /* FNV-1a; the length keeps neighbouring values apart. */
    hash = (hash ^ (uint32_t)bytes.length) * 16777619u;
    for (size_t i = 0; i < bytes.length; i++)
        hash = (hash ^ bytes.data[i]) * 16777619u;
    return hash;
}

uint32_t loop_fingerprint(const struct dhcp_message *message)
{
    uint32_t hash = 2166136261u;

    hash = hash_bytes(hash, dhcp_message_bytes(message, DHCP_OPTION_IPXE));
    hash = hash_bytes(hash, dhcp_message_bytes(message, DHCP_OPTION_ARCHITECTURE));
    hash = hash_bytes(hash, dhcp_message_bytes(message, DHCP_OPTION_INTERFACE));
    return hash_bytes(hash, dhcp_message_bytes(message, DHCP_OPTION_USER_CLASS));
}

static struct slice without_slashes(struct slice file)
{
    while (file.length > 0 && file.data[0] == '/') {
        file.data++;
        file.length--;
    }
    return file;
}

/* Whether the name is one of iPXE's builds; its scripts ("boot.ipxe", "/ipxe/menu.php") are not. */
static bool is_named_as_ipxe(const char *file)
{
    static const char *const endings[] = {".efi",    ".pxe",  ".kpxe", ".kkpxe",
                                          ".kkkpxe", ".lkrn", ".0",    ".bin"};
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *ending = strrchr(name, '.');

    if (!ending ||
        !(strcasestr(name, "ipxe") || strcasestr(name, "undionly") || strcasestr(name, "snponly")))
        return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    }
    return false;
}

bool loop_closes(const struct boot_fetch *fetch, const struct dhcp_message *message,
                 enum boot_stage stage, struct slice file, uint64_t now_ms)
{
    if (fetch->count == 0 || stage != STAGE_IPXE || now_ms - fetch->at_ms > LOOP_WINDOW_MS ||
        !slice_equal_string(without_slashes(file), fetch->file))
        return false;
    if (fetch->stage != STAGE_IPXE || fetch->fingerprint != loop_fingerprint(message))
        return true;
    return fetch->count > 1 && is_named_as_ipxe(fetch->file);
}

void loop_note(struct boot_fetch *fetch, const char *file, enum boot_stage stage,
               uint32_t fingerprint, uint64_t now_ms)
{
    struct slice name = without_slashes(slice_of_string(file));
    bool again = fetch->count > 0 && now_ms - fetch->at_ms <= LOOP_WINDOW_MS &&
                 slice_equal_string(name, fetch->file);

    fetch->count = again ? fetch->count + 1 : 1;
    fetch->stage = stage;
    fetch->fingerprint = fingerprint;
    fetch->at_ms = now_ms;
    /* A name that is cut here equals none that is offered: no loop is seen, and none is made up. */
    snprintf(fetch->file, sizeof(fetch->file), "%.*s", (int)name.length, (const char *)name.data);
}

bool loop_name_ipxe(struct dhcp_message *message)
{
    struct slice class = dhcp_message_bytes(message, DHCP_OPTION_USER_CLASS);

    if (slice_equal_string(class, "iPXE"))
        return false;
    message->options[DHCP_OPTION_USER_CLASS] = slice_of_string("iPXE");
    return true;
}
