#include "config/nearest.h"

#include <ctype.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(struct slice a, struct slice b)
{
    size_t rows[3][NEAREST_WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (a.length > NEAREST_WORD_MAX || b.length > NEAREST_WORD_MAX)
        return SIZE_MAX;
    memset(before, 0, sizeof(rows[0]));
    for (size_t j = 0; j <= b.length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *free_row = before;
        int c = tolower(a.data[i - 1]);

        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            int d = tolower(b.data[j - 1]);

            row[j] = least(above[j - 1] + (c != d), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && c == tolower(b.data[j - 2]) && d == tolower(a.data[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = free_row;
    }
    return above[b.length];
}

const char *nearest_name(struct slice word, const char *(*next)(size_t index))
{
    const char *name, *nearest = NULL;
    /* How many letters may be wrong before another word is as likely. */
    size_t best = word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3;

    if (word.length == 0)
        return NULL;
    for (size_t i = 0; (name = next(i)) != NULL; i++) {
        size_t distance = nearest_distance(word, slice_of_string(name));

        if (distance < best || (distance == best && !nearest)) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}
