#include "command/state.h"

#include "config/config.h"
#include "service/serve.h"

#include <stdio.h>
#include <stdlib.h>

int state_find(struct state_place *place)
{
    struct diagnostics diagnostics = {.count = 0};
    const struct setting *setting;
    struct scope_view view;

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

char *state_control_path(const struct state_place *place, const char *control, char *path,
                         size_t size)
{
    const struct setting *setting = NULL;
    struct scope_view view;

    if (place->snapshot) {
        view = scope_view_of(place->snapshot, NULL, NULL);
        setting = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_CONTROL_SOCKET);
    }
    if (control)
        snprintf(path, size, "%s", control);
    else if (setting)
        snprintf(path, size, "%s", (const char *)setting->value.data);
    else
        snprintf(path, size, "%s/" CONTROL_SOCKET_NAME, place->directory);
    return path;
}

void state_release(struct state_place *place)
{
    snapshot_free(place->snapshot);
}
