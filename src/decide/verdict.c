#include "decide/verdict.h"

static uint64_t silence_of(const struct verdict_row *row, const struct boot *boot)
{
    return boot->patience > 0 ? (uint64_t)row->silence_ms * boot->patience / 100 : row->silence_ms;
}

static bool find_in(const struct verdict_row *rows, const struct boot *boot, uint64_t now_ms,
                    struct verdict *verdict)
{
    for (const struct verdict_row *row = rows; row->id; row++) {
        if (now_ms - boot->last_ms < silence_of(row, boot) || !row->holds(boot, now_ms))
            continue;
        *verdict = (struct verdict){.id = row->id};
        row->tell(boot, verdict);
        return true;
    }
    return false;
}

bool verdict_find(const struct boot *boot, uint64_t now_ms, struct verdict *verdict)
{
    return find_in(verdict_root_rows, boot, now_ms, verdict) ||
           find_in(verdict_file_rows, boot, now_ms, verdict) ||
           find_in(verdict_address_rows, boot, now_ms, verdict);
}
