#include "service/mount_show.h"

#include "base/memory.h"
#include "decide/export.h"
#include "service/rpc_service.h"
#include "store/mount_list.h"
#include "wire/mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Bytes of a list over UDP: in a datagram that no link cuts in pieces. The address that a
     * datagram comes from is easily another's, who gets no more than this. */
    SHOW_UDP_MAX = 1400,
    SHOW_TCP_MAX = RPC_PAYLOAD_MAX,
    SHOW_DECLARATIONS_MAX = 4096, /* that root on the server is shown the roots of */
    SHOW_NAME_MAX = 2 * IPV4_TEXT_SIZE,
    END_SIZE = 4, /* of a chain */
};

/* Writes a list, without its end, as far as it fits; false where some of it did not. */
typedef bool show_list(const struct rpc_exchange *exchange, struct writer *w);

/* Keeps what was written since `before` if the chain's end fits behind it, or takes it back. */
static bool keep_element(struct writer *w, struct writer before)
{
    if (!w->failed && writer_left(w) >= END_SIZE)
        return true;
    *w = before;
    return false;
}

/* Writes the list into the reply; over TCP, where it is longer than that, as its payload. */
static int show(struct rpc_exchange *exchange, show_list *list)
{
    struct writer *reply = &exchange->reply;
    size_t room = writer_left(reply);
    struct writer w;
    uint8_t *bytes;

    if (exchange->transport == RPC_UDP && room > SHOW_UDP_MAX)
        room = SHOW_UDP_MAX;
    w = writer_of(reply->data + reply->length, room);
    if (list(exchange, &w) || exchange->transport == RPC_UDP) {
        mount_write_end(&w);
        reply->length += w.length;
        return RPC_SUCCESS;
    }
    bytes = malloc(SHOW_TCP_MAX);
    if (!bytes)
        return RPC_SYSTEM_ERR;
    w = writer_of(bytes, SHOW_TCP_MAX);
    (void)list(exchange, &w);
    mount_write_end(&w);
    /* It stays until it has left, and who asks may be slow to read. */
    bytes = memory_resize(bytes, 1, w.length);
    rpc_set_payload(exchange, slice_of(bytes, w.length), free, bytes);
    return RPC_SUCCESS;
}

static enum export_viewer viewer_of(const struct rpc_exchange *exchange)
{
    const struct rpc_client *client = exchange->client;

    return export_viewer_of(client->snapshot, client->address, exchange->peer.port,
                            exchange->local_address,
                            client->known || client->verdict == EXPORT_GRANTED);
}

/* ---- DUMP ---- */

/* An address may have had another machine before. */
static bool is_own(const struct rpc_client *client, const struct mounted *mounted)
{
    char address[IPV4_TEXT_SIZE], below[EXPORT_PATH_MAX];

    if (mounted->address != client->address)
        return false;
    if (client->host)
        return strcmp(mounted->host, client->host->name) == 0;
    return strcmp(mounted->host, ipv4_text(address, client->address)) == 0 &&
           exports_allow(&client->exports, slice_of_string(mounted->directory), below);
}

static bool may_see(const struct rpc_exchange *exchange, enum export_viewer viewer,
                    const struct mounted *mounted)
{
    const struct rpc_client *client = exchange->client;

    return viewer == VIEWER_SERVER || is_own(client, mounted) ||
           (mounted->exported && export_around(client->snapshot, mounted->directory));
}

static bool list_mounted(const struct rpc_exchange *exchange, struct writer *w)
{
    enum export_viewer viewer = viewer_of(exchange);

    if (viewer == VIEWER_STRANGER)
        return true;
    for (const struct mounted *at = mount_list_first(exchange->service->mounts); at;
         at = at->next) {
        struct writer before = *w;

        if (!may_see(exchange, viewer, at))
            continue;
        mount_write_mounted(w, at->host, at->directory);
        if (!keep_element(w, before))
            return false;
    }
    return true;
}

int mount_dump(struct rpc_exchange *exchange)
{
    return show(exchange, list_mounted);
}

