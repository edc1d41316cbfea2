/* The secret that file handles are made with. */
#ifndef BOOTWIRE_STORE_HANDLE_KEY_H
#define BOOTWIRE_STORE_HANDLE_KEY_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

/* One key for handles, one for the exports' ids. */
enum { HANDLE_KEY_SIZE = 2 * crypto_shorthash_KEYBYTES };

/* Reads it from the file, or draws it and makes the file where there is none. 0, or -1 with a
 * message that names the file and the cure. */
int handle_key_read(const char *path, uint8_t key[HANDLE_KEY_SIZE], char *error, size_t error_size);

#endif
