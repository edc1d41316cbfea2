/* A server without sockets, for tests of the DHCP decision: a configuration, a lease table, a clock
 * that the test moves, and machines that ask. */
#ifndef BOOTWIRE_TESTS_UNIT_DHCP_SCENE_H
#define BOOTWIRE_TESTS_UNIT_DHCP_SCENE_H

#include "base/cursor.h"
#include "config/config.h"
#include "decide/dhcp.h"
#include "decide/loop.h"
#include "model/lease.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef SCENE_MACHINES_MAX /* machines whose last answer is kept */
#define SCENE_MACHINES_MAX 16
#endif
enum { SCENE_MACHINES = SCENE_MACHINES_MAX };
#define SCENE_SERVER 0x0a320101u /* 10.50.1.1 */

struct scene {
    struct snapshot *snapshot;
    struct lease_table leases;
    int64_t wall;
    uint64_t now_ms;
    struct {
        struct hardware hardware;
        struct dhcp_answered answered;
    } answered[SCENE_MACHINES];

    struct boot_fetch fetched; /* what the machine that asks next fetched last */
    struct boot_means boot;    /* what the server has to carry out recipes with */

    /* Of the last request: */
    uint8_t packet[DHCP_MESSAGE_MAX];
    struct dhcp_message message;
    struct dhcp_plan plan;
    uint8_t reply_bytes[DHCP_LIMIT_MAX];
    size_t reply_length; /* 0: no reply */
    struct dhcp_dropped dropped;
    struct dhcp_message reply; /* as a client reads it */
};

static inline void scene_open(struct scene *scene, const char *config)
{
    struct diagnostics diagnostics = {.count = 0};

    memset(scene, 0, sizeof(*scene));
    scene->snapshot = config_parse("scene", slice_of_string(config), &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++) {
        char *text = diagnostic_text(&diagnostics.list[i]);

        fputs(text, stderr);
        free(text);
    }
    diagnostics_release(&diagnostics);
    if (!scene->snapshot)
        abort();
    scene->wall = 1800000000;
    scene->now_ms = 1000;
}

static inline void scene_close(struct scene *scene)
{
    snapshot_free(scene->snapshot);
    lease_table_release(&scene->leases);
}

static inline void scene_pass(struct scene *scene, int64_t seconds)
{
    scene->wall += seconds;
    scene->now_ms += (uint64_t)seconds * 1000;
}

/* The slot of a machine's last answer. */
static inline struct dhcp_answered *scene_answered(struct scene *scene,
                                                   const struct hardware *hardware)
{
    for (size_t i = 0; i < SCENE_MACHINES; i++) {
        if (scene->answered[i].hardware.length == 0)
            scene->answered[i].hardware = *hardware;
        if (hardware_equal(&scene->answered[i].hardware, hardware))
            return &scene->answered[i].answered;
    }
    abort();
}

static inline void scene_carry_out(struct scene *scene)
{
    struct dhcp_plan *plan = &scene->plan;
    const struct lease *lease;

    switch (plan->change) {
    case CHANGE_OFFER:
    case CHANGE_STORE:
        lease_table_put(&scene->leases, &plan->lease);
        lease_table_limit_offers(&scene->leases, DHCP_OFFERS_MAX);
        break;
    case CHANGE_FORGET:
        lease = lease_table_by_address(&scene->leases, plan->lease.address);
        if (lease && lease->state == LEASE_OFFERED)
            lease_table_remove(&scene->leases, plan->lease.address);
        break;
    case CHANGE_NONE:
        break;
    }
    for (size_t i = 0; i < plan->freed_count; i++) {
        struct lease freed =
            lease_released(lease_table_by_address(&scene->leases, plan->freed[i]), scene->wall);

        lease_table_put(&scene->leases, &freed);
    }
}

