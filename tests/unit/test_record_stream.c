#include "test.h"

#include "base/memory.h"
#include "net/loop.h"
#include "net/record_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BIG = 200000, PATIENCE_S = 20 };

/* A server in a thread of its own that answers each record with itself, except:
 *   "big"   200,000 bytes     "drop"  nothing      "bye"  hangs up
 *   "file A B"  "of " and B bytes of the file from A on, padded to a multiple of 4
 *   "late"  answered once the next record comes; so is what begins with it, and is kept meanwhile
 */
struct echo {
    struct loop *loop;
    struct record_listener *listener;
    pthread_t thread;
    uint8_t *big;
    int file;
    struct record_connection *late;
    struct record_room *kept;
    struct slice kept_bytes;
    unsigned kept_whole; /* how many were as they had come */
    unsigned taken;      /* records, counted in the loop's thread */
    unsigned fresh;      /* those that came first of what was received together */
    unsigned sent;
};

static void echo_sent(void *owner)
{
    struct echo *echo = owner;

    echo->sent++;
}

static void echo_copy_sent(void *owner)
{
    free(owner);
}

/* "late" and zeros. */
static void echo_let_go(struct echo *echo, struct record_connection *connection)
{
    const uint8_t *bytes = echo->kept_bytes.data;
    size_t i = 4;

    if (!echo->kept)
        return;
    while (i < echo->kept_bytes.length && bytes[i] == 0)
        i++;
    if (i == echo->kept_bytes.length && memcmp(bytes, "late", 4) == 0)
        echo->kept_whole++;
    record_give_back(connection, echo->kept);
    echo->kept = NULL;
}

static bool echo_file(struct echo *echo, const struct record *record)
{
    struct record_file piece = {.descriptor = echo->file};
    struct iovec head = {(void *)"of ", 3};
    unsigned offset, length;
    char text[64];

    snprintf(text, sizeof(text), "%.*s", (int)record->bytes.length,
             (const char *)record->bytes.data);
    if (sscanf(text, "file %u %u", &offset, &length) != 2)
        return false;
    piece.offset = offset;
    piece.length = length;
    piece.zeros = (4 - length % 4) % 4;
    record_answer_file(record->connection, &head, 1, &piece, echo_sent, echo);
    return true;
}

static void echo_received(void *argument, const struct record *record)
{
    struct echo *echo = argument;
    struct iovec piece;

    echo->taken++;
    echo->fresh += record->fresh;
    if (echo->late) {
        struct record_connection *late = echo->late;

        echo->late = NULL;
        echo_let_go(echo, late);
        piece = (struct iovec){(void *)"was late", 8};
        record_answer(late, &piece, 1, NULL, NULL);
    }
    if (slice_equal_string(record->bytes, "drop")) {
        record_drop(record->connection);
    } else if (slice_equal_string(record->bytes, "bye")) {
        record_hang_up(record->connection);
    } else if (record->bytes.length >= 4 && memcmp(record->bytes.data, "late", 4) == 0) {
        echo->late = record->connection;
        echo->kept = record_keep(record->connection, record->bytes);
        echo->kept_bytes = record->bytes;
    } else if (slice_equal_string(record->bytes, "big")) {
        piece = (struct iovec){echo->big, BIG};
        record_answer(record->connection, &piece, 1, echo_sent, echo);
    } else if (!echo_file(echo, record)) {
        uint8_t *copy = memory_zeroed(1, record->bytes.length + 1);
        struct iovec pieces[2];

        memcpy(copy, record->bytes.data, record->bytes.length);
        pieces[0] = (struct iovec){copy, record->bytes.length};
        pieces[1] = (struct iovec){(void *)"!", 1};
        record_answer(record->connection, pieces, 2, echo_copy_sent, copy);
    }
}

static void *echo_run(void *argument)
{
    struct echo *echo = argument;

    loop_run(echo->loop);
    return NULL;
}

static void echo_start(struct echo *echo, const struct record_options *limits)
{
    struct record_options options = *limits;

    memset(echo, 0, sizeof(*echo));
    options.local.address = INADDR_LOOPBACK;
    echo->loop = loop_new();
    assert_non_null(echo->loop);
    echo->big = memory_zeroed(1, BIG);
    memset(echo->big, 'b', BIG);
    echo->listener = record_listen(echo->loop, &options, echo_received, echo);
    assert_non_null(echo->listener);
    assert_int_equal(pthread_create(&echo->thread, NULL, echo_run, echo), 0);
}

