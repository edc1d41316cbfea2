#include "base/console_text.h"

/* ECMA-48: ESC [ parameters final; ESC ] text BEL (or ESC \); ESC and one byte. */
enum escape { NO_ESCAPE, ESCAPE, CONTROL_SEQUENCE, OPERATING_COMMAND };

static bool is_escaped(struct console_text *text, char byte)
{
    switch (text->escape) {
    case NO_ESCAPE:
        text->escape = byte == 0x1b ? ESCAPE : NO_ESCAPE;
        return byte == 0x1b;
    case ESCAPE:
        text->escape = byte == '[' ? CONTROL_SEQUENCE : byte == ']' ? OPERATING_COMMAND : NO_ESCAPE;
        return true;
    case CONTROL_SEQUENCE:
        if (byte >= 0x40 && byte <= 0x7e)
            text->escape = NO_ESCAPE;
        return true;
    default:
        if (byte == 7 || byte == '\n')
            text->escape = NO_ESCAPE;
        else if (byte == 0x1b)
            text->escape = ESCAPE;
        return byte != '\n';
    }
}

/* Whoever prints the line elsewhere must not switch that terminal's character set. */
static bool is_unseen(char byte)
{
    return (byte >= 0 && byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f;
}

void console_text_take(struct console_text *text, struct slice bytes,
                       void (*line)(void *argument, const char *text, bool whole), void *argument)
{
    for (size_t i = 0; i < bytes.length; i++) {
        char byte = (char)bytes.data[i];

        if (is_escaped(text, byte))
            continue;
        if (byte == '\b') {
            text->length -= text->length > 0;
            continue;
        }
        if (is_unseen(byte))
            continue;
        if (byte != '\n')
            text->line[text->length++] = byte;
        if (byte == '\n' || text->length == CONSOLE_LINE_MAX - 1) {
            text->line[text->length] = 0;
            line(argument, text->line, true);
            text->length = 0;
        }
    }
    text->line[text->length] = 0;
    if (text->length > 0)
        line(argument, text->line, false);
}
