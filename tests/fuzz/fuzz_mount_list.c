/* Any bytes as the file of mounts: each line that says something is written the same again. */
#include "store/mount_list.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct mount_list *list = mount_list_open(NULL), *again = mount_list_open(NULL);

    while (length > 0) {
        const uint8_t *end = memchr(data, '\n', length);
        size_t line = end ? (size_t)(end - data) : length;

        (void)mount_list_apply(list, slice_of(data, line));
        data += end ? line + 1 : line;
        length -= end ? line + 1 : line;
    }
    for (const struct mounted *at = mount_list_first(list); at; at = at->next) {
        uint8_t bytes[10000];
        struct writer w = writer_of(bytes, sizeof(bytes));
        const struct mounted *back;

        mount_list_write(&w, at);
        if (w.failed || !mount_list_apply(again, slice_of(bytes, w.length - 1)))
            abort();
        back = mount_list_first(again);
        if (back->address != at->address || back->exported != at->exported ||
            strcmp(back->host, at->host) != 0 || strcmp(back->directory, at->directory) != 0)
            abort();
    }
    mount_list_free(list);
    mount_list_free(again);
    return 0;
}
