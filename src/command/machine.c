#include "command/machine.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/nearest.h"

#include <stdlib.h>
#include <string.h>

enum {
    NEAREST_SHOWN = 3,
    NEAR_LETTERS = 4, /* so many wrong letters still make a name worth showing */
};

char *machine_unknown(const struct snapshot *snapshot, const char *path, const char *name)
{
    struct {
        size_t distance;
        const char *name;
    } near[NEAREST_SHOWN];
    char *text, *longer;
    size_t count = 0;

    for (size_t i = 0; i < snapshot->host_count; i++) {
        size_t distance =
            nearest_distance(slice_of_string(name), slice_of_string(snapshot->hosts[i].name));
        size_t at = count;

        /* What begins alike is near, however much follows. */
        if (strncasecmp(name, snapshot->hosts[i].name, strlen(name)) == 0)
            distance = 1;
        if (distance > NEAR_LETTERS || distance >= strlen(name))
            continue;
        while (at > 0 && near[at - 1].distance > distance)
            at--;
        if (at == NEAREST_SHOWN)
            continue;
        if (count < NEAREST_SHOWN)
            count++;
        memmove(&near[at + 1], &near[at], (count - at - 1) * sizeof(near[0]));
        near[at].distance = distance;
        near[at].name = snapshot->hosts[i].name;
    }
    text = memory_printf("%s declares no host \"%s\"", path, name);
    for (size_t i = 0; i < count; i++) {
        char shown[NEAREST_WORD_MAX * 4 + 1];

        text_printable(shown, sizeof(shown), slice_of_string(near[i].name));
        longer = memory_printf("%s%s%s", text, i ? ", " : "; the nearest: ", shown);
        free(text);
        text = longer;
    }
    if (snapshot->host_count == 0 || count > 0)
        return text;
    longer = memory_printf("%s, and none of a name like it (it has %zu; a machine without a "
                           "declaration is explained by its hardware address)",
                           text, snapshot->host_count);
    free(text);
    return longer;
}

char *machine_find(const struct snapshot *snapshot, const char *path, const char *text,
                   const struct host **host, struct hardware *hardware)
{
    *hardware = (struct hardware){.length = 0};
    *host = snapshot_host_by_name(snapshot, text);
    if (*host) {
        *hardware = (*host)->hardware;
        return NULL;
    }
    if (!hardware_parse(text, hardware))
        return machine_unknown(snapshot, path, text);
    *host = snapshot_host_by_hardware(snapshot, hardware);
    return NULL;
}
