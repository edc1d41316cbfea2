/* NFS version 3: the first byte picks the procedure, the rest are its arguments. */
#include "wire/nfs3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    union nfs3_arguments arguments;
    struct reader r;
    volatile uint8_t sum = 0;

    if (length == 0)
        return 0;
    r = reader_of(data + 1, length - 1);
    if (!nfs3_read_arguments(&r, data[0] % (NFS3_PROCEDURE_COUNT + 1), &arguments))
        return 0;
    /* The views must lie in the packet. */
    switch (data[0] % (NFS3_PROCEDURE_COUNT + 1)) {
    case NFS3_LOOKUP:
    case NFS3_RENAME:
        for (size_t i = 0; i < arguments.rename.from.name.length; i++)
            sum ^= arguments.rename.from.name.data[i];
        break;
    case NFS3_WRITE:
        for (size_t i = 0; i < arguments.write.data.length; i++)
            sum ^= arguments.write.data.data[i];
        break;
    case NFS3_SYMLINK:
        for (size_t i = 0; i < arguments.symlink.target.length; i++)
            sum ^= arguments.symlink.target.data[i];
        break;
    default:
        break;
    }
    return 0;
}
