#include "command/explain.h"

#include "base/clock.h"
#include "base/memory.h"
#include "command/machine.h"
#include "service/boot_means.h"

#include <stdlib.h>
#include <string.h>

/* ---- The machine ---- */

/* A hardware address that no host has, locally administered. */
static struct hardware spare_hardware(const struct snapshot *snapshot)
{
    struct hardware hardware = {
        .type = HARDWARE_ETHERNET, .length = 6, .address = {0x02, 0, 0, 0, 0, 1}};

    while (snapshot_host_by_hardware(snapshot, &hardware) && hardware.address[5] < UINT8_MAX)
        hardware.address[5]++;
    return hardware;
}

/* How requests of a declared host look; NULL, or why there are none. */
static char *probe_host(struct explanation *explanation, const struct host *host,
                        struct probe *probe)
{
    explanation->host = host;
    if (host->hardware.length > 0) {
        probe->hardware = host->hardware;
        return NULL;
    }
    probe->hardware = spare_hardware(explanation->snapshot);
    explanation->made_up = true;
    if (host->client_identifier.length > 0) {
        probe->identifier = host->client_identifier;
        explanation->note = "it has no hardware address: shown as if every stage sent its client "
                            "identifier, which holds for later stages once one has sent it";
        return NULL;
    }
    if (host->identifier_value.length > 0 && host->identifier_space <= SPACE_AGENT) {
        probe->extra_space = host->identifier_space;
        probe->extra_code = host->identifier_code;
        probe->extra = host->identifier_value;
        explanation->note =
            "it has no hardware address: shown as if every stage sent the option that it goes by";
        return NULL;
    }
    return memory_printf("%s:%u: host %s has neither a hardware address nor a client identifier: "
                         "no machine is known by it",
                         host->where.file, host->where.line, host->name);
}

static char *find_machine(struct explanation *explanation, const char *path, struct probe *probe)
{
    const struct snapshot *snapshot = explanation->snapshot;
    const struct host *host = snapshot_host_by_name(snapshot, explanation->machine);
    char *error = NULL;

    *probe = (struct probe){0};
    if (host) {
        error = probe_host(explanation, host, probe);
    } else if (hardware_parse(explanation->machine, &probe->hardware)) {
        explanation->host = snapshot_host_by_hardware(snapshot, &probe->hardware);
        if (!explanation->host)
            explanation->note = "no host declaration has this hardware address: an unknown client";
    } else {
        error = machine_unknown(snapshot, path, explanation->machine);
    }
    explanation->hardware = probe->hardware;
    return error;
}

/* ---- Its networks ---- */

static bool same_wire(const struct subnet *a, const struct subnet *b)
{
    return a == b || (a->shared && a->shared == b->shared);
}

static void add_network(struct explanation *explanation, const struct subnet *subnet)
{
    for (size_t i = 0; i < explanation->network_count; i++) {
        if (same_wire(explanation->networks[i].subnet, subnet))
            return;
    }
    explanation->networks[explanation->network_count++].subnet = subnet;
}

/* The subnet of an address given on the command line. */
static char *add_network_of(struct explanation *explanation, const char *path, const char *text,
                            uint32_t *address)
{
    const struct subnet *subnet;

    if (!ipv4_parse(text, strlen(text), address))
        return memory_printf("\"%s\" is no address, as in 10.50.1.1", text);
    subnet = snapshot_subnet_of(explanation->snapshot, *address);
    if (!subnet)
        return memory_printf("no subnet of %s holds %s", path, text);
    add_network(explanation, subnet);
    return NULL;
}

static void add_networks_of_host(struct explanation *explanation, const struct host *host)
{
    for (size_t i = 0; host && i < host->fixed_address_count; i++) {
        const struct subnet *subnet =
            snapshot_subnet_of(explanation->snapshot, host->fixed_addresses[i]);

        if (subnet)
            add_network(explanation, subnet);
    }
}

