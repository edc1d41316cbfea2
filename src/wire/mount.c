#include "wire/mount.h"

#include "wire/rpc.h"
#include "wire/xdr.h"

struct slice mount_read_path(struct reader *r)
{
    return xdr_read_opaque(r, MOUNT_PATH_MAX);
}

void mount_write_result(struct writer *w, uint32_t version, enum mount_status status,
                        struct slice handle)
{
    writer_be32(w, status);
    if (status != MOUNT_OK)
        return;
    if (version < 3) {
        xdr_write_fixed(w, handle.data, handle.length);
        return;
    }
    xdr_write_opaque(w, handle);
    writer_be32(w, 1);
    writer_be32(w, RPC_AUTH_SYS);
}

void mount_write_mounted(struct writer *w, const char *host, const char *directory)
{
    xdr_write_bool(w, true);
    xdr_write_string(w, host);
    xdr_write_string(w, directory);
}

void mount_write_export(struct writer *w, const char *directory)
{
    xdr_write_bool(w, true);
    xdr_write_string(w, directory);
}

void mount_write_group(struct writer *w, const char *name)
{
    xdr_write_bool(w, true);
    xdr_write_string(w, name);
}

void mount_write_end(struct writer *w)
{
    xdr_write_bool(w, false);
}
