#include "service/line_budget.h"

bool line_budget_take(struct line_budget *budget, uint64_t now_ms, unsigned *withheld)
{
    *withheld = 0;
    if (now_ms / 1000 != budget->second) {
        *withheld = budget->withheld;
        budget->second = now_ms / 1000;
        budget->taken = budget->withheld = 0;
    }
    if (budget->taken == budget->per_second) {
        budget->withheld++;
        return false;
    }
    budget->taken++;
    return true;
}

bool line_budget_left(const struct line_budget *budget, uint64_t now_ms)
{
    return now_ms / 1000 != budget->second || budget->taken < budget->per_second;
}
