/* What the control socket tells of machines: once, or as it happens. */
#include "base/clock.h"
#include "base/memory.h"
#include "service/boot_json.h"
#include "service/boots.h"
#include "service/control.h"
#include "service/server.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- machines, machine ---- */

static bool add_machine(void *argument, const struct boot *boot)
{
    json_array_append_new(argument, boot_json(boot, false, clock_monotonic_ms()));
    return true;
}

static void answer_machines(struct control_connection *connection, const json_t *request)
{
    struct boots_reader reader = {0};
    json_t *list = json_array();

    (void)request;
    boots_changed(control_server(connection)->boots, &reader, add_machine, list);
    control_reply(connection, json_pack("{s:s, s:o}", "reply", "machines", "machines", list));
    control_end(connection);
}

static void tell_machine(void *argument, const struct boot *boot)
{
    *(json_t **)argument = boot_json(boot, true, clock_monotonic_ms());
}

static void answer_machine(struct control_connection *connection, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "name"));
    json_t *machine = NULL;

    if (!name) {
        control_refuse(connection, "\"machine\" wants a \"name\": a host's, a hardware address or "
                                   "an IPv4 address");
        return;
    }
    if (!boots_visit(control_server(connection)->boots, name, tell_machine, &machine)) {
        control_refuse(connection, "no machine \"%.100s\" was seen since the server began", name);
        return;
    }
    control_reply(connection, json_pack("{s:s, s:o}", "reply", "machine", "machine", machine));
    control_end(connection);
}

/* ---- watch ---- */

struct watching {
    struct boots *boots;
    struct boots_reader reader;
    struct control_connection *connection;
};

static bool tell_change(void *argument, const struct boot *boot)
{
    struct watching *watching = argument;

    if (!control_has_room(watching->connection))
        return false;
    control_reply(watching->connection, json_pack("{s:s, s:o}", "event", "machine", "machine",
                                                  boot_json(boot, false, clock_monotonic_ms())));
    return true;
}

static void tell_steps(struct watching *watching)
{
    struct boots_step step;
    uint64_t lost = 0;

    while (control_has_room(watching->connection)) {
        if (!boots_read(watching->boots, &watching->reader, &step, &lost))
            break;
        control_reply(watching->connection,
                      json_pack("{s:s, s:o, s:o}", "event", "step", "machine",
                                boot_name_json(&step.hardware, step.address), "step",
                                boot_exchange_json(&step.exchange, step.began_ms)));
        boots_step_release(&step);
        if (lost > 0) {
            control_reply(watching->connection,
                          json_pack("{s:s, s:I}", "event", "lost", "steps", (json_int_t)lost));
            lost = 0;
        }
    }
}

static void watch_more(struct control_connection *connection, void *state)
{
    struct watching *watching = state;

    (void)connection;
    /* Who reads of a step knows its machine already. */
    boots_changed(watching->boots, &watching->reader, tell_change, watching);
    tell_steps(watching);
}

static void watch_ended(struct control_connection *connection, void *state)
{
    struct watching *watching = state;

    (void)connection;
    boots_unfollow(watching->boots, &watching->reader);
    free(watching);
}

static const struct control_stream watch_stream = {.more = watch_more, .ended = watch_ended};

static void answer_watch(struct control_connection *connection, const json_t *request)
{
    struct watching *watching = memory_zeroed(1, sizeof(*watching));
    json_t *list = json_array();

    (void)request;
    watching->boots = control_server(connection)->boots;
    watching->connection = connection;
    boots_follow(watching->boots, &watching->reader);
    boots_changed(watching->boots, &watching->reader, add_machine, list);
    control_reply(connection, json_pack("{s:s, s:o}", "event", "machines", "machines", list));
    control_stream(connection, &watch_stream, watching);
}

const struct control_request control_request_machines = {"machines", answer_machines};
const struct control_request control_request_machine = {"machine", answer_machine};
const struct control_request control_request_watch = {"watch", answer_watch};
