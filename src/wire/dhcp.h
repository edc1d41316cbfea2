/* BOOTP and DHCP messages: RFC 951, RFC 1542, RFC 2131, RFC 2132, RFC 3396 (long options). */
#ifndef BOOTWIRE_WIRE_DHCP_H
#define BOOTWIRE_WIRE_DHCP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_FIXED_SIZE = 236, /* the fields before the options (RFC 951 section 3) */
    DHCP_MINIMUM = 300,    /* a reply is at least this long: relays and old clients drop others */
    DHCP_DEFAULT_LIMIT = 548, /* 576 less the IP and UDP headers (RFC 2131 section 2) */
    DHCP_LIMIT_MAX = 1472,    /* what one Ethernet frame carries */
    DHCP_MESSAGE_MAX = 4096,  /* longer requests are refused */
    DHCP_CHADDR_SIZE = 16,
    DHCP_SNAME_SIZE = 64,
    DHCP_FILE_SIZE = 128,
};

/* The op field. */
enum { BOOTP_REQUEST = 1, BOOTP_REPLY = 2 };

/* Option 53 (RFC 2132 section 9.6); 0 stands for plain BOOTP. */
enum dhcp_type {
    DHCP_BOOTP = 0,
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
    DHCP_RELEASE = 7,
    DHCP_INFORM = 8,
};

/* The options that the server itself reads or writes. Others pass through as bytes. */
enum dhcp_option_code {
    DHCP_OPTION_PAD = 0,
    DHCP_OPTION_SUBNET_MASK = 1,
    DHCP_OPTION_ROUTERS = 3,
    DHCP_OPTION_NAME_SERVERS = 6,
    DHCP_OPTION_HOST_NAME = 12,
    DHCP_OPTION_DOMAIN_NAME = 15,
    DHCP_OPTION_SWAP_SERVER = 16,
    DHCP_OPTION_ROOT_PATH = 17,
    DHCP_OPTION_BROADCAST_ADDRESS = 28,
    DHCP_OPTION_VENDOR_OPTIONS = 43,
    DHCP_OPTION_REQUESTED_ADDRESS = 50,
    DHCP_OPTION_LEASE_TIME = 51,
    DHCP_OPTION_OVERLOAD = 52,
    DHCP_OPTION_MESSAGE_TYPE = 53,
    DHCP_OPTION_SERVER_IDENTIFIER = 54,
    DHCP_OPTION_PARAMETER_LIST = 55,
    DHCP_OPTION_MESSAGE = 56,
    DHCP_OPTION_MAXIMUM_SIZE = 57,
    DHCP_OPTION_RENEWAL_TIME = 58,
    DHCP_OPTION_REBINDING_TIME = 59,
    DHCP_OPTION_VENDOR_CLASS = 60,
    DHCP_OPTION_CLIENT_IDENTIFIER = 61,
    DHCP_OPTION_SERVER_NAME = 66,
    DHCP_OPTION_FILE_NAME = 67,
    DHCP_OPTION_USER_CLASS = 77,
    DHCP_OPTION_RELAY_AGENT = 82,       /* RFC 3046 */
    DHCP_OPTION_ARCHITECTURE = 93,      /* RFC 4578 */
    DHCP_OPTION_INTERFACE = 94,         /* RFC 4578 */
    DHCP_OPTION_UUID = 97,              /* RFC 4578 */
    DHCP_OPTION_SUBNET_SELECTION = 118, /* RFC 3011 */
    DHCP_OPTION_IPXE = 175,
    DHCP_OPTION_END = 255,
};

/* A request as read. The slices point into the packet, or into `joined`: the message lives as long
 * as the packet does and must not be copied. Addresses are in host byte order, 0 for none. */
struct dhcp_message {
    uint8_t op;
    uint8_t hardware_type;
    uint8_t hardware_length; /* at most DHCP_CHADDR_SIZE */
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    uint16_t flags; /* bit 15: answer by broadcast (RFC 2131 figure 2) */
    uint32_t ciaddr, yiaddr, siaddr, giaddr;
    uint8_t chaddr[DHCP_CHADDR_SIZE];
    struct slice sname;       /* text before the first NUL; empty where the field carries options */
    struct slice file;        /* the same */
    size_t length;            /* of the whole packet */
    bool has_options;         /* the magic cookie stands there; false: plain BOOTP */
    struct slice vendor_area; /* everything behind the fixed fields, the cookie among it */
    struct slice options[256]; /* by code, pieces put together (RFC 3396); data NULL: absent */
    uint8_t joined[DHCP_MESSAGE_MAX];
};

