#include "test.h"

#include "guest/relay.h"
#include "net/loop.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A relay between two pairs of sockets: `wire` and `qemu` are what others hold of them. */
struct carried {
    struct loop *loop;
    struct loop_event *limit;
    struct relay *relay;
    int wire, frames; /* datagrams, as a packet socket has frames */
    int qemu, stream;
};

static void stop(void *argument)
{
    loop_stop(argument);
}

/* The loop's turns until nothing is to be carried. */
static void turn(struct carried *carried)
{
    loop_timer_start(carried->limit, 20);
    loop_run(carried->loop);
}

static int set_up(void **state)
{
    static struct carried carried;
    int wire[2], qemu[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, wire), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, qemu), 0);
    carried = (struct carried){
        .loop = loop_new(), .wire = wire[0], .frames = wire[1], .qemu = qemu[0], .stream = qemu[1]};
    carried.limit = loop_timer(carried.loop, stop, carried.loop);
    carried.relay = relay_new(carried.loop, carried.frames, carried.stream);
    *state = &carried;
    return 0;
}

static int tear_down(void **state)
{
    struct carried *carried = *state;

    relay_free(carried->relay);
    loop_event_free(carried->limit);
    loop_free(carried->loop);
    close(carried->wire);
    close(carried->frames);
    if (carried->qemu >= 0)
        close(carried->qemu);
    close(carried->stream);
    return 0;
}

/* Reads `length` bytes of the stream, while the relay has its turns. */
static void read_whole(struct carried *carried, uint8_t *to, size_t length)
{
    size_t at = 0;

    for (int turns = 0; at < length && turns < 1000; turns++) {
        ssize_t n = read(carried->qemu, to + at, length - at);

        if (n > 0)
            at += (size_t)n;
        else
            turn(carried);
    }
    assert_int_equal(at, length);
}

static void a_frame_gets_its_length_before_it(void **state)
{
    static const uint8_t expected[] = {0,   0, 0, 5, 'f', 'r', 'a', 'm',
                                       'e', 0, 0, 0, 3,   't', 'w', 'o'};
    uint8_t read_back[sizeof(expected)];

    assert_int_equal(send(((struct carried *)*state)->wire, "frame", 5, 0), 5);
    assert_int_equal(send(((struct carried *)*state)->wire, "two", 3, 0), 3);
    read_whole(*state, read_back, sizeof(read_back));
    assert_memory_equal(read_back, expected, sizeof(expected));
}

static void frames_of_the_stream_come_out_however_it_was_cut(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 5, 'f', 'r', 'a', 'm', 'e', 0, 0, 0, 3, 't', 'w', 'o'};
    struct carried *carried = *state;
    uint8_t frame[64];

    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        assert_int_equal(write(carried->qemu, bytes, cut), cut);
        turn(carried);
        assert_int_equal(write(carried->qemu, bytes + cut, sizeof(bytes) - cut),
                         sizeof(bytes) - cut);
        turn(carried);
        assert_int_equal(recv(carried->wire, frame, sizeof(frame), 0), 5);
        assert_memory_equal(frame, "frame", 5);
        assert_int_equal(recv(carried->wire, frame, sizeof(frame), 0), 3);
        assert_memory_equal(frame, "two", 3);
    }
}

static void what_qemu_does_not_take_waits_and_comes_whole(void **state)
{
    struct carried *carried = *state;
    uint8_t frame[1500], read_back[4 + sizeof(frame)];
    unsigned sent = 0;

    /* Until the relay's room, the stream and the datagrams' queue are full. */
    for (int turns = 0; turns < 1000; turns++) {
        memset(frame, (int)(sent & 0xff), sizeof(frame));
        if (send(carried->wire, frame, sizeof(frame), 0) > 0) {
            sent++;
            continue;
        }
        unsigned before = sent;

        turn(carried);
        if (send(carried->wire, frame, sizeof(frame), 0) > 0)
            sent++;
        if (sent == before)
            break;
    }
    assert_in_range(sent, 100, 100000);
    for (unsigned i = 0; i < sent; i++) {
        read_whole(carried, read_back, sizeof(read_back));
        assert_memory_equal(read_back, "\0\0\x05\xdc", 4);
        assert_int_equal(read_back[4], i & 0xff);
        assert_int_equal(read_back[sizeof(read_back) - 1], i & 0xff);
    }
}

static void a_length_that_is_none_ends_it(void **state)
{
    static uint8_t nonsense[8192];
    struct carried *carried = *state;
    uint8_t frame[64];

    memset(nonsense, 0xff, sizeof(nonsense));
    for (int i = 0; i < 100; i++) {
        (void)!send(carried->qemu, nonsense, sizeof(nonsense), MSG_DONTWAIT | MSG_NOSIGNAL);
        turn(carried);
    }
    assert_int_equal(recv(carried->wire, frame, sizeof(frame), MSG_DONTWAIT), -1);
}

static void an_end_of_qemu_ends_it(void **state)
{
    struct carried *carried = *state;

    close(carried->qemu);
    carried->qemu = -1;
    turn(carried);
    assert_int_equal(send(carried->wire, "frame", 5, 0), 5);
    turn(carried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_gets_its_length_before_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_of_the_stream_come_out_however_it_was_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_qemu_does_not_take_waits_and_comes_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_length_that_is_none_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_of_qemu_ends_it, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
