/* The table of statements, and the readers of the simple ones. */
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ANYWHERE  ((1u << BLOCK_KIND_COUNT) - 1)
#define GLOBAL    ALLOWED_IN(BLOCK_GLOBAL)
#define HOST      ALLOWED_IN(BLOCK_HOST)
#define NOT_HOSTS (ANYWHERE & ~HOST)
#define OUTERMOST (GLOBAL | ALLOWED_IN(BLOCK_GROUP))
#define NETWORKS  (OUTERMOST | ALLOWED_IN(BLOCK_SHARED_NETWORK))
#define GROUPS    (NETWORKS | ALLOWED_IN(BLOCK_SUBNET) | ALLOWED_IN(BLOCK_POOL))
#define POOLS                                                                                      \
    (ALLOWED_IN(BLOCK_SHARED_NETWORK) | ALLOWED_IN(BLOCK_SUBNET) | ALLOWED_IN(BLOCK_GROUP))
#define RANGES       (ALLOWED_IN(BLOCK_SUBNET) | ALLOWED_IN(BLOCK_POOL))
#define LINKS        (ALLOWED_IN(BLOCK_SHARED_NETWORK) | ALLOWED_IN(BLOCK_SUBNET))
#define FAILOVER     (GLOBAL | ALLOWED_IN(BLOCK_SHARED_NETWORK) | ALLOWED_IN(BLOCK_POOL))
#define CLASSES      (ALLOWED_IN(BLOCK_CLASS) | ALLOWED_IN(BLOCK_SUBCLASS))
#define NO_PARAMETER PARAMETER_COUNT

static read_statement read_text, read_address_setting, read_flag_setting, read_authoritative,
    read_not, read_permission, read_directory, read_console, read_subnet6, read_stray_else;

