/* A call that decodes says the same when it is written and read again. */
#include "wire/rpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct reader r = reader_of(data, length);
    struct rpc_call call, again;
    uint8_t bytes[1024];
    struct writer w = writer_of(bytes, sizeof(bytes));

    if (rpc_read_call(&r, &call) != RPC_DECODED_CALL)
        return 0;
    rpc_write_call(&w, &call);
    r = reader_of(bytes, w.length);
    if (w.failed || rpc_read_call(&r, &again) != RPC_DECODED_CALL || reader_left(&r) != 0)
        abort();
    if (call.xid != again.xid || call.program != again.program || call.version != again.version ||
        call.procedure != again.procedure || call.credentials.uid != again.credentials.uid ||
        call.credentials.gid != again.credentials.gid ||
        call.credentials.gid_count != again.credentials.gid_count ||
        memcmp(call.credentials.gids, again.credentials.gids, sizeof(again.credentials.gids)) !=
            0 ||
        !slice_equal(call.credentials.machine, again.credentials.machine))
        abort();
    return 0;
}
