/* A caller's user and groups, as a value. */
#ifndef BOOTWIRE_MODEL_CREDENTIALS_H
#define BOOTWIRE_MODEL_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>

enum {
    CREDENTIALS_GROUPS_MAX = 16, /* supplementary groups of an AUTH_SYS caller (RFC 5531, app. A) */
    CREDENTIALS_NOBODY = 65534,  /* user and group of a caller that does not say who it is */
};

/* A caller. User 0 is root with all of root's rights: a diskless machine's root owns its root. */
struct credentials {
    uint32_t uid;
    uint32_t gid;
    uint32_t groups[CREDENTIALS_GROUPS_MAX];
    size_t group_count;
};

#endif
