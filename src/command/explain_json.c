/* The explanation for programs. */
#include "command/explain.h"
#include "command/file_lines.h"

#include <jansson.h>

/* Text that a person's file chose may be no UTF-8: that is left out rather than the whole. */
static void set_text(json_t *object, const char *key, const char *text)
{
    json_t *string = text ? json_string(text) : NULL;

    json_object_set_new(object, key, string ? string : json_null());
}

static void set_place(struct file_lines *lines, json_t *object, struct position where)
{
    if (!where.file)
        return;
    set_text(object, "file", where.file);
    json_object_set_new(object, "line", json_integer(where.line));
    json_object_set_new(object, "column", json_integer(where.column));
    set_text(object, "text", file_line(lines, where));
}

static const char *kind_name(enum fact_kind kind)
{
    static const char *const names[] = {
        [FACT_VALUE] = "value", [FACT_NOT_SENT] = "not-sent", [FACT_SERVICE] = "service",
        [FACT_CLASS] = "class", [FACT_POOL] = "pool",         [FACT_BRANCH] = "branch",
        [FACT_NOTE] = "note",
    };

    return names[kind];
}

static json_t *fact_json(struct file_lines *lines, const struct fact *fact)
{
    json_t *object = json_object();

    set_text(object, "kind", kind_name(fact->kind));
    set_text(object, "name", fact->name);
    set_text(object, "value", fact->value);
    set_place(lines, object, fact->where);
    if (fact->why)
        set_text(object, "why", fact->why);
    return object;
}

static json_t *stage_json(struct file_lines *lines, const struct explained_stage *stage)
{
    json_t *object = json_object(), *facts = json_array();

    set_text(object, "stage", stage->stage->key);
    if (stage->file)
        set_text(object, "opens", stage->file);
    set_text(object, "host", stage->explained.host ? stage->explained.host->name : NULL);
    json_object_set_new(object, "answered", json_boolean(stage->explained.answered));
    set_text(object, "reason", stage->explained.outcome);
    for (size_t i = 0; i < stage->explained.fact_count; i++)
        json_array_append_new(facts, fact_json(lines, &stage->explained.facts[i]));
    json_object_set_new(object, "facts", facts);
    return object;
}

static json_t *network_json(struct file_lines *lines, const struct explained_network *network)
{
    json_t *object = json_object(), *stages = json_array();
    char text[IPV4_TEXT_SIZE];

    set_text(object, "subnet", ipv4_text(text, network->subnet->network));
    set_text(object, "netmask", ipv4_text(text, network->subnet->netmask));
    if (network->subnet->shared)
        set_text(object, "shared-network", network->subnet->shared->name);
    set_place(lines, object, network->subnet->where);
    for (size_t i = 0; i < network->stage_count; i++)
        json_array_append_new(stages, stage_json(lines, &network->stages[i]));
    json_object_set_new(object, "stages", stages);
    return object;
}

void explanation_print_json(const struct explanation *explanation, FILE *to)
{
    json_t *object = json_object(), *networks = json_array();
    struct file_lines lines = {.files = NULL};
    char hardware[HARDWARE_TEXT_SIZE];

    set_text(object, "host", explanation->host ? explanation->host->name : NULL);
    set_text(object, "hardware",
             explanation->made_up ? NULL : hardware_text(hardware, &explanation->hardware));
    if (explanation->host)
        set_place(&lines, object, explanation->host->where);
    if (explanation->note)
        set_text(object, "note", explanation->note);
    for (size_t i = 0; i < explanation->network_count; i++)
        json_array_append_new(networks, network_json(&lines, &explanation->networks[i]));
    json_object_set_new(object, "networks", networks);
    json_dumpf(object, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(object);
    file_lines_release(&lines);
}
