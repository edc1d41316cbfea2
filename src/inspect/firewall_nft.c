/* What `nft -j list ruleset` prints: libnftables-json(5). What is not known here may apply. */
#include "inspect/firewall.h"

#include "model/address.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256, SET_DEPTH_MAX = 4 };

/* What one side of a match is for the packet. */
struct left {
    enum {
        LEFT_UNKNOWN,
        LEFT_NEVER,
        LEFT_NUMBER,
        LEFT_WORD,
        LEFT_INTERFACE,
        LEFT_SOURCE,
        LEFT_DESTINATION
    } kind;
    uint32_t number;
    const char *word;
};

struct reading {
    struct firewall *firewall;
    const struct firewall_packet *packet;
    const json_t *list;         /* the ruleset */
    const char *family, *table; /* of the rule that is read */
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static struct left left_of_meta(const struct firewall_packet *packet, const char *key)
{
    if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0)
        return (struct left){.kind = LEFT_INTERFACE};
    if (strcmp(key, "l4proto") == 0)
        return (struct left){
            .kind = LEFT_WORD, .word = packet->tcp ? "tcp" : "udp", .number = packet->tcp ? 6 : 17};
    if (strcmp(key, "nfproto") == 0)
        return (struct left){.kind = LEFT_WORD, .word = "ipv4", .number = 2};
    if (strcmp(key, "protocol") == 0)
        return (struct left){.kind = LEFT_WORD, .word = "ip", .number = 0x0800};
    if (strcmp(key, "pkttype") == 0)
        return (struct left){.kind = LEFT_WORD,
                             .word = packet->broadcast ? "broadcast" : "host",
                             .number = packet->broadcast ? 1 : 0};
    return (struct left){.kind = LEFT_UNKNOWN};
}

static struct left left_of_payload(const struct firewall_packet *packet, const char *protocol,
                                   const char *field)
{
    bool transport =
        strcmp(protocol, "th") == 0 || strcmp(protocol, packet->tcp ? "tcp" : "udp") == 0;

    if (transport && strcmp(field, "dport") == 0)
        return (struct left){.kind = LEFT_NUMBER, .number = packet->port};
    if (transport && strcmp(field, "sport") == 0 && packet->from_port)
        return (struct left){.kind = LEFT_NUMBER, .number = packet->from_port};
    if (strcmp(protocol, "ip") == 0 && strcmp(field, "saddr") == 0)
        return (struct left){.kind = LEFT_SOURCE};
    if (strcmp(protocol, "ip") == 0 && strcmp(field, "daddr") == 0)
        return (struct left){.kind = LEFT_DESTINATION};
    if (strcmp(protocol, "ip") == 0 && strcmp(field, "protocol") == 0)
        return (struct left){
            .kind = LEFT_WORD, .word = packet->tcp ? "tcp" : "udp", .number = packet->tcp ? 6 : 17};
    if (strcmp(protocol, "ip") == 0 || strcmp(protocol, "ether") == 0 || transport)
        return (struct left){.kind = LEFT_UNKNOWN};
    /* Another protocol's header: a rule about it is about packets of that protocol. */
    return (struct left){.kind = LEFT_NEVER};
}

static struct left left_of(const struct firewall_packet *packet, const json_t *expression)
{
    const json_t *inner;

    if ((inner = json_object_get(expression, "meta")) != NULL)
        return left_of_meta(packet, text_of(inner, "key"));
    if ((inner = json_object_get(expression, "payload")) != NULL && json_object_get(inner, "field"))
        return left_of_payload(packet, text_of(inner, "protocol"), text_of(inner, "field"));
    if ((inner = json_object_get(expression, "ct")) != NULL &&
        strcmp(text_of(inner, "key"), "state") == 0)
        return (struct left){.kind = LEFT_WORD, .word = "new", .number = 8};
    /* The server's own addresses are nobody's to translate. */
    if (inner && strcmp(text_of(inner, "key"), "status") == 0)
        return (struct left){.kind = LEFT_WORD, .word = "none"};
    if ((inner = json_object_get(expression, "fib")) != NULL &&
        strcmp(text_of(inner, "result"), "type") == 0 &&
        json_array_size(json_object_get(inner, "flags")) >= 1 &&
        strcmp(json_string_value(json_array_get(json_object_get(inner, "flags"), 0))
                   ? json_string_value(json_array_get(json_object_get(inner, "flags"), 0))
                   : "",
               "daddr") == 0)
        return (struct left){.kind = LEFT_WORD, .word = packet->broadcast ? "broadcast" : "local"};
    return (struct left){.kind = LEFT_UNKNOWN};
}

static enum firewall_truth truth_of(bool holds)
{
    return holds ? FIREWALL_YES : FIREWALL_NO;
}

