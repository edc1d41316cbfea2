/* Any bytes as the payload of a batch in the lease log. */
#include "store/lease_record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct reader r = reader_of(data, length);

    while (reader_left(&r) > 0) {
        uint8_t bytes[LEASE_RECORD_MAX];
        struct writer w = writer_of(bytes, sizeof(bytes));
        struct lease lease, again;
        const char *reason, *reason_again;
        struct reader back;

        if (!lease_record_decode(&r, &lease, &reason))
            break;
        if (strlen(reason) > 255)
            continue; /* longer than any that is written */
        lease_record_encode(&w, &lease, reason);
        back = reader_of(bytes, w.length);
        if (w.failed || !lease_record_decode(&back, &again, &reason_again) ||
            lease.address != again.address || lease.expiry != again.expiry ||
            !slice_equal(lease.notes, again.notes) || strcmp(reason, reason_again) != 0)
            abort();
    }
    return 0;
}
