#include "service/boot_json.h"

#include "decide/verdict.h"

static json_t *hardware_json(const struct hardware *hardware)
{
    char text[HARDWARE_TEXT_SIZE];

    return hardware->length > 0 ? json_string(hardware_text(text, hardware)) : json_null();
}

static json_t *address_json(uint32_t address)
{
    char text[IPV4_TEXT_SIZE];

    return address ? json_string(ipv4_text(text, address)) : json_null();
}

json_t *boot_name_json(const struct hardware *hardware, uint32_t address)
{
    return hardware->length > 0 ? hardware_json(hardware) : address_json(address);
}

static uint64_t since(uint64_t at_ms, uint64_t began_ms)
{
    return at_ms > began_ms ? at_ms - began_ms : 0;
}

json_t *boot_exchange_json(const struct boot_exchange *exchange, uint64_t began_ms)
{
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:b, s:s?}", "at_ms",
                     (json_int_t)since(exchange->at_ms, began_ms), "last_ms",
                     (json_int_t)since(exchange->last_ms, began_ms), "service", exchange->service,
                     "stage", boot_stage_name(exchange->stage), "event",
                     step_event_name(exchange->event), "asked", exchange->asked, "got",
                     exchange->got, "bytes", (json_int_t)exchange->bytes, "total",
                     (json_int_t)exchange->total, "count", (int)exchange->count, "refused",
                     (int)exchange->refused, "decided", exchange->decided);
}

/* Bytes a second since the transfer began. */
static json_int_t rate_of(const struct boot_loading *loading)
{
    uint64_t took = since(loading->at_ms, loading->began_ms);

    uint64_t moved = loading->bytes - loading->bytes_before;

    return (json_int_t)(took > 0 ? moved * 1000 / took : 0);
}

static json_t *loading_json(const struct boot_loading *loading)
{
    if (!loading->name[0])
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:I, s:b}", "name", loading->name, "bytes",
                     (json_int_t)loading->bytes, "total", (json_int_t)loading->total, "rate",
                     rate_of(loading), "active", (int)loading->active);
}

static json_t *verdict_json(const struct boot *boot, uint64_t now_ms)
{
    struct verdict verdict;

    if (!verdict_find(boot, now_ms, &verdict))
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s}", "id", verdict.id, "waiting", verdict.waiting, "saw",
                     verdict.saw, "cure", verdict.cure);
}

static json_t *timeline_json(const struct boot *boot)
{
    json_t *list = json_array();

    for (size_t i = 0; i < boot->exchange_count; i++)
        json_array_append_new(list, boot_exchange_json(&boot->exchanges[i], boot->began_ms));
    return list;
}

json_t *boot_json(const struct boot *boot, bool timeline, uint64_t now_ms)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:s?, s:s, s:s, s:I, s:I, s:i, s:i, s:o, s:o}", "machine",
        boot_name_json(&boot->hardware, boot->address), "hardware", hardware_json(&boot->hardware),
        "address", address_json(boot->address), "host", boot->host[0] ? boot->host : NULL, "stage",
        boot_stage_name(boot->stage), "reached", boot_reached_name(boot->reached), "since_ms",
        (json_int_t)since(now_ms, boot->began_ms), "idle_ms",
        (json_int_t)since(now_ms, boot->last_ms), "boots", (int)boot->boots, "short_boots",
        (int)boot->short_boots, "loading", loading_json(&boot->loading), "verdict",
        verdict_json(boot, now_ms));

    if (object && timeline) {
        json_object_set_new(object, "timeline", timeline_json(boot));
        json_object_set_new(object, "timeline_lost", json_integer(boot->exchanges_lost));
    }
    return object;
}
