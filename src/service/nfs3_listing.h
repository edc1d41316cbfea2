/* READDIR and READDIRPLUS of NFS version 3 (RFC 1813 sections 3.3.16 and 3.3.17). */
#ifndef BOOTWIRE_SERVICE_NFS3_LISTING_H
#define BOOTWIRE_SERVICE_NFS3_LISTING_H

#include "service/rpc.h"

struct nfs_call;
union nfs3_arguments;

enum {
    NFS3_LISTING_UDP_MAX = 32768, /* bytes of a result */
    NFS3_LISTING_TCP_MAX = RPC_REPLY_MAX - 1024,
};

/* Works on the call and writes its results; one that may not wait is answered only where the piece
 * was read a moment ago (store/listing_cache.h). */
void nfs3_list_directory(struct nfs_call *call, const union nfs3_arguments *arguments);

#endif
