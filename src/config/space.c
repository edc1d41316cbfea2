/* The spaces of options that are there before a file defines any, and the options in them. */
#include "config/parser.h"

#include <string.h>
#include <strings.h>

#define ONE(atom)                                                                                  \
    {                                                                                              \
        {DHCP_ATOM_##atom}, DHCP_ONCE, false                                                       \
    }
#define LIST(atom)                                                                                 \
    {                                                                                              \
        {DHCP_ATOM_##atom}, DHCP_REPEAT_ALL, false                                                 \
    }
#define NO_VALUE                                                                                   \
    {                                                                                              \
        {DHCP_ATOM_END}, DHCP_ONCE, false                                                          \
    }

/* Spaces of which no packet of ours carries anything: their options are read, for the files that
 * set them, and have no effect. Their numbers follow SPACE_UNUSED in this order. */
enum unused { DHCP6, FQDN, ISC, ISC6, NWIP, SERVER, VENDOR, VENDOR_CLASS, VSIO, UNUSED_COUNT };

_Static_assert(SPACE_UNUSED + UNUSED_COUNT <= SPACE_USER, "the numbers of the file's own follow");

static const char *const unused_spaces[UNUSED_COUNT] = {
    [DHCP6] = "dhcp6", [FQDN] = "fqdn",     [ISC] = "isc",       [ISC6] = "isc6",
    [NWIP] = "nwip",   [SERVER] = "server", [VENDOR] = "vendor", [VENDOR_CLASS] = "vendor-class",
    [VSIO] = "vsio",
};

/* Sub-options of option 82 that have names (RFC 3046, RFC 3256, RFC 3527). */
static const struct dhcp_option_definition agent_options[] = {
    {1, "circuit-id", ONE(DATA)},        {2, "remote-id", ONE(DATA)},
    {3, "agent-id", ONE(ADDRESS)},       {4, "DOCSIS-device-class", ONE(UINT32)},
    {5, "link-selection", ONE(ADDRESS)}, {11, "server-id-override", ONE(ADDRESS)},
};

/* Options that the language knows in the spaces without effect. */
static const struct {
    enum unused space;
    struct dhcp_option_definition option;
} unused_options[] = {
    {FQDN, {1, "no-client-update", ONE(FLAG)}},
    {FQDN, {2, "server-update", ONE(FLAG)}},
    {FQDN, {3, "encoded", ONE(FLAG)}},
    {FQDN, {4, "rcode1", ONE(UINT8)}},
    {FQDN, {5, "rcode2", ONE(UINT8)}},
    {FQDN, {6, "hostname", ONE(TEXT)}},
    {FQDN, {7, "domainname", ONE(TEXT)}},
    {FQDN, {8, "fqdn", ONE(TEXT)}},
    {ISC, {1, "media", ONE(TEXT)}},
    {ISC, {2, "update-assist", ONE(DATA)}},
    {ISC6, {1, "media", ONE(TEXT)}},
    {ISC6, {2, "update-assist", ONE(DATA)}},
    {NWIP, {5, "nsq-broadcast", ONE(FLAG)}},
    {NWIP, {6, "preferred-dss", LIST(ADDRESS)}},
    {NWIP, {7, "nearest-nwip-server", LIST(ADDRESS)}},
    {NWIP, {8, "autoretries", ONE(UINT8)}},
    {NWIP, {9, "autoretry-secs", ONE(UINT8)}},
    {NWIP, {10, "nwip-1-1", ONE(FLAG)}},
    {NWIP, {11, "primary-dss", ONE(ADDRESS)}},
    {VENDOR_CLASS, {1, "isc", ONE(DATA)}},
    {VSIO, {1, "isc", ONE(DATA)}},
    /* RFC 8415 and what it grew out of. */
    {DHCP6, {1, "client-id", ONE(DATA)}},
    {DHCP6, {2, "server-id", ONE(DATA)}},
    {DHCP6, {3, "ia-na", ONE(DATA)}},
    {DHCP6, {4, "ia-ta", ONE(DATA)}},
    {DHCP6, {5, "ia-addr", ONE(DATA)}},
    {DHCP6, {6, "oro", LIST(UINT16)}},
    {DHCP6, {7, "preference", ONE(UINT8)}},
    {DHCP6, {8, "elapsed-time", ONE(UINT16)}},
    {DHCP6, {9, "relay-msg", ONE(DATA)}},
    {DHCP6, {12, "unicast", ONE(ADDRESS6)}},
    {DHCP6, {13, "status-code", {{DHCP_ATOM_TEXT, DHCP_ATOM_TEXT}, DHCP_ONCE, true}}},
    {DHCP6, {14, "rapid-commit", NO_VALUE}},
    {DHCP6, {17, "vendor-opts", ONE(DATA)}},
    {DHCP6, {18, "interface-id", ONE(DATA)}},
    {DHCP6, {19, "reconf-msg", ONE(TEXT)}},
    {DHCP6, {20, "reconf-accept", NO_VALUE}},
    {DHCP6, {21, "sip-servers-names", LIST(DOMAIN_NAME)}},
    {DHCP6, {22, "sip-servers-addresses", LIST(ADDRESS6)}},
    {DHCP6, {23, "name-servers", LIST(ADDRESS6)}},
    {DHCP6, {24, "domain-search", LIST(DOMAIN_NAME)}},
    {DHCP6, {25, "ia-pd", ONE(DATA)}},
    {DHCP6, {26, "ia-prefix", ONE(DATA)}},
    {DHCP6, {27, "nis-servers", LIST(ADDRESS6)}},
    {DHCP6, {28, "nisp-servers", LIST(ADDRESS6)}},
    {DHCP6, {29, "nis-domain-name", LIST(DOMAIN_NAME)}},
    {DHCP6, {30, "nisp-domain-name", LIST(DOMAIN_NAME)}},
    {DHCP6, {31, "sntp-servers", LIST(ADDRESS6)}},
    {DHCP6, {32, "info-refresh-time", ONE(UINT32)}},
    {DHCP6, {33, "bcms-server-d", LIST(DOMAIN_NAME)}},
    {DHCP6, {34, "bcms-server-a", LIST(ADDRESS6)}},
    {DHCP6, {36, "geoconf-civic", ONE(DATA)}},
    {DHCP6, {37, "remote-id", ONE(DATA)}},
    {DHCP6, {38, "subscriber-id", ONE(DATA)}},
    {DHCP6, {39, "fqdn", ONE(DATA)}},
    {DHCP6, {40, "pana-agent", LIST(ADDRESS6)}},
    {DHCP6, {41, "new-posix-timezone", ONE(TEXT)}},
    {DHCP6, {42, "new-tzdb-timezone", ONE(TEXT)}},
    {DHCP6, {43, "ero", LIST(UINT16)}},
    {DHCP6, {44, "lq-query", ONE(DATA)}},
    {DHCP6, {45, "client-data", ONE(DATA)}},
    {DHCP6, {46, "clt-time", ONE(UINT32)}},
    {DHCP6, {47, "lq-relay-data", {{DHCP_ATOM_ADDRESS6, DHCP_ATOM_DATA}, DHCP_ONCE, false}}},
    {DHCP6, {48, "lq-client-link", LIST(ADDRESS6)}},
    {DHCP6, {51, "v6-lost", ONE(DOMAIN_NAME)}},
    {DHCP6, {52, "capwap-ac-v6", LIST(ADDRESS6)}},
    {DHCP6, {53, "relay-id", ONE(DATA)}},
    {DHCP6, {57, "v6-access-domain", ONE(DOMAIN_NAME)}},
    {DHCP6, {58, "sip-ua-cs-list", LIST(DOMAIN_NAME)}},
    {DHCP6, {59, "bootfile-url", ONE(TEXT)}},
    {DHCP6, {60, "bootfile-param", ONE(DATA)}},
    {DHCP6, {61, "client-arch-type", LIST(UINT16)}},
    {DHCP6, {62, "nii", {{DHCP_ATOM_UINT8, DHCP_ATOM_UINT8, DHCP_ATOM_UINT8}, DHCP_ONCE, false}}},
    {DHCP6, {64, "aftr-name", ONE(DOMAIN_NAME)}},
    {DHCP6, {65, "erp-local-domain-name", ONE(DOMAIN_NAME)}},
    {DHCP6, {79, "client-linklayer-addr", ONE(DATA)}},
    {DHCP6, {80, "link-address", ONE(ADDRESS6)}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool same_name(struct slice text, const char *name)
{
    return strlen(name) == text.length &&
           strncasecmp(name, (const char *)text.data, text.length) == 0;
}

bool space_is_unused(enum setting_space space)
{
    return space >= SPACE_UNUSED && space < SPACE_USER;
}

bool space_is_server(enum setting_space space)
{
    return space == (enum setting_space)(SPACE_UNUSED + SERVER);
}

bool built_in_space(struct slice name, enum setting_space *space)
{
    *space = SPACE_DHCP;
    if (same_name(name, "dhcp"))
        return true;
    *space = SPACE_AGENT;
    if (same_name(name, "agent"))
        return true;
    for (unsigned i = 0; i < UNUSED_COUNT; i++) {
        *space = (enum setting_space)(SPACE_UNUSED + i);
        if (same_name(name, unused_spaces[i]))
            return true;
    }
    return false;
}

static const struct dhcp_option_definition *find_unused(struct slice name, enum setting_space space)
{
    for (size_t i = 0; i < COUNT(unused_options); i++) {
        if ((unsigned)space == SPACE_UNUSED + unused_options[i].space &&
            same_name(name, unused_options[i].option.name))
            return &unused_options[i].option;
    }
    return NULL;
}

bool built_in_option(struct slice name, struct option_reference *option)
{
    const struct dhcp_option_definition *found = NULL;
    const struct statement *statement;

    if (space_is_server(option->space)) {
        statement = server_option(name);
        if (!statement)
            return false;
        option->name = statement->name;
        option->code = statement->parameter;
        return true;
    }
    if (option->space == SPACE_DHCP)
        found = dhcp_option_by_name(name);
    for (size_t i = 0; option->space == SPACE_AGENT && i < COUNT(agent_options); i++) {
        if (same_name(name, agent_options[i].name))
            found = &agent_options[i];
    }
    if (space_is_unused(option->space))
        found = find_unused(name, option->space);
    if (!found)
        return false;
    option->name = found->name;
    option->code = found->code;
    option->form = found->form;
    return true;
}
