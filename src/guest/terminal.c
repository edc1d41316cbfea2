#include "guest/terminal.h"

#include <sys/stat.h>
#include <unistd.h>

enum { ESCAPE_KEY = 1 /* Ctrl-a */ };

void terminal_save(struct terminal *terminal)
{
    terminal->saved = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal->before) == 0;
}

bool terminal_gives_keys(void)
{
    struct stat input;

    return isatty(STDIN_FILENO) || (fstat(STDIN_FILENO, &input) == 0 &&
                                    (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)));
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
