#include "command/state.h"

#include "config/config.h"
#include "guest/place.h"
#include "service/serve.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool state_take_option(struct state_place *place, int option)
{
    switch (option) {
    case 'c':
        place->config_path = optarg;
        return true;
    case 's':
        place->directory = optarg;
        return true;
    case 'C':
        place->control = optarg;
        return true;
    default:
        return false;
    }
}

int state_find(struct state_place *place)
{
    struct diagnostics diagnostics = {.count = 0};
    const struct setting *setting;
    struct scope_view view;

    place->named = place->config_path || place->directory || place->control;
    if (place->config_path) {
        place->snapshot = config_load(place->config_path, &diagnostics);
        /* Warnings are for `check` and `serve` to tell. */
        for (size_t i = 0; i < diagnostics.count; i++) {
            char *text = diagnostic_text(&diagnostics.list[i]);

            if (diagnostics.list[i].severity == DIAGNOSTIC_ERROR)
                fputs(text, stderr);
            free(text);
        }
        diagnostics_release(&diagnostics);
        if (!place->snapshot)
            return -1;
        view = scope_view_of(place->snapshot, NULL, NULL);
        setting = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_STATE_DIRECTORY);
        if (!place->directory && setting)
            place->directory = (const char *)setting->value.data;
    }
    if (!place->directory)
        place->directory = SERVE_STATE_DIRECTORY;
    return 0;
}

/* False after saying that there are several. */
static bool find_run(char *path, size_t size)
{
    char run[GUEST_PATH_SIZE];
    size_t count = guest_place_count(run);

    if (count == 1)
        snprintf(path, size, "%s", run);
    if (count > 1)
        fprintf(stderr,
                "bootwire: %zu runs of guests are under way, each with a server of its own: "
                "--control names the one that is meant, as %s\n",
                count, run);
    return count < 2;
}

char *state_control_path(const struct state_place *place, char *path, size_t size)
{
    const struct setting *setting = NULL;
    struct scope_view view;

    if (place->snapshot) {
        view = scope_view_of(place->snapshot, NULL, NULL);
        setting = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_CONTROL_SOCKET);
    }
    if (place->control)
        snprintf(path, size, "%s", place->control);
    else if (setting)
        snprintf(path, size, "%s", (const char *)setting->value.data);
    else
        snprintf(path, size, "%s/" CONTROL_SOCKET_NAME, place->directory);
    if (!place->named && access(path, F_OK) != 0 && !find_run(path, size))
        return NULL;
    return path;
}

void state_release(struct state_place *place)
{
    snapshot_free(place->snapshot);
}
