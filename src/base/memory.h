/* Allocation that does not fail: a server whose memory is bounded by design has no good answer to a
 * refusal, so it says what it wanted and aborts. Memory whose size a client chooses is checked
 * against a limit before it comes here. */
#ifndef BOOTWIRE_BASE_MEMORY_H
#define BOOTWIRE_BASE_MEMORY_H

#include <stddef.h>

/* `count` times `size` zeroed bytes; never NULL, aborts on overflow. Release with free(). */
void *memory_zeroed(size_t count, size_t size);
/* realloc() to `count` times `size` bytes; never NULL. Bytes past the old size are not cleared. */
void *memory_resize(void *old, size_t count, size_t size);
/* A copy of a NUL-terminated string; release with free(). */
char *memory_string(const char *string);
/* A formatted string; release with free(). */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
