#include "wire/telnet.h"

enum {
    IAC = 255,
    DONT = 254,
    DO = 253,
    WONT = 252,
    WILL = 251,
    SB = 250,
    BRK = 243,
    SE = 240,
};
enum { OPTION_BINARY = 0, OPTION_ECHO = 1, OPTION_SUPPRESS_GO_AHEAD = 3, OPTION_BITS = 32 };

enum state { DATA, AFTER_CR, COMMAND, OPTION, SUBNEGOTIATION, SUBNEGOTIATION_COMMAND };

static uint32_t bit(uint8_t option)
{
    return option < OPTION_BITS ? UINT32_C(1) << option : 0;
}

static bool is_binary(uint32_t side)
{
    return (side & bit(OPTION_BINARY)) != 0;
}

static void answer_with(struct writer *answer, uint8_t verb, uint8_t option)
{
    writer_u8(answer, IAC);
    writer_u8(answer, verb);
    writer_u8(answer, option);
}

/* The other end does an option, or asks for it to be done here: `side` holds what is done there.
 * Only a change is answered (RFC 854: "to prevent loops"). */
static void asked_on(uint32_t *side, bool wanted, uint8_t option, uint8_t yes, uint8_t no,
                     struct writer *answer)
{
    if (wanted && (*side & bit(option)))
        return;
    if (wanted)
        *side |= bit(option);
    answer_with(answer, wanted ? yes : no, option);
}

static void asked_off(uint32_t *side, uint8_t option, uint8_t no, struct writer *answer)
{
    if (!(*side & bit(option)))
        return;
    *side &= ~bit(option);
    answer_with(answer, no, option);
}

static void negotiate(struct telnet *telnet, uint8_t option, struct writer *answer)
{
    bool both = option == OPTION_BINARY || option == OPTION_SUPPRESS_GO_AHEAD;

    switch (telnet->verb) {
    case WILL:
        asked_on(&telnet->theirs, both || option == OPTION_ECHO, option, DO, DONT, answer);
        break;
    case DO:
        asked_on(&telnet->ours, both, option, WILL, WONT, answer);
        break;
    case WONT:
        asked_off(&telnet->theirs, option, DONT, answer);
        break;
    default:
        asked_off(&telnet->ours, option, WONT, answer);
        break;
    }
}

static void take_command(struct telnet *telnet, uint8_t byte, struct writer *data)
{
    telnet->state = DATA;
    if (byte == IAC)
        writer_u8(data, IAC);
    else if (byte >= WILL)
        telnet->state = OPTION;
    else if (byte == SB)
        telnet->state = SUBNEGOTIATION;
    telnet->verb = byte;
}

static void take_data(struct telnet *telnet, uint8_t byte, struct writer *data)
{
    bool after_cr = telnet->state == AFTER_CR;

    telnet->state = DATA;
    if (byte == IAC) {
        telnet->state = COMMAND;
        return;
    }
    /* A carriage return alone is CR NUL on the wire. */
    if (after_cr && byte == 0)
        return;
    writer_u8(data, byte);
    if (byte == '\r' && !is_binary(telnet->theirs))
        telnet->state = AFTER_CR;
}

static void take(struct telnet *telnet, uint8_t byte, struct writer *data, struct writer *answer)
{
    switch (telnet->state) {
    case COMMAND:
        take_command(telnet, byte, data);
        break;
    case OPTION:
        negotiate(telnet, byte, answer);
        telnet->state = DATA;
        break;
    case SUBNEGOTIATION:
        if (byte == IAC)
            telnet->state = SUBNEGOTIATION_COMMAND;
        break;
    case SUBNEGOTIATION_COMMAND:
        telnet->state = byte == SE ? DATA : SUBNEGOTIATION;
        break;
    default:
        take_data(telnet, byte, data);
        break;
    }
}

/* The first two bytes tell whether this is telnet. */
static void judge(struct telnet *telnet, uint8_t byte, struct writer *data)
{
    if (telnet->state == DATA && byte == IAC) {
        telnet->state = COMMAND;
        return;
    }
    telnet->settled = true;
    telnet->spoken = telnet->state == COMMAND && byte >= SB && byte < IAC;
    if (telnet->spoken) {
        take_command(telnet, byte, data);
        return;
    }
    if (telnet->state == COMMAND)
        writer_u8(data, IAC);
    telnet->state = DATA;
    writer_u8(data, byte);
}

void telnet_decode(struct telnet *telnet, struct slice bytes, struct writer *data,
                   struct writer *answer)
{
    for (size_t i = 0; i < bytes.length; i++) {
        if (!telnet->settled)
            judge(telnet, bytes.data[i], data);
        else if (telnet->spoken)
            take(telnet, bytes.data[i], data, answer);
        else
            writer_u8(data, bytes.data[i]);
    }
}

void telnet_encode(const struct telnet *telnet, struct slice bytes, struct writer *to)
{
    for (size_t i = 0; i < bytes.length; i++) {
        writer_u8(to, bytes.data[i]);
        if (!telnet->spoken)
            continue;
        if (bytes.data[i] == IAC)
            writer_u8(to, IAC);
        else if (bytes.data[i] == '\r' && !is_binary(telnet->ours))
            writer_u8(to, 0);
    }
}

void telnet_break(struct writer *to)
{
    writer_u8(to, IAC);
    writer_u8(to, BRK);
}
