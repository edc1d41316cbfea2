/* Any bytes from the other end of a serial line: telnet takes them in whatever pieces they come in
 * alike and within the room that its header promises, and the lines that are made of them end. */
#include "base/console_text.h"
#include "decide/console_event.h"
#include "wire/telnet.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 7, INPUT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void take_line(void *argument, const char *text, bool whole)
{
    size_t *lines = argument;

    require(strlen(text) < CONSOLE_LINE_MAX);
    (void)console_event_find(text, whole);
    ++*lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static uint8_t whole[INPUT_MAX + 1], pieces[INPUT_MAX + PIECE], sent[2 * INPUT_MAX];
    static uint8_t answer[TELNET_ANSWER_MAX * INPUT_MAX];
    struct writer to = writer_of(whole, sizeof(whole)), answers = writer_of(answer, sizeof(answer));
    struct writer pieced = writer_of(pieces, sizeof(pieces)), keys = writer_of(sent, sizeof(sent));
    struct telnet one = {.spoken = false}, other = {.spoken = false};
    struct console_text text = {.length = 0};
    size_t lines = 0;

    if (length > INPUT_MAX)
        length = INPUT_MAX;
    telnet_decode(&one, slice_of(data, length), &to, &answers);
    require(!to.failed && !answers.failed && to.length <= length + 1);
    answers = writer_of(answer, sizeof(answer));
    for (size_t at = 0; at < length; at += PIECE)
        telnet_decode(&other, slice_of(data + at, length - at < PIECE ? length - at : PIECE),
                      &pieced, &answers);
    require(slice_equal(slice_of(whole, to.length), slice_of(pieces, pieced.length)));
    telnet_encode(&one, slice_of(data, length), &keys);
    require(!keys.failed);
    console_text_take(&text, slice_of(whole, to.length), take_line, &lines);
    require(lines <= to.length + 1);
    return 0;
}
