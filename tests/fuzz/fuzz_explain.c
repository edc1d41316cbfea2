/* A configuration, and what its first hosts and an unknown machine are offered in its first subnets
 * at each stage: whatever stands there, the explanation ends, and what it made up is printable. */
#include "config/config.h"
#include "decide/explain.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

enum { SUBNETS = 1, HOSTS = 2 };

static void check_facts(const struct explained *explained)
{
    for (size_t i = 0; i < explained->fact_count; i++) {
        const struct fact *fact = &explained->facts[i];

        if (!fact->name || !fact->value ||
            (fact->kind == FACT_VALUE && !fact->where.file && !fact->why))
            abort();
        for (const char *c = fact->value; *c && fact->kind == FACT_VALUE; c++) {
            if (*c < ' ' || *c > '~')
                abort();
        }
    }
}

static void explain_machine(const struct snapshot *snapshot, const struct subnet *subnet,
                            struct probe probe)
{
    struct explain_question question = {.snapshot = snapshot, .subnet = subnet};
    struct explained explained;
    struct region region;
    size_t count;
    const struct probe_stage *stages = probe_stages(&count);

    region_init(&region, 0);
    for (size_t i = 0; i < count; i++) {
        question.probe = probe;
        question.probe.stage = &stages[i];
        explain_stage(&region, &question, &explained);
        check_facts(&explained);
    }
    region_release(&region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("fuzz", slice_of(data, length), &diagnostics);
    struct probe probe = {.hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 1}}};

    diagnostics_release(&diagnostics);
    for (size_t i = 0; snapshot && i < snapshot->subnet_count && i < SUBNETS; i++) {
        explain_machine(snapshot, &snapshot->subnets[i], probe);
        for (size_t j = 0; j < snapshot->host_count && j < HOSTS; j++) {
            const struct host *host = &snapshot->hosts[j];

            explain_machine(snapshot, &snapshot->subnets[i],
                            (struct probe){
                                .hardware = host->hardware.length ? host->hardware : probe.hardware,
                                .identifier = host->client_identifier,
                                .relay = j ? snapshot->subnets[i].network + 1 : 0,
                                .extra_space = host->identifier_space,
                                .extra_code = host->identifier_code,
                                .extra = host->identifier_value,
                            });
        }
    }
    snapshot_free(snapshot);
    return 0;
}
