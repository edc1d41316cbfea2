#include "wire/dhcp_option_table.h"

#include <ctype.h>
#include <strings.h>

#define ONE(atom)                                                                                  \
    {                                                                                              \
        {DHCP_ATOM_##atom}, DHCP_ONCE, false                                                       \
    }
#define LIST(atom)                                                                                 \
    {                                                                                              \
        {DHCP_ATOM_##atom}, DHCP_REPEAT_ALL, false                                                 \
    }
#define ADDRESS_PAIRS                                                                              \
    {                                                                                              \
        {DHCP_ATOM_ADDRESS, DHCP_ATOM_ADDRESS}, DHCP_REPEAT_ALL, false                             \
    }

/* In the order of the codes. */
static const struct dhcp_option_definition options[] = {
    {1, "subnet-mask", ONE(ADDRESS)},
    {2, "time-offset", ONE(INT32)},
    {3, "routers", LIST(ADDRESS)},
    {4, "time-servers", LIST(ADDRESS)},
    {5, "ien116-name-servers", LIST(ADDRESS)},
    {6, "domain-name-servers", LIST(ADDRESS)},
    {7, "log-servers", LIST(ADDRESS)},
    {8, "cookie-servers", LIST(ADDRESS)},
    {9, "lpr-servers", LIST(ADDRESS)},
    {10, "impress-servers", LIST(ADDRESS)},
    {11, "resource-location-servers", LIST(ADDRESS)},
    {12, "host-name", ONE(TEXT)},
    {13, "boot-size", ONE(UINT16)},
    {14, "merit-dump", ONE(TEXT)},
    {15, "domain-name", ONE(TEXT)},
    {16, "swap-server", ONE(ADDRESS)},
    {17, "root-path", ONE(TEXT)},
    {18, "extensions-path", ONE(TEXT)},
    {19, "ip-forwarding", ONE(FLAG)},
    {20, "non-local-source-routing", ONE(FLAG)},
    {21, "policy-filter", ADDRESS_PAIRS},
    {22, "max-dgram-reassembly", ONE(UINT16)},
    {23, "default-ip-ttl", ONE(UINT8)},
    {24, "path-mtu-aging-timeout", ONE(UINT32)},
    {25, "path-mtu-plateau-table", LIST(UINT16)},
    {26, "interface-mtu", ONE(UINT16)},
    {27, "all-subnets-local", ONE(FLAG)},
    {28, "broadcast-address", ONE(ADDRESS)},
    {29, "perform-mask-discovery", ONE(FLAG)},
    {30, "mask-supplier", ONE(FLAG)},
    {31, "router-discovery", ONE(FLAG)},
    {32, "router-solicitation-address", ONE(ADDRESS)},
    {33, "static-routes", ADDRESS_PAIRS},
    {34, "trailer-encapsulation", ONE(FLAG)},
    {35, "arp-cache-timeout", ONE(UINT32)},
    {36, "ieee802-3-encapsulation", ONE(FLAG)},
    {37, "default-tcp-ttl", ONE(UINT8)},
    {38, "tcp-keepalive-interval", ONE(UINT32)},
    {39, "tcp-keepalive-garbage", ONE(FLAG)},
    {40, "nis-domain", ONE(TEXT)},
    {41, "nis-servers", LIST(ADDRESS)},
    {42, "ntp-servers", LIST(ADDRESS)},
    {43, "vendor-encapsulated-options", ONE(DATA)},
    {44, "netbios-name-servers", LIST(ADDRESS)},
    {45, "netbios-dd-server", LIST(ADDRESS)},
    {46, "netbios-node-type", ONE(UINT8)},
    {47, "netbios-scope", ONE(TEXT)},
    {48, "font-servers", LIST(ADDRESS)},
    {49, "x-display-manager", LIST(ADDRESS)},
    {50, "dhcp-requested-address", ONE(ADDRESS)},
    {51, "dhcp-lease-time", ONE(UINT32)},
    {52, "dhcp-option-overload", ONE(UINT8)},
    {53, "dhcp-message-type", ONE(UINT8)},
    {54, "dhcp-server-identifier", ONE(ADDRESS)},
    {55, "dhcp-parameter-request-list", LIST(UINT8)},
    {56, "dhcp-message", ONE(TEXT)},
    {57, "dhcp-max-message-size", ONE(UINT16)},
    {58, "dhcp-renewal-time", ONE(UINT32)},
    {59, "dhcp-rebinding-time", ONE(UINT32)},
    {60, "vendor-class-identifier", ONE(DATA)},
    {61, "dhcp-client-identifier", ONE(DATA)},
    {62, "nwip-domain", ONE(TEXT)},
    {63, "nwip-suboptions", ONE(DATA)},
    {64, "nisplus-domain", ONE(TEXT)},
    {65, "nisplus-servers", LIST(ADDRESS)},
    {66, "tftp-server-name", ONE(TEXT)},
    {67, "bootfile-name", ONE(TEXT)},
    {68, "mobile-ip-home-agent", LIST(ADDRESS)},
    {69, "smtp-server", LIST(ADDRESS)},
    {70, "pop-server", LIST(ADDRESS)},
    {71, "nntp-server", LIST(ADDRESS)},
    {72, "www-server", LIST(ADDRESS)},
    {73, "finger-server", LIST(ADDRESS)},
    {74, "irc-server", LIST(ADDRESS)},
    {75, "streettalk-server", LIST(ADDRESS)},
    {76, "streettalk-directory-assistance-server", LIST(ADDRESS)},
    {77, "user-class", ONE(TEXT)},
    {78, "slp-directory-agent", {{DHCP_ATOM_FLAG, DHCP_ATOM_ADDRESS}, DHCP_REPEAT_LAST, false}},
    {79, "slp-service-scope", {{DHCP_ATOM_FLAG, DHCP_ATOM_TEXT}, DHCP_ONCE, true}},
    {81, "fqdn", ONE(DATA)},
    {82, "relay-agent-information", ONE(DATA)},
    {85, "nds-servers", LIST(ADDRESS)},
    {86, "nds-tree-name", ONE(TEXT)},
    {87, "nds-context", ONE(TEXT)},
    {88, "bcms-controller-names", ONE(DOMAIN_LIST)},
    {89, "bcms-controller-address", LIST(ADDRESS)},
    {91, "client-last-transaction-time", ONE(UINT32)},
    {92, "associated-ip", LIST(ADDRESS)},
    {93, "pxe-system-type", LIST(UINT16)},
    {94,
     "pxe-interface-id",
     {{DHCP_ATOM_UINT8, DHCP_ATOM_UINT8, DHCP_ATOM_UINT8}, DHCP_ONCE, false}},
    {97, "pxe-client-id", {{DHCP_ATOM_UINT8, DHCP_ATOM_DATA}, DHCP_ONCE, false}},
    {98, "uap-servers", ONE(TEXT)},
    {99, "geoconf-civic", ONE(DATA)},
    {100, "pcode", ONE(TEXT)},
    {101, "tcode", ONE(TEXT)},
    {108, "v6-only-preferred", ONE(UINT32)},
    {112, "netinfo-server-address", LIST(ADDRESS)},
    {113, "netinfo-server-tag", ONE(TEXT)},
    {114, "default-url", ONE(TEXT)},
    {116, "auto-config", ONE(UINT8)},
    {117, "name-service-search", LIST(UINT16)},
    {118, "subnet-selection", ONE(ADDRESS)},
    {119, "domain-search", ONE(DOMAIN_LIST)},
    {121,
     "classless-static-routes",
     {{DHCP_ATOM_DESTINATION, DHCP_ATOM_ADDRESS}, DHCP_REPEAT_ALL, false}},
    {124, "vivco", ONE(DATA)},
    {125, "vivso", ONE(DATA)},
    {136, "pana-agent", LIST(ADDRESS)},
    {137, "v4-lost", ONE(DOMAIN_NAME)},
    {138, "capwap-ac-v4", LIST(ADDRESS)},
    {141, "sip-ua-cs-domains", ONE(DOMAIN_LIST)},
    {142, "ipv4-address-andsf", LIST(ADDRESS)},
    {146,
     "rdnss-selection",
     {{DHCP_ATOM_UINT8, DHCP_ATOM_ADDRESS, DHCP_ATOM_ADDRESS, DHCP_ATOM_DOMAIN_NAME},
      DHCP_REPEAT_LAST,
      false}},
    {150, "tftp-server-address", LIST(ADDRESS)},
    {159,
     "v4-portparams",
     {{DHCP_ATOM_UINT8, DHCP_ATOM_UINT8, DHCP_ATOM_UINT16}, DHCP_ONCE, false}},
    {160, "v4-captive-portal", ONE(TEXT)},
    {209, "loader-configfile", ONE(TEXT)},
    {210, "loader-pathprefix", ONE(TEXT)},
    {211, "loader-reboottime", ONE(UINT32)},
    {212,
     "option-6rd",
     {{DHCP_ATOM_UINT8, DHCP_ATOM_UINT8, DHCP_ATOM_ADDRESS6, DHCP_ATOM_ADDRESS},
      DHCP_REPEAT_LAST,
      false}},
    {213, "v4-access-domain", ONE(DOMAIN_NAME)},
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

/* Width and limits of the pieces that are numbers. */
static const struct {
    uint8_t width;
    int64_t least, greatest;
} atoms[DHCP_ATOM_COUNT] = {
    [DHCP_ATOM_ADDRESS] = {4, 0, UINT32_MAX},      [DHCP_ATOM_FLAG] = {1, 0, 1},
    [DHCP_ATOM_UINT8] = {1, 0, UINT8_MAX},         [DHCP_ATOM_UINT16] = {2, 0, UINT16_MAX},
    [DHCP_ATOM_UINT32] = {4, 0, UINT32_MAX},       [DHCP_ATOM_INT8] = {1, INT8_MIN, INT8_MAX},
    [DHCP_ATOM_INT16] = {2, INT16_MIN, INT16_MAX}, [DHCP_ATOM_INT32] = {4, INT32_MIN, INT32_MAX},
};

const struct dhcp_option_definition *dhcp_option_table(size_t *count)
{
    *count = OPTION_COUNT;
    return options;
}

const struct dhcp_option_definition *dhcp_option_by_name(struct slice name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == name.length &&
            strncasecmp(options[i].name, (const char *)name.data, name.length) == 0)
            return &options[i];
    }
    return NULL;
}

const struct dhcp_option_definition *dhcp_option_by_code(uint8_t code)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].code == code)
            return &options[i];
    }
    return NULL;
}

