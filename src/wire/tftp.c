#include "wire/tftp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const option_names[TFTP_OPTION_COUNT] = {
    [TFTP_BLKSIZE] = "blksize",
    [TFTP_TIMEOUT] = "timeout",
    [TFTP_TSIZE] = "tsize",
    [TFTP_WINDOWSIZE] = "windowsize",
};

static const char *const mode_names[] = {
    [TFTP_MODE_OCTET] = "octet",
    [TFTP_MODE_NETASCII] = "netascii",
    [TFTP_MODE_MAIL] = "mail",
};

enum { MODE_COUNT = sizeof(mode_names) / sizeof(mode_names[0]) };

static bool same_word(struct slice bytes, const char *word)
{
    return bytes.length == strlen(word) &&
           strncasecmp((const char *)bytes.data, word, bytes.length) == 0;
}

/* Digits and nothing else, within 64 bits. */
static bool parse_number(struct slice text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = text.data[i] - (unsigned)'0';

        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return text.length > 0;
}

static void decode_option(struct tftp_options *options, struct slice name, struct slice text,
                          bool seen[TFTP_OPTION_COUNT])
{
    for (size_t i = 0; i < TFTP_OPTION_COUNT; i++) {
        uint64_t value;

        if (!same_word(name, option_names[i]) || seen[i])
            continue;
        seen[i] = true;
        if (!parse_number(text, &value))
            continue;
        options->present[i] = true;
        options->value[i] = value;
    }
}

/* What follows the last whole pair is padding of a ROM's fixed buffer. */
static void decode_options(struct tftp_options *options, struct reader *r)
{
    bool seen[TFTP_OPTION_COUNT] = {false};

    while (reader_left(r) > 0) {
        struct slice name = reader_string(r);
        struct slice value = reader_string(r);

        if (r->failed || name.length == 0)
            break;
        decode_option(options, name, value, seen);
    }
}

static bool decode_request(struct tftp_packet *packet, struct reader *r)
{
    struct slice mode;

    packet->filename = reader_string(r);
    mode = reader_string(r);
    if (r->failed)
        return false;
    packet->mode = TFTP_MODE_OTHER;
    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (same_word(mode, mode_names[i]))
            packet->mode = (enum tftp_mode)i;
    }
    decode_options(&packet->options, r);
    return true;
}

static bool decode_error(struct tftp_packet *packet, struct reader *r)
{
    const uint8_t *end;

    packet->error = reader_be16(r);
    if (r->failed)
        return false;
    /* Several ROMs leave the text's NUL, or the text, away. */
    packet->message = reader_bytes(r, reader_left(r));
    end = packet->message.length ? memchr(packet->message.data, 0, packet->message.length) : NULL;
    if (end)
        packet->message.length = (size_t)(end - packet->message.data);
    return true;
}

bool tftp_decode(struct tftp_packet *packet, struct slice bytes)
{
    struct reader r = reader_of_slice(bytes);

    *packet = (struct tftp_packet){.opcode = (enum tftp_opcode)reader_be16(&r)};
    switch (packet->opcode) {
    case TFTP_RRQ:
    case TFTP_WRQ:
        return decode_request(packet, &r);
    case TFTP_DATA:
        packet->block = reader_be16(&r);
        packet->data = reader_bytes(&r, reader_left(&r));
        return !r.failed;
    case TFTP_ACK:
        packet->block = reader_be16(&r);
        return !r.failed;
    case TFTP_ERROR:
        return decode_error(packet, &r);
    case TFTP_OACK:
        decode_options(&packet->options, &r);
        return true;
    }
    return false;
}

static void encode_options(struct writer *to, const struct tftp_options *options)
{
    for (size_t i = 0; i < TFTP_OPTION_COUNT; i++) {
        char number[24];

        if (!options->present[i])
            continue;
        snprintf(number, sizeof(number), "%llu", (unsigned long long)options->value[i]);
        writer_string(to, option_names[i]);
        writer_string(to, number);
    }
}

void tftp_encode(struct writer *to, const struct tftp_packet *packet)
{
    struct slice message = packet->message;

    writer_be16(to, (uint16_t)packet->opcode);
    switch (packet->opcode) {
    case TFTP_RRQ:
    case TFTP_WRQ:
        writer_slice(to, packet->filename);
        writer_u8(to, 0);
        writer_string(to, tftp_mode_name(packet->mode));
        encode_options(to, &packet->options);
        break;
    case TFTP_DATA:
        writer_be16(to, packet->block);
        writer_slice(to, packet->data);
        break;
    case TFTP_ACK:
        writer_be16(to, packet->block);
        break;
    case TFTP_ERROR:
        writer_be16(to, packet->error);
        if (message.length >= TFTP_MESSAGE_SIZE)
            message.length = TFTP_MESSAGE_SIZE - 1;
        writer_slice(to, message);
        writer_u8(to, 0);
        break;
    case TFTP_OACK:
        encode_options(to, &packet->options);
        break;
    }
}

const char *tftp_mode_name(enum tftp_mode mode)
{
    return (size_t)mode < MODE_COUNT ? mode_names[mode] : "?";
}

char *tftp_options_text(char to[TFTP_OPTIONS_TEXT], const struct tftp_options *options)
{
    size_t length = 0;

    to[0] = 0;
    for (size_t i = 0; i < TFTP_OPTION_COUNT; i++) {
        if (options->present[i])
            length += (size_t)snprintf(to + length, TFTP_OPTIONS_TEXT - length, " %s %llu",
                                       option_names[i], (unsigned long long)options->value[i]);
    }
    return to;
}