enum { DHCP_FLAG_BROADCAST = 0x8000 };

/* Reads a message. Returns NULL, or what is wrong with it, in words. PAD bytes, a missing END and a
 * missing magic cookie are no errors; options in the file and sname fields (option 52) are read. */
const char *dhcp_decode(struct dhcp_message *message, struct slice packet);

/* Whether the packet looks like a DHCPDISCOVER: a glance for who has no time to read it. */
bool dhcp_is_discover(struct slice packet);

/* Option 53, DHCP_BOOTP where there is none. */
enum dhcp_type dhcp_message_type(const struct dhcp_message *message);
/* The option's bytes; data NULL where it is absent. */
struct slice dhcp_message_bytes(const struct dhcp_message *message, enum dhcp_option_code code);
/* The option as text, without NULs at its end. */
struct slice dhcp_message_text(const struct dhcp_message *message, enum dhcp_option_code code);
/* The option as an integer of exactly that width, big-endian; false where it is absent or has
 * another length, and then `*value` is left alone. */
bool dhcp_message_u8(const struct dhcp_message *message, enum dhcp_option_code code,
                     uint8_t *value);
bool dhcp_message_u16(const struct dhcp_message *message, enum dhcp_option_code code,
                      uint16_t *value);
bool dhcp_message_u32(const struct dhcp_message *message, enum dhcp_option_code code,
                      uint32_t *value);
/* Whether the client's parameter request list (option 55) names the code. */
bool dhcp_message_requests(const struct dhcp_message *message, uint8_t code);
/* The longest reply that may be sent: 548 bytes, or what the client's option 57 allows beyond, or,
 * where it sends none, `otherwise` (counted as in option 57, with 28 bytes of headers; 0: nothing
 * said). Plain BOOTP gets no more than it sent. A relay's option comes on top. */
size_t dhcp_message_limit(const struct dhcp_message *message, uint32_t otherwise);
/* "DHCPDISCOVER" and so on; "BOOTP" for DHCP_BOOTP. */
const char *dhcp_type_name(enum dhcp_type type);

enum { DHCP_REPLY_OPTIONS_MAX = 264 };

/* One option to send; values longer than 255 bytes are split (RFC 3396). */
struct dhcp_option {
    uint8_t code;
    struct slice value;
};

/* A reply to write. Its slices belong to whoever filled it in. */
struct dhcp_reply {
    uint8_t hardware_type;
    uint8_t hardware_length;
    uint8_t hops;
    uint32_t xid;
    uint16_t flags;
    uint32_t ciaddr, yiaddr, siaddr, giaddr;
    uint8_t chaddr[DHCP_CHADDR_SIZE];
    struct slice sname;       /* at most 63 bytes */
    struct slice file;        /* at most 127 bytes */
    bool with_options;        /* write the magic cookie and the options */
    bool may_overload;        /* options that do not fit may go into empty file and sname fields */
    struct slice vendor_area; /* without options: what stands in their place */
    struct dhcp_option options[DHCP_REPLY_OPTIONS_MAX]; /* the most important first */
    size_t option_count;
    struct slice relay_agent; /* option 82 to send back as the last one (RFC 3046 section 2.2) */
};

/* Adds an option; one without a value (data NULL) or past the array's end is not added. */
void dhcp_reply_add(struct dhcp_reply *reply, uint8_t code, struct slice value);

/* What did not fit, by code. */
struct dhcp_dropped {
    uint8_t codes[DHCP_REPLY_OPTIONS_MAX];
    size_t count;
};

/* Writes the reply into `to` (`capacity` bytes), at most `limit` long and at least DHCP_MINIMUM:
 * the options in their order, leaving out those that do not fit, END, then zeros. No PAD stands
 * before END. Where something does not fit and the reply may be overloaded, option 52 says which of
 * the empty fields hold options too, and a value goes in pieces over what is left (RFC 3396).
 * Returns the length, or 0 where not even the fixed fields fit. */
size_t dhcp_encode(const struct dhcp_reply *reply, size_t limit, void *to, size_t capacity,
                   struct dhcp_dropped *dropped);

#endif
