/* Arguments of portmap and rpcbind; an entry that decodes is written as it came. */
#include "wire/portmap.h"
#include "wire/xdr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct portmap_mapping mapping;
    struct portmap_indirect call;
    struct rpcbind_entry entry, again;
    uint8_t bytes[1024];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct reader r = reader_of(data, length);

    portmap_read_mapping(&r, &mapping);
    r = reader_of(data, length);
    portmap_read_indirect(&r, &call);
    if (!r.failed && call.arguments.length > length)
        abort();
    r = reader_of(data, length);
    rpcbind_read_entry(&r, &entry);
    if (r.failed)
        return 0;
    rpcbind_write_entry(&w, &entry);
    r = reader_of(bytes, w.length);
    rpcbind_read_entry(&r, &again);
    if (w.failed || r.failed || !slice_equal(entry.netid, again.netid) ||
        !slice_equal(entry.address, again.address) || !slice_equal(entry.owner, again.owner))
        abort();
    return 0;
}