static void echo_stop(struct echo *echo)
{
    loop_stop(echo->loop);
    pthread_join(echo->thread, NULL);
    record_listener_close(echo->listener);
    echo_let_go(echo, NULL);
    loop_free(echo->loop);
    free(echo->big);
}

static int dial(const struct echo *echo)
{
    struct endpoint local = record_listener_local(echo->listener);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(local.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {PATIENCE_S, 0};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return descriptor;
}

static void say_raw(int descriptor, const void *bytes, size_t length)
{
    assert_int_equal(send(descriptor, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void say_fragment(int descriptor, const char *text, bool last)
{
    uint8_t bytes[256];
    size_t length = strlen(text);

    memset(bytes, 0, 4);
    bytes[0] = last ? 0x80 : 0;
    bytes[3] = (uint8_t)length;
    memcpy(bytes + 4, text, length);
    say_raw(descriptor, bytes, 4 + length);
}

static void say(int descriptor, const char *text)
{
    say_fragment(descriptor, text, true);
}

/* Reads a record of `length` bytes and returns the first of them; 0 at the end of the stream. */
static size_t hear(int descriptor, char *to, size_t size)
{
    uint8_t mark[4];
    size_t length;

    if (recv(descriptor, mark, 4, MSG_WAITALL) != 4)
        return 0;
    assert_int_equal(mark[0] & 0x80, 0x80);
    length = (size_t)mark[1] << 16 | (size_t)mark[2] << 8 | mark[3];
    assert_true(length < size);
    assert_int_equal(recv(descriptor, to, length, MSG_WAITALL), (ssize_t)length);
    to[length] = 0;
    return length;
}

static void assert_hears(int descriptor, const char *expected)
{
    char text[256];

    assert_true(hear(descriptor, text, sizeof(text)) > 0);
    assert_string_equal(text, expected);
}

static void records_come_whole(void **state)
{
    struct record_options options = {.record_max = 1000};
    struct echo echo;
    int one;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    say(one, "hello");
    assert_hears(one, "hello!");
    say_fragment(one, "in ", false);
    say_fragment(one, "", false);
    say_fragment(one, "three ", false);
    say_fragment(one, "parts", true);
    assert_hears(one, "in three parts!");
    /* Byte by byte. */
    for (size_t i = 0; i < 7; i++)
        say_raw(one, &"\x80\0\0\3abc"[i], 1);
    assert_hears(one, "abc!");
    /* Several in one go, one of them without answer, and an empty one. */
    say_raw(one, "\x80\0\0\1x\x80\0\0\4drop\x80\0\0\0\x80\0\0\1y", 22);
    assert_hears(one, "x!");
    assert_hears(one, "!");
    assert_hears(one, "y!");
    close(one);
    echo_stop(&echo);
}

static void answers_may_come_late(void **state)
{
    struct record_options options = {.requests_max = 2};
    struct echo echo;
    int one, two;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    two = dial(&echo);
    say(one, "late");
    say(one, "now");
    assert_hears(one, "was late");
    assert_hears(one, "now!");
    /* The connection that asked is gone when its answer comes. */
    say(two, "late");
    say(one, "x");
    close(two);
    for (int i = 0; i < 3; i++) {
        char text[64];

        /* Whether "late" was taken before "x" or not, the server goes on. */
        assert_true(hear(one, text, sizeof(text)) > 0);
        assert_string_equal(text, "x!");
        if (i < 2)
            say(one, "x");
    }
    close(one);
    echo_stop(&echo);
}

static void half_a_mark_holds_nobody(void **state)
{
    struct record_options options = {.stall_ms = 1};
    struct echo echo;
    int half, whole;
    char text[16];

    (void)state;
    echo_start(&echo, &options);
    half = dial(&echo);
    say_raw(half, "\x80\0", 2);
    whole = dial(&echo);
    say(whole, "go on");
    assert_hears(whole, "go on!");
    /* The half one is closed in the end. */
    assert_int_equal(hear(half, text, sizeof(text)), 0);
    say(whole, "still");
    assert_hears(whole, "still!");
    close(half);
    close(whole);
    echo_stop(&echo);
}

static void who_does_not_read_is_not_read(void **state)
{
    struct record_options options = {.stall_ms = 60000};
    struct echo echo;
    char *text = memory_zeroed(1, BIG + 1);
    int deaf, other, sent = 0;

    (void)state;
    echo_start(&echo, &options);
    deaf = dial(&echo);
    /* Asks until its own words find no way any more. */
    while (sent < 2000000 && send(deaf, "\x80\0\0\3big", 7, MSG_DONTWAIT | MSG_NOSIGNAL) == 7)
        sent++;
    assert_true(sent < 2000000);
    other = dial(&echo);
    say(other, "hello");
    assert_hears(other, "hello!");
    close(other);
    /* What it gets is whole, once it listens. */
    for (int i = 0; i < 50; i++) {
        assert_int_equal(hear(deaf, text, BIG + 1), BIG);
        assert_int_equal(text[0], 'b');
        assert_int_equal(text[BIG - 1], 'b');
    }
    close(deaf);
    echo_stop(&echo);
    /* It was held back long before all of its words were taken. */
    assert_true(echo.taken < (unsigned)sent);
    free(text);
}

/* Two of the longest records fit; who sends the third waits until one is answered. */
static void long_records_wait_for_room(void **state)
{
    enum { LONG = 100000 };
    struct record_options options = {.large_max = 2 * LONG, .large_per_peer_max = 2 * LONG};
    uint8_t *bytes = memory_zeroed(1, 4 + LONG);
    char *text = memory_zeroed(1, LONG + 2);
    struct echo echo;
    int two_halves[2], third, small;

    (void)state;
    memcpy(bytes, "\x80\1\x86\xa0", 4);
    echo_start(&echo, &options);
    for (int i = 0; i < 2; i++) {
        two_halves[i] = dial(&echo);
        say_raw(two_halves[i], bytes, LONG / 2);
        /* Once the other's words are heard, these were read. */
        small = dial(&echo);
        say(small, "small");
        assert_hears(small, "small!");
        close(small);
    }
    third = dial(&echo);
    say_raw(third, bytes, 4 + LONG);
    small = dial(&echo);
    say(small, "small");
    assert_hears(small, "small!");
    say_raw(two_halves[0], bytes + LONG / 2, 4 + LONG - LONG / 2);
    assert_int_equal(hear(two_halves[0], text, LONG + 2), LONG + 1);
    assert_int_equal(hear(third, text, LONG + 2), LONG + 1);
    /* One that goes away leaves its room. */
    close(two_halves[1]);
    for (int i = 0; i < 5; i++) {
        say_raw(third, bytes, 4 + LONG);
        say_raw(two_halves[0], bytes, 4 + LONG);
        assert_int_equal(hear(third, text, LONG + 2), LONG + 1);
        assert_int_equal(hear(two_halves[0], text, LONG + 2), LONG + 1);
    }
    close(small);
    close(third);
    close(two_halves[0]);
    echo_stop(&echo);
    assert_int_equal(echo.taken, 3 + 2 + 10);
    free(bytes);
    free(text);
}

/* A client that has all the room itself sends one more before it has its answers: that one waits
 * for the room of those in front of it, not for ever. */
static void room_comes_back_to_who_waits_for_it(void **state)
{
    enum { LONG = 100000 };
    struct record_options options = {.large_max = 2 * LONG, .large_per_peer_max = 2 * LONG};
    uint8_t *bytes = memory_zeroed(1, 4 + LONG);
    char *text = memory_zeroed(1, LONG + 2);
    struct echo echo;
    int one, other;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    memcpy(bytes, "\x80\1\x86\xa0late", 8);
    say_raw(one, bytes, 4 + LONG);
    say_raw(one, bytes, 4 + LONG);
    memcpy(bytes + 4, "soon", 4);
    say_raw(one, bytes, 4 + LONG);
    assert_int_equal(hear(one, text, LONG + 2), 8);
    /* The second one's answer leaves with this. */
    other = dial(&echo);
    say(other, "small");
    assert_hears(other, "small!");
    assert_int_equal(hear(one, text, LONG + 2), 8);
    assert_int_equal(hear(one, text, LONG + 2), LONG + 1);
    close(other);
    close(one);
    echo_stop(&echo);
    /* What they had said stood there still, whatever came after it. */
    assert_int_equal(echo.kept_whole, 2);
    free(bytes);
    free(text);
}

/* Many short calls in one piece: all are answered, in their order. */
static void a_train_of_records_is_answered(void **state)
{
    struct record_options options = {.requests_max = 4};
    struct echo echo;
    uint8_t train[1000 * 7];
    char expected[8];
    int one;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(expected, sizeof(expected), "%03d", i);
        memcpy(train + 7 * i, "\x80\0\0\3", 4);
        memcpy(train + 7 * i + 4, expected, 3);
    }
    echo_start(&echo, &options);
    one = dial(&echo);
    for (int round = 0; round < 10; round++) {
        say_raw(one, train, sizeof(train));
        for (int i = 0; i < 1000; i++) {
            snprintf(expected, sizeof(expected), "%03d!", i);
            assert_hears(one, expected);
        }
    }
    close(one);
    echo_stop(&echo);
}

/* Who asks in the same breath is told from who asks again. */
static void what_came_together_is_fresh_once(void **state)
{
    struct record_options options = {.requests_max = 4};
    struct echo echo;
    int one;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    say_raw(one, (const uint8_t *)"\x80\0\0\1a\x80\0\0\1b\x80\0\0\1c", 15);
    assert_hears(one, "a!");
    assert_hears(one, "b!");
    assert_hears(one, "c!");
    say(one, "d");
    assert_hears(one, "d!");
    close(one);
    echo_stop(&echo);
    assert_int_equal(echo.taken, 4);
    assert_int_equal(echo.fresh, 2);
}

/* A long record in short fragments, and one byte in the last of them: its room grows with it. */
static void a_long_record_may_come_in_short_fragments(void **state)
{
    enum { FRAGMENT = 700, COUNT = 1000, LONG = FRAGMENT * COUNT + 1 };
    struct record_options options = {.large_max = 1 << 20};
    uint8_t *bytes = memory_zeroed(1, (4 + FRAGMENT) * COUNT + 4 + 1);
    char *text = memory_zeroed(1, LONG + 2);
    uint8_t *at = bytes;
    struct echo echo;
    int one;

    (void)state;
    for (int i = 0; i < COUNT; i++, at += 4 + FRAGMENT) {
        memcpy(at, "\0\0\2\xbc", 4);
        memset(at + 4, 'a' + i % 26, FRAGMENT);
    }
    memcpy(at, "\x80\0\0\1.", 5);
    echo_start(&echo, &options);
    one = dial(&echo);
    for (int round = 0; round < 3; round++) {
        say_raw(one, bytes, (size_t)(at + 5 - bytes));
        assert_int_equal(hear(one, text, LONG + 2), LONG + 1);
        for (int i = 0; i < LONG - 1; i++)
            assert_int_equal(text[i], 'a' + i / FRAGMENT % 26);
        assert_string_equal(text + LONG - 1, ".!");
    }
    close(one);
    echo_stop(&echo);
    free(bytes);
    free(text);
}

static bool is_stranger(void *argument, struct endpoint peer)
{
    (void)argument;
    assert_int_equal(peer.address, INADDR_LOOPBACK);
    return true;
}

static void strangers_have_a_limit_of_their_own(void **state)
{
    struct record_options options = {
        .record_max = 100, .stranger = is_stranger, .stranger_record_max = 10};
    struct echo echo;
    char text[16];
    int one;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    say(one, "0123456789");
    assert_hears(one, "0123456789!");
    say_raw(one, "\x80\0\0\x0b", 4);
    assert_int_equal(hear(one, text, sizeof(text)), 0);
    close(one);
    echo_stop(&echo);
}

static void too_much_is_refused(void **state)
{
    struct record_options options = {.record_max = 100, .connections_per_peer_max = 2};
    struct echo echo;
    char text[16];
    int one, two, three;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    /* The mark alone says too much. */
    say_raw(one, "\x80\0\0\x65", 4);
    assert_int_equal(hear(one, text, sizeof(text)), 0);
    close(one);
    one = dial(&echo);
    say_raw(one, "\0\0\0\1a\xff\xff\xff\xff", 9);
    assert_int_equal(hear(one, text, sizeof(text)), 0);
    close(one);
    one = dial(&echo);
    say(one, "bye");
    assert_int_equal(hear(one, text, sizeof(text)), 0);
    close(one);
    one = dial(&echo);
    two = dial(&echo);
    say(one, "1");
    assert_hears(one, "1!");
    say(two, "2");
    assert_hears(two, "2!");
    three = dial(&echo);
    assert_int_equal(hear(three, text, sizeof(text)), 0);
    close(three);
    say(one, "1");
    assert_hears(one, "1!");
    close(one);
    close(two);
    echo_stop(&echo);
}

static void a_client_may_ask_and_shut_its_end(void **state)
{
    struct record_options options = {.idle_ms = 0};
    struct echo echo;
    char *text = memory_zeroed(1, BIG + 1);
    int one;

    (void)state;
    echo_start(&echo, &options);
    one = dial(&echo);
    say(one, "big");
    assert_int_equal(shutdown(one, SHUT_WR), 0);
    assert_int_equal(hear(one, text, BIG + 1), BIG);
    assert_int_equal(hear(one, text, BIG + 1), 0);
    close(one);
    free(text);
    echo_stop(&echo);
    assert_int_equal(echo.sent, 1);
}

/* Each 4 bytes of it tell where they stand. */
static void make_file(struct echo *echo, uint32_t size)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    for (uint32_t at = 0; at < size; at += 4)
        assert_int_equal(fwrite(&at, 4, 1, file), 1);
    assert_int_equal(fflush(file), 0);
    echo->file = dup(fileno(file));
    assert_true(echo->file >= 0);
    fclose(file);
}

/* Hears "of ", the file's bytes, zeros from `end` on. */
static void assert_hears_file(int descriptor, uint32_t offset, uint32_t length, uint32_t end)
{
    size_t whole = 3 + (length + 3) / 4 * 4;
    char *text = memory_zeroed(1, whole + 1);

    assert_int_equal(hear(descriptor, text, whole + 1), whole);
    assert_memory_equal(text, "of ", 3);
    for (uint32_t i = 0; i < whole - 3; i++) {
        uint32_t at = offset + i, word = at / 4 * 4;
        char expected = at < end && i < length ? ((char *)&word)[at % 4] : 0;

        if (text[3 + i] != expected)
            fail_msg("byte %u is %d, not %d", (unsigned)at, text[3 + i], expected);
    }
    free(text);
}

static void files_leave_where_they_belong(void **state)
{
    struct record_options options = {.idle_ms = 0};
    struct echo echo;
    int one;

    (void)state;
    echo_start(&echo, &options);
    make_file(&echo, 1 << 20);
    one = dial(&echo);
    /* Before, behind and between other answers, at odd places, of odd lengths. */
    say(one, "hello");
    say(one, "file 4 8");
    say(one, "file 1 5");
    say(one, "you");
    say(one, "file 3 700001");
    say(one, "file 0 1048576");
    say(one, "there");
    assert_hears(one, "hello!");
    assert_hears_file(one, 4, 8, 1 << 20);
    assert_hears_file(one, 1, 5, 1 << 20);
    assert_hears(one, "you!");
    assert_hears_file(one, 3, 700001, 1 << 20);
    assert_hears_file(one, 0, 1 << 20, 1 << 20);
    assert_hears(one, "there!");
    /* Who comes and cuts it shorter leaves zeros: the length was given. */
    assert_int_equal(ftruncate(echo.file, 1001), 0);
    say(one, "file 900 300000");
    say(one, "file 2000 6");
    say(one, "hello");
    assert_hears_file(one, 900, 300000, 1001);
    assert_hears_file(one, 2000, 6, 1001);
    assert_hears(one, "hello!");
    close(one);
    echo_stop(&echo);
    assert_int_equal(echo.sent, 6);
    close(echo.file);
}

/* What waits for a peer that does not read is given back when it goes, or is closed. */
static void files_are_let_go_with_their_peer(void **state)
{
    struct record_options options = {.idle_ms = 0};
    struct echo echo;
    int gone, deaf, other;

    (void)state;
    echo_start(&echo, &options);
    make_file(&echo, 8 << 20);
    gone = dial(&echo);
    deaf = dial(&echo);
    say(gone, "file 0 8388608");
    say(deaf, "file 0 8388608");
    other = dial(&echo);
    say(other, "hello");
    assert_hears(other, "hello!");
    close(gone);
    say(other, "hello");
    assert_hears(other, "hello!");
    echo_stop(&echo);
    assert_int_equal(echo.sent, 2);
    close(deaf);
    close(other);
    close(echo.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_whole),
        cmocka_unit_test(answers_may_come_late),
        cmocka_unit_test(half_a_mark_holds_nobody),
        cmocka_unit_test(who_does_not_read_is_not_read),
        cmocka_unit_test(long_records_wait_for_room),
        cmocka_unit_test(room_comes_back_to_who_waits_for_it),
        cmocka_unit_test(a_train_of_records_is_answered),
        cmocka_unit_test(what_came_together_is_fresh_once),
        cmocka_unit_test(a_long_record_may_come_in_short_fragments),
        cmocka_unit_test(strangers_have_a_limit_of_their_own),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_client_may_ask_and_shut_its_end),
        cmocka_unit_test(files_leave_where_they_belong),
        cmocka_unit_test(files_are_let_go_with_their_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
