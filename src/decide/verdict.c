#include "decide/verdict_parts.h"

static bool find_in(const struct verdict_row *rows, const struct boot *boot, uint64_t now_ms,
                    struct verdict *verdict)
{
    for (const struct verdict_row *row = rows; row->id; row++) {
        if (!verdict_passed(boot, boot->last_ms, row->silence_ms, now_ms) ||
            !row->holds(boot, now_ms))
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
