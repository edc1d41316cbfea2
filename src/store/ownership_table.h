/* What is kept of files that can carry no extended attribute, in STATE/ownership.sqlite. */
#ifndef BOOTWIRE_STORE_OWNERSHIP_TABLE_H
#define BOOTWIRE_STORE_OWNERSHIP_TABLE_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct ownership_table;

/* NULL with a message that names the file and the cure. */
struct ownership_table *ownership_table_open(const char *path, char *error, size_t error_size);
void ownership_table_free(struct ownership_table *table);

/* Safe from any thread. The key names a file wherever it is called what (ownership.c); the text is
 * the attribute's value. Each returns 0 or EIO. */
int ownership_table_put(struct ownership_table *table, struct slice key, struct slice text);
int ownership_table_remove(struct ownership_table *table, struct slice key);
/* Copies up to `size` bytes to `text`; *length is 0 where there is no row. */
int ownership_table_get(struct ownership_table *table, struct slice key, uint8_t *text, size_t size,
                        size_t *length);

#endif
