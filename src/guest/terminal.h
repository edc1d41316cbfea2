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
/* Raw: every key goes to the guest, Ctrl-c too, and what it prints arrives as it printed it. */
void terminal_raw(const struct terminal *terminal);
void terminal_restore(const struct terminal *terminal);

/* Keys on their way to the guest: Ctrl-a is the escape. All zero is the start. */
struct terminal_keys {
    bool escaped;
};

/* Copies what is for the guest from `keys` to `out` (both `length` bytes or more) and says how much
 * that is in `*out_length`. Ctrl-a x asks for the end: true is returned and the rest is dropped;
 * Ctrl-a Ctrl-a sends one Ctrl-a; Ctrl-a with another key sends nothing. */
bool terminal_filter(struct terminal_keys *state, const uint8_t *keys, size_t length, uint8_t *out,
                     size_t *out_length);

/* The same up to the next command: returns how many of `keys` are used up. `*command` is the key
 * behind Ctrl-a, 0 where they hold none; whoever calls does what it means, and goes on behind it.
 */
size_t terminal_split(struct terminal_keys *state, const uint8_t *keys, size_t length, uint8_t *out,
                      size_t *out_length, char *command);

#endif
