#include "service/claims.h"

bool claims_take(struct claims *claims, const struct hardware *holder, uint64_t until_ms,
                 uint64_t now_ms)
{
    size_t count = 0;

    for (size_t i = 0; i < CLAIMS_KEPT; i++)
        count +=
            claims->list[i].until_ms > now_ms && hardware_equal(&claims->list[i].holder, holder);
    if (count >= CLAIMS_OF_ONE_MAX)
        return false;
    claims->list[claims->next] = (struct claim){*holder, until_ms};
    claims->next = (claims->next + 1) % CLAIMS_KEPT;
    return true;
}
