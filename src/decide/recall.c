#include "decide/recall.h"

#include "base/memory.h"
#include "decide/identity.h"
#include "model/lease_notes.h"
#include "model/step.h"

#include <stdlib.h>

const struct pool *recall_pool(const struct subnet *subnet, uint32_t address)
{
    for (size_t i = 0; subnet && address && i < subnet->range_count; i++) {
        if (subnet->ranges[i].low <= address && address <= subnet->ranges[i].high)
            return subnet->ranges[i].pool;
    }
    return NULL;
}

static bool is_fixed(const struct host *host, uint32_t address)
{
    for (size_t i = 0; host && i < host->fixed_address_count; i++) {
        if (host->fixed_addresses[i] == address)
            return true;
    }
    return false;
}

void recall_place(struct evaluation *e, const struct snapshot *snapshot, const struct host *host,
                  uint32_t address)
{
    e->snapshot = snapshot;
    e->host = host;
    e->address = address;
    e->fixed = is_fixed(host, address);
    e->subnet = address ? snapshot_subnet_of(snapshot, address) : NULL;
    e->pool = recall_pool(e->subnet, address);
}

static bool has_actions(const struct scope *scope)
{
    for (; scope; scope = scope->outer) {
        if (scope->actions)
            return true;
    }
    return false;
}

/* Whether a machine may be this one by what it sends, and not by its hardware address alone. */
static bool goes_by_request(const struct host *host)
{
    return host->hardware.length == 0 || host->client_identifier.length > 0 ||
           host->identifier_value.length > 0;
}

bool recall_matters(const struct snapshot *snapshot)
{
    bool matters = snapshot->class_count > 0 || has_actions(&snapshot->global);

    for (size_t i = 0; !matters && i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        matters = has_actions(&subnet->scope);
        for (size_t j = 0; !matters && j < subnet->range_count; j++)
            matters = subnet->ranges[j].pool != NULL;
    }
    for (size_t i = 0; !matters && i < snapshot->host_count; i++)
        matters = has_actions(&snapshot->hosts[i].scope) || goes_by_request(&snapshot->hosts[i]);
    return matters;
}

static struct slice text_slice(const char *text)
{
    return text[0] ? slice_of_string(text) : slice_of(NULL, 0);
}

static struct slice bytes_slice(const uint8_t *bytes, size_t length)
{
    return length > 0 ? slice_of(bytes, length) : slice_of(NULL, 0);
}

void recall_message(struct dhcp_message *message, const struct hardware *hardware,
                    const struct lease *lease)
{
    static const uint8_t request = DHCP_REQUEST;

    *message = (struct dhcp_message){
        .op = BOOTP_REQUEST, .hardware_type = hardware->type, .hardware_length = hardware->length};
    memcpy(message->chaddr, hardware->address,
           hardware->length < DHCP_CHADDR_SIZE ? hardware->length : DHCP_CHADDR_SIZE);
    if (!lease)
        return;
    message->has_options = true;
    message->options[DHCP_OPTION_MESSAGE_TYPE] = slice_of(&request, 1);
    message->options[DHCP_OPTION_VENDOR_CLASS] = text_slice(lease->vendor_class);
    message->options[DHCP_OPTION_HOST_NAME] = text_slice(lease->host_name);
    message->options[DHCP_OPTION_CLIENT_IDENTIFIER] =
        bytes_slice(lease->client_identifier, lease->client_identifier_length);
    message->options[DHCP_OPTION_UUID] = bytes_slice(lease->uuid, lease->uuid_length);
    if (lease->stage == STAGE_IPXE)
        message->options[DHCP_OPTION_USER_CLASS] = slice_of_string("iPXE");
}

/* What the lease keeps of its last request beside the message. */
static void take_notes(struct evaluation *e, const struct dhcp_message *message,
                       const struct snapshot *snapshot, struct slice notes)
{
    struct lease_note agent;

    e->snapshot = snapshot;
    e->message = message;
    e->packet = slice_of(NULL, 0);
    e->seconds_left = 0;
    e->notes = notes;
    e->agent_options = slice_of(NULL, 0);
    if (lease_note_find(notes, NOTE_AGENT, &agent))
        e->agent_options = agent.value;
}

const struct host *recall_host(struct evaluation *e, struct dhcp_message *message,
                               const struct snapshot *snapshot, const struct lease_table *leases,
                               const struct lease *lease)
{
    const struct host *host = snapshot_host_at(snapshot, &lease->hardware, lease->address);
    struct identity identity;

    recall_message(message, &lease->hardware, lease);
    if (!host && identity_of(snapshot, leases, message, &identity))
        host = identity.host;
    take_notes(e, message, snapshot, lease->notes);
    evaluation_start(e);
    return host ? host : evaluation_host_by_option(e);
}

struct scope_view recall_view(struct evaluation *e, const struct dhcp_message *message,
                              const struct snapshot *snapshot, const struct host *host,
                              uint32_t address, struct slice notes)
{
    take_notes(e, message, snapshot, notes);
    recall_place(e, snapshot, host, address);
    return evaluation_run(e);
}

struct recalled *recall_new(const struct snapshot *snapshot, const struct host *host,
                            const struct hardware *hardware, uint32_t address)
{
    struct recalled *recalled = memory_zeroed(1, sizeof(*recalled));

    recall_message(&recalled->message, hardware->length == 0 && host ? &host->hardware : hardware,
                   NULL);
    recalled->view = recall_view(&recalled->evaluation, &recalled->message, snapshot, host, address,
                                 slice_of(NULL, 0));
    return recalled;
}

void recall_free(struct recalled *recalled)
{
    free(recalled);
}

size_t recall_pick(struct setting picked[RECALL_PICKED_MAX], const struct scope_view *outcome,
                   const struct scope_view *plain, bool told)
{
    static const struct {
        enum setting_space space;
        unsigned code;
    } rows[RECALL_PICKED_MAX] = {
        {SPACE_DHCP, DHCP_OPTION_ROOT_PATH},
        {SPACE_PARAMETER, PARAMETER_TFTP_ROOT},
        {SPACE_PARAMETER, PARAMETER_CONSOLE},
        {SPACE_PARAMETER, PARAMETER_CONSOLE_SPEED},
        {SPACE_PARAMETER, PARAMETER_CONSOLE_ADDRESS},
        {SPACE_PARAMETER, PARAMETER_BOOT_TIMEOUT},
        {SPACE_PARAMETER, PARAMETER_BOOT},
        {SPACE_PARAMETER, PARAMETER_BOOT_LOADER},
    };
    size_t count = 0;

    for (size_t i = told ? 0 : 1; i < RECALL_PICKED_MAX; i++) {
        const struct setting *now = scope_view_find(outcome, rows[i].space, rows[i].code);
        const struct setting *always = scope_view_find(plain, rows[i].space, rows[i].code);

        if (now && !now->computed && (!always || !slice_equal(now->value, always->value)))
            picked[count++] = *now;
    }
    return count;
}