size_t dhcp_atom_width(enum dhcp_atom atom)
{
    return atoms[atom].width;
}

void dhcp_atom_limits(enum dhcp_atom atom, int64_t *least, int64_t *greatest)
{
    *least = atoms[atom].least;
    *greatest = atoms[atom].greatest;
}

void dhcp_atom_write(struct writer *w, enum dhcp_atom atom, int64_t number)
{
    if (atoms[atom].width == 0 || number < atoms[atom].least || number > atoms[atom].greatest) {
        writer_fail(w);
        return;
    }
    for (size_t i = atoms[atom].width; i > 0; i--)
        writer_u8(w, (uint8_t)((uint64_t)number >> (8 * (i - 1))));
}

/* The name's wire form without compression into `to`; its length, or 0 where it is no name. */
static size_t labels_of(uint8_t to[DHCP_DOMAIN_NAME_MAX], struct slice name)
{
    size_t length = 0, start = 0;

    if (name.length > 0 && name.data[name.length - 1] == '.')
        name.length--;
    for (size_t i = 0; i <= name.length; i++) {
        size_t label = i - start;

        if (i < name.length && name.data[i] != '.')
            continue;
        /* The label, its length byte, and the zero that ends the name must fit. */
        if (label == 0 || label > DHCP_DOMAIN_LABEL_MAX ||
            length + 1 + label + 1 > DHCP_DOMAIN_NAME_MAX)
            return 0;
        to[length++] = (uint8_t)label;
        memcpy(to + length, name.data + start, label);
        length += label;
        start = i + 1;
    }
    to[length++] = 0;
    return length;
}

