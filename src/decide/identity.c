#include "decide/identity.h"

/* The machine's address. A client without one (RFC 4390: InfiniBand) must send an identifier, and
 * the last bytes of that stand for the machine: they differ where its first bytes do not. */
static bool identity_hardware(const struct dhcp_message *message, struct hardware *hardware)
{
    struct slice identifier = dhcp_message_bytes(message, DHCP_OPTION_CLIENT_IDENTIFIER);
    struct slice bytes = slice_of(message->chaddr, message->hardware_length);

    if (bytes.length == 0 && identifier.length > 0) {
        size_t length =
            identifier.length < HARDWARE_ADDRESS_MAX ? identifier.length : HARDWARE_ADDRESS_MAX;

        bytes = slice_of(identifier.data + (identifier.length - length), length);
    }
    *hardware = (struct hardware){.type = message->hardware_type, .length = (uint8_t)bytes.length};
    if (bytes.length > 0)
        memcpy(hardware->address, bytes.data, bytes.length);
    return bytes.length > 0;
}

/* A declaration whose identifier the client sends. Text identifiers come with a zero type byte
 * before them from some clients and without it from others (RFC 2132 section 9.14). */
static const struct host *host_by_identifier(const struct snapshot *snapshot,
                                             struct slice identifier)
{
    const struct host *host = snapshot_host_by_client_identifier(snapshot, identifier);

    if (!host && identifier.length > 1 && identifier.data[0] == 0)
        host = snapshot_host_by_client_identifier(
            snapshot, slice_of(identifier.data + 1, identifier.length - 1));
    return host;
}

static void match_earlier(const struct snapshot *snapshot, const struct lease_table *leases,
                          struct identity *identity)
{
    const struct lease *lease = lease_table_by_hardware(leases, &identity->hardware);

    for (; lease && !identity->host; lease = lease->next_of_machine) {
        identity->host = host_by_identifier(
            snapshot, slice_of(lease->client_identifier, lease->client_identifier_length));
    }
    if (identity->host)
        identity->match = MATCH_EARLIER_IDENTIFIER;
}

bool identity_of(const struct snapshot *snapshot, const struct lease_table *leases,
                 const struct dhcp_message *message, struct identity *identity)
{
    *identity = (struct identity){.match = MATCH_NONE};
    if (!identity_hardware(message, &identity->hardware))
        return false;
    identity->client_identifier = dhcp_message_bytes(message, DHCP_OPTION_CLIENT_IDENTIFIER);
    identity->host = snapshot_host_by_hardware(snapshot, &identity->hardware);
    if (identity->host) {
        identity->match = MATCH_HARDWARE;
        return true;
    }
    identity->host = host_by_identifier(snapshot, identity->client_identifier);
    if (identity->host)
        identity->match = MATCH_IDENTIFIER;
    else
        match_earlier(snapshot, leases, identity);
    return true;
}