static enum firewall_truth address_is(const struct reading *r, const struct left *left,
                                      const json_t *right)
{
    const json_t *prefix = json_object_get(right, "prefix");
    const char *text = prefix ? text_of(prefix, "addr") : json_string_value(right);
    json_int_t length = prefix ? json_integer_value(json_object_get(prefix, "len")) : 32;
    uint32_t address, mask;

    if (!text || !ipv4_parse(text, strlen(text), &address) || length < 0 || length > 32)
        return FIREWALL_MAYBE;
    mask = length == 0 ? 0 : UINT32_MAX << (32 - length);
    return left->kind == LEFT_SOURCE ? firewall_from(r->packet, address, mask)
                                     : firewall_to(r->packet, address, mask);
}

static enum firewall_truth range_holds(const struct reading *r, const struct left *left,
                                       const json_t *range)
{
    const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
    uint32_t first, last;

    if (left->kind == LEFT_NUMBER && json_is_integer(low) && json_is_integer(high))
        return truth_of(left->number >= json_integer_value(low) &&
                        left->number <= json_integer_value(high));
    if (left->kind == LEFT_DESTINATION && json_is_string(low) && json_is_string(high) &&
        ipv4_parse(json_string_value(low), json_string_length(low), &first) &&
        ipv4_parse(json_string_value(high), json_string_length(high), &last))
        return truth_of(r->packet->destination >= first && r->packet->destination <= last);
    return FIREWALL_MAYBE;
}

static enum firewall_truth any_of(const struct reading *r, const struct left *left,
                                  const json_t *list, unsigned depth);

/* The elements of the named set of the rule's table; NULL: there are none. */
static const json_t *set_of(const struct reading *r, const char *name)
{
    size_t index;
    json_t *row;

    json_array_foreach((json_t *)r->list, index, row)
    {
        const json_t *set = json_object_get(row, "set");

        set = set ? set : json_object_get(row, "map");
        if (set && strcmp(text_of(set, "family"), r->family) == 0 &&
            strcmp(text_of(set, "table"), r->table) == 0 && strcmp(text_of(set, "name"), name) == 0)
            return json_object_get(set, "elem");
    }
    return NULL;
}

/* Whether the left side is, or lies in, the right one. */
static enum firewall_truth is_in(const struct reading *r, const struct left *left,
                                 const json_t *right, unsigned depth)
{
    const char *text = json_string_value(right);
    const json_t *inner;

    if (left->kind == LEFT_NEVER)
        return FIREWALL_NO;
    if (left->kind == LEFT_UNKNOWN || depth == SET_DEPTH_MAX)
        return FIREWALL_MAYBE;
    if (text && *text == '@')
        return any_of(r, left, set_of(r, text + 1), depth + 1);
    if (json_is_array(right))
        return any_of(r, left, right, depth + 1);
    if ((inner = json_object_get(right, "set")) != NULL)
        return is_in(r, left, inner, depth + 1);
    if ((inner = json_object_get(right, "elem")) != NULL)
        return is_in(r, left, json_object_get(inner, "val"), depth + 1);
    if ((inner = json_object_get(right, "range")) != NULL)
        return range_holds(r, left, inner);
    switch (left->kind) {
    case LEFT_INTERFACE:
        return text ? firewall_by(r->packet, text, '*') : FIREWALL_MAYBE;
    case LEFT_SOURCE:
    case LEFT_DESTINATION:
        return address_is(r, left, right);
    case LEFT_WORD:
    case LEFT_NUMBER:
        if (text && left->word)
            return truth_of(strcmp(text, left->word) == 0);
        return json_is_integer(right) ? truth_of(json_integer_value(right) == left->number)
                                      : FIREWALL_MAYBE;
    default:
        return FIREWALL_MAYBE;
    }
}

static enum firewall_truth any_of(const struct reading *r, const struct left *left,
                                  const json_t *list, unsigned depth)
{
    enum firewall_truth best = FIREWALL_NO;
    size_t index;
    json_t *each;

    if (list && !json_is_array(list))
        return is_in(r, left, list, depth);
    json_array_foreach((json_t *)list, index, each)
    {
        enum firewall_truth holds = is_in(r, left, each, depth);

        best = holds > best ? holds : best;
    }
    return best;
}

static enum firewall_truth match_holds(const struct reading *r, const json_t *match)
{
    const struct left left = left_of(r->packet, json_object_get(match, "left"));
    const char *operator= text_of(match, "op");
    enum firewall_truth holds = is_in(r, &left, json_object_get(match, "right"), 0);

    if (left.kind == LEFT_NEVER || strcmp(operator, "==") == 0 || strcmp(operator, "in") == 0)
        return holds;
    return strcmp(operator, "!=") == 0 ? firewall_not(holds) : FIREWALL_MAYBE;
}

/* What a statement such as {"accept": null} or {"jump": {"target": "x"}} does; false where it is no
 * verdict. */
