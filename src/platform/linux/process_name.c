#include "platform/linux/process_name.h"

#include "base/text.h"

#include <stdio.h>

void process_name(long pid, char *to, size_t size)
{
    char path[64], name[64] = "?";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    file = fopen(path, "re");
    if (file) {
        if (fgets(name, sizeof(name), file))
            name[strcspn(name, "\n")] = 0;
        fclose(file);
    }
    text_printable(to, size, slice_of_string(name));
}
