/* What the file itself gives names to, found by name in the same time however much that is. */
#include "config/parser.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The key of a name: its kind, its space, its bytes. Allocated; `*length` takes its length. */
static uint8_t *key_of(enum name_kind kind, unsigned space, struct slice name, size_t *length)
{
    const size_t prefix = 1 + sizeof(space);
    uint8_t *key = memory_zeroed(1, prefix + name.length);

    key[0] = (uint8_t)kind;
    memcpy(key + 1, &space, sizeof(space));
    /* dhcpd tells classes and failover peers by case, options and keys not. */
    for (size_t i = 0; i < name.length; i++)
        key[prefix + i] =
            kind == NAME_CLASS || kind == NAME_PEER ? name.data[i] : (uint8_t)tolower(name.data[i]);
    *length = prefix + name.length;
    return key;
}

void names_put(struct parser *parser, enum name_kind kind, unsigned space, struct slice name,
               void *value)
{
    size_t length;
    uint8_t *key = key_of(kind, space, name, &length);

    map_put(&parser->defined, key, length, value);
    free(key);
}

void *names_get(const struct parser *parser, enum name_kind kind, unsigned space, struct slice name)
{
    size_t length;
    uint8_t *key = key_of(kind, space, name, &length);
    void *value = map_get(&parser->defined, key, length);

    free(key);
    return value;
}
