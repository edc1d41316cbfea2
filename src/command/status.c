/* `bootwire status`: how a running server is, on one screen. */
#include "command/command.h"
#include "command/state.h"
#include "watch/client.h"
#include "watch/machines.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As the LSB has it for "status" of an init script. */
enum { STATUS_RUNNING = 0, STATUS_NOT_RUNNING = 3, STATUS_UNKNOWN = 4 };

enum { RANGES_SHOWN = 8, LABEL_WIDTH = 10, TIME_SIZE = 32 };

static void label(const char *text)
{
    printf("%-*s", LABEL_WIDTH, text);
}

/* A time as RFC 3339 has it, in UTC, becomes the time here. */
static const char *local_time(char to[TIME_SIZE], const char *text)
{
    struct tm broken = {.tm_isdst = 0};
    time_t seconds;

    if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &broken))
        return text;
    seconds = timegm(&broken);
    if (!localtime_r(&seconds, &broken) || !strftime(to, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &broken))
        return text;
    return to;
}

/* "3 days 2 h", "2 h 5 min", "5 min 7 s". */
static void print_duration(uint64_t seconds)
{
    uint64_t days = seconds / 86400, hours = seconds / 3600, minutes = seconds / 60;

    if (days > 0)
        printf("%" PRIu64 " day%s %" PRIu64 " h", days, days == 1 ? "" : "s", hours % 24);
    else if (hours > 0)
        printf("%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
    else
        printf("%" PRIu64 " min %" PRIu64 " s", minutes, seconds % 60);
}

static void print_bytes(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double number = (double)bytes;
    size_t unit = 0;

    while (number >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        number /= 1024;
        unit++;
    }
    if (unit == 0)
        printf("%" PRIu64 " bytes", bytes);
    else
        printf("%.1f %s", number, units[unit]);
}

static void print_server(const json_t *status)
{
    const json_t *configuration = json_object_get(status, "configuration");
    char time[TIME_SIZE];

    printf("bootwire %s runs as process %" PRIu64 " since %s (", watch_text(status, "version"),
           watch_number(status, "pid"), local_time(time, watch_text(status, "since")));
    print_duration(watch_number(status, "up_ms") / 1000);
    printf(")\n");
    label("config");
    printf("%s, read %s\n", watch_text(configuration, "path"),
           local_time(time, watch_text(configuration, "read")));
    if (!json_is_true(json_object_get(configuration, "good"))) {
        label("");
        printf("it was read again %s and HAS ERRORS: what was read before is in force\n",
               local_time(time, watch_text(configuration, "tried")));
    }
    label("state");
    printf("%s\n", watch_text(status, "state"));
}

/* "dhcp udp 67, portmap udp tcp 111": one for each service, though it has several protocols. */
static void print_services(const json_t *status)
{
    const json_t *list = json_object_get(status, "services");
    const char *before = "", *protocol;
    size_t i;
    json_t *row;

    label("services");
    json_array_foreach(list, i, row)
    {
        const json_t *next = json_array_get(list, i + 1);
        bool same = strcmp(before, watch_text(row, "service")) == 0;

        before = watch_text(row, "service");
        protocol = watch_text(row, "protocol");
        printf("%s%s%s",
               same    ? ""
               : i > 0 ? ", "
                       : "",
               same ? "" : before, strcmp(before, protocol) == 0 ? "" : " ");
        if (strcmp(before, protocol) != 0)
            printf("%s", protocol);
        if (watch_number(row, "port") > 0 &&
            (!next || strcmp(before, watch_text(next, "service")) != 0))
            printf(" %" PRIu64, watch_number(row, "port"));
    }
    printf("%s\n", json_array_size(list) == 0 ? "none" : "");
}

/* "3 rom, 4 kernel" of an object of numbers; nothing for an empty one. */
static void print_counts(const char *before, const json_t *object)
{
    const char *name, *between = before;
    json_t *number;

    json_object_foreach((json_t *)object, name, number)
    {
        printf("%s%" JSON_INTEGER_FORMAT " %s", between, json_integer_value(number), name);
        between = ", ";
    }
}

static void print_machines(const json_t *status)
{
    label("machines");
    printf("%" PRIu64, watch_number(status, "machines"));
    print_counts(": ", json_object_get(status, "stages"));
    printf("\n");
    if (watch_number(status, "machines") > 0) {
        label("");
        print_counts("so far: ", json_object_get(status, "reached"));
        printf("\n");
    }
}

static void print_leases(const json_t *status)
{
    const json_t *list = json_object_get(status, "leases");
    size_t i;
    json_t *row;

    json_array_foreach(list, i, row)
    {
        uint64_t used = watch_number(row, "bound") + watch_number(row, "offered") +
                        watch_number(row, "declined");

        label(i == 0 ? "leases" : "");
        if (i == RANGES_SHOWN && json_array_size(list) > RANGES_SHOWN + 1) {
            printf("and %zu more ranges: see --json\n", json_array_size(list) - i);
            break;
        }
        printf("%s: %" PRIu64 " used, %" PRIu64 " free (%" PRIu64 " bound, %" PRIu64
               " offered, %" PRIu64 " declined) in %s\n",
               watch_text(row, "range"), used, watch_number(row, "free"),
               watch_number(row, "bound"), watch_number(row, "offered"),
               watch_number(row, "declined"), watch_text(row, "subnet"));
    }
    if (json_array_size(list) == 0) {
        label("leases");
        printf("no range\n");
    }
}

static void print_traffic(const json_t *status)
{
    const json_t *now = json_object_get(status, "in_progress");
    const json_t *sent = json_object_get(status, "sent_bytes");
    const json_t *received = json_object_get(status, "received_bytes");

    label("now");
    printf("%" PRIu64 " TFTP transfers, %" PRIu64 " HTTP answers, %" PRIu64 " NFS calls\n",
           watch_number(now, "tftp"), watch_number(now, "http"), watch_number(now, "nfs"));
    label("sent");
    print_bytes(watch_number(sent, "tftp"));
    printf(" by TFTP, ");
    print_bytes(watch_number(sent, "http"));
    printf(" by HTTP, ");
    print_bytes(watch_number(sent, "nfs"));
    printf(" by NFS\n");
    label("received");
    print_bytes(watch_number(received, "tftp"));
    printf(" by TFTP, ");
    print_bytes(watch_number(received, "nfs"));
    printf(" by NFS\n");
}

static void print_stuck(const json_t *status)
{
    const json_t *list = json_object_get(status, "stuck");
    const json_t *verdicts = json_object_get(status, "verdicts");
    size_t i;
    json_t *row;

    label("stuck");
    if (json_object_size(verdicts) == 0) {
        printf("no machine\n");
        return;
    }
    print_counts("", verdicts);
    printf("\n");
    json_array_foreach(list, i, row)
    {
        const char *host = watch_text(row, "host");

        printf("  %s%s%s: %s: %s\n    %s\n", watch_text(row, "machine"), host[0] ? " " : "", host,
               watch_text(row, "id"), watch_text(row, "saw"), watch_text(row, "cure"));
    }
}

static void print_log(const json_t *status)
{
    const json_t *log = json_object_get(status, "log");
    char time[TIME_SIZE];
    size_t i;
    json_t *row;

    label("log");
    printf("%" PRIu64 " errors and %" PRIu64 " warnings of the server's own since it began%s\n",
           watch_number(log, "errors"), watch_number(log, "warnings"),
           json_array_size(json_object_get(log, "last")) > 0 ? "; the last:" : "");
    json_array_foreach(json_object_get(log, "last"), i, row)
    {
        printf("  %s %s: %s\n", local_time(time, watch_text(row, "time")), watch_text(row, "level"),
               watch_text(row, "text"));
    }
}

static void print_status(const json_t *status)
{
    print_server(status);
    print_services(status);
    print_machines(status);
    print_leases(status);
    print_traffic(status);
    print_stuck(status);
    print_log(status);
}

/* Asks the server at `path`; returns the exit status. */
static int ask(const char *path, bool as_json)
{
    char error[1024];
    json_t *status =
        client_ask(path, json_pack("{s:s}", "request", "status"), error, sizeof(error));
    int reason = errno;

    if (!status) {
        bool none = reason == ENOENT || reason == ECONNREFUSED || reason == ENOTDIR;

        fprintf(stderr, "bootwire: %s%s\n", none ? "not running: " : "", error);
        return none ? STATUS_NOT_RUNNING : STATUS_UNKNOWN;
    }
    if (as_json) {
        json_dumpf(status, stdout, JSON_INDENT(2));
        printf("\n");
    } else {
        print_status(status);
    }
    json_decref(status);
    return STATUS_RUNNING;
}

int command_status(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"control", required_argument, NULL, 'C'},
        {"json", no_argument, NULL, 'j'},
        {"state", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct state_place place = {.directory = NULL};
    bool as_json = false;
    char path[4096];
    int option, result = STATUS_UNKNOWN;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        if (option == 'j')
            as_json = true;
        else if (!state_take_option(&place, option))
            return command_usage(argv[0]);
    }
    if (optind < argc)
        return command_usage(argv[0]);
    if (state_find(&place) == 0 && state_control_path(&place, path, sizeof(path)))
        result = ask(path, as_json);
    state_release(&place);
    return result;
}
