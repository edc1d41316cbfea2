/* The explanation as a table for people. */
#include "base/text.h"
#include "command/explain.h"
#include "command/file_lines.h"

#include <string.h>

enum {
    NAME_COLUMN_MAX = 34, /* wider entries push the rest of their line to the right */
    VALUE_COLUMN_MAX = 36,
    PLACE_COLUMN_MAX = 32,
    PLACE_SIZE = 512,
    NAME_SIZE = 256,
    LINE_SHOWN = 64, /* bytes of the configuration's line */
};

struct table {
    FILE *to;
    struct file_lines lines;
    size_t name, value, place; /* the columns' widths */
};

/* ---- One row ---- */

static void place_text(char to[PLACE_SIZE], struct position where)
{
    to[0] = 0;
    if (where.file)
        snprintf(to, PLACE_SIZE, "%s:%u", where.file, where.line);
}

static void widen(size_t *column, size_t width, size_t most)
{
    if (width <= most && width > *column)
        *column = width;
}

static void measure(struct table *table, const struct fact *fact)
{
    char place[PLACE_SIZE];

    place_text(place, fact->where);
    widen(&table->name, strlen(fact->name), NAME_COLUMN_MAX);
    if (fact->kind != FACT_NOTE)
        widen(&table->value, strlen(fact->value), VALUE_COLUMN_MAX);
    widen(&table->place, strlen(place), PLACE_COLUMN_MAX);
}

/* The line, cut where it is long, but not within a character. */
static void print_line(struct table *table, struct position where)
{
    const char *line = file_line(&table->lines, where);
    size_t length = strlen(line);

    if (length <= LINE_SHOWN) {
        fprintf(table->to, "  %s", line);
        return;
    }
    length = LINE_SHOWN;
    while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
        length--;
    fprintf(table->to, "  %.*s...", (int)length, line);
}

static void print_fact(struct table *table, const struct fact *fact)
{
    const char *before = fact->kind == FACT_NOT_SENT ? "not sent: " : "";
    char place[PLACE_SIZE];

    place_text(place, fact->where);
    fprintf(table->to, "    %-*s  ", (int)table->name, fact->name);
    if (!fact->where.file && !fact->why) {
        fprintf(table->to, "%s\n", fact->value);
        return;
    }
    fprintf(table->to, "%-*s  ", (int)table->value, fact->value);
    if (!fact->where.file) {
        fprintf(table->to, "default: %s%s\n", before, fact->why);
        return;
    }
    fprintf(table->to, "%-*s", (int)table->place, place);
    print_line(table, fact->where);
    if (fact->why)
        fprintf(table->to, "  (%s%s)", before, fact->why);
    fprintf(table->to, "\n");
}

/* ---- Which stages get what ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_fact(const struct fact *a, const struct fact *b)
{
    return a->kind == b->kind && same_text(a->name, b->name) && same_text(a->value, b->value) &&
           same_text(a->why, b->why) && same_text(a->where.file, b->where.file) &&
           a->where.line == b->where.line && a->where.column == b->where.column;
}

static bool has_fact(const struct explained *explained, const struct fact *fact)
{
    for (size_t i = 0; i < explained->fact_count; i++) {
        if (same_fact(&explained->facts[i], fact))
            return true;
    }
    return false;
}

/* Whether every stage that is answered gets it. */
static bool is_common(const struct explained_network *network, const struct fact *fact)
{
    for (size_t i = 0; i < network->stage_count; i++) {
        const struct explained *explained = &network->stages[i].explained;

        if (explained->answered && !has_fact(explained, fact))
            return false;
    }
    return true;
}

static bool has_all_facts(const struct explained *a, const struct explained *b)
{
    for (size_t i = 0; i < b->fact_count; i++) {
        if (!has_fact(a, &b->facts[i]))
            return false;
    }
    return true;
}

static bool same_answer(const struct explained *a, const struct explained *b)
{
    return a->answered == b->answered && same_text(a->outcome, b->outcome) && has_all_facts(a, b) &&
           has_all_facts(b, a);
}

/* The first stage that gets the same as this one. */
static size_t first_alike(const struct explained_network *network, size_t stage)
{
    for (size_t i = 0; i < stage; i++) {
        if (same_answer(&network->stages[i].explained, &network->stages[stage].explained))
            return i;
    }
    return stage;
}