static bool read_verdict(const json_t *statement, struct firewall_rule *rule)
{
    static const struct {
        const char *name;
        enum firewall_verdict verdict;
    } verdicts[] = {
        {"accept", FIREWALL_ACCEPT}, {"drop", FIREWALL_DROP},        {"reject", FIREWALL_DROP},
        {"return", FIREWALL_RETURN}, {"jump", FIREWALL_JUMP},        {"goto", FIREWALL_GOTO},
        {"queue", FIREWALL_UNKNOWN}, {"continue", FIREWALL_NOTHING},
    };

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        const json_t *found = json_object_get(statement, verdicts[i].name);

        if (!found)
            continue;
        rule->verdict = verdicts[i].verdict;
        rule->target = text_of(found, "target");
        return true;
    }
    return false;
}

/* Each element of a verdict map is a rule of its own. */
static void read_map(const struct reading *r, struct firewall_chain *chain, const json_t *map,
                     struct firewall_rule rule)
{
    const struct left left = left_of(r->packet, json_object_get(map, "key"));
    const json_t *data = json_object_get(map, "data");
    const char *name = json_string_value(data);
    enum firewall_truth before = rule.applies;
    size_t index;
    json_t *pair;

    data = name && *name == '@' ? set_of(r, name + 1) : json_object_get(data, "set");
    json_array_foreach((json_t *)data, index, pair)
    {
        if (!read_verdict(json_array_get(pair, 1), &rule))
            rule.verdict = FIREWALL_UNKNOWN;
        rule.applies = firewall_and(before, is_in(r, &left, json_array_get(pair, 0), 0));
        firewall_add_rule(r->firewall, chain, rule);
    }
}

static void read_rule(struct reading *r, const json_t *object)
{
    char table[NAME_SIZE], text[NAME_SIZE];
    struct firewall_rule rule = {.applies = FIREWALL_YES, .text = text};
    struct firewall_chain *chain;
    bool foreign = false; /* a part that only iptables understands, and no verdict yet */
    size_t index;
    json_t *statement;

    r->family = text_of(object, "family");
    r->table = text_of(object, "table");
    snprintf(table, sizeof(table), "%s %s", r->family, r->table);
    chain = firewall_find_chain(r->firewall, table, text_of(object, "chain"));
    if (!chain)
        return;
    snprintf(text, sizeof(text), "the rule of handle %lld in chain %s",
             (long long)json_integer_value(json_object_get(object, "handle")), chain->name);
    json_array_foreach(json_object_get(object, "expr"), index, statement)
    {
        const json_t *inner;

        if ((inner = json_object_get(statement, "match")) != NULL) {
            rule.applies = firewall_and(rule.applies, match_holds(r, inner));
        } else if ((inner = json_object_get(statement, "vmap")) != NULL) {
            read_map(r, chain, inner, rule);
        } else if (read_verdict(statement, &rule)) {
            firewall_add_rule(r->firewall, chain, rule);
            foreign = false;
        } else if (json_object_get(statement, "xt")) {
            rule.applies = firewall_and(rule.applies, FIREWALL_MAYBE);
            foreign = true;
        } else if (!json_object_get(statement, "counter") && !json_object_get(statement, "log") &&
                   !json_object_get(statement, "mangle")) {
            rule.applies = firewall_and(rule.applies, FIREWALL_MAYBE);
        }
    }
    rule.verdict = FIREWALL_UNKNOWN;
    if (foreign)
        firewall_add_rule(r->firewall, chain, rule);
}

/* Whether packets that come in to this host go through chains of the hook. */
static bool is_on_the_way(const char *type, const char *hook)
{
    return strcmp(type, "filter") == 0 &&
           (strcmp(hook, "input") == 0 || strcmp(hook, "prerouting") == 0);
}

static bool is_wanted(const json_t *object, const char *const but[])
{
    const char *family = text_of(object, "family"), *table = text_of(object, "table");
    bool ip = strcmp(family, "ip") == 0;

    for (size_t i = 0; ip && but && but[i]; i++) {
        if (strcmp(table, but[i]) == 0)
            return false;
    }
    return ip || strcmp(family, "inet") == 0;
}

bool firewall_read_nft(struct firewall *firewall, const json_t *ruleset,
                       const struct firewall_packet *packet, const char *const but[])
{
    struct reading r = {
        .firewall = firewall, .packet = packet, .list = json_object_get(ruleset, "nftables")};
    char table[NAME_SIZE];
    size_t index;
    json_t *row;

    if (!json_is_array(r.list))
        return false;
    json_array_foreach((json_t *)r.list, index, row)
    {
        const json_t *object = json_object_get(row, "chain");
        struct firewall_chain *chain;

        if (!object || !is_wanted(object, but))
            continue;
        snprintf(table, sizeof(table), "%s %s", text_of(object, "family"),
                 text_of(object, "table"));
        chain = firewall_add_chain(firewall, table, text_of(object, "name"));
        chain->base = is_on_the_way(text_of(object, "type"), text_of(object, "hook"));
        chain->drops = strcmp(text_of(object, "policy"), "drop") == 0;
    }
    json_array_foreach((json_t *)r.list, index, row)
    {
        const json_t *object = json_object_get(row, "rule");

        if (object && is_wanted(object, but))
            read_rule(&r, object);
    }
    return true;
}
