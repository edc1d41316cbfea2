#include "config/config.h"

#include "base/memory.h"

struct snapshot *config_load(const char *path, struct diagnostics *diagnostics)
{
    (void)path;
    (void)diagnostics;
    return snapshot_new();
}

char *diagnostic_text(const struct diagnostic *diagnostic)
{
    return memory_string(diagnostic->message);
}

void diagnostics_release(struct diagnostics *diagnostics)
{
    region_release(&diagnostics->region);
}
