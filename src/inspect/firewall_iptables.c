/* What iptables-save prints: a line for each rule, as the command would take it. What is not known
 * here may apply. */
#include "inspect/firewall.h"

#include "model/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_SIZE = 2048, WORDS_MAX = 128, TABLE_SIZE = 64 };

/* One line, taken apart. */
struct line {
    char text[LINE_SIZE];
    char *words[WORDS_MAX];
    size_t count;
};

/* Splits at blanks; what stands in double quotes is one word, in which a backslash goes before
 * quotes. */
static void split(struct line *line)
{
    char *from = line->text, *to = line->text;

    line->count = 0;
    while (*from && line->count < WORDS_MAX) {
        bool quoted = false;

        while (*from == ' ')
            from++;
        if (!*from)
            return;
        line->words[line->count++] = to;
        for (; *from && (quoted || *from != ' '); from++) {
            if (*from == '"')
                quoted = !quoted;
            else if (*from == '\\' && from[1])
                *to++ = *++from;
            else
                *to++ = *from;
        }
        if (*from)
            from++;
        *to++ = 0;
    }
}

/* "10.0.0.0/8", "10.0.0.0/255.0.0.0" or "10.0.0.1". */
static bool read_network(const char *text, uint32_t *network, uint32_t *mask)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    unsigned long bits;
    char *end;

    *mask = UINT32_MAX;
    if (!ipv4_parse(text, length, network))
        return false;
    if (!slash || ipv4_parse(slash + 1, strlen(slash + 1), mask))
        return true;
    bits = strtoul(slash + 1, &end, 10);
    if (end == slash + 1 || *end || bits > 32)
        return false;
    *mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    return true;
}

static enum firewall_truth truth_of(bool holds)
{
    return holds ? FIREWALL_YES : FIREWALL_NO;
}

/* "67", "60:70", or several of them with commas between. */
static enum firewall_truth port_is(const char *text, uint16_t port)
{
    while (*text) {
        char *end;
        unsigned long low = *text == ':' ? 0 : strtoul(text, &end, 10), high = low;

        if (*text == ':')
            end = (char *)text;
        else if (end == text)
            return FIREWALL_MAYBE;
        if (*end == ':') {
            const char *start = end + 1;

            high = strtoul(start, &end, 10);
            if (end == start)
                high = UINT16_MAX;
        }
        if (port >= low && port <= high)
            return FIREWALL_YES;
        if (*end && *end != ',')
            return FIREWALL_MAYBE;
        text = *end ? end + 1 : end;
    }
    return FIREWALL_NO;
}

/* Whether the word is one of those with commas between, in whichever case. */
static enum firewall_truth list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (strncasecmp(at, word, length) == 0 && (at[length] == 0 || at[length] == ','))
            return FIREWALL_YES;
    }
    return FIREWALL_NO;
}

static enum firewall_truth protocol_is(const struct firewall_packet *packet, const char *text)
{
    return truth_of(strcmp(text, "all") == 0 || strcmp(text, packet->tcp ? "tcp" : "udp") == 0 ||
                    strcmp(text, packet->tcp ? "6" : "17") == 0);
}

/* Whether an option with one word behind it holds; false where it is another one. */
static bool option_holds(const struct firewall_packet *packet, const char *option, const char *word,
                         enum firewall_truth *holds)
{
    uint32_t network, mask;

    if (strcmp(option, "-p") == 0)
        *holds = protocol_is(packet, word);
    else if (strcmp(option, "-i") == 0)
        *holds = firewall_by(packet, word, '+');
    else if (strcmp(option, "-s") == 0)
        *holds = read_network(word, &network, &mask) ? firewall_from(packet, network, mask)
                                                     : FIREWALL_MAYBE;
    else if (strcmp(option, "-d") == 0)
        *holds = read_network(word, &network, &mask) ? firewall_to(packet, network, mask)
                                                     : FIREWALL_MAYBE;
    else if (strcmp(option, "--dport") == 0 || strcmp(option, "--dports") == 0)
        *holds = port_is(word, packet->port);
    else if (strcmp(option, "--sport") == 0 || strcmp(option, "--sports") == 0)
        *holds = packet->from_port ? port_is(word, packet->from_port) : FIREWALL_MAYBE;
    else if (strcmp(option, "--ctstate") == 0 || strcmp(option, "--state") == 0)
        *holds = list_has(word, "NEW");
    else if (strcmp(option, "--dst-type") == 0)
        *holds = list_has(word, packet->broadcast ? "BROADCAST" : "LOCAL");
    else if (strcmp(option, "--pkt-type") == 0)
        *holds = list_has(word, packet->broadcast ? "broadcast" : "unicast");
    else
        return false;
    return true;
}