/* The ends of leases are acted upon. */
static inline void scene_end_leases(struct scene *scene)
{
    struct dhcp_question question = {
        .snapshot = scene->snapshot,
        .leases = &scene->leases,
        .message = &scene->message,
        .wall = scene->wall,
        .now_ms = scene->now_ms,
    };
    const struct lease *lease;

    while ((lease = lease_table_ended(&scene->leases, scene->wall)) != NULL) {
        memset(&scene->message, 0, sizeof(scene->message));
        decide_lease_end(&question, lease, &scene->plan);
        scene_carry_out(scene);
    }
}

/* A packet arrives; everything that follows from it happens, but for the sending. Returns whether
 * there is a reply. */
static inline bool scene_receive(struct scene *scene, struct slice packet, uint32_t source,
                                 uint32_t destination)
{
    struct dhcp_question question = {
        .snapshot = scene->snapshot,
        .leases = &scene->leases,
        .message = &scene->message,
        .arrival = {source, destination, SCENE_SERVER},
        .fetched = scene->fetched,
        .boot = scene->boot,
        .wall = scene->wall,
        .now_ms = scene->now_ms,
    };
    const char *wrong = dhcp_decode(&scene->message, packet);
    struct identity identity;

    scene->reply_length = 0;
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    lease_table_expire_offers(&scene->leases, scene->now_ms);
    scene_end_leases(scene);
    dhcp_decode(&scene->message, packet);
    if (identity_of(scene->snapshot, &scene->leases, &scene->message, &identity))
        question.answered = *scene_answered(scene, &identity.hardware);
    decide_dhcp(&question, &scene->plan);
    if (scene->plan.loop && loop_name_ipxe(&scene->message)) {
        question.named_ipxe = true;
        decide_dhcp(&question, &scene->plan);
    }
    scene_carry_out(scene);
    if (!scene->plan.has_reply)
        return false;
    scene->reply_length = dhcp_encode(&scene->plan.reply, scene->plan.limit, scene->reply_bytes,
                                      sizeof(scene->reply_bytes), &scene->dropped);
    wrong = dhcp_decode(&scene->reply, slice_of(scene->reply_bytes, scene->reply_length));
    if (wrong)
        abort();
    question.answered = (struct dhcp_answered){.type = dhcp_message_type(&scene->message),
                                               .asked_address = scene->message.ciaddr,
                                               .had_address = scene->message.ciaddr != 0,
                                               .at_ms = scene->now_ms,
                                               .stage = scene->plan.stage};
    dhcp_message_u32(&scene->message, DHCP_OPTION_REQUESTED_ADDRESS,
                     &question.answered.asked_address);
    *scene_answered(scene, &scene->plan.identity.hardware) = question.answered;
    return true;
}

/* What a machine sends. Zero fields are left out. */
struct ask {
    enum dhcp_type type;
    uint8_t mac; /* the last byte of 22:22:22:22:00:xx */
    bool no_cookie;
    uint16_t flags;
    uint32_t ciaddr, giaddr, requested, server, seconds;
    uint16_t maximum_size;
    const char *identifier; /* text; of its first byte '#' makes 0x01, '!' makes 0xff */
    const char *vendor, *user_class, *file, *host_name;
    const char *parameters; /* the codes themselves */
    const char *options;    /* more options as they stand in the packet */
    size_t options_length;
    uint32_t source, destination;
};

static inline void ask_option(struct writer *w, uint8_t code, const void *value, size_t length)
{
    writer_u8(w, code);
    writer_u8(w, (uint8_t)length);
    writer_bytes(w, value, length);
}

static inline void ask_number(struct writer *w, uint8_t code, uint32_t value)
{
    if (!value)
        return;
    writer_u8(w, code);
    writer_u8(w, 4);
    writer_be32(w, value);
}

static inline void ask_text(struct writer *w, uint8_t code, const char *text)
{
    if (text)
        ask_option(w, code, text, strlen(text));
}

