/* `failover peer`: bootwire has no partner, but says of such a file what dhcpd says of it. */
#include "config/parser.h"

#include <string.h>

struct failover_peer {
    struct failover_peer *next;
    const char *name;
    struct position where;
    bool secondary, has_balance, has_delay, has_address; /* what its declaration says */
    struct position balance;                             /* where it says the second */
    bool named;                                          /* in a pool */
};

static bool read_peer_number(struct parser *parser, bool *is_zero)
{
    int64_t number;

    if (!read_digits(parser, "a number", &number))
        return false;
    if (is_zero)
        *is_zero = number == 0;
    return true;
}

static bool read_mclt(struct parser *parser, struct failover_peer *peer)
{
    bool none;

    if (!read_peer_number(parser, &none))
        return false;
    peer->has_delay = !none;
    return true;
}

static bool read_plain(struct parser *parser, struct failover_peer *peer)
{
    (void)peer;
    return read_peer_number(parser, NULL);
}

static bool read_split(struct parser *parser, struct failover_peer *peer)
{
    enum { BUCKETS = 256 };
    struct token token = parser->token;
    int64_t split;

    if (!read_digits(parser, "a number of buckets", &split))
        return false;
    if (split < 0 || split > BUCKETS) {
        parser_error(parser, token.where, "the split is a number from 0 to %d", BUCKETS);
        return false;
    }
    peer->has_balance = true;
    peer->balance = token.where;
    return true;
}

static bool read_buckets(struct parser *parser, struct failover_peer *peer)
{
    enum { BYTES = 32 };

    peer->balance = parser->token.where;
    for (unsigned i = 0; i < BYTES; i++) {
        uint8_t octet;

        if (i > 0 && !parser_take_mark(parser, ':'))
            return parser_expected(parser, "`:`: the hba has 32 bytes");
        if (!read_octet(parser, "a byte in hexadecimal", &octet))
            return false;
    }
    peer->has_balance = true;
    return true;
}

static bool read_load(struct parser *parser, struct failover_peer *peer)
{
    static const char *const words[] = {"balance", "max", "seconds"};

    (void)peer;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!parser_take_word(parser, words[i]))
            return parser_expected(parser, "`load balance max seconds` and a number");
    }
    return read_peer_number(parser, NULL);
}

static bool read_primary(struct parser *parser, struct failover_peer *peer)
{
    (void)parser;
    peer->secondary = false;
    return true;
}

static bool read_secondary(struct parser *parser, struct failover_peer *peer)
{
    (void)parser;
    peer->secondary = true;
    return true;
}

/* What stands in a declaration; `read` takes what follows the word. */
static const struct peer_item {
    const char *word;
    bool (*read)(struct parser *parser, struct failover_peer *peer);
} items[] = {
    {"auto-partner-down", read_plain},
    {"hba", read_buckets},
    {"load", read_load},
    {"max-balance", read_plain},
    {"max-lease-misbalance", read_plain},
    {"max-lease-ownership", read_plain},
    {"max-response-delay", read_plain},
    {"max-unacked-updates", read_plain},
    {"mclt", read_mclt},
    {"min-balance", read_plain},
    {"port", read_plain},
    {"primary", read_primary},
    {"secondary", read_secondary},
    {"split", read_split},
};

static bool read_peer_item(struct parser *parser, void *context)
{
    struct failover_peer *peer = context;
    bool partner = false;

    while (parser_take_word(parser, "peer"))
        partner = true;
    if (parser_take_word(parser, "address")) {
        peer->has_address |= partner;
        return pass_place(parser) && parser_end_statement(parser);
    }
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (!token_is_word(&parser->token, items[i].word))
            continue;
        parser_take(parser);
        return items[i].read(parser, peer) && parser_end_statement(parser);
    }
    return parser_expected(parser, "`primary`, `secondary`, `address`, `peer address`, `mclt`, "
                                   "`split` or another setting of a failover peer");
}

/* What dhcpd wants of a declaration as a whole. */
static void check_peer(struct parser *parser, const struct failover_peer *peer)
{
    if (!peer->has_address)
        parser_error(parser, peer->where, "this failover peer has no `peer address`");
    if (peer->secondary && peer->has_balance)
        parser_error(parser, peer->balance,
                     "a secondary has no `split` and no `hba`: they belong in the primary's file");
    if (!peer->secondary && !peer->has_balance)
        parser_error(parser, peer->where, "a primary must have `split` (or `hba`)");
    else if (!peer->secondary && !peer->has_delay)
        parser_error(parser, peer->where, "a primary must have `mclt`");
}

