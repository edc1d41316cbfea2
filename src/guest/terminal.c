#include "guest/terminal.h"

#include <unistd.h>

enum { ESCAPE_KEY = 1 /* Ctrl-a */ };

void terminal_save(struct terminal *terminal)
{
    terminal->saved = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal->before) == 0;
}

void terminal_raw(const struct terminal *terminal)
{
    struct termios raw;

    if (!terminal->saved)
        return;
    raw = terminal->before;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void terminal_restore(const struct terminal *terminal)
{
    if (terminal->saved)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}

size_t terminal_split(struct terminal_keys *state, const uint8_t *keys, size_t length, uint8_t *out,
                      size_t *out_length, char *command)
{
    *out_length = 0;
    *command = 0;
    for (size_t i = 0; i < length; i++) {
        bool escaped = state->escaped;

        state->escaped = false;
        if (escaped && keys[i] != ESCAPE_KEY) {
            *command = (char)keys[i];
            return i + 1;
        }
        if (!escaped && keys[i] == ESCAPE_KEY)
            state->escaped = true;
        else
            out[(*out_length)++] = keys[i];
    }
    return length;
}

bool terminal_filter(struct terminal_keys *state, const uint8_t *keys, size_t length, uint8_t *out,
                     size_t *out_length)
{
    *out_length = 0;
    while (length > 0) {
        size_t count, used;
        char command;

        used = terminal_split(state, keys, length, out + *out_length, &count, &command);
        *out_length += count;
        if (command == 'x')
            return true;
        keys += used;
        length -= used;
    }
    return false;
}
