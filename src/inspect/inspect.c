#include "inspect/inspect.h"

#include <stdlib.h>

bool inspect_is_own(const struct inspection *inspection, uint32_t address)
{
    for (size_t i = 0; i < inspection->link_count; i++) {
        if (inspection->links[i].address == address)
            return true;
    }
    return false;
}

void inspect_system(const struct snapshot *snapshot, const char *state_directory, unsigned wait_ms,
                    struct findings *findings)
{
    struct inspection inspection = {.snapshot = snapshot,
                                    .state_directory = state_directory,
                                    .wait_ms = wait_ms,
                                    .findings = findings};
    struct link_address *links;

    inspection.link_count = link_addresses(&links);
    inspection.links = links;
    inspect_ports(&inspection);
    inspect_rights(&inspection);
    inspect_links(&inspection);
    inspect_dhcp_servers(&inspection);
    inspect_firewall(&inspection);
    inspect_paths(&inspection);
    inspect_state(&inspection);
    inspect_qemu(&inspection);
    free(links);
}