enum { POINTER_MARK = 0xc000, POINTER_MAX = 0x3fff };

/* Whether the name that stands at `offset` in the writer, followed through its pointers, equals the
 * labels. Pointers lead strictly backwards (we wrote them), so this ends. */
static bool name_at(const struct writer *w, size_t offset, const uint8_t *labels)
{
    while (offset < w->length) {
        uint8_t length = w->data[offset];

        if (length >= POINTER_MARK >> 8) {
            size_t target;

            if (offset + 1 >= w->length)
                return false;
            target = (size_t)(length << 8 | w->data[offset + 1]) & POINTER_MAX;
            if (target >= offset)
                return false;
            offset = target;
            continue;
        }
        if (length != labels[0] || offset + 1 + length > w->length)
            return false;
        if (length == 0)
            return true;
        for (size_t i = 1; i <= length; i++) {
            /* DNS names do not tell case apart (RFC 1035 section 2.3.3). */
            if (tolower(w->data[offset + i]) != tolower(labels[i]))
                return false;
        }
        offset += 1 + (size_t)length;
        labels += 1 + (size_t)length;
    }
    return false;
}

/* Where in the writer the labels stand already; the writer's length where they do not. */
static size_t find_name(const struct writer *w, const uint8_t *labels)
{
    size_t offset = 0;

    while (offset < w->length && offset <= POINTER_MAX) {
        uint8_t length = w->data[offset];

        if (length >= POINTER_MARK >> 8) {
            offset += 2;
            continue;
        }
        if (length > 0 && name_at(w, offset, labels))
            return offset;
        offset += 1 + (size_t)length;
    }
    return w->length;
}