/* ---- EXPORT ---- */

/* "10.50.1.0/24", as exports(5) writes networks; an address alone without its 32 bits. */
static const char *network_text(char to[SHOW_NAME_MAX], uint32_t network, uint32_t netmask)
{
    char address[IPV4_TEXT_SIZE];
    int bits = 0;

    while (bits < 32 && netmask << bits & 1u << 31)
        bits++;
    if (bits == 32)
        snprintf(to, SHOW_NAME_MAX, "%s", ipv4_text(address, network));
    else
        snprintf(to, SHOW_NAME_MAX, "%s/%d", ipv4_text(address, network), bits);
    return to;
}

/* One directory for one group. */
static bool write_export(struct writer *w, const char *directory, const char *group)
{
    struct writer before = *w;

    mount_write_export(w, directory);
    mount_write_group(w, group);
    mount_write_end(w);
    return keep_element(w, before);
}

static bool is_for_all(const struct export_statement *statement)
{
    for (size_t i = 0; i < statement->client_count; i++) {
        if (!statement->clients[i].host && statement->clients[i].netmask == 0)
            return true;
    }
    return false;
}

static bool write_statement(struct writer *w, const struct export_statement *statement)
{
    struct writer before = *w;
    char text[SHOW_NAME_MAX];

    mount_write_export(w, statement->directory);
    /* No group at all is everybody. */
    for (size_t i = 0; !is_for_all(statement) && i < statement->client_count; i++) {
        const struct export_client *client = &statement->clients[i];

        mount_write_group(w, client->host ? client->host->name
                                          : network_text(text, client->network, client->netmask));
    }
    mount_write_end(w);
    return keep_element(w, before);
}

/* The roots among these exports. */
static bool write_roots(struct writer *w, const struct exports *exports, const char *group)
{
    for (size_t i = 0; i < exports->count; i++) {
        if (!exports->list[i].statement && !write_export(w, exports->list[i].directory, group))
            return false;
    }
    return true;
}

static bool write_roots_of(struct writer *w, const struct reach_question *question,
                           const char *group)
{
    struct exports exports;
    struct position bad;
    bool whole;

    exports_find(&exports, question, true, NULL, &bad);
    whole = write_roots(w, &exports, group);
    exports_release(&exports);
    return whole;
}

/* The roots that the declarations give to whoever they are about. */
static bool write_all_roots(struct writer *w, const struct snapshot *snapshot)
{
    char text[SHOW_NAME_MAX];
    bool whole = true;

    for (size_t i = 0; whole && i < snapshot->host_count && i < SHOW_DECLARATIONS_MAX; i++) {
        const struct host *host = &snapshot->hosts[i];
        struct reach_question question = {
            .snapshot = snapshot,
            .host = host,
            .address = host->fixed_address_count ? host->fixed_addresses[0] : 0,
        };

        whole = write_roots_of(w, &question, host->name);
    }
    for (size_t i = 0; whole && i < snapshot->subnet_count && i < SHOW_DECLARATIONS_MAX; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];
        struct reach_question question = {.snapshot = snapshot, .address = subnet->network};

        whole = write_roots_of(w, &question, network_text(text, subnet->network, subnet->netmask));
    }
    return whole;
}

static bool list_exports(const struct rpc_exchange *exchange, struct writer *w)
{
    const struct rpc_client *client = exchange->client;
    const struct snapshot *snapshot = client->snapshot;
    enum export_viewer viewer = viewer_of(exchange);
    char address[IPV4_TEXT_SIZE];

    if (viewer == VIEWER_STRANGER)
        return true;
    for (size_t i = 0; i < snapshot->export_count; i++) {
        if (!write_statement(w, &snapshot->exports[i]))
            return false;
    }
    if (viewer == VIEWER_SERVER)
        return write_all_roots(w, snapshot);
    return write_roots(w, &client->exports,
                       client->host ? client->host->name : ipv4_text(address, client->address));
}

int mount_export(struct rpc_exchange *exchange)
{
    return show(exchange, list_exports);
}