/* Ordered by name. bootwire.conf(5) has an entry for each. */
static const struct statement statements[] = {
    {"abandon-lease-time", ANYWHERE, read_seconds, PARAMETER_ABANDON_SECONDS},
    {"adaptive-lease-time-threshold", ANYWHERE, read_byte, PARAMETER_ADAPTIVE_THRESHOLD},
    {"add", ANYWHERE, read_add, NO_PARAMETER},
    {"allow", ANYWHERE, read_permission, NO_PARAMETER},
    {"allow-booting", ANYWHERE, read_flag_setting, PARAMETER_ALLOW_BOOTING},
    {"allow-bootp", ANYWHERE, read_flag_setting, PARAMETER_ALLOW_BOOTP},
    {"always-broadcast", ANYWHERE, read_flag_setting, PARAMETER_ALWAYS_BROADCAST},
    {"always-reply-rfc1048", ANYWHERE, read_flag_setting, PARAMETER_ALWAYS_REPLY_RFC1048},
    {"append", ANYWHERE, read_operation, NO_PARAMETER},
    {"authoritative", NOT_HOSTS, read_authoritative, PARAMETER_AUTHORITATIVE},
    {"bind-local-address6", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"boot", ANYWHERE, read_boot, PARAMETER_BOOT},
    {"boot-loader", ANYWHERE, read_boot_loader, PARAMETER_BOOT_LOADER},
    {"boot-timeout", ANYWHERE, read_seconds, PARAMETER_BOOT_TIMEOUT},
    {"boot-unknown-clients", ANYWHERE, read_flag_setting, PARAMETER_ALLOW_UNKNOWN_CLIENTS},
    {"bootparam", ANYWHERE, read_bootparam, NO_PARAMETER},
    {"break", ANYWHERE, read_break, NO_PARAMETER},
    {"case", ANYWHERE, read_case, NO_PARAMETER},
    {"check-secs-byte-order", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"class", ANYWHERE & ~CLASSES, read_class, NO_PARAMETER},
    {"client-updates", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"console", ANYWHERE, read_console, PARAMETER_CONSOLE},
    {"control-socket", GLOBAL, read_directory, PARAMETER_CONTROL_SOCKET},
    {"db-time-format", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-domainname", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-dual-stack-mixed-mode", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-guard-id-must-match", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-hostname", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-local-address4", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-local-address6", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-other-guard-is-dynamic", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-rev-domainname", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-ttl", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-update-style", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ddns-updates", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"declines", ANYWHERE, read_flag_setting, PARAMETER_ALLOW_DECLINES},
    {"default", ANYWHERE, read_default, NO_PARAMETER},
    {"default-lease-time", ANYWHERE, read_lease_time, PARAMETER_DEFAULT_LEASE_TIME},
    {"define", ANYWHERE, read_set, NO_PARAMETER},
    {"delayed-ack", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"deny", ANYWHERE, read_permission, NO_PARAMETER},
    {"dhcp-cache-threshold", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"dhcpv6-lease-file-name", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"dhcpv6-pid-file-name", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"dhcpv6-set-tee-times", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"do-forward-updates", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"do-reverse-updates", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"dont-use-fsync", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"duplicates", ANYWHERE, read_flag_setting, PARAMETER_ALLOW_DUPLICATES},
    {"dynamic-bootp", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"dynamic-bootp-lease-cutoff", ANYWHERE, read_moment, PARAMETER_BOOTP_LEASE_CUTOFF},
    {"dynamic-bootp-lease-length", ANYWHERE, read_moment, PARAMETER_BOOTP_LEASE_SECONDS},
    {"echo-client-id", ANYWHERE, read_flag_setting, PARAMETER_ECHO_CLIENT_ID},
    {"else", ANYWHERE, read_stray_else, NO_PARAMETER},
    {"elsif", ANYWHERE, read_stray_else, NO_PARAMETER},
    {"eval", ANYWHERE, read_eval, NO_PARAMETER},
    {"execute", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"export", GLOBAL, read_export, NO_PARAMETER},
    {"failover", FAILOVER, read_failover, NO_PARAMETER},
    {"filename", ANYWHERE, read_text, PARAMETER_FILENAME},
    {"fixed-address", HOST, read_fixed_address, NO_PARAMETER},
    {"fixed-address6", HOST, read_fixed_address6, NO_PARAMETER},
    {"fixed-prefix6", HOST, read_fixed_prefix6, NO_PARAMETER},
    {"fqdn-reply", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"get-lease-hostnames", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"group", GROUPS, read_group, NO_PARAMETER},
    {"hardware", HOST, read_hardware_statement, NO_PARAMETER},
    {"host", GROUPS, read_host, NO_PARAMETER},
    {"host-identifier", HOST, read_host_identifier, NO_PARAMETER},
    {"http-port", GLOBAL, read_port, PARAMETER_HTTP_PORT},
    {"if", ANYWHERE, read_if, NO_PARAMETER},
    {"ignore", ANYWHERE, read_permission, NO_PARAMETER},
    {"ignore-client-uids", ANYWHERE, read_flag_setting, PARAMETER_IGNORE_CLIENT_UIDS},
    {"include", ANYWHERE, read_include, NO_PARAMETER},
    {"infinite-is-reserved", ANYWHERE, read_flag_setting, PARAMETER_INFINITE_IS_RESERVED},
    {"interface", LINKS, read_interface, NO_PARAMETER},
    {"ipxe-no-pxedhcp", ANYWHERE, read_flag_setting, PARAMETER_IPXE_NO_PXEDHCP},
    {"keep-ownership", GLOBAL, read_flag_setting, PARAMETER_KEEP_OWNERSHIP},
    {"key", ANYWHERE, read_key, NO_PARAMETER},
    {"lease", CLASSES, read_lease_limit, NO_PARAMETER},
    {"lease-file-name", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"lease-id-format", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"leasequery", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"limit-addrs-per-ia", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"limit-prefs-per-ia", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"limited-broadcast-address", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"local-address", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"local-address6", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"local-port", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"log", ANYWHERE, read_log, NO_PARAMETER},
    {"log-facility", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"log-threshold-high", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"log-threshold-low", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"match", ALLOWED_IN(BLOCK_CLASS), read_match, NO_PARAMETER},
    {"max-ack-delay", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"max-lease-time", ANYWHERE, read_lease_time, PARAMETER_MAX_LEASE_TIME},
    {"menu", ANYWHERE, read_menu, PARAMETER_BOOT},
    {"metrics-clients", GLOBAL, read_networks, PARAMETER_METRICS_CLIENTS},
    {"min-lease-time", ANYWHERE, read_lease_time, PARAMETER_MIN_LEASE_TIME},
    {"min-secs", ANYWHERE, read_byte, PARAMETER_MIN_SECS},
    {"mtree", GLOBAL, read_mtree, NO_PARAMETER},
    {"next-server", ANYWHERE, read_address_setting, PARAMETER_NEXT_SERVER},
    {"nfs-bandwidth", ANYWHERE, read_bandwidth, PARAMETER_NFS_BANDWIDTH},
    {"nfs-reserved-ports", ANYWHERE, read_flag_setting, PARAMETER_NFS_RESERVED_PORTS},
    {"no", ALLOWED_IN(BLOCK_POOL), read_no, NO_PARAMETER},
    {"not", NOT_HOSTS, read_not, PARAMETER_AUTHORITATIVE},
    {"omapi-key", ANYWHERE, read_omapi_key, NO_PARAMETER},
    {"omapi-port", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"on", ANYWHERE, read_on, NO_PARAMETER},
    {"one-lease-per-client", ANYWHERE, read_flag_setting, PARAMETER_ONE_LEASE_PER_CLIENT},
    {"option", ANYWHERE, read_option, NO_PARAMETER},
    {"persist-eui-64-leases", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"pid-file-name", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ping-check", ANYWHERE, read_flag_setting, PARAMETER_PING_CHECK},
    {"ping-cltt-secs", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ping-timeout", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"ping-timeout-ms", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"pool", POOLS, read_pool, NO_PARAMETER},
    {"preferred-lifetime", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"prefix-length-mode", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"prepend", ANYWHERE, read_operation, NO_PARAMETER},
    {"proxy-dhcp", ANYWHERE, read_flag_setting, PARAMETER_PROXY_DHCP},
    {"pxe-menu", ANYWHERE, read_pxe_menu, PARAMETER_PXE_MENU},
    {"pxe-prompt", ANYWHERE, read_pxe_prompt, PARAMETER_PXE_PROMPT},
    {"range", RANGES, read_range, NO_PARAMETER},
    {"release-on-roam", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"remote-port", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"return", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"router-advertisement", ANYWHERE, read_flag_setting, PARAMETER_ROUTER_ADVERTISEMENT},
    {"send", ANYWHERE, read_operation, NO_PARAMETER},
    {"serial", HOST, read_serial, NO_PARAMETER},
    {"server-duid", ANYWHERE, read_server_duid, NO_PARAMETER},
    {"server-id-check", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"server-identifier", ANYWHERE, read_address_setting, PARAMETER_SERVER_IDENTIFIER},
    {"server-name", ANYWHERE, read_text, PARAMETER_SERVER_NAME},
    {"set", ANYWHERE, read_set, NO_PARAMETER},
    {"shared-network", OUTERMOST, read_shared_network, NO_PARAMETER},
    {"site-option-space", ANYWHERE, read_site_option_space, PARAMETER_SITE_OPTION_SPACE},
    {"spawn", ALLOWED_IN(BLOCK_CLASS), read_spawn, NO_PARAMETER},
    {"stash-agent-options", ANYWHERE, read_flag_setting, PARAMETER_STASH_AGENT_OPTIONS},
    {"state-directory", GLOBAL, read_directory, PARAMETER_STATE_DIRECTORY},
    {"subclass", ANYWHERE & ~CLASSES, read_subclass, NO_PARAMETER},
    {"subnet", NETWORKS, read_subnet, NO_PARAMETER},
    {"subnet6", ANYWHERE, read_subnet6, NO_PARAMETER},
    {"supersede", ANYWHERE, read_operation, NO_PARAMETER},
    {"switch", ANYWHERE, read_switch, NO_PARAMETER},
    {"tftp-ignore-case", ANYWHERE, read_flag_setting, PARAMETER_TFTP_IGNORE_CASE},
    {"tftp-max-blksize", ANYWHERE, read_bounded_number, PARAMETER_TFTP_MAX_BLKSIZE},
    {"tftp-ports", ANYWHERE, read_port_range, PARAMETER_TFTP_PORTS},
    {"tftp-rollover", ANYWHERE, read_bounded_number, PARAMETER_TFTP_ROLLOVER},
    {"tftp-root", ANYWHERE, read_directory, PARAMETER_TFTP_ROOT},
    {"tftp-single-port", ANYWHERE, read_flag_setting, PARAMETER_TFTP_SINGLE_PORT},
    {"tftp-upload", ANYWHERE, read_directory, PARAMETER_TFTP_UPLOAD},
    {"tftp-upload-max-size", ANYWHERE, read_bounded_number, PARAMETER_TFTP_UPLOAD_MAX_SIZE},
    {"tftp-upload-max-total", ANYWHERE, read_bounded_number, PARAMETER_TFTP_UPLOAD_MAX_TOTAL},
    {"tftp-upload-overwrite", ANYWHERE, read_flag_setting, PARAMETER_TFTP_UPLOAD_OVERWRITE},
    {"uid", HOST, read_uid, NO_PARAMETER},
    {"unset", ANYWHERE, read_unset, NO_PARAMETER},
    {"update-conflict-detection", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"update-optimization", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"update-static-leases", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"use-eui-64", ANYWHERE, read_without_effect, NO_PARAMETER},
    {"use-host-decl-names", ANYWHERE, read_flag_setting, PARAMETER_USE_HOST_DECL_NAMES},
    {"use-lease-addr-for-default-route", ANYWHERE, read_flag_setting,
     PARAMETER_LEASE_ADDRESS_ROUTE},
    {"vendor-option-space", ANYWHERE, read_vendor_option_space, PARAMETER_VENDOR_OPTION_SPACE},
    {"verdict-silence", GLOBAL, read_bounded_number, PARAMETER_VERDICT_SILENCE},
    {"zone", ANYWHERE, read_zone, NO_PARAMETER},
};

enum { STATEMENT_COUNT = sizeof(statements) / sizeof(statements[0]) };

const struct statement *statement_table(size_t *count)
{
    *count = STATEMENT_COUNT;
    return statements;
}

const struct statement *statement_by_name(struct slice name)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        if (strlen(statements[i].name) == name.length &&
            strncasecmp(statements[i].name, (const char *)name.data, name.length) == 0)
            return &statements[i];
    }
    return NULL;
}

/* Flags that are statements of another form outside of `option server.`. */
static const struct statement server_flags[] = {
    {"authoritative", ANYWHERE, read_flag_setting, PARAMETER_AUTHORITATIVE},
};

const struct statement *server_option(struct slice name)
{
    static read_statement *const readers[] = {
        read_text,
        read_address_setting,
        read_lease_time,
        read_seconds,
        read_moment,
        read_byte,
        read_flag_setting,
        read_without_effect,
        read_omapi_key,
        read_authoritative,
        read_vendor_option_space,
        read_site_option_space,
    };
    const struct statement *statement = statement_by_name(name);

    /* An option of its own: option 54. */
    if (statement && statement->parameter == PARAMETER_SERVER_IDENTIFIER)
        return NULL;
    for (size_t i = 0; statement && i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (statement->read == readers[i])
            return statement->read == read_authoritative ? server_flags : statement;
    }
    return NULL;
}

bool read_server_option(struct parser *parser, const char *name, struct token keyword)
{
    const struct statement *statement = server_option(slice_of_string(name));

    return statement->read(parser, statement, keyword);
}

/* `filename = EXPRESSION;` */
static bool read_computed(struct parser *parser, const struct statement *statement,
                          struct token keyword)
{
    const struct expression *expression;

    if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
        return false;
    if (expression->kind == EXPRESSION_CONSTANT &&
        memchr(expression->constant.data, '\0', expression->constant.length)) {
        parser_error(parser, expression->where, "a %s cannot hold a zero byte", statement->name);
        return true;
    }
    add_expression(parser, SPACE_PARAMETER, statement->parameter, expression, keyword.where);
    return true;
}

bool is_identifier_text(struct slice text)
{
    bool has_letter = false;

    for (size_t i = 0; i < text.length; i++) {
        has_letter |= isalpha(text.data[i]) != 0;
        if (text.data[i] == '.')
            return false;
    }
    return has_letter;
}

bool is_identifier(const struct token *token)
{
    return token->kind == TOKEN_WORD && is_identifier_text(token->text);
}

static bool read_text(struct parser *parser, const struct statement *statement,
                      struct token keyword)
{
    struct position where;
    struct slice text;
    char what[64];
    bool equals;

    equals = token_is_mark(&parser->token, '=');
    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed(parser, statement, keyword);
    where = parser->token.where;
    snprintf(what, sizeof(what), "the %s", statement->name);
    /* dhcpd takes one word without quotes as well. */
    if (is_identifier(&parser->token))
        text = parser_take(parser).text;
    else if (!read_string(parser, what, &text))
        return false;
    if (!parser_end_statement(parser))
        return false;
    if (memchr(text.data, '\0', text.length)) {
        parser_error(parser, where, "a %s cannot hold a zero byte", statement->name);
        return true;
    }
    add_setting(parser, SPACE_PARAMETER, statement->parameter, text, keyword.where);
    return true;
}

static bool read_directory(struct parser *parser, const struct statement *statement,
                           struct token keyword)
{
    struct position where = parser->token.where;
    struct slice text;

    if (!read_string(parser, "a directory", &text) || !parser_end_statement(parser))
        return false;
    if (text.length == 0 || text.data[0] != '/' || memchr(text.data, '\0', text.length)) {
        parser_error(parser, where, "expected a directory with its whole path, from `/` on");
        return true;
    }
    if (statement->parameter == PARAMETER_TFTP_ROOT)
        parser->snapshot->has_tftp_root = true;
    add_setting(parser, SPACE_PARAMETER, statement->parameter, text, keyword.where);
    return true;
}

/* `next-server = EXPRESSION;`: four bytes. */
static bool read_computed_address(struct parser *parser, const struct statement *statement,
                                  struct token keyword)
{
    enum { ADDRESS_BYTES = 4 };
    const struct expression *expression;

    if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
        return false;
    if (expression->kind == EXPRESSION_CONSTANT && expression->constant.length != ADDRESS_BYTES) {
        parser_error(parser, expression->where, "an address has four bytes, as in 0a:32:01:01");
        return true;
    }
    add_expression(parser, SPACE_PARAMETER, statement->parameter, expression, keyword.where);
    return true;
}

static bool read_address_setting(struct parser *parser, const struct statement *statement,
                                 struct token keyword)
{
    const uint32_t *addresses;
    size_t count;
    bool equals = token_is_mark(&parser->token, '=');

    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed_address(parser, statement, keyword);
    if (!read_addresses(parser, &addresses, &count) || !parser_end_statement(parser))
        return false;
    if (count > 0)
        add_number(parser, statement->parameter, addresses[0], keyword.where);
    else
        add_nothing(parser, SPACE_PARAMETER, statement->parameter, keyword.where);
    return true;
}

static void add_flag(struct parser *parser, enum parameter parameter, bool flag,
                     struct position where)
{
    uint8_t byte = flag;

    add_setting(parser, SPACE_PARAMETER, parameter, slice_of(&byte, 1), where);
}

/* dhcpd knows these behind `=`, too, but not `on` and `off`. */
static bool is_flag(const struct token *token)
{
    return token_is_word(token, "true") || token_is_word(token, "false");
}

static bool read_flag_setting(struct parser *parser, const struct statement *statement,
                              struct token keyword)
{
    const struct expression *expression;
    bool flag, equals = token_is_mark(&parser->token, '=');

    if (!parser_take_equals(parser))
        return false;
    /* dhcpd computes what stands behind `=`: it is true where the first byte is not 0. */
    if (equals && !is_flag(&parser->token)) {
        if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
            return false;
        add_expression(parser, SPACE_PARAMETER, statement->parameter, expression, keyword.where);
        return true;
    }
    /* dhcpd's third value: nothing is true of it. */
    flag = false;
    if ((!parser_take_word(parser, "ignore") && !read_flag(parser, &flag)) ||
        !parser_end_statement(parser))
        return false;
    add_flag(parser, statement->parameter, flag, keyword.where);
    return true;
}

static bool read_authoritative(struct parser *parser, const struct statement *statement,
                               struct token keyword)
{
    if (!parser_end_statement(parser))
        return false;
    add_flag(parser, statement->parameter, true, keyword.where);
    return true;
}

static bool read_not(struct parser *parser, const struct statement *statement, struct token keyword)
{
    if (!parser_take_word(parser, "authoritative"))
        return parser_expected(parser, "`authoritative`");
    if (!parser_end_statement(parser))
        return false;
    add_flag(parser, statement->parameter, false, keyword.where);
    return true;
}

/* What `allow`, `deny` and `ignore` are about. */
static const struct permission {
    const char *words[2];
    enum parameter parameter; /* NO_PARAMETER: it has no effect in bootwire */
} permissions[] = {
    {{"unknown-clients", NULL}, PARAMETER_ALLOW_UNKNOWN_CLIENTS},
    {{"unknown", "clients"}, PARAMETER_ALLOW_UNKNOWN_CLIENTS},
    {{"bootp", NULL}, PARAMETER_ALLOW_BOOTP},
    {{"booting", NULL}, PARAMETER_ALLOW_BOOTING},
    {{"client-updates", NULL}, NO_PARAMETER},
    {{"declines", NULL}, PARAMETER_ALLOW_DECLINES},
    {{"duplicates", NULL}, PARAMETER_ALLOW_DUPLICATES},
    {{"dynamic-bootp", NULL}, NO_PARAMETER},
    {{"leasequery", NULL}, NO_PARAMETER},
    {{"known-clients", NULL}, NO_PARAMETER},
    {{"known", "clients"}, NO_PARAMETER},
    {{"authenticated", "clients"}, NO_PARAMETER},
    {{"unauthenticated", "clients"}, NO_PARAMETER},
    {{"all", "clients"}, NO_PARAMETER},
    {{"dynamic", "bootp"}, NO_PARAMETER},
    {{"after", NULL}, NO_PARAMETER},
    {{"members", "of"}, NO_PARAMETER},
};

enum { PERMISSION_COUNT = sizeof(permissions) / sizeof(permissions[0]) };

static const char *next_permission(size_t index)
{
    return index < PERMISSION_COUNT ? permissions[index].words[0] : NULL;
}

static bool unknown_permission(struct parser *parser)
{
    const char *nearest =
        parser->token.kind == TOKEN_WORD ? nearest_name(parser->token.text, next_permission) : NULL;
    char found[TOKEN_TEXT_SIZE];

    if (!nearest)
        return parser_expected(parser, "`booting`, `bootp` or `unknown-clients`");
    parser_error(parser, parser->token.where,
                 "%s cannot be allowed or denied; the nearest that can is `%s`",
                 token_text(found, &parser->token), nearest);
    return false;
}

/* Not a permit of a pool, though it has no effect. */
static bool is_server_flag(const struct permission *permission)
{
    static const char *const names[] = {"leasequery", "client-updates", "dynamic-bootp"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(permission->words[0], names[i]) == 0)
            return true;
    }
    return false;
}

