/* A configuration from memory: no file is opened for it. Whatever is found, every message can be
 * printed, and a snapshot holds together. */
#include "config/config.h"

#include <assert.h>
#include <stdlib.h>

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
    }
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
