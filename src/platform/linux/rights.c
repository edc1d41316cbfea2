#include "platform/linux/rights.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

bool rights_has(enum right right)
{
    static const unsigned numbers[] = {
        [RIGHT_DAC_READ_SEARCH] = CAP_DAC_READ_SEARCH,
        [RIGHT_NET_ADMIN] = CAP_NET_ADMIN,
    };
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    unsigned number = numbers[right];

    return syscall(SYS_capget, &header, data) == 0 &&
           (data[number / 32].effective & UINT32_C(1) << number % 32) != 0;
}
