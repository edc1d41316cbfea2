#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void memory_exhausted(size_t count, size_t size)
{
    fprintf(stderr, "bootwire: out of memory: no room for %zu times %zu bytes\n", count, size);
    abort();
}

void *memory_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        memory_exhausted(count, size);
    return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size ? size : 1);

    if (!memory)
        memory_exhausted(count, size);
    return memory;
}

char *memory_string(const char *string)
{
    char *copy = strdup(string);

    if (!copy)
        memory_exhausted(1, strlen(string) + 1);
    return copy;
}

char *memory_printf(const char *format, ...)
{
    va_list arguments;
    char *string = NULL;
    int length;

    va_start(arguments, format);
    length = vasprintf(&string, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted(1, 0);
    return string;
}
