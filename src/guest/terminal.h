/* The person's terminal while a guest's serial console is on it. */
#ifndef BOOTWIRE_GUEST_TERMINAL_H
#define BOOTWIRE_GUEST_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

/* The terminal's mode as it was found; `saved` is false where standard input is no terminal. */
struct terminal {
    struct termios before;
    bool saved;
};

/* Notes the mode that terminal_restore() returns to. */
void terminal_save(struct terminal *terminal);
/* Whether standard input may have keys: a file or /dev/null has none, and no loop can wait for it.
 */
bool terminal_gives_keys(void);
/* Raw: every key goes to the guest, Ctrl-c too, and what it prints arrives as it printed it. */
void terminal_raw(const struct terminal *terminal);
void terminal_restore(const struct terminal *terminal);

/* Keys on their way to the guest: Ctrl-a is the escape. All zero is the start. */
struct terminal_keys {
    bool escaped;
};

/* Copies what is for the guest from `keys` to `out` (both `length` bytes or more), up to the next
 * command, and says how much that is in `*out_length`. `*command` is the key behind Ctrl-a, 0 where
 * they hold none; Ctrl-a Ctrl-a is one Ctrl-a for the guest. Returns how many of `keys` are used
 * up: whoever calls does what the command means, and goes on behind it. */
size_t terminal_split(struct terminal_keys *state, const uint8_t *keys, size_t length, uint8_t *out,
                      size_t *out_length, char *command);

#endif
