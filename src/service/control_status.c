/* How the server itself is: {"request":"status"}. */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/metrics.h"
#include "service/boot_json.h"
#include "service/boots.h"
#include "service/control.h"
#include "service/pools.h"
#include "service/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* RFC 3339, UTC. */
static json_t *time_json(int64_t seconds)
{
    time_t time = (time_t)seconds;
    char text[sizeof("2038-01-19T03:14:07Z")];
    struct tm broken;

    if (!gmtime_r(&time, &broken) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken))
        return json_null();
    return json_string(text);
}

/* Null where the bytes are no UTF-8. */
static json_t *text_json(const char *text)
{
    json_t *made = json_string(text);

    return made ? made : json_null();
}

static json_t *configuration_json(const struct server *server)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:I, s:I}", "path", text_json(server->config_path),
                     "read", time_json(counter_sum(METRIC_RELOAD_TIME)), "tried",
                     time_json(counter_sum(METRIC_RELOAD_TRIED)), "good",
                     counter_sum(METRIC_RELOAD_GOOD) != 0, "reloads",
                     (json_int_t)counter_sum(METRIC_RELOADS), "failed",
                     (json_int_t)counter_sum(METRIC_RELOADS + 1));
}

static json_t *port_json(const char *service, const char *protocol, uint16_t port)
{
    return json_pack("{s:s, s:s, s:i}", "service", service, "protocol", protocol, "port",
                     (int)port);
}

static json_t *services_json(const struct server *server)
{
    json_t *list = json_array();
    uint16_t http_port = server->http_port;

    for (size_t i = 0; i < server->served_count; i++) {
        const struct server_port *served = &server->served[i];

        json_array_append_new(list, port_json(served->service, served->protocol, served->port));
    }
    /* A reload moves it. */
    if (http_port)
        json_array_append_new(list, port_json("http", "tcp", http_port));
    return list;
}

static json_t *leases_json(const struct server *server)
{
    json_t *list = json_array();
    size_t count;
    struct pool_use *pools = pools_list(server->pools, &count);

    for (size_t i = 0; i < count; i++) {
        const struct pool_use *use = &pools[i];
        char subnet[POOL_TEXT_SIZE], range[POOL_TEXT_SIZE];

        pool_use_text(use, subnet, range);
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "subnet", subnet, "range",
                                        range, "bound", (json_int_t)use->counts.bound, "offered",
                                        (json_int_t)use->counts.offered, "declined",
                                        (json_int_t)use->counts.declined, "free",
                                        (json_int_t)use->counts.free));
    }
    free(pools);
    return list;
}

/* What one thread began and another one ended may be seen the other way round. */
static json_int_t number_at(unsigned place)
{
    int64_t number = counter_sum(place);

    return number > 0 ? (json_int_t)number : 0;
}

/* One number for each service that moves files. */
static json_t *movers_json(unsigned place)
{
    return json_pack("{s:I, s:I, s:I}", "tftp", number_at(place + METRIC_MOVER_TFTP), "http",
                     number_at(place + METRIC_MOVER_HTTP), "nfs",
                     number_at(place + METRIC_MOVER_NFS));
}

static json_t *warnings_json(void)
{
    struct log_recent list[LOG_RECENT];
    uint64_t warnings, errors;
    size_t count = log_recent(list, &warnings, &errors);
    json_t *lines = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(lines,
                              json_pack("{s:o, s:s, s:o}", "time", time_json(list[i].at), "level",
                                        list[i].level == LOG_ERROR ? "error" : "warning", "text",
                                        text_json(list[i].text)));
    }
    return json_pack("{s:I, s:I, s:o}", "warnings", (json_int_t)warnings, "errors",
                     (json_int_t)errors, "last", lines);
}

static json_t *stages_json(const struct boots_census *census)
{
    json_t *object = json_object();

    for (enum boot_stage i = 0; i < STAGE_COUNT; i++) {
        if (census->stages[i] > 0)
            json_object_set_new(object, boot_stage_name(i), json_integer(census->stages[i]));
    }
    return object;
}

static json_t *reached_json(const struct boots_census *census)
{
    json_t *object = json_object();

    for (enum boot_reached i = 0; i < REACHED_COUNT; i++) {
        if (census->reached[i] > 0)
            json_object_set_new(object, boot_reached_name(i), json_integer(census->reached[i]));
    }
    return object;
}

static json_t *verdicts_json(const struct boots_census *census)
{
    json_t *object = json_object();

    for (size_t i = 0; i < census->verdict_count; i++) {
        if (census->verdicts[i].count > 0)
            json_object_set_new(object, census->verdicts[i].id,
                                json_integer(census->verdicts[i].count));
    }
    return object;
}

static json_t *stuck_json(const struct boots_census *census)
{
    json_t *list = json_array();

    for (size_t i = 0; i < census->stuck_count; i++) {
        const struct boots_stuck *stuck = &census->stuck[i];

        json_array_append_new(list,
                              json_pack("{s:o, s:s?, s:s, s:s, s:s, s:s}", "machine",
                                        boot_name_json(&stuck->hardware, stuck->address), "host",
                                        stuck->host[0] ? stuck->host : NULL, "id",
                                        stuck->verdict.id, "waiting", stuck->verdict.waiting, "saw",
                                        stuck->verdict.saw, "cure", stuck->verdict.cure));
    }
    return list;
}

static void answer_status(struct control_connection *connection, const json_t *request)
{
    struct server *server = control_server(connection);
    uint64_t up_ms = clock_monotonic_ms() - server->began_ms;
    struct boots_census census;
    json_t *answer;

    (void)request;
    boots_census(server->boots, &census);
    answer = json_pack("{s:s, s:s, s:i, s:I, s:o, s:o, s:I}", "reply", "status", "version",
                       BOOTWIRE_VERSION, "pid", (int)getpid(), "up_ms", (json_int_t)up_ms, "since",
                       time_json(clock_wall_seconds() - (int64_t)(up_ms / 1000)), "state",
                       text_json(server->state_directory), "machines", (json_int_t)census.machines);
    json_object_set_new(answer, "configuration", configuration_json(server));
    json_object_set_new(answer, "services", services_json(server));
    json_object_set_new(answer, "stages", stages_json(&census));
    json_object_set_new(answer, "reached", reached_json(&census));
    json_object_set_new(answer, "verdicts", verdicts_json(&census));
    json_object_set_new(answer, "stuck", stuck_json(&census));
    json_object_set_new(answer, "leases", leases_json(server));
    json_object_set_new(answer, "in_progress", movers_json(METRIC_IN_PROGRESS));
    json_object_set_new(answer, "sent_bytes", movers_json(METRIC_SENT_BYTES));
    json_object_set_new(answer, "received_bytes", movers_json(METRIC_RECEIVED_BYTES));
    json_object_set_new(answer, "log", warnings_json());
    control_reply(connection, answer);
    control_end(connection);
}

const struct control_request control_request_status = {"status", answer_status};
