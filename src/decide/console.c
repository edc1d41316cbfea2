#include "decide/console.h"

#include "base/cursor.h"

#include <stdarg.h>
#include <stdio.h>

/* Where the fields stand in the parameters (wire/bootblock.h). */
enum { AT_TIMEOUT = 8, AT_CONSOLE = 12, AT_SPEED = 16, AT_IOADDR = 100 };

static const enum parameter parameters[] = {
    PARAMETER_CONSOLE,
    PARAMETER_CONSOLE_SPEED,
    PARAMETER_CONSOLE_ADDRESS,
    PARAMETER_BOOT_TIMEOUT,
};

static const struct setting *find(const struct scope_view *view, enum parameter parameter)
{
    return scope_view_find(view, SPACE_PARAMETER, parameter);
}

bool console_wanted(const struct scope_view *view)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (find(view, parameters[i]))
            return true;
    }
    return false;
}

/* False where the loader has no room for the field. */
static bool add(struct patches *patches, const struct bootblock *block, size_t at, uint32_t value)
{
    struct patch *patch = &patches->list[patches->count];
    struct writer w = writer_of(patch->bytes, sizeof(patch->bytes));

    if (at + 4 > block->length)
        return false;
    writer_le32(&w, value);
    patch->offset = block->offset + at;
    patch->length = w.length;
    patches->count++;
    return true;
}

static void say(char text[CONSOLE_TEXT_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds words, a space before them where they are not the first. */
static void say(char text[CONSOLE_TEXT_SIZE], const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    if (length > 0 && length < CONSOLE_TEXT_SIZE - 1)
        text[length++] = ' ';
    va_start(arguments, format);
    vsnprintf(text + length, CONSOLE_TEXT_SIZE - length, format, arguments);
    va_end(arguments);
}

/* A number's field, where a statement sets it. */
static bool add_number(struct patches *patches, const struct scope_view *view,
                       const struct bootblock *block, enum parameter parameter, size_t at,
                       const char *label, char text[CONSOLE_TEXT_SIZE])
{
    uint32_t value = scope_view_number(view, parameter, 0);

    if (!find(view, parameter))
        return true;
    if (!add(patches, block, at, value))
        return false;
    if (parameter == PARAMETER_CONSOLE_ADDRESS)
        say(text, "%s0x%x", label, value);
    else
        say(text, "%s%u", label, value);
    return true;
}

void console_patches(struct patches *patches, const struct scope_view *view, struct slice head,
                     char text[CONSOLE_TEXT_SIZE])
{
    const struct setting *console = find(view, PARAMETER_CONSOLE);
    struct bootblock block;
    int32_t number;
    bool fits = true;

    patches->count = 0;
    text[0] = 0;
    if (!console_wanted(view) || bootblock_decode(&block, head) != BOOTBLOCK_FOUND)
        return;
    if (console && bootblock_console(console->value, &number)) {
        fits = add(patches, &block, AT_CONSOLE, (uint32_t)number);
        say(text, "console %s", bootblock_console_name(number));
    }
    fits = fits && add_number(patches, view, &block, PARAMETER_CONSOLE_SPEED, AT_SPEED,
                              console ? "" : "speed ", text);
    fits = fits && add_number(patches, view, &block, PARAMETER_CONSOLE_ADDRESS, AT_IOADDR,
                              "address ", text);
    fits = fits &&
           add_number(patches, view, &block, PARAMETER_BOOT_TIMEOUT, AT_TIMEOUT, "timeout ", text);
    if (!fits) {
        patches->count = 0;
        snprintf(text, CONSOLE_TEXT_SIZE,
                 "console not set: the boot file has room for %u bytes of parameters only",
                 block.length);
    } else if (patches->count > 0) {
        say(text, "set on the way out");
    }
}