static bool read_permission(struct parser *parser, const struct statement *statement,
                            struct token keyword)
{
    const struct permission *permission = NULL;
    char name[TOKEN_TEXT_SIZE];

    for (size_t i = 0; i < PERMISSION_COUNT && !permission; i++) {
        const char *second = permissions[i].words[1];
        struct lexer ahead = parser->lexer;
        struct token token;

        if (!token_is_word(&parser->token, permissions[i].words[0]))
            continue;
        token = second ? lexer_next(&ahead) : (struct token){.kind = TOKEN_END};
        if (!second || token_is_word(&token, second))
            permission = &permissions[i];
    }
    if (!permission)
        return unknown_permission(parser);
    if (parser->block->kind == BLOCK_POOL && parser->bodies == 0 &&
        (permission->parameter == NO_PARAMETER ||
         permission->parameter == PARAMETER_ALLOW_UNKNOWN_CLIENTS) &&
        !is_server_flag(permission))
        return read_permit(parser, strcmp(statement->name, "allow") == 0);
    if (parser->block->kind == BLOCK_POOL && parser->bodies == 0 &&
        strcmp(statement->name, "ignore") != 0) {
        parser_error(parser, keyword.where,
                     "`%s %s` is about no pool: it belongs in the subnet around it",
                     statement->name, permission->words[0]);
        return false;
    }
    if (permission->words[1] ||
        (permission->parameter == NO_PARAMETER && !is_server_flag(permission))) {
        parser_error(parser, keyword.where, "`%s %s` belongs in a pool", statement->name,
                     permission->words[0]);
        return false;
    }
    if (permission->parameter == NO_PARAMETER) {
        snprintf(name, sizeof(name), "%s %s", statement->name, permission->words[0]);
        parser_ignore(parser, name, keyword.where);
    }
    parser_take(parser);
    if (permission->words[1])
        parser_take(parser);
    if (!parser_end_statement(parser))
        return false;
    if (permission->parameter == NO_PARAMETER)
        return true;
    add_flag(parser, permission->parameter, strcmp(statement->name, "allow") == 0, keyword.where);
    return true;
}