static bool read_peer_state(struct parser *parser)
{
    static const char *const states[] = {
        "communications-interrupted",
        "conflict-done",
        "normal",
        "partner-down",
        "paused",
        "potential-conflict",
        "recover",
        "recover-done",
        "recover-wait",
        "resolution-interrupted",
        "shutdown",
        "startup",
        "unknown-state",
    };
    int64_t since;
    size_t i = 0;

    if (!parser_take_word(parser, "state"))
        return parser_expected(parser, "`state`");
    while (i < sizeof(states) / sizeof(states[0]) && !parser_take_word(parser, states[i]))
        i++;
    if (i == sizeof(states) / sizeof(states[0]))
        return parser_expected(parser, "a failover state, as in `normal`");
    if (parser_take_word(parser, "at") && !read_date(parser, &since))
        return false;
    return parser_end_statement(parser);
}

static bool read_state_item(struct parser *parser, void *context)
{
    const struct failover_peer *peer = context;

    if (parser_take_word(parser, "my") || parser_take_word(parser, "partner"))
        return read_peer_state(parser);
    if (!peer->secondary && token_is_word(&parser->token, "mclt")) {
        parser_error(parser, parser->token.where, "a primary learns no `mclt` from its partner");
        return false;
    }
    if (!parser_take_word(parser, "mclt"))
        return parser_expected(parser, "`my state`, `partner state` or `mclt`");
    return read_peer_number(parser, NULL) && parser_end_statement(parser);
}

/* The peer of a name, which dhcpd tells by case. */
static struct failover_peer *peer_of(struct parser *parser, const struct token *name)
{
    return names_get(parser, NAME_PEER, 0, name->text);
}

static bool unknown_peer(struct parser *parser, const struct token *name)
{
    char found[TOKEN_TEXT_SIZE];

    parser_error(parser, name->where, "there is no failover peer %s before this line",
                 token_text(found, name));
    return true;
}

static bool declare_peer(struct parser *parser, const struct token *name, struct position where)
{
    struct failover_peer *peer = region_allocate(parser->region, sizeof(*peer));
    size_t errors = parser->sources->diagnostics->error_count;
    char found[TOKEN_TEXT_SIZE];

    peer->name = region_string_of_slice(parser->region, name->text);
    peer->where = where;
    if (peer_of(parser, name)) {
        parser_error(parser, name->where, "there is a failover peer %s already",
                     token_text(found, name));
        return parser_read_items(parser, read_peer_item, peer);
    }
    if (!parser_read_items(parser, read_peer_item, peer))
        return false;
    if (parser->sources->diagnostics->error_count == errors)
        check_peer(parser, peer);
    peer->next = parser->peers;
    parser->peers = peer;
    names_put(parser, NAME_PEER, 0, name->text, peer);
    return true;
}

/* `failover peer "NAME";` in a pool */
static bool read_pool_peer(struct parser *parser)
{
    struct token name = parser->token;
    struct failover_peer *peer = peer_of(parser, &name);

    if (name.kind != TOKEN_STRING)
        return parser_expected(parser, "the name of a failover peer in quotes");
    parser_take(parser);
    if (peer)
        peer->named = true;
    else
        unknown_peer(parser, &name);
    return parser_end_statement(parser);
}

bool read_failover(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct failover_peer *peer;
    struct token name;

    parser_ignore(parser, statement->name, keyword.where);
    if (!parser_take_word(parser, "peer"))
        return parser_expected(parser, "`peer`");
    if (parser->block->kind == BLOCK_POOL)
        return read_pool_peer(parser);
    if (parser->token.kind != TOKEN_STRING && !is_identifier(&parser->token))
        return parser_expected(parser, "the name of a failover peer");
    name = parser_take(parser);
    peer = peer_of(parser, &name);
    if (token_is_mark(&parser->token, '{'))
        return declare_peer(parser, &name, keyword.where);
    if (parser_take_word(parser, "state")) {
        if (!peer)
            unknown_peer(parser, &name);
        return parser_read_items(parser, read_state_item,
                                 peer ? peer : &(struct failover_peer){.secondary = true});
    }
    if (!token_is_mark(&parser->token, ';'))
        return parser_expected(parser, "`{`, `state` or `;`");
    if (parser->block->kind != BLOCK_SHARED_NETWORK)
        parser_error(parser, keyword.where,
                     "only a shared-network or a pool can have a failover peer: write what it is "
                     "in braces");
    else if (!peer)
        unknown_peer(parser, &name);
    return parser_end_statement(parser);
}

/* dhcpd takes no `;` here, though its manual has one. */
bool read_no(struct parser *parser, const struct statement *statement, struct token keyword)
{
    parser_ignore(parser, statement->name, keyword.where);
    if (!parser_take_word(parser, "failover") || !parser_take_word(parser, "peer"))
        return parser_expected(parser, "`failover peer`");
    if (token_is_mark(&parser->token, ';')) {
        parser_error(parser, parser->token.where,
                     "no `;` may follow `no failover peer`: dhcpd would not read on");
        parser_take(parser);
    }
    return true;
}

void check_failover_peers(struct parser *parser)
{
    for (const struct failover_peer *at = parser->peers; at; at = at->next) {
        if (!at->named)
            parser_error(parser, at->where,
                         "no pool names this failover peer: write `failover peer \"%s\";` in one",
                         at->name);
    }
}