static inline void ask_options(struct writer *w, const struct ask *ask)
{
    uint8_t identifier[64], type = (uint8_t)ask->type;

    writer_be32(w, 0x63825363u);
    if (ask->type)
        ask_option(w, DHCP_OPTION_MESSAGE_TYPE, &type, 1);
    if (ask->maximum_size) {
        writer_u8(w, DHCP_OPTION_MAXIMUM_SIZE);
        writer_u8(w, 2);
        writer_be16(w, ask->maximum_size);
    }
    ask_number(w, DHCP_OPTION_REQUESTED_ADDRESS, ask->requested);
    ask_number(w, DHCP_OPTION_SERVER_IDENTIFIER, ask->server);
    ask_number(w, DHCP_OPTION_LEASE_TIME, ask->seconds);
    ask_text(w, DHCP_OPTION_VENDOR_CLASS, ask->vendor);
    ask_text(w, DHCP_OPTION_USER_CLASS, ask->user_class);
    ask_text(w, DHCP_OPTION_HOST_NAME, ask->host_name);
    ask_text(w, DHCP_OPTION_PARAMETER_LIST, ask->parameters);
    if (ask->identifier) {
        memcpy(identifier, ask->identifier, strlen(ask->identifier));
        if (identifier[0] == '#')
            identifier[0] = 1;
        if (identifier[0] == '!')
            identifier[0] = 0xff;
        ask_option(w, DHCP_OPTION_CLIENT_IDENTIFIER, identifier, strlen(ask->identifier));
    }
    writer_bytes(w, ask->options, ask->options_length);
    writer_u8(w, DHCP_OPTION_END);
}

/* Sends it; returns the address that the reply gives, 0 where none comes or it is a NAK. */
static inline uint32_t scene_ask(struct scene *scene, const struct ask *ask)
{
    const uint8_t chaddr[DHCP_CHADDR_SIZE] = {0x22, 0x22, 0x22, 0x22, 0, ask->mac};
    struct writer w = writer_of(scene->packet, sizeof(scene->packet));
    size_t file_length = ask->file ? strlen(ask->file) : 0;

    writer_be32(&w, 0x01010600);
    writer_be32(&w, 0x12345678); /* xid */
    writer_be16(&w, 0);
    writer_be16(&w, ask->flags);
    writer_be32(&w, ask->ciaddr);
    writer_be32(&w, 0);
    writer_be32(&w, 0);
    writer_be32(&w, ask->giaddr);
    writer_bytes(&w, chaddr, sizeof(chaddr));
    writer_zeros(&w, DHCP_SNAME_SIZE);
    writer_bytes(&w, ask->file, file_length);
    writer_zeros(&w, DHCP_FILE_SIZE - file_length);
    if (!ask->no_cookie)
        ask_options(&w, ask);
    if (w.length < DHCP_MINIMUM)
        writer_zeros(&w, DHCP_MINIMUM - w.length);
    if (!scene_receive(scene, slice_of(scene->packet, w.length), ask->source,
                       ask->destination ? ask->destination : IPV4_BROADCAST))
        return 0;
    return scene->reply.yiaddr;
}

/* DISCOVER, then REQUEST for what is offered; returns the address that it gets, or 0. */
static inline uint32_t scene_bind(struct scene *scene, struct ask ask)
{
    ask.type = DHCP_DISCOVER;
    ask.requested = scene_ask(scene, &ask);
    if (!ask.requested)
        return 0;
    ask.type = DHCP_REQUEST;
    ask.server = SCENE_SERVER;
    return scene_ask(scene, &ask);
}

/* The reply's message type; DHCP_BOOTP without one. */
static inline enum dhcp_type scene_reply_type(const struct scene *scene)
{
    return scene->reply_length ? dhcp_message_type(&scene->reply) : DHCP_BOOTP;
}

/* An option of the reply that is a number of four bytes; 0 where it is not there. */
static inline uint32_t scene_reply_number(const struct scene *scene, enum dhcp_option_code code)
{
    uint32_t number = 0;

    return dhcp_message_u32(&scene->reply, code, &number) ? number : 0;
}

/* Whether the reason holds the text. */
static inline bool scene_why(const struct scene *scene, const char *text)
{
    if (strstr(scene->plan.why, text))
        return true;
    fprintf(stderr, "why: %s\n", scene->plan.why);
    return false;
}

#endif