/* The wires to explain: those asked for, those of the host's fixed addresses, or all. */
static char *find_networks(struct explanation *explanation, const char *path,
                           const struct explain_options *options, struct probe *probe)
{
    const struct snapshot *snapshot = explanation->snapshot;
    const struct host *host = explanation->host;
    bool is_name = host && strcmp(host->name, explanation->machine) == 0, everywhere;
    uint32_t address;

    if (snapshot->subnet_count == 0)
        return memory_printf("%s declares no subnet: no request is answered", path);
    explanation->networks = region_allocate(
        &explanation->region, (snapshot->subnet_count + 1) * sizeof(explanation->networks[0]));
    if (options->relay)
        return add_network_of(explanation, path, options->relay, &probe->relay);
    if (options->subnet)
        return add_network_of(explanation, path, options->subnet, &address);
    add_networks_of_host(explanation, host);
    /* A machine may have a declaration for each network; a name means one of them. */
    for (host = is_name ? NULL : host; host && host->next_of_hardware;
         host = host->next_of_hardware)
        add_networks_of_host(explanation, host->next_of_hardware);
    everywhere = explanation->network_count == 0;
    for (size_t i = 0; everywhere && i < snapshot->subnet_count; i++)
        add_network(explanation, &snapshot->subnets[i]);
    return NULL;
}

/* ---- Its stages ---- */

static struct explained_stage *add_stage(struct explanation *explanation,
                                         struct explained_network *network,
                                         const struct probe *probe)
{
    struct explained_stage *made = &network->stages[network->stage_count++];
    struct explain_question question = {
        explanation->snapshot, network->subnet, *probe, clock_wall_seconds(), NULL,
        explanation->boot};

    for (size_t i = 0; probe->stage->after && i + 1 < network->stage_count; i++) {
        const struct explained_stage *before = &network->stages[i];

        if (strcmp(before->stage->key, probe->stage->after) == 0 &&
            before->explained.lease.state == LEASE_BOUND)
            question.held = &before->explained.lease;
    }
    made->stage = probe->stage;
    made->name = probe->stage->name;
    if (probe->stage->is_loader) {
        made->file = probe->file;
        made->name = region_printf(&explanation->region, "%s opening \"%s\"", probe->stage->name,
                                   probe->file);
    }
    explain_stage(&explanation->region, &question, &made->explained);
    return made;
}

/* A loader asks anew for each file it opens: for the kernel, and for every name that the
 * configuration asks about. */
static void add_loader(struct explanation *explanation, struct explained_network *network,
                       struct probe probe, const char *file)
{
    const struct explained_stage *first;

    probe.file = file ? file : "netbsd";
    first = add_stage(explanation, network, &probe);
    for (size_t i = 0; !file && i < first->explained.file_count; i++) {
        if (strcmp(first->explained.files[i], probe.file) == 0)
            continue;
        add_stage(explanation, network,
                  &(struct probe){
                      .stage = probe.stage,
                      .hardware = probe.hardware,
                      .identifier = probe.identifier,
                      .file = first->explained.files[i],
                      .relay = probe.relay,
                      .extra_space = probe.extra_space,
                      .extra_code = probe.extra_code,
                      .extra = probe.extra,
                  });
    }
}

static void explain_network(struct explanation *explanation, struct explained_network *network,
                            struct probe probe, const char *file)
{
    size_t count;
    const struct probe_stage *stages = probe_stages(&count);

    network->stages =
        region_allocate(&explanation->region, (count + EXPLAIN_FILES) * sizeof(network->stages[0]));
    for (size_t i = 0; i < count; i++) {
        probe.stage = &stages[i];
        if (stages[i].is_loader)
            add_loader(explanation, network, probe, file);
        else
            add_stage(explanation, network, &probe);
    }
}

char *explanation_make(struct explanation *explanation, const struct snapshot *snapshot,
                       const char *path, const struct explain_options *options)
{
    struct boot_findings findings = {.snapshot = NULL};
    struct probe probe;
    char *error;

    *explanation = (struct explanation){.snapshot = snapshot, .machine = options->machine};
    explanation->boot = boot_findings_means(&findings, snapshot, boot_http_port(snapshot), 0);
    region_init(&explanation->region, 0);
    error = find_machine(explanation, path, &probe);
    if (!error)
        error = find_networks(explanation, path, options, &probe);
    for (size_t i = 0; !error && i < explanation->network_count; i++)
        explain_network(explanation, &explanation->networks[i], probe, options->file);
    explanation->boot = (struct boot_means){.loaders = 0};
    boot_findings_release(&findings);
    return error;
}

void explanation_release(struct explanation *explanation)
{
    region_release(&explanation->region);
    *explanation = (struct explanation){.snapshot = NULL};
}
