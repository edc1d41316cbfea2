/* `bootwire check`: what is wrong with a configuration, and what a machine would get by it. */
#include "command/check_boot.h"
#include "command/check_system.h"
#include "command/command.h"
#include "command/explain.h"
#include "config/config.h"
#include "inspect/inspect.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPTION_EXPLAIN = 256,
    OPTION_SUBNET,
    OPTION_RELAY,
    OPTION_FILE,
    OPTION_JSON,
    OPTION_SYSTEM,
    OPTION_STATE,
    OPTION_WAIT,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"explain", required_argument, NULL, OPTION_EXPLAIN},
    {"subnet", required_argument, NULL, OPTION_SUBNET},
    {"relay", required_argument, NULL, OPTION_RELAY},
    {"file", required_argument, NULL, OPTION_FILE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"system", no_argument, NULL, OPTION_SYSTEM},
    {"state", required_argument, NULL, OPTION_STATE},
    {"wait", required_argument, NULL, OPTION_WAIT},
    {NULL, 0, NULL, 0},
};

/* What goes with `--system`. */
struct system_options {
    bool wanted;
    bool only; /* something that means nothing without it is there */
    struct check_system_options check;
};

/* False where it is no number of seconds. */
static bool read_seconds(const char *text, unsigned *seconds)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *seconds = (unsigned)value;
    return *text >= '0' && *text <= '9' && !*end && value <= INSPECT_WAIT_S_MAX;
}

/* False where the command line is wrong. */
static bool read_options(int argc, char **argv, const char **path, struct explain_options *options,
                         struct system_options *system)
{
    int option;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            *path = optarg;
            break;
        case OPTION_EXPLAIN:
            options->machine = optarg;
            break;
        case OPTION_SUBNET:
            options->subnet = optarg;
            break;
        case OPTION_RELAY:
            options->relay = optarg;
            break;
        case OPTION_FILE:
            options->file = optarg;
            break;
        case OPTION_JSON:
            options->json = true;
            break;
        case OPTION_SYSTEM:
            system->wanted = true;
            break;
        case OPTION_STATE:
            system->check.state = optarg;
            system->only = true;
            break;
        case OPTION_WAIT:
            if (!read_seconds(optarg, &system->check.wait_s))
                return false;
            system->only = true;
            break;
        default:
            return false;
        }
    }
    if ((options->subnet && options->relay) || (system->wanted && options->machine) ||
        (system->only && !system->wanted))
        return false;
    return *path && optind == argc &&
           (options->machine || (!options->subnet && !options->relay && !options->file &&
                                 (system->wanted || !options->json)));
}

static int explain(const struct snapshot *snapshot, const char *path,
                   const struct explain_options *options)
{
    struct explanation explanation;
    char *error = explanation_make(&explanation, snapshot, path, options);

    if (error)
        fprintf(stderr, "bootwire: %s\n", error);
    else if (options->json)
        explanation_print_json(&explanation, stdout);
    else
        explanation_print(&explanation, stdout);
    explanation_release(&explanation);
    free(error);
    return error ? 1 : 0;
}

int command_check(int argc, char **argv)
{
    struct diagnostics diagnostics = {.count = 0};
    struct explain_options options = {.machine = NULL};
    struct system_options system = {.check.wait_s = INSPECT_WAIT_S};
    struct snapshot *snapshot;
    const char *path = NULL;
    int result = 1;

    if (!read_options(argc, argv, &path, &options, &system))
        return command_usage(argv[0]);
    snapshot = config_load(path, &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++) {
        char *text = diagnostic_text(&diagnostics.list[i]);

        fputs(text, stderr);
        free(text);
    }
    if (snapshot && options.machine) {
        result = explain(snapshot, path, &options);
    } else if (snapshot && system.wanted) {
        system.check.json = options.json;
        result = check_system(snapshot, path, &system.check);
    } else if (snapshot) {
        printf("%s: %zu host%s, %zu subnet%s, no errors\n", path, snapshot->host_count,
               snapshot->host_count == 1 ? "" : "s", snapshot->subnet_count,
               snapshot->subnet_count == 1 ? "" : "s");
        check_boot(snapshot, stderr, stdout);
        result = 0;
    }
    diagnostics_release(&diagnostics);
    snapshot_free(snapshot);
    return result;
}
