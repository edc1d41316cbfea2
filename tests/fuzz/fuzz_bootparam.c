/* Any bytes as arguments of bootparam. */
#include "wire/bootparam.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct reader r = reader_of(data, length);
    struct bootparam_getfile asked;
    uint32_t address = bootparam_read_whoami(&r);

    if (r.failed && address != 0)
        abort();
    r = reader_of(data, length);
    bootparam_read_getfile(&r, &asked);
    if (asked.client.length > BOOTPARAM_NAME_MAX || asked.file.length > BOOTPARAM_FILE_MAX)
        abort();
    return 0;
}
