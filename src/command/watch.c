#include "watch/watch.h"
#include "command/command.h"
#include "command/state.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

int command_watch(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'}, {"control", required_argument, NULL, 'C'},
        {"json", no_argument, NULL, 'j'},         {"plain", no_argument, NULL, 'p'},
        {"state", required_argument, NULL, 's'},  {NULL, 0, NULL, 0},
    };
    struct state_place place = {.directory = NULL};
    enum watch_form form =
        isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? WATCH_SCREEN : WATCH_LINES;
    char path[4096];
    int option, result = 1;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'j':
            form = WATCH_JSON;
            break;
        case 'p':
            form = WATCH_LINES;
            break;
        default:
            if (!state_take_option(&place, option))
                return command_usage(argv[0]);
        }
    }
    if (optind < argc)
        return command_usage(argv[0]);
    if (state_find(&place) == 0 && state_control_path(&place, path, sizeof(path)))
        result = watch(path, form);
    state_release(&place);
    return result;
}
