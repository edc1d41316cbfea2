/* Any bytes as a lease file of ISC dhcpd. */
#include "config/lease_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void take(void *argument, const struct lease *lease, unsigned line)
{
    (void)argument;
    if (line == 0 || lease->hardware.length > HARDWARE_ADDRESS_MAX ||
        lease->client_identifier_length > LEASE_IDENTIFIER_MAX || lease->state == LEASE_OFFERED ||
        strlen(lease->host_name) >= LEASE_TEXT_SIZE)
        abort();
}

static void complain(void *argument, unsigned line, bool entry, const char *message)
{
    (void)argument;
    (void)entry;
    if (line == 0 || message[0] == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    const struct lease_file_sink sink = {take, complain, NULL};

    lease_file_read(slice_of(data, length), &sink);
    return 0;
}