/* The consoles that NetBSD's installboot knows. */
static const char *next_console(size_t index)
{
    static const char *const names[] = {"auto", "com0",    "com0kbd", "com1",    "com1kbd",
                                        "com2", "com2kbd", "com3",    "com3kbd", "pc"};

    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

/* `console NAME [SPEED] [address ADDRESS];` */
static bool read_console(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    int64_t speed = 0, address = 0;
    const char *name = NULL;

    for (size_t i = 0; !name && next_console(i); i++) {
        if (parser_take_word(parser, next_console(i)))
            name = next_console(i);
    }
    if (!name)
        return parser_expected(parser, "a console: pc, com0 to com3, com0kbd to com3kbd, or auto");
    if (parser->token.kind != TOKEN_MARK && !token_is_word(&parser->token, "address") &&
        !parser_begins_statement(parser) &&
        !read_number(parser, "a speed in baud", 1, INT32_MAX, &speed))
        return false;
    if (parser_take_word(parser, "address") &&
        !read_number(parser, "an I/O address", 1, UINT32_MAX, &address))
        return false;
    if (!parser_end_statement(parser))
        return false;
    add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of_string(name),
                keyword.where);
    if (speed > 0)
        add_number(parser, PARAMETER_CONSOLE_SPEED, (uint32_t)speed, keyword.where);
    if (address > 0)
        add_number(parser, PARAMETER_CONSOLE_ADDRESS, (uint32_t)address, keyword.where);
    return true;
}

/* DHCPv6's declaration: who reads it as nothing would be believed to serve it. */
static bool read_subnet6(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    (void)statement;
    parser_error(parser, keyword.where,
                 "bootwire does not serve DHCPv6: `subnet6` belongs in another server's file");
    parser_skip_statement(parser);
    return true;
}

/* An `else` or `elsif` that follows no `if`. */
static bool read_stray_else(struct parser *parser, const struct statement *statement,
                            struct token keyword)
{
    struct action_list body = {0};

    parser_error(parser, keyword.where, "`%s` belongs behind the `}` of an `if`", statement->name);
    return parser_read_body(parser, &body, false);
}