bool dhcp_domain_name_write(struct writer *w, struct slice name, bool compress)
{
    uint8_t labels[DHCP_DOMAIN_NAME_MAX];
    size_t start = w->length;

    if (labels_of(labels, name) == 0)
        return false;
    /* The search covers what stood before this name: a pointer into the name itself is no gain. */
    for (const uint8_t *label = labels;; label += 1 + (size_t)*label) {
        struct writer before = {w->data, w->capacity, start, w->failed};
        size_t offset = compress && *label != 0 ? find_name(&before, label) : start;

        if (offset < start) {
            writer_be16(w, (uint16_t)(POINTER_MARK | offset));
            break;
        }
        writer_bytes(w, label, 1 + (size_t)*label);
        if (*label == 0)
            break;
    }
    return true;
}

/* The bytes of an address that a prefix reaches into. */
static unsigned significant_bytes(unsigned prefix)
{
    return (prefix + 7) / 8;
}

void dhcp_destination_write(struct writer *w, uint32_t network, unsigned prefix)
{
    if (prefix > DHCP_PREFIX_MAX) {
        writer_fail(w);
        return;
    }
    network &= prefix > 0 ? UINT32_MAX << (DHCP_PREFIX_MAX - prefix) : 0;
    writer_u8(w, (uint8_t)prefix);
    for (unsigned i = 0; i < significant_bytes(prefix); i++)
        writer_u8(w, (uint8_t)(network >> (24 - 8 * i)));
}

uint32_t dhcp_destination_read(struct reader *r, unsigned *prefix)
{
    uint32_t network = 0;

    *prefix = reader_u8(r);
    if (*prefix > DHCP_PREFIX_MAX) {
        reader_fail(r);
        return 0;
    }
    for (unsigned i = 0; i < significant_bytes(*prefix); i++)
        network |= (uint32_t)reader_u8(r) << (24 - 8 * i);
    return network;
}
