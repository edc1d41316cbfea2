/* TFTP packets: RFC 1350, and the options of RFC 2347 (the mechanism), 2348 (blksize), 2349
 * (timeout, tsize) and 7440 (windowsize). */
#ifndef BOOTWIRE_WIRE_TFTP_H
#define BOOTWIRE_WIRE_TFTP_H

#include "base/cursor.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 1350 section 5; OACK: RFC 2347. */
enum tftp_opcode {
    TFTP_RRQ = 1,
    TFTP_WRQ = 2,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6,
};

/* RFC 1350 appendix I; 8: RFC 2347. */
enum tftp_error {
    TFTP_ERROR_UNDEFINED = 0,
    TFTP_ERROR_NOT_FOUND = 1,
    TFTP_ERROR_ACCESS = 2,
    TFTP_ERROR_DISK_FULL = 3,
    TFTP_ERROR_ILLEGAL = 4,
    TFTP_ERROR_UNKNOWN_TRANSFER = 5,
    TFTP_ERROR_EXISTS = 6,
    TFTP_ERROR_NO_USER = 7,
    TFTP_ERROR_OPTION = 8,
};

enum tftp_mode { TFTP_MODE_OCTET, TFTP_MODE_NETASCII, TFTP_MODE_MAIL, TFTP_MODE_OTHER };

enum tftp_option {
    TFTP_BLKSIZE,
    TFTP_TIMEOUT,
    TFTP_TSIZE,
    TFTP_WINDOWSIZE,
    TFTP_OPTION_COUNT,
};

enum {
    TFTP_HEADER_SIZE = 4,        /* of DATA and ACK: opcode and block */
    TFTP_MESSAGE_SIZE = 512,     /* an error's text with its NUL */
    TFTP_OPTIONS_TEXT = 128,     /* tftp_options_text() */
    TFTP_PACKET_MAX = 4 + 65464, /* RFC 2348: the longest block */
};

/* The options of a request or an OACK. Values of absent ones are 0. */
struct tftp_options {
    bool present[TFTP_OPTION_COUNT];
    uint64_t value[TFTP_OPTION_COUNT];
};

/* A packet; which fields count, the opcode says. Slices point into the packet. */
struct tftp_packet {
    enum tftp_opcode opcode;
    struct slice filename;       /* RRQ, WRQ: without its NUL */
    enum tftp_mode mode;         /* RRQ, WRQ */
    struct tftp_options options; /* RRQ, WRQ, OACK */
    uint16_t block;              /* DATA, ACK */
    struct slice data;           /* DATA */
    uint16_t error;              /* ERROR: an enum tftp_error, or what else the peer sent */
    struct slice message;        /* ERROR: without its NUL */
};

/* Decodes a packet; false where it is none. Option names and modes count in any case; options that
 * are unknown here, or whose value is not a plain decimal number, are left out as if never sent
 * (RFC 2347: an option that a server does not know is not acknowledged); of two equal ones the
 * first counts. */
bool tftp_decode(struct tftp_packet *packet, struct slice bytes);

/* Writes a packet. DATA's `data` may be empty and follow as a piece of its own; an ERROR's message
 * is cut at TFTP_MESSAGE_SIZE. */
void tftp_encode(struct writer *to, const struct tftp_packet *packet);

/* "octet", "netascii", "mail"; "?" for anything else. */
const char *tftp_mode_name(enum tftp_mode mode);

/* " blksize 1432 tsize 0": each present option with a space before it. Returns `to`. */
char *tftp_options_text(char to[TFTP_OPTIONS_TEXT], const struct tftp_options *options);

#endif
