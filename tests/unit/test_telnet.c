/* Telnet to a serial port, and what a console's lines say. */
#include "test.h"

#include "base/console_text.h"
#include "decide/console_event.h"
#include "wire/telnet.h"

#include <string.h>

enum { SIZE = 256 };

/* Decodes the bytes in pieces of every size; the outcome is the same. */
static void decodes(struct telnet *end, struct slice bytes, struct slice data, struct slice answer)
{
    for (size_t piece = 1; piece <= bytes.length; piece++) {
        uint8_t got[SIZE], back[SIZE];
        struct writer to = writer_of(got, sizeof(got)), reply = writer_of(back, sizeof(back));
        struct telnet telnet = {.spoken = false};

        for (size_t at = 0; at < bytes.length; at += piece) {
            size_t left = bytes.length - at;

            telnet_decode(&telnet, slice_of(bytes.data + at, left < piece ? left : piece), &to,
                          &reply);
        }
        assert_true(slice_equal(slice_of(got, to.length), data));
        assert_true(slice_equal(slice_of(back, reply.length), answer));
        *end = telnet;
    }
}

#define BYTES(text) slice_of(text, sizeof(text) - 1)

static void what_ser2net_sends_is_negotiated_and_taken_out(void **state)
{
    struct telnet telnet;

    (void)state;
    decodes(&telnet,
            BYTES("\xff\xfb\x03\xff\xfb\x01\xff\xfe\x01\xff\xfd\x00" /* as ser2net 4 begins */
                  "login\xff\xff: \r\0\r\n\xff\xf1"
                  "\xff\xfa\x2c\x6a\xff\xff\x00\xff\xf0.\xff\xfd\x2c"),
            BYTES("login\xff: \r\r\n."), BYTES("\xff\xfd\x03\xff\xfd\x01\xff\xfb\x00\xff\xfc\x2c"));
    assert_true(telnet.spoken);
}

static void an_option_is_answered_once(void **state)
{
    struct telnet telnet;

    (void)state;
    decodes(&telnet, BYTES("\xff\xfb\x03\xff\xfb\x03\xff\xfc\x03\xff\xfc\x03\xff\xfe\x00"),
            BYTES(""), BYTES("\xff\xfd\x03\xff\xfe\x03"));
    decodes(&telnet, BYTES("\xff\xfb\x00\r\0"), BYTES("\r\0"), BYTES("\xff\xfd\x00"));
}

static void what_does_not_begin_with_a_negotiation_is_no_telnet(void **state)
{
    struct telnet telnet;

    (void)state;
    decodes(&telnet, BYTES("x\xff\xfb\x01\r\0"), BYTES("x\xff\xfb\x01\r\0"), BYTES(""));
    assert_false(telnet.spoken);
    decodes(&telnet, BYTES("\xff\xff\xfb\x01"), BYTES("\xff\xff\xfb\x01"), BYTES(""));
    assert_false(telnet.spoken);
}

static void encodes(bool spoken, uint32_t ours, struct slice bytes, struct slice sent)
{
    struct telnet telnet = {.spoken = spoken, .ours = ours};
    uint8_t got[SIZE];
    struct writer to = writer_of(got, sizeof(got));

    telnet_encode(&telnet, bytes, &to);
    assert_true(slice_equal(slice_of(got, to.length), sent));
}

static void keys_are_sent_as_the_other_end_takes_them(void **state)
{
    (void)state;
    encodes(false, 0, BYTES("a\r\xff"), BYTES("a\r\xff"));
    encodes(true, 0, BYTES("a\r\xff"), BYTES("a\r\0\xff\xff"));
    encodes(true, 1, BYTES("a\r\xff"), BYTES("a\r\xff\xff"));
}

static void lines_tell_logins_and_panics(void **state)
{
    static const struct {
        const char *text;
        bool whole;
        enum step_event event;
    } lines[] = {
        {"login: ", false, STEP_CONSOLE_LOGIN},
        {"debian login:", false, STEP_CONSOLE_LOGIN},
        {"Debian GNU/Linux 12 debian ttyS0 login: ", false, STEP_CONSOLE_LOGIN},
        {"debian login: root", false, STEP_NOTED},
        {"debian login: ", true, STEP_NOTED},
        {"Last login: ", false, STEP_NOTED},
        {"nologin: ", false, STEP_NOTED},
        {"[    2.501] Kernel panic - not syncing: VFS: Unable to mount root fs on "
         "unknown-block(0,0)",
         true, STEP_CONSOLE_PANIC},
        {"[    2.501] ---[ end Kernel panic - not syncing: VFS", true, STEP_CONSOLE_PANIC},
        {"panic: cnopen: no console device", true, STEP_CONSOLE_PANIC},
        {"[   1.0000000] panic: kernel diagnostic assertion", true, STEP_CONSOLE_PANIC},
        {"cpu0: panic: init died (signal 0, exit 11)", true, STEP_CONSOLE_PANIC},
        {"panic[cpu0]/thread=fffffffffbc2f9e0: vfs_mountroot", true, STEP_CONSOLE_PANIC},
        {"Fatal trap 12: page fault while in kernel mode", true, STEP_CONSOLE_PANIC},
        {"fatal page fault in supervisor mode", true, STEP_CONSOLE_PANIC},
        {"!!!! X64 Exception Type - 0D(#GP - General Protection)", true, STEP_CONSOLE_PANIC},
        {"### ERROR ### Please RESET the board ###", true, STEP_CONSOLE_PANIC},
        {"kernel.panic=10", true, STEP_NOTED},
        {"don't panic: it is a test", true, STEP_NOTED},
        {"[", false, STEP_NOTED},
        {"", true, STEP_NOTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (console_event_find(lines[i].text, lines[i].whole) != lines[i].event)
            fail_msg("%s", lines[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ser2net_sends_is_negotiated_and_taken_out),
        cmocka_unit_test(an_option_is_answered_once),
        cmocka_unit_test(what_does_not_begin_with_a_negotiation_is_no_telnet),
        cmocka_unit_test(keys_are_sent_as_the_other_end_takes_them),
        cmocka_unit_test(lines_tell_logins_and_panics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
