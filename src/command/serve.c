#include "service/serve.h"
#include "base/log.h"
#include "command/command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static bool take_format(const char *name)
{
    if (strcmp(name, "json") == 0) {
        log_set_format(LOG_JSON);
        return true;
    }
    if (strcmp(name, "text") == 0)
        return true;
    fprintf(stderr, "bootwire: the log has no format \"%s\": it is \"text\" or \"json\"\n", name);
    return false;
}

int command_serve(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"control", required_argument, NULL, 'C'},
        {"debug", no_argument, NULL, 'd'},
        {"quiet", no_argument, NULL, 'q'},
        {"state", required_argument, NULL, 's'},
        {"log", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    struct serve_options options = {
        .journal_descriptor = -1, .told_descriptor = -1, .managed = true};
    int option;

    while ((option = getopt_long(argc, argv, "c:dq", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config_path = optarg;
            break;
        case 'C':
            options.control_path = optarg;
            break;
        case 'd':
            log_set_level(LOG_DEBUG);
            break;
        case 'q':
            log_set_level(LOG_WARNING);
            break;
        case 'l':
            if (!take_format(optarg))
                return command_usage(argv[0]);
            break;
        case 's':
            options.state_directory = optarg;
            break;
        default:
            return command_usage(argv[0]);
        }
    }
    if (!options.config_path || optind < argc)
        return command_usage(argv[0]);
    return serve(&options) == 0 ? 0 : 1;
}
