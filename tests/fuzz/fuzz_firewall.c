/* Any text as a firewall's rules, of iptables-save or of nft: whatever it is, an answer comes, and
 * what drops a packet has a name. */
#include "inspect/firewall.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void judge(struct firewall *firewall)
{
    const struct firewall_chain *chain = NULL;

    if (firewall_drops(firewall, &chain) != FIREWALL_NO && (!chain || !chain->dropper))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static const char *const but[] = {"nat", NULL};
    const struct firewall_packet packets[] = {
        {.interface = "eth0",
         .port = 67,
         .from_port = 68,
         .source_mask = UINT32_MAX,
         .destination = UINT32_MAX,
         .broadcast = true},
        {.interface = "br0",
         .tcp = true,
         .port = 2049,
         .source = 0x0a320100,
         .source_mask = 0xffffff00,
         .destination = 0x0a320101},
    };
    json_t *ruleset = json_loadb((const char *)data, length, 0, NULL);
    char *text = malloc(length + 1);

    if (!text)
        abort();
    memcpy(text, data, length);
    text[length] = 0;
    for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
        struct region region;
        struct firewall firewall = {.region = &region};

        region_init(&region, 0);
        firewall_read_iptables(&firewall, text, &packets[i]);
        judge(&firewall);
        if (ruleset) {
            firewall.chains = NULL;
            firewall_read_nft(&firewall, ruleset, &packets[i], but);
            judge(&firewall);
        }
        region_release(&region);
    }
    json_decref(ruleset);
    free(text);
    return 0;
}
