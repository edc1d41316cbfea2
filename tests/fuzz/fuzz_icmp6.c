/* Any bytes as a Router Solicitation. */
#include "wire/icmp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct icmp6_solicitation solicitation;

    (void)icmp6_decode_solicitation(&solicitation, slice_of(data, length));
    return 0;
}
