/* Expressions and executable statements ("actions") of the configuration language (dhcp-eval(5)) as
 * immutable trees.
 *
 * config/ builds them in the snapshot's region; decide/ evaluates them for one packet. Nothing in
 * them changes after the snapshot is built, so threads share them. A tree is at most
 * EXPRESSION_DEPTH_MAX deep, which the parser ensures and the evaluator relies on no more than it
 * must: it stops there by itself. */
#ifndef BOOTWIRE_MODEL_EXPRESSION_H
#define BOOTWIRE_MODEL_EXPRESSION_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in a configuration file, for messages: lines and columns count from 1. `file` is NULL for
 * a value that no line wrote (a default). */
struct position {
    const char *file;
    unsigned line;
    unsigned column;
};

enum { POSITION_TEXT_SIZE = 300 };

/* "FILE:LINE" into `to` (`size` bytes), cut where it does not fit; "" for a default. Returns `to`.
 */
char *position_text(char *to, size_t size, struct position where);

/* What a setting or an option reference is about: a parameter of the server, or an option of an
 * option space. From SPACE_USER on the numbers are those of snapshot->spaces: SPACE_USER + index.
 */
enum setting_space {
    SPACE_PARAMETER = 0, /* code is an enum parameter */
    SPACE_DHCP = 1,      /* code is an option code of RFC 2132 and its successors, 1 to 254 */
    SPACE_AGENT = 2,     /* sub-options of option 82 (RFC 3046): agent.circuit-id is 1 */
    SPACE_BOOTPARAM =
        3,            /* code - 1 is the place of a key in snapshot->bootparam_keys; text: "/PATH"
                         on this server, "ADDRESS:TEXT" on another one, ":TEXT" on none */
    SPACE_UNUSED = 4, /* the first of several, of which no packet carries anything */
    SPACE_USER = 16,  /* the first space that the configuration defines */
};

enum { EXPRESSION_DEPTH_MAX = 64 };

/* Each kind with its operands in order, and the other members of struct expression that it reads.
 * Boolean, data and numeric operands are named B, D and N. */
enum expression_kind {
    /* Booleans. */
    EXPRESSION_EQUAL,        /* two of one type: D = D, N = N, B = B */
    EXPRESSION_NOT_EQUAL,    /* the same */
    EXPRESSION_MATCHES,      /* D ~= D: the second, a constant, is an extended regular expression */
    EXPRESSION_MATCHES_CASE, /* D ~~ D: the same, case does not count */
    EXPRESSION_AND,          /* B B ..., any number: from left to right */
    EXPRESSION_OR,           /* the same */
    EXPRESSION_NOT,          /* B */
    EXPRESSION_EXISTS,       /* none; space, code: whether the request has the option */
    EXPRESSION_KNOWN,        /* none: a host declaration names the machine */
    EXPRESSION_STATIC,       /* none: its address is a fixed one */
    EXPRESSION_DEFINED,      /* none; name: "defined (name)", the variable has a value */
    EXPRESSION_MEMBER,       /* none; name: "check" of a class: the packet is a member of it */

    /* Data. */
    EXPRESSION_CONSTANT,           /* none; constant: a string's or a hex list's bytes */
    EXPRESSION_OPTION,             /* none; space, code: the request's option */
    EXPRESSION_CONFIG_OPTION,      /* none; space, code: the option that the reply has so far;
                                      SPACE_PARAMETER: the parameter's value */
    EXPRESSION_SUBSTRING,          /* D, N offset, N length */
    EXPRESSION_SUFFIX,             /* D, N length */
    EXPRESSION_CONCAT,             /* D D ..., any number */
    EXPRESSION_LCASE,              /* D */
    EXPRESSION_UCASE,              /* D */
    EXPRESSION_HARDWARE,           /* none: the hardware type's byte, then the address */
    EXPRESSION_HARDWARE_TYPE,      /* none: numeric, the type alone */
    EXPRESSION_PACKET,             /* N offset, N length: bytes of the request */
    EXPRESSION_REVERSE,            /* N width, D: blocks of `width` bytes in reverse order */
    EXPRESSION_LEASED_ADDRESS,     /* none: 4 bytes */
    EXPRESSION_PICK,               /* D D ...: "pick", "pick-first-value": the first with a value */
    EXPRESSION_BINARY_TO_ASCII,    /* N base, N width in bits, D separator, D */
    EXPRESSION_ENCODE_INT,         /* N; width: 8, 16 or 32 bits */
    EXPRESSION_HOST_DECL_NAME,     /* none */
    EXPRESSION_FILENAME,           /* none: the request's file field */
    EXPRESSION_SERVER_NAME,        /* none: the request's sname field */
    EXPRESSION_CONFIG_FILENAME,    /* none: what the reply's filename is so far */
    EXPRESSION_CONFIG_SERVER_NAME, /* none: the same of server-name */
    EXPRESSION_NEXT_SERVER,        /* none: the request's siaddr, 4 bytes */
    EXPRESSION_CLIENT_STATE,       /* none: always "no value" in a server */
    EXPRESSION_NOTHING,            /* none: "null", and what this server refuses to look up
                                      (dns-update ...): always "no value" */

