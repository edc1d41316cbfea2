#include "service/told.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static struct told *made(struct snapshot *snapshot, const struct host *host,
                         const struct setting *settings, size_t count)
{
    struct told *told = memory_zeroed(1, sizeof(*told) + count * sizeof(settings[0]));

    atomic_init(&told->references, 1);
    told->snapshot = snapshot_hold(snapshot);
    told->host = host;
    if (count > 0)
        memcpy(told->settings, settings, count * sizeof(settings[0]));
    told->scope = (struct scope){.settings = told->settings, .count = count};
    return told;
}

struct told *told_new(struct snapshot *snapshot, const struct host *host,
                      const struct hardware *hardware, uint32_t address,
                      const struct scope_view *outcome, bool sent)
{
    const struct host *plain_host = snapshot_host_of_holder(snapshot, hardware, address);
    struct scope_view plain;
    struct setting settings[RECALL_PICKED_MAX];
    size_t count;

    plain = scope_view_of(snapshot, plain_host, snapshot_subnet_of(snapshot, address));
    count = recall_pick(settings, outcome, &plain, sent);
    if (count == 0 && (!host || host == plain_host))
        return NULL;
    return made(snapshot, host, settings, count);
}

struct told *told_keep_root(struct told *told, const struct told *before)
{
    const struct setting *root = told_find(before, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    struct setting settings[RECALL_PICKED_MAX];
    size_t count = 0;

    if (!root)
        return told;
    settings[count++] = *root;
    /* Each kind of setting stands there once, so there is room. */
    for (size_t i = 0; told && i < told->scope.count; i++) {
        if (told->settings[i].space != root->space || told->settings[i].code != root->code)
            settings[count++] = told->settings[i];
    }
    told_free(told);
    return made(before->snapshot, before->host, settings, count);
}

void told_free(struct told *told)
{
    if (!told || atomic_fetch_sub(&told->references, 1) > 1)
        return;
    snapshot_free(told->snapshot);
    free(told);
}

const struct setting *told_find(const struct told *told, enum setting_space space, unsigned code)
{
    for (size_t i = 0; told && i < told->scope.count; i++) {
        if (told->settings[i].space == space && told->settings[i].code == code)
            return &told->settings[i];
    }
    return NULL;
}

/* Two configurations' never are: their pointers mean nothing to each other. */
bool told_alike(const struct told *a, const struct told *b)
{
    const struct setting *x = told_find(a, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    const struct setting *y = told_find(b, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);

    if (!a || !b)
        return !a && !b;
    return a->snapshot == b->snapshot && a->host == b->host && !x == !y &&
           (!x || slice_equal(x->value, y->value));
}
