/* Words that a person most likely meant. */
#ifndef BOOTWIRE_CONFIG_NEAREST_H
#define BOOTWIRE_CONFIG_NEAREST_H

#include "base/slice.h"

enum { NEAREST_WORD_MAX = 48 }; /* bytes; longer words are near to nothing */

/* How many letters must be put in, taken out, changed or swapped with a neighbour to make one word
 * of the other; case does not count. SIZE_MAX where one is longer than NEAREST_WORD_MAX. */
size_t nearest_distance(struct slice a, struct slice b);

/* Of the names that `next` gives one by one (NULL ends), the one nearest to `word`; NULL where none
 * is near enough to be meant. */
const char *nearest_name(struct slice word, const char *(*next)(size_t index));

#endif