    /* Numeric. */
    EXPRESSION_NUMBER,      /* none; number */
    EXPRESSION_EXTRACT_INT, /* D; width: 8, 16 or 32 bits, read from the first bytes */
    EXPRESSION_LEASE_TIME,  /* none: seconds that the lease still lasts */
    EXPRESSION_ADD,         /* N N */
    EXPRESSION_SUBTRACT,    /* N N */
    EXPRESSION_MULTIPLY,    /* N N */
    EXPRESSION_DIVIDE,      /* N N: no value where the second is 0 */
    EXPRESSION_REMAINDER,   /* N N: the same */
    EXPRESSION_BIT_AND,     /* N N */
    EXPRESSION_BIT_OR,      /* N N */
    EXPRESSION_BIT_XOR,     /* N N */

    /* Any type: what was set. */
    EXPRESSION_VARIABLE, /* none; name */

    EXPRESSION_KIND_COUNT,
};

/* The type of a value. */
enum expression_type { TYPE_BOOLEAN, TYPE_DATA, TYPE_NUMBER, TYPE_ANY };

/* One node. Members that its kind does not read are zero. */
struct expression {
    enum expression_kind kind;
    const struct expression *const *operands;
    size_t operand_count;
    struct slice constant;
    int64_t number;
    unsigned width;
    enum setting_space space;
    unsigned code;
    const char *name; /* of a variable or a class */
    struct position where;
};

/* The type that a kind yields. */
enum expression_type expression_type(enum expression_kind kind);
/* How many operands a kind takes at least; the most in `*most` (SIZE_MAX: any number). */
size_t expression_operands(enum expression_kind kind, size_t *most);

/* Whether the value depends on what the client sends, its relay included. Variables and the reply's
 * own options count as such, for they may. */
bool expression_asks_client(const struct expression *expression);

/* How a setting joins what stood there (dhcp-options(5), dhclient.conf(5)). */
enum setting_operation {
    SETTING_SUPERSEDE = 0, /* "option x ...", "supersede", "filename ..." */
    SETTING_DEFAULT,       /* only where nothing stood */
    SETTING_APPEND,
    SETTING_PREPEND,
};

/* One statement's effect: the value, ready for the wire, and the line that wrote it. With an
 * expression the bytes are computed for each packet; an expression without a value sets
 * nothing. */
struct setting {
    enum setting_space space;
    unsigned code;
    struct slice value;
    struct position where;
    const struct expression *expression; /* NULL: `value` holds */
    enum setting_operation operation;
    bool computed; /* the value was made for one packet, and lives as long as its evaluation */
};

enum action_kind {
    ACTION_SETTING, /* setting */
    ACTION_IF,     /* value (boolean), body, otherwise: an elsif is an if that stands alone there */
    ACTION_SWITCH, /* value, body: a list in which ACTION_CASE and ACTION_DEFAULT are
                         the places to jump to; execution falls through to the end or a break */
    ACTION_CASE,   /* value: a constant (data or number) */
    ACTION_DEFAULT,   /* none */
    ACTION_BREAK,     /* none: leaves the switch, or the scope where there is none */
    ACTION_SET,       /* name, value */
    ACTION_UNSET,     /* name */
    ACTION_EVAL,      /* value: computed for what it does, which is nothing */
    ACTION_LOG,       /* level, value (data) */
    ACTION_ADD_CLASS, /* name: add "class"; */
    ACTION_ON,        /* events, body: run once the lease changes so */
    ACTION_KIND_COUNT,
};

/* Bits of `events`. */
enum { EVENT_COMMIT = 1, EVENT_EXPIRY = 2, EVENT_RELEASE = 4, EVENT_KINDS = 3 };

/* log (level, ...): the syslog words of the language. */
enum action_level { LEVEL_FATAL, LEVEL_ERROR, LEVEL_INFO, LEVEL_DEBUG };

/* One executable statement; `next` is the one after it in the same braces. Members that its kind
 * does not read are zero. */
struct action {
    enum action_kind kind;
    const struct action *next;
    struct position where;
    struct setting setting;
    const struct expression *value; /* the condition of an if, too */
    const struct action *body;      /* NULL: empty braces */
    const struct action *otherwise; /* NULL: no else */
    const char *name;
    enum action_level level;
    unsigned events;
    uint32_t mark; /* of an ACTION_ON: a hash of what its braces hold, to find it again by */
};

#endif
