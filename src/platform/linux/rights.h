/* The capabilities of this process: capabilities(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_RIGHTS_H
#define BOOTWIRE_PLATFORM_LINUX_RIGHTS_H

#include <stdbool.h>

enum right { RIGHT_DAC_READ_SEARCH, RIGHT_NET_ADMIN };

/* Whether it is in the effective set. */
bool rights_has(enum right right);

#endif
