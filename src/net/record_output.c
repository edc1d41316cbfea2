/* Answers on their way out. */
#include "net/record_connection.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { RECORD_VECTORS = 64 }; /* pieces of one write */

void record_output_free(struct record_output *output)
{
    if (output->sent)
        output->sent(output->owner);
    free(output);
}

/* Cuts up to *length bytes that left from the output's front, and from *length; true once all of
 * the output has. */
static bool record_output_advance(struct record_output *output, size_t *length)
{
    size_t i = 0;

    for (; i < output->count && *length >= output->pieces[i].iov_len; i++)
        *length -= output->pieces[i].iov_len;
    memmove(output->pieces, output->pieces + i, (output->count - i) * sizeof(output->pieces[0]));
    output->count -= i;
    if (output->count > 0) {
        output->pieces[0].iov_base = (uint8_t *)output->pieces[0].iov_base + *length;
        output->pieces[0].iov_len -= *length;
        *length = 0;
    }
    return output->count == 0;
}

/* As many of the waiting answers' pieces as one write takes. */
static size_t record_gather(const struct record_connection *connection,
                            struct iovec vectors[RECORD_VECTORS])
{
    size_t count = 0;

    for (const struct record_output *output = connection->output; output; output = output->next) {
        if (count + output->count > RECORD_VECTORS)
            break;
        memcpy(vectors + count, output->pieces, output->count * sizeof(vectors[0]));
        count += output->count;
    }
    return count;
}

/* Takes the bytes that left from the answers, and the answers that are gone. */
static void record_left(struct record_connection *connection, size_t length)
{
    connection->output_length -= length;
    while (connection->output) {
        struct record_output *output = connection->output;

        if (!record_output_advance(output, &length))
            return;
        connection->output = output->next;
        if (!connection->output)
            connection->output_tail = &connection->output;
        record_output_free(output);
    }
}

void record_write(struct record_connection *connection)
{
    struct iovec vectors[RECORD_VECTORS];

    connection->blocked = false;
    while (!connection->closed && connection->output) {
        struct msghdr message = {.msg_iov = vectors,
                                 .msg_iovlen = record_gather(connection, vectors)};
        ssize_t length = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
            connection->blocked = true;
            return;
        }
        if (length < 0) {
            record_close(connection);
            return;
        }
        connection->active_ms = clock_monotonic_ms();
        record_left(connection, (size_t)length);
    }
}
