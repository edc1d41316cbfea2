/* TFTP uploads (RFC 1350's write requests): off unless the configuration names a directory for
 * them. Each has a port of its own. One lane's thread. */
#ifndef BOOTWIRE_SERVICE_TFTP_UPLOAD_H
#define BOOTWIRE_SERVICE_TFTP_UPLOAD_H

#include "service/boot_file_request.h"
#include "service/tftp_session.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct tftp_uploads;

enum {
    TFTP_UPLOADS_MAX = 16,        /* at a time, per lane */
    TFTP_UPLOAD_SIZE_MIB = 64,    /* of one file, where the configuration says nothing ... */
    TFTP_UPLOAD_TOTAL_MIB = 1024, /* ... and of all */
};

/* `written` counts the bytes of all lanes' uploads, but for those that were discarded. */
struct tftp_uploads *tftp_uploads_new(struct tftp_lane *lane, atomic_uint_fast64_t *written);
/* Discards what is unfinished, and tells the clients. NULL is allowed. */
void tftp_uploads_free(struct tftp_uploads *uploads, const char *why);

/* A request that came while an upload from the same endpoint is under way: whether it only repeats
 * the one that began it, which is answered again then. Another one ends the upload. */
bool tftp_upload_repeats(struct tftp_uploads *uploads, const struct datagram *datagram);

/* What an upload begins with. */
struct tftp_upload_opening {
    const struct datagram *datagram;
    const struct tftp_packet *request;
    struct boot_file_request *files; /* what the configuration says to the machine */
    struct tftp_who who;             /* the upload's from now on, where it begins */
    struct tftp_port_range range;
};

/* Begins an upload and answers. Where it cannot, `*error` and `text` get the reason for client and
 * log, and `who` stays the caller's. */
bool tftp_upload_begin(struct tftp_uploads *uploads, const struct tftp_upload_opening *opening,
                       enum tftp_error *error, char text[TFTP_MESSAGE_SIZE]);

#endif
