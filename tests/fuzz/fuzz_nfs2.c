/* NFS version 2: the first byte picks the procedure, the rest are its arguments. */
#include "wire/nfs2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* A view must lie in the packet. */
static void check(struct slice view, const struct reader *r)
{
    if (view.length > 0 && (view.data < r->data || view.length > r->length ||
                            view.data + view.length > r->data + r->length))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    union nfs2_arguments arguments;
    struct reader r;
    unsigned procedure;

    if (length == 0)
        return 0;
    procedure = data[0] % (NFS2_PROCEDURE_COUNT + 1);
    r = reader_of(data + 1, length - 1);
    if (!nfs2_read_arguments(&r, procedure, &arguments))
        return 0;
    check(arguments.handle, &r); /* first in every procedure's arguments */
    if (procedure == NFS2_RENAME || procedure == NFS2_LOOKUP)
        check(arguments.rename.from.name, &r);
    if (procedure == NFS2_RENAME)
        check(arguments.rename.to.name, &r);
    if (procedure == NFS2_WRITE)
        check(arguments.write.data, &r);
    if (procedure == NFS2_SYMLINK)
        check(arguments.symlink.target, &r);
    return 0;
}
