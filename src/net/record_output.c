/* Answers on their way out. */
#include "net/record_connection.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECORD_VECTORS = 64, /* pieces of one write */
    RECORD_COPY = 16384, /* bytes of a file in one, where they have to be copied */
};

static const uint8_t zeros[4];

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
    size_t i = 0, taken;

    for (; i < output->count && *length >= output->pieces[i].iov_len; i++)
        *length -= output->pieces[i].iov_len;
    memmove(output->pieces, output->pieces + i, (output->count - i) * sizeof(output->pieces[0]));
    output->count -= i;
    if (output->count > 0) {
        output->pieces[0].iov_base = (uint8_t *)output->pieces[0].iov_base + *length;
        output->pieces[0].iov_len -= *length;
        *length = 0;
        return false;
    }
    taken = *length < output->file.length ? *length : output->file.length;
    output->file.offset += taken;
    output->file.length -= taken;
    *length -= taken;
    if (output->file.length == 0 && output->file.zeros > 0) {
        output->pieces[output->count++] = (struct iovec){(void *)zeros, output->file.zeros};
        output->file.zeros = 0;
    }
    return output->count == 0 && output->file.length == 0;
}

/* As many of the waiting answers' pieces as one write takes; *more: a file's are next. */
static size_t record_gather(const struct record_connection *connection,
                            struct iovec vectors[RECORD_VECTORS], bool *more)
{
    size_t count = 0;

    *more = false;
    for (const struct record_output *output = connection->output; output && !*more;
         output = output->next) {
        if (count + output->count > RECORD_VECTORS)
            break;
        memcpy(vectors + count, output->pieces, output->count * sizeof(vectors[0]));
        count += output->count;
        *more = output->file.length > 0;
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

/* Sends pieces; returns how many bytes, or -1 with errno. */
static ssize_t record_send_pieces(const struct record_connection *connection)
{
    struct iovec vectors[RECORD_VECTORS];
    bool more;
    struct msghdr message = {.msg_iov = vectors,
                             .msg_iovlen = record_gather(connection, vectors, &more)};

    return sendmsg(connection->descriptor, &message,
                   MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
}

/* The same through memory of ours: for what lies behind the file's end by now, and for file systems
 * that cannot do it otherwise. */
static ssize_t record_send_copy(int descriptor, const struct record_file *file)
{
    uint8_t bytes[RECORD_COPY];
    size_t size = file->length < sizeof(bytes) ? file->length : sizeof(bytes);
    ssize_t there = pread(file->descriptor, bytes, size, (off_t)file->offset);

    if (there < 0)
        return -1;
    memset(bytes + there, 0, size - (size_t)there);
    return send(descriptor, bytes, size,
                MSG_NOSIGNAL | MSG_DONTWAIT | (file->length > size ? MSG_MORE : 0));
}

/* Sends of a file. */
static ssize_t record_send_file(int descriptor, const struct record_file *file)
{
    off_t offset = (off_t)file->offset;
    ssize_t length = sendfile(descriptor, file->descriptor, &offset, file->length);

    if (length == 0 || (length < 0 && (errno == EINVAL || errno == ENOSYS)))
        return record_send_copy(descriptor, file);
    return length;
}

void record_write(struct record_connection *connection)
{
    connection->blocked = false;
    while (!connection->closed && connection->output) {
        const struct record_output *output = connection->output;
        ssize_t length = output->count > 0
                             ? record_send_pieces(connection)
                             : record_send_file(connection->descriptor, &output->file);

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