/* Modules whose options are read above, or that let everything through. */
static bool is_known_module(const char *name)
{
    static const char *const names[] = {"tcp",   "udp",      "multiport", "conntrack",
                                        "state", "addrtype", "pkttype",   "comment"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void read_target(struct firewall_rule *rule, const char *option, const char *target)
{
    static const struct {
        const char *name;
        enum firewall_verdict verdict;
    } targets[] = {
        {"ACCEPT", FIREWALL_ACCEPT},   {"DROP", FIREWALL_DROP},        {"REJECT", FIREWALL_DROP},
        {"RETURN", FIREWALL_RETURN},   {"LOG", FIREWALL_NOTHING},      {"NFLOG", FIREWALL_NOTHING},
        {"MARK", FIREWALL_NOTHING},    {"CONNMARK", FIREWALL_NOTHING}, {"CT", FIREWALL_NOTHING},
        {"NOTRACK", FIREWALL_NOTHING},
    };

    rule->verdict = strcmp(option, "-g") == 0 ? FIREWALL_GOTO : FIREWALL_JUMP;
    rule->target = target;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(targets[i].name, target) == 0)
            rule->verdict = targets[i].verdict;
    }
}

/* "-A CHAIN ..." */
static void read_rule(struct firewall *firewall, const char *table, struct line *line,
                      const char *text, const struct firewall_packet *packet)
{
    struct firewall_rule rule = {
        .applies = FIREWALL_YES, .verdict = FIREWALL_NOTHING, .text = text};
    struct firewall_chain *chain;
    bool negated = false;

    chain = line->count > 1 ? firewall_find_chain(firewall, table, line->words[1]) : NULL;
    for (size_t i = 2; chain && i < line->count; i++) {
        const char *option = line->words[i], *word = i + 1 < line->count ? line->words[i + 1] : "";
        enum firewall_truth holds = FIREWALL_YES;

        if (strcmp(option, "!") == 0) {
            negated = true;
            continue;
        }
        if (strcmp(option, "-j") == 0 || strcmp(option, "-g") == 0) {
            /* What follows belongs to the target. */
            read_target(&rule, option, word);
            break;
        }
        if (strcmp(option, "--comment") == 0) {
            i++;
        } else if (strcmp(option, "-m") == 0) {
            holds = is_known_module(word) ? FIREWALL_YES : FIREWALL_MAYBE;
            i++;
        } else if (option_holds(packet, option, word, &holds)) {
            holds = negated ? firewall_not(holds) : holds;
            i++;
        } else if (option[0] == '-') {
            holds = FIREWALL_MAYBE;
        }
        rule.applies = firewall_and(rule.applies, holds);
        negated = false;
    }
    /* An unknown target is no chain: what it does nobody here can tell. */
    if (chain && (rule.verdict == FIREWALL_JUMP || rule.verdict == FIREWALL_GOTO) &&
        !firewall_find_chain(firewall, table, rule.target))
        rule.verdict = FIREWALL_UNKNOWN;
    if (chain)
        firewall_add_rule(firewall, chain, rule);
}

/* ":INPUT DROP [0:0]" */
static void read_chain(struct firewall *firewall, const char *table, const struct line *line)
{
    const char *name = line->words[0] + 1;
    struct firewall_chain *chain = firewall_add_chain(firewall, table, name);

    chain->base = strcmp(name, "INPUT") == 0 || strcmp(name, "PREROUTING") == 0;
    chain->drops = line->count > 1 && strcmp(line->words[1], "DROP") == 0;
}

void firewall_read_iptables(struct firewall *firewall, const char *text,
                            const struct firewall_packet *packet)
{
    char table[TABLE_SIZE] = "", whole[LINE_SIZE];
    struct line line;

    while (*text) {
        size_t length = strcspn(text, "\n");

        snprintf(line.text, sizeof(line.text), "%.*s", (int)(length < LINE_SIZE ? length : 0),
                 text);
        snprintf(whole, sizeof(whole), "%s", line.text);
        text += length + (text[length] == '\n');
        split(&line);
        if (line.count > 0 && line.words[0][0] == '*')
            snprintf(table, sizeof(table), "ip %s", line.words[0] + 1);
        /* Addresses are translated there, and nothing is dropped; there may be thousands of them.
         */
        if (line.count == 0 || strcmp(table, "ip nat") == 0)
            continue;
        if (line.words[0][0] == ':')
            read_chain(firewall, table, &line);
        else if (strcmp(line.words[0], "-A") == 0)
            read_rule(firewall, table, &line, whole, packet);
    }
}
