#include "platform/linux/cores.h"

#include <sched.h>
#include <unistd.h>

size_t cores_usable(void)
{
    cpu_set_t set;
    long online;

    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
    /* EINVAL: the machine has more of them than such a set has room for. */
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}
