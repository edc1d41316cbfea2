#include "model/export.h"

#include <string.h>

/* Takes one component after the slashes at the front of the path; empty at its end. */
static struct slice export_component(struct slice *path)
{
    struct slice component = {NULL, 0};

    while (path->length > 0 && path->data[0] == '/')
        *path = slice_of(path->data + 1, path->length - 1);
    component.data = path->data;
    while (component.length < path->length && path->data[component.length] != '/')
        component.length++;
    *path = slice_of(path->data + component.length, path->length - component.length);
    return component;
}

bool export_normalise(char to[EXPORT_PATH_MAX], struct slice path)
{
    struct slice component;
    size_t length = 0;

    if (path.length == 0 || path.data[0] != '/' || memchr(path.data, 0, path.length))
        return false;
    while ((component = export_component(&path)).length > 0) {
        if (slice_equal_string(component, "."))
            continue;
        if (slice_equal_string(component, "..") || length + component.length + 2 > EXPORT_PATH_MAX)
            return false;
        to[length++] = '/';
        memcpy(to + length, component.data, component.length);
        length += component.length;
    }
    if (length == 0)
        to[length++] = '/';
    to[length] = 0;
    return true;
}