static void print_names(struct table *table, const struct explained_network *network, size_t first)
{
    const char *before = "";

    for (size_t i = first; i < network->stage_count; i++) {
        if (first_alike(network, i) != first)
            continue;
        fprintf(table->to, "%s%s", before, network->stages[i].name);
        before = ", ";
    }
}

/* What this stage gets and not every one; where there is only one answer, that of all. */
static void print_stage(struct table *table, const struct explained_network *network, size_t stage)
{
    const struct explained *explained = &network->stages[stage].explained;
    size_t shown = 0;

    fprintf(table->to, "\n  ");
    print_names(table, network, stage);
    if (!explained->answered)
        fprintf(table->to, ": no answer (%s)", explained->outcome);
    fprintf(table->to, "\n");
    for (size_t i = 0; i < explained->fact_count; i++) {
        if (explained->answered && is_common(network, &explained->facts[i]))
            continue;
        print_fact(table, &explained->facts[i]);
        shown++;
    }
    if (explained->answered && shown == 0)
        fprintf(table->to, "    nothing else\n");
}

static size_t count_answered(const struct explained_network *network, size_t *first)
{
    size_t count = 0;

    for (size_t i = network->stage_count; i > 0; i--) {
        if (network->stages[i - 1].explained.answered) {
            *first = i - 1;
            count++;
        }
    }
    return count;
}

static void print_common(struct table *table, const struct explained_network *network)
{
    size_t first = 0, answered = count_answered(network, &first);
    const struct explained *explained = &network->stages[first].explained;

    if (answered == 0)
        return;
    fprintf(table->to, "\n  every stage%s\n",
            answered < network->stage_count ? " that is answered" : "");
    for (size_t i = 0; i < explained->fact_count; i++) {
        if (is_common(network, &explained->facts[i]))
            print_fact(table, &explained->facts[i]);
    }
}

/* ---- The whole ---- */

/* A name may be any text in quotes. */
static void print_name(struct table *table, const char *what, const char *name)
{
    char text[NAME_SIZE];

    fprintf(table->to, "%s%s", what, text_printable(text, sizeof(text), slice_of_string(name)));
}

static void print_place(struct table *table, struct position where)
{
    if (where.file) {
        fprintf(table->to, "  %s:%u", where.file, where.line);
        print_line(table, where);
    }
    fprintf(table->to, "\n");
}

static void print_machine(struct table *table, const struct explanation *explanation)
{
    const struct host *host = explanation->host;
    char hardware[HARDWARE_TEXT_SIZE];

    hardware_text(hardware, &explanation->hardware);
    if (host)
        print_name(table, "host ", host->name);
    if (!explanation->made_up)
        fprintf(table->to, "%s%s", host ? ", " : "", hardware);
    print_place(table, host ? host->where : (struct position){NULL, 0, 0});
    if (explanation->note)
        fprintf(table->to, "  %s\n", explanation->note);
}

static void print_network(struct table *table, const struct explanation *explanation,
                          const struct explained_network *network)
{
    const struct host *found = network->stages[0].explained.host;
    const struct subnet *subnet = network->subnet;
    char address[IPV4_TEXT_SIZE], mask[IPV4_TEXT_SIZE];

    fprintf(table->to, "\nin subnet %s netmask %s", ipv4_text(address, subnet->network),
            ipv4_text(mask, subnet->netmask));
    if (subnet->shared)
        print_name(table, " of shared-network ", subnet->shared->name);
    print_place(table, subnet->where);
    /* Of several declarations of one machine, that for this network counts, or the first. */
    if (explanation->host && found && found != explanation->host) {
        print_name(table, "  the declaration that counts here: host ", found->name);
        print_place(table, found->where);
    }
    print_common(table, network);
    for (size_t i = 0; i < network->stage_count; i++) {
        if (first_alike(network, i) == i)
            print_stage(table, network, i);
    }
}

void explanation_print(const struct explanation *explanation, FILE *to)
{
    struct table table = {.to = to};

    for (size_t i = 0; i < explanation->network_count; i++) {
        const struct explained_network *network = &explanation->networks[i];

        for (size_t j = 0; j < network->stage_count; j++) {
            for (size_t k = 0; k < network->stages[j].explained.fact_count; k++)
                measure(&table, &network->stages[j].explained.facts[k]);
        }
    }
    print_machine(&table, explanation);
    for (size_t i = 0; i < explanation->network_count; i++)
        print_network(&table, explanation, &explanation->networks[i]);
    file_lines_release(&table.lines);
}
