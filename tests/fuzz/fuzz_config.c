/* A configuration from memory: no file is opened for it. Whatever is found, every message can be
 * printed, and a snapshot holds together. */
#include "config/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

/* Text that a generated file has one line for; NULL: none, where that may be. */
static void check_text(const char *text, bool may_lack)
{
    assert(text || may_lack);
    for (size_t i = 0; text && text[i]; i++)
        assert(!iscntrl((unsigned char)text[i]) && i < BOOT_STRING_MAX);
}

static void check_recipe(const struct boot_recipe *recipe)
{
    assert(recipe->entry_count >= 1 && recipe->entry_count <= BOOT_ENTRIES_MAX);
    assert(recipe->default_entry < recipe->entry_count);
    assert(recipe->title || recipe->timeout_s == 0);
    check_text(recipe->title, true);
    for (size_t i = 0; i < recipe->entry_count; i++) {
        const struct boot_entry *entry = &recipe->entries[i];

        assert(entry->initrd_count <= BOOT_INITRDS_MAX);
        check_text(entry->title, true);
        check_text(entry->file, entry->kind == BOOT_LOCAL);
        check_text(entry->append, false);
        for (size_t j = 0; j < entry->initrd_count; j++)
            check_text(entry->initrds[j], false);
    }
}

static void check_snapshot(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        for (size_t j = 0; j < subnet->range_count; j++) {
            assert(subnet->ranges[j].low <= subnet->ranges[j].high);
            assert((subnet->ranges[j].low & subnet->netmask) == subnet->network);
            assert((subnet->ranges[j].high & subnet->netmask) == subnet->network);
        }
    }
    for (size_t i = 0; i < snapshot->host_count; i++) {
        const struct host *host = &snapshot->hosts[i];
        const struct subnet *subnet = host->fixed_address_count > 0
                                          ? snapshot_subnet_of(snapshot, host->fixed_addresses[0])
                                          : NULL;
        struct scope_view view = scope_view_of(snapshot, host, subnet);

        assert(view.scopes[view.count - 1] == &snapshot->global);
        scope_view_bytes(&view, SPACE_DHCP, 17);
        scope_view_recipe(snapshot, &view);
    }
    for (size_t i = 0; i < snapshot->recipe_count; i++)
        check_recipe(&snapshot->recipes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("fuzz", slice_of(data, length), &diagnostics);

    assert((snapshot == NULL) == (diagnostics.error_count > 0));
    for (size_t i = 0; i < diagnostics.count; i++)
        free(diagnostic_text(&diagnostics.list[i]));
    if (snapshot)
        check_snapshot(snapshot);
    snapshot_free(snapshot);
    diagnostics_release(&diagnostics);
    return 0;
}
