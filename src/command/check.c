#include "command/command.h"
#include "config/config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

int command_check(int argc, char **argv)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot;
    const char *path = NULL;
    int option, result = 1;

    while ((option = getopt(argc, argv, "c:")) != -1) {
        if (option != 'c')
            return command_usage(argv[0]);
        path = optarg;
    }
    if (!path || optind < argc)
        return command_usage(argv[0]);
    snapshot = config_load(path, &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++) {
        char *text = diagnostic_text(&diagnostics.list[i]);

        fputs(text, stderr);
        free(text);
    }
    if (snapshot) {
        printf("%s: %zu host%s, %zu subnet%s, no errors\n", path, snapshot->host_count,
               snapshot->host_count == 1 ? "" : "s", snapshot->subnet_count,
               snapshot->subnet_count == 1 ? "" : "s");
        result = 0;
    }
    diagnostics_release(&diagnostics);
    snapshot_free(snapshot);
    return result;
}
