/* The cheapest TFTP server imaginable, to tell the limit of generator, kernel and machine from the
 * servers'.
 *
 *   tftp_reflector DIRECTORY      serves its files on port 69, from memory
 *
 * It answers from the port that it is asked on, keeps no transfers, and sends what the last
 * acknowledgement asks for: as many datagrams at a time as came, and a window as one, which the
 * kernel cuts (UDP_SEGMENT). Nothing is ever sent again by itself, names are taken as they come,
 * and block numbers do not wrap. */
#include "base/cursor.h"
#include "base/memory.h"
#include "wire/tftp.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 64,
    REQUEST = 600,
    SEGMENTS = 43, /* datagrams of one message: the kernel takes up to 64 KiB, and 64 of them */
    MESSAGE_MAX = 65000,
    FILES = 16,
    PLACES = 1 << 16, /* of clients, by the end of their address */
};

struct file {
    char name[256];
    const uint8_t *data;
    size_t size;
};

struct place {
    const struct file *file;
    unsigned block_size, window;
};

struct control {
    _Alignas(struct cmsghdr) char room[64];
};

/* What goes out: headers and the pieces of each message. */
static struct {
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH][2 * SEGMENTS];
    uint8_t heads[BATCH][SEGMENTS][4];
    uint8_t oacks[BATCH][128];
    struct sockaddr_in peers[BATCH];
    struct control controls[BATCH];
    unsigned count;
} out;

static struct file files[FILES];
static struct place places[PLACES];
static int listener;

static void fail(const char *what)
{
    fprintf(stderr, "tftp_reflector: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void load_files(const char *path)
{
    DIR *directory = opendir(path);
    unsigned count = 0;

    if (!directory)
        fail(path);
    for (struct dirent *entry; (entry = readdir(directory)) && count < FILES;) {
        int descriptor = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
        struct stat status;

        if (descriptor < 0 || fstat(descriptor, &status) < 0)
            fail(entry->d_name);
        if (S_ISREG(status.st_mode)) {
            struct file *file = &files[count++];

            snprintf(file->name, sizeof(file->name), "%s", entry->d_name);
            file->size = (size_t)status.st_size;
            file->data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        }
        close(descriptor);
    }
    closedir(directory);
}

static void flush(void)
{
    unsigned sent = 0;

    while (sent < out.count) {
        int n = sendmmsg(listener, out.messages + sent, out.count - sent, 0);

        if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != EAGAIN)
            fail("sendmmsg");
        sent += n > 0 ? (unsigned)n : 0;
    }
    out.count = 0;
}

/* Puts a message of `pieces` pieces last, to be cut every `segment` bytes (0: not at all). */
static void put(const struct sockaddr_in *peer, unsigned pieces, unsigned segment)
{
    struct msghdr *message = &out.messages[out.count].msg_hdr;
    struct cmsghdr *header = (struct cmsghdr *)&out.controls[out.count];
    uint16_t value = (uint16_t)segment;

    out.peers[out.count] = *peer;
    *message = (struct msghdr){.msg_name = &out.peers[out.count],
                               .msg_namelen = sizeof(*peer),
                               .msg_iov = out.pieces[out.count],
                               .msg_iovlen = pieces};
    if (segment) {
        *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(value)),
                                   .cmsg_level = IPPROTO_UDP,
                                   .cmsg_type = UDP_SEGMENT};
        memcpy(CMSG_DATA(header), &value, sizeof(value));
        message->msg_control = header;
        message->msg_controllen = CMSG_SPACE(sizeof(value));
    }
    if (++out.count == BATCH)
        flush();
}

static void send_window(const struct place *place, uint64_t first, const struct sockaddr_in *peer)
{
    uint64_t last = place->file->size / place->block_size + 1, end = first + place->window;
    unsigned at_once = MESSAGE_MAX / (place->block_size + 4);

    if (end > last + 1)
        end = last + 1;
    if (at_once > SEGMENTS)
        at_once = SEGMENTS;
    while (first < end) {
        unsigned n = 0;

        for (; n < at_once && first < end; n++, first++) {
            uint64_t offset = (first - 1) * place->block_size, left = place->file->size - offset;
            uint8_t *head = out.heads[out.count][n];
            struct writer w = writer_of(head, 4);

            writer_be16(&w, TFTP_DATA);
            writer_be16(&w, (uint16_t)first);
            out.pieces[out.count][2 * n] = (struct iovec){head, 4};
            out.pieces[out.count][2 * n + 1] =
                (struct iovec){(void *)(place->file->data + offset),
                               left < place->block_size ? left : place->block_size};
        }
        put(peer, 2 * n, n > 1 ? place->block_size + 4 : 0);
    }
}

static void answer_request(struct place *place, const struct tftp_packet *request,
                           const struct sockaddr_in *peer)
{
    struct tftp_packet oack = {.opcode = TFTP_OACK, .options = request->options};
    struct writer w = writer_of(out.oacks[out.count], sizeof(out.oacks[0]));

    place->file = NULL;
    for (unsigned i = 0; i < FILES; i++) {
        if (files[i].data && slice_equal_string(request->filename, files[i].name))
            place->file = &files[i];
    }
    if (!place->file)
        return;
    place->block_size = request->options.present[TFTP_BLKSIZE]
                            ? (unsigned)request->options.value[TFTP_BLKSIZE]
                            : 512;
    place->window = request->options.present[TFTP_WINDOWSIZE]
                        ? (unsigned)request->options.value[TFTP_WINDOWSIZE]
                        : 1;
    oack.options.value[TFTP_TSIZE] = place->file->size;
    tftp_encode(&w, &oack);
    out.pieces[out.count][0] = (struct iovec){w.data, w.length};
    put(peer, 1, 0);
}

static void answer(struct slice bytes, const struct sockaddr_in *peer)
{
    struct place *place = &places[ntohl(peer->sin_addr.s_addr) % PLACES];
    struct tftp_packet packet;

    if (!tftp_decode(&packet, bytes))
        return;
    if (packet.opcode == TFTP_RRQ)
        answer_request(place, &packet, peer);
    else if (packet.opcode == TFTP_ACK && place->file)
        send_window(place, (uint64_t)packet.block + 1, peer);
}

static void serve(void)
{
    static struct mmsghdr messages[BATCH];
    static struct iovec pieces[BATCH];
    static struct sockaddr_in peers[BATCH];
    static uint8_t requests[BATCH][REQUEST];

    for (unsigned i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){requests[i], REQUEST};
        messages[i].msg_hdr =
            (struct msghdr){.msg_name = &peers[i], .msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    for (;;) {
        int n;

        for (unsigned i = 0; i < BATCH; i++)
            messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
        n = recvmmsg(listener, messages, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0 && errno != EINTR)
            fail("recvmmsg");
        for (int i = 0; i < n; i++)
            answer(slice_of(requests[i], messages[i].msg_len), &peers[i]);
        flush();
    }
}

int main(int count, char **arguments)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(69)};
    int room = 16 << 20;

    if (count != 2) {
        fprintf(stderr, "usage: tftp_reflector DIRECTORY\n");
        return 2;
    }
    load_files(arguments[1]);
    listener = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&local, sizeof(local)) < 0)
        fail("udp port 69");
    setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    serve();
    return 0;
}
