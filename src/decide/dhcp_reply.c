#include "decide/dhcp_parts.h"

#include "base/cursor.h"
#include "decide/loop.h"
#include "decide/pxe.h"
#include "decide/stage.h"

enum { LIBSA_PATH_MAX = 127 }; /* bytes of a root-path that NetBSD's loader keeps */

enum { OPTION_RAPID_COMMIT = 80 }; /* RFC 4039: the one option without a value */

#define SECONDS_FOREVER 0xffffffffu

/* Options that the server makes itself, or that mean nothing in a reply: the configuration does not
 * send them by their code. */
static bool is_own_option(unsigned code)
{
    switch (code) {
    case DHCP_OPTION_PAD:
    case DHCP_OPTION_REQUESTED_ADDRESS:
    case DHCP_OPTION_LEASE_TIME:
    case DHCP_OPTION_OVERLOAD:
    case DHCP_OPTION_MESSAGE_TYPE:
    case DHCP_OPTION_SERVER_IDENTIFIER:
    case DHCP_OPTION_PARAMETER_LIST:
    case DHCP_OPTION_MESSAGE:
    case DHCP_OPTION_MAXIMUM_SIZE:
    case DHCP_OPTION_CLIENT_IDENTIFIER:
    case DHCP_OPTION_RELAY_AGENT:
    case DHCP_OPTION_END:
        return true;
    default:
        return false;
    }
}

/* Room in the plan for an option's value; data NULL where none is left. */
static struct slice keep(struct dhcp_plan *plan, const void *bytes, size_t length)
{
    uint8_t *to = plan->bytes + plan->bytes_used;

    if (length > sizeof(plan->bytes) - plan->bytes_used)
        return slice_of(NULL, 0);
    memcpy(to, bytes, length);
    plan->bytes_used += length;
    return slice_of(to, length);
}

static void add_u8(struct dhcp_plan *plan, uint8_t code, uint8_t value)
{
    dhcp_reply_add(&plan->reply, code, keep(plan, &value, 1));
}

static void add_u32(struct dhcp_plan *plan, uint8_t code, uint32_t value)
{
    uint8_t bytes[4];
    struct writer w = writer_of(bytes, sizeof(bytes));

    writer_be32(&w, value);
    dhcp_reply_add(&plan->reply, code, keep(plan, bytes, sizeof(bytes)));
}

/* RFC 6842 section 3: the client's identifier goes back. */
static void add_identifier(struct decision *d)
{
    struct slice identifier = d->plan->identity.client_identifier;

    if (identifier.length > 0 && scope_view_flag(&d->view, PARAMETER_ECHO_CLIENT_ID, true))
        dhcp_reply_add(&d->plan->reply, DHCP_OPTION_CLIENT_IDENTIFIER, identifier);
}

static bool reply_has(const struct dhcp_reply *reply, unsigned code)
{
    for (size_t i = 0; i < reply->option_count; i++) {
        if (reply->options[i].code == code)
            return true;
    }
    return false;
}

/* Adds an option as configured, if it is and the reply has it not yet. */
static void add_configured(struct decision *d, unsigned code)
{
    const struct setting *setting = scope_view_find(&d->view, SPACE_DHCP, code);

    if (!setting || reply_has(&d->plan->reply, code))
        return;
    /* The recipe's file is added by itself, and goes before what another scope says of it. */
    if ((d->plan->loop || d->plan->recipe) && code == DHCP_OPTION_FILE_NAME)
        return;
    /* Hardly an option may be empty (RFC 2132); an empty text takes back an inherited one. */
    if (setting->value.length > 0)
        dhcp_reply_add(&d->plan->reply, (uint8_t)code, setting->value);
    else if (code == OPTION_RAPID_COMMIT)
        dhcp_reply_add(&d->plan->reply, (uint8_t)code, slice_of((const uint8_t *)"", 0));
}

/* The time as configured where it is shorter than `below`; else SECONDS_FOREVER. */
static uint32_t part_of_lease(const struct decision *d, unsigned code, uint32_t below)
{
    struct reader r = reader_of_slice(scope_view_bytes(&d->view, SPACE_DHCP, code));
    uint32_t seconds = reader_be32(&r);

    return !r.failed && seconds < below ? seconds : SECONDS_FOREVER;
}

/* RFC 2131 section 4.4.5: T1 comes before T2, and T2 before the end. A lease without end needs no
 * renewal. */
static void add_times(struct decision *d, uint32_t seconds)
{
    struct dhcp_plan *plan = d->plan;
    uint32_t t2 = part_of_lease(d, DHCP_OPTION_REBINDING_TIME, seconds);
    uint32_t t1 = part_of_lease(d, DHCP_OPTION_RENEWAL_TIME, t2 < seconds ? t2 : seconds);

    add_u32(plan, DHCP_OPTION_LEASE_TIME, seconds);
    if (t1 == SECONDS_FOREVER && seconds != SECONDS_FOREVER)
        t1 = t2 < seconds / 2 ? t2 / 2 : seconds / 2;
    if (t2 == SECONDS_FOREVER && seconds != SECONDS_FOREVER) {
        t2 = (uint32_t)((uint64_t)seconds * 7 / 8);
        if (t2 < t1)
            t2 = t1 + (seconds - t1) / 2;
    }
    if (t1 != SECONDS_FOREVER)
        add_u32(plan, DHCP_OPTION_RENEWAL_TIME, t1);
    if (t2 != SECONDS_FOREVER)
        add_u32(plan, DHCP_OPTION_REBINDING_TIME, t2);
}

static bool holds_url(struct slice text)
{
    return text.length > 0 && memmem(text.data, text.length, "://", 3) != NULL;
}

static bool is_vendor_class(const struct decision *d, const char *text)
{
    return stage_vendor_class_begins(d->question->message, text);
}

/* Holds back a boot file that would only load itself again, and says so. */
static void break_loop(struct decision *d, struct slice file)
{
    const struct dhcp_question *q = d->question;
    struct slice option = scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_FILE_NAME);

    /* iPXE takes the option before the field. */
    if (option.length > 0 && !d->plan->recipe)
        file = option;
    /* A script that is made here is asked for by every iPXE, however many there are in a row. */
    if (d->plan->recipe && d->plan->boot.generated)
        return;
    d->plan->loop = loop_closes(&q->fetched, q->message, d->plan->stage, file, q->now_ms);
    if (d->plan->loop)
        dhcp_why_also(d,
                      "; a boot loop ends here: it loaded \"%s\" and would be told to load it "
                      "again, so it gets no file; give iPXE a file of its own",
                      q->fetched.file);
    else if (q->named_ipxe)
        dhcp_why_also(d, "; it loaded \"%s\" already, so it is answered as iPXE", q->fetched.file);
}

/* The list of options to send: the configuration's, else the client's. BOOTP knows none (RFC 1497),
 * so one in there shortens nothing. */
static struct slice requested(const struct decision *d)
{
    struct slice configured = scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_PARAMETER_LIST);

    if (d->type == DHCP_BOOTP)
        return slice_of(NULL, 0);
    return configured.length > 0
               ? configured
               : dhcp_message_bytes(d->question->message, DHCP_OPTION_PARAMETER_LIST);
}

/* Whether that list names the code. */
static bool is_requested(const struct decision *d, uint8_t code)
{
    struct slice list = requested(d);

    return list.length > 0 && memchr(list.data, code, list.length) != NULL;
}

/* Whether this server itself has the file, whatever next-server says: that may be where the root
 * is. */
static bool file_is_here(const struct dhcp_plan *plan)
{
    return plan->recipe && (plan->boot.loader || plan->boot.generated);
}

/* The servers that go with the boot file. */
static void add_servers(struct decision *d, bool wants_own)
{
    struct dhcp_reply *reply = &d->plan->reply;
    struct slice name = scope_view_bytes(&d->view, SPACE_PARAMETER, PARAMETER_SERVER_NAME);
    uint32_t local = d->question->arrival.local_address;
    bool here = file_is_here(d->plan);

    reply->siaddr =
        here ? local : scope_view_number(&d->view, PARAMETER_NEXT_SERVER, wants_own ? local : 0);
    if (name.length > 0 && !here) {
        reply->sname = name.length < DHCP_SNAME_SIZE ? name : slice_of(NULL, 0);
        if (d->type != DHCP_BOOTP &&
            !scope_view_find(&d->view, SPACE_DHCP, DHCP_OPTION_SERVER_NAME))
            dhcp_reply_add(reply, DHCP_OPTION_SERVER_NAME, name);
    } else if (reply->siaddr && is_requested(d, DHCP_OPTION_SERVER_NAME) &&
               !scope_view_find(&d->view, SPACE_DHCP, DHCP_OPTION_SERVER_NAME)) {
        char text[IPV4_TEXT_SIZE];

        /* The Raspberry Pi 3 reads this option and ignores siaddr. */
        ipv4_text(text, reply->siaddr);
        dhcp_reply_add(reply, DHCP_OPTION_SERVER_NAME, keep(d->plan, text, strlen(text)));
    }
}

/* The boot file, in the file field and as option 67, and the servers that go with it. */
static void add_boot_file(struct decision *d)
{
    struct dhcp_plan *plan = d->plan;
    struct dhcp_reply *reply = &plan->reply;
    struct slice file = dhcp_boot_file(d);
    struct slice root = scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    bool bootp = d->type == DHCP_BOOTP;

    add_servers(d, bootp || file.length > 0 || root.length > 0);
    break_loop(d, file);
    /* RFC 951 section 7.3: where no file is configured, it gets the one that it names. */
    if (bootp && !plan->recipe && !scope_view_find(&d->view, SPACE_PARAMETER, PARAMETER_FILENAME))
        reply->file = d->question->message->file;
    if (file.length == 0 || plan->loop)
        return;
    /* Some ROMs read only the field, others only the option; a name too long for the field stands
     * only in the option. */
    if (file.length < DHCP_FILE_SIZE)
        reply->file = file;
    if (!bootp && (plan->recipe || !scope_view_find(&d->view, SPACE_DHCP, DHCP_OPTION_FILE_NAME))) {
        struct slice copy = keep(plan, file.data, file.length);

        /* Some take the option without looking at its end: a NUL stops them there. */
        if (copy.data && keep(plan, "", 1).data)
            copy.length++;
        else
            dhcp_why_also(d, "; its boot file's name is too long for option 67");
        dhcp_reply_add(reply, DHCP_OPTION_FILE_NAME, copy);
    }
}

/* Option 43 for a PXE ROM: a menu, or that it need not go looking for a boot server. */
static void add_pxe_options(struct decision *d)
{
    bool local = d->plan->recipe && d->plan->boot.outcome == BOOT_OUTCOME_LOCAL &&
                 !stage_is_ipxe(d->question->message);
    uint8_t bytes[PXE_OPTIONS_SIZE];
    size_t length = local ? pxe_local_options(bytes)
                          : pxe_vendor_options(&d->view, d->question->arrival.local_address, bytes);

    dhcp_reply_add(&d->plan->reply, DHCP_OPTION_VENDOR_OPTIONS, keep(d->plan, bytes, length));
    /* A ROM takes the menu for PXE's only beside this class (PXE 2.1 section 2.2.3). */
    if ((local || pxe_has_menu(&d->view)) && !reply_has(&d->plan->reply, DHCP_OPTION_VENDOR_CLASS))
        dhcp_reply_add(&d->plan->reply, DHCP_OPTION_VENDOR_CLASS, slice_of_string("PXEClient"));
}

/* What particular clients wait for. */
static void add_for_stage(struct decision *d)
{
    static const uint8_t no_pxedhcp[] = {176, 1, 1}; /* iPXE's own option space */
    struct dhcp_plan *plan = d->plan;
    struct slice file = dhcp_boot_file(d);

    add_configured(d, DHCP_OPTION_VENDOR_OPTIONS);
    if (is_vendor_class(d, "PXEClient") && !reply_has(&plan->reply, DHCP_OPTION_VENDOR_OPTIONS))
        add_pxe_options(d);
    add_configured(d, DHCP_OPTION_VENDOR_CLASS);
    if (is_vendor_class(d, "HTTPClient") && holds_url(file) &&
        !reply_has(&plan->reply, DHCP_OPTION_VENDOR_CLASS))
        dhcp_reply_add(&plan->reply, DHCP_OPTION_VENDOR_CLASS, slice_of_string("HTTPClient"));
    add_configured(d, DHCP_OPTION_IPXE);
    /* Without it iPXE waits 15 seconds for a proxyDHCP server that never speaks. */
    if (stage_is_ipxe(d->question->message) && !reply_has(&plan->reply, DHCP_OPTION_IPXE) &&
        scope_view_flag(&d->view, PARAMETER_IPXE_NO_PXEDHCP, true))
        dhcp_reply_add(&plan->reply, DHCP_OPTION_IPXE, slice_of(no_pxedhcp, sizeof(no_pxedhcp)));
}

/* What the client asks for, in its order; everything configured where it asks for nothing. */
static void add_requested(struct decision *d)
{
    struct slice list = requested(d);

    for (size_t i = 0; i < list.length; i++) {
        if (!is_own_option(list.data[i]))
            add_configured(d, list.data[i]);
    }
    for (unsigned code = 1; list.length == 0 && code < DHCP_OPTION_END; code++) {
        if (!is_own_option(code))
            add_configured(d, code);
    }
}

/* What boot loaders read, whether they ask for it or not. */
static void add_for_loaders(struct decision *d)
{
    struct slice root = scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);

    add_configured(d, DHCP_OPTION_ROUTERS);
    add_configured(d, DHCP_OPTION_ROOT_PATH);
    if (d->plan->stage == STAGE_LOADER && root.length > LIBSA_PATH_MAX)
        dhcp_why_also(d,
                      "; its root-path of %zu bytes is longer than the %d that this loader keeps",
                      root.length, LIBSA_PATH_MAX);
    add_configured(d, DHCP_OPTION_SWAP_SERVER);
}

/* The options, the most important first: a client that takes only 548 bytes loses the last ones.
 * What it asks for goes before what it did not. */
static void add_options(struct decision *d, enum dhcp_type type, uint32_t seconds)
{
    struct dhcp_plan *plan = d->plan;
    const struct host *host = plan->identity.host;
    bool listed = requested(d).length > 0;
    bool file_first = !listed || is_requested(d, DHCP_OPTION_FILE_NAME);

    if (type != DHCP_BOOTP) {
        add_u8(plan, DHCP_OPTION_MESSAGE_TYPE, (uint8_t)type);
        add_u32(plan, DHCP_OPTION_SERVER_IDENTIFIER, d->server_identifier);
        if (seconds)
            add_times(d, seconds);
    }
    /* RFC 3011 section 2: the server that heeded it sends it back. */
    dhcp_reply_add(&plan->reply, DHCP_OPTION_SUBNET_SELECTION,
                   dhcp_message_bytes(d->question->message, DHCP_OPTION_SUBNET_SELECTION));
    add_configured(d, DHCP_OPTION_SUBNET_MASK);
    if (!reply_has(&plan->reply, DHCP_OPTION_SUBNET_MASK))
        add_u32(plan, DHCP_OPTION_SUBNET_MASK, plan->subnet->netmask);
    if (!listed)
        add_for_loaders(d);
    if (file_first)
        add_boot_file(d);
    add_for_stage(d);
    if (host && scope_view_flag(&d->view, PARAMETER_USE_HOST_DECL_NAMES, false) &&
        !scope_view_find(&d->view, SPACE_DHCP, DHCP_OPTION_HOST_NAME))
        dhcp_reply_add(&plan->reply, DHCP_OPTION_HOST_NAME, slice_of_string(host->name));
    add_requested(d);
    if (listed)
        add_for_loaders(d);
    if (!file_first)
        add_boot_file(d);
    if (type != DHCP_BOOTP)
        add_identifier(d);
}

/* What every reply has: the client's own fields back. */
static void start_reply(struct decision *d, enum dhcp_type type)
{
    const struct dhcp_message *message = d->question->message;
    struct dhcp_plan *plan = d->plan;
    struct reader size =
        reader_of_slice(scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_MAXIMUM_SIZE));

    plan->has_reply = true;
    plan->reply_type = type;
    plan->limit = dhcp_message_limit(message, d->type == DHCP_BOOTP ? 0 : reader_be16(&size));
    plan->reply = (struct dhcp_reply){
        .hardware_type = message->hardware_type,
        .hardware_length = message->hardware_length,
        .hops = 0, /* RFC 2131 table 3; it counts the relays on the way to us */
        .xid = message->xid,
        .flags = message->flags,
        .giaddr = message->giaddr,
        .with_options = message->has_options ||
                        scope_view_flag(&d->view, PARAMETER_ALWAYS_REPLY_RFC1048, false),
        /* ROMs, iPXE and loaders take what stands in the fields for a name (doc/clients.md). */
        .may_overload = type != DHCP_BOOTP && plan->stage == STAGE_USERLAND,
        /* A switch that puts the option in may have no address to set giaddr to. */
        .relay_agent = dhcp_message_bytes(message, DHCP_OPTION_RELAY_AGENT),
    };
    memcpy(plan->reply.chaddr, message->chaddr, sizeof(plan->reply.chaddr));
    /* A vendor area of an unknown form (CMU's, for one) goes back as it came. */
    if (!plan->reply.with_options)
        plan->reply.vendor_area = message->vendor_area;
}

/* A client that asks again what was answered has not heard the answer. */
static bool is_repeat(const struct decision *d)
{
    const struct dhcp_question *q = d->question;
    uint32_t asked = d->requested ? d->requested : q->message->ciaddr;

    return q->answered.at_ms > 0 && q->now_ms - q->answered.at_ms < DHCP_REPEAT_MS &&
           q->answered.type == d->type && q->answered.asked_address == asked &&
           q->answered.had_address == (q->message->ciaddr != 0);
}

/* RFC 2131 section 4.1, RFC 1542 section 5.4. */
static void choose_path(struct decision *d)
{
    const struct dhcp_message *message = d->question->message;
    struct dhcp_plan *plan = d->plan;
    bool repeat = is_repeat(d);
    bool always = scope_view_flag(&d->view, PARAMETER_ALWAYS_BROADCAST, false);
    bool broadcast = (message->flags & DHCP_FLAG_BROADCAST) || always;

    if (always)
        plan->reply.flags |= DHCP_FLAG_BROADCAST;
    if (d->type == DHCP_INFORM && message->ciaddr) {
        /* RFC 2131 section 4.3.5: directly to the machine, which has its address. */
        plan->path = PATH_CLIENT;
        plan->destination = message->ciaddr;
        plan->also_broadcast = repeat && !message->giaddr;
    } else if (message->giaddr) {
        plan->path = PATH_RELAY;
        plan->destination = message->giaddr;
        /* The relay sends the last part of the way: ask it to broadcast. */
        if (broadcast || repeat || plan->reply_type == DHCP_NAK || d->type == DHCP_INFORM)
            plan->reply.flags |= DHCP_FLAG_BROADCAST;
    } else if (plan->reply_type == DHCP_NAK) {
        plan->path = PATH_BROADCAST;
    } else if (d->type == DHCP_INFORM || (message->ciaddr && d->type != DHCP_DISCOVER)) {
        /* Who begins anew has no address yet, whatever it says. */
        plan->destination = message->ciaddr ? message->ciaddr : d->question->arrival.source;
        plan->path = plan->destination ? PATH_CLIENT : PATH_BROADCAST;
        plan->also_broadcast = repeat && plan->destination;
    } else if (broadcast) {
        plan->path = PATH_BROADCAST;
    } else {
        plan->path = PATH_LINK;
        plan->destination = plan->reply.yiaddr;
        plan->also_broadcast = repeat;
    }
    if (repeat && (plan->also_broadcast || plan->path == PATH_RELAY))
        dhcp_why_also(d, "; it asks again, so the answer goes by broadcast too");
}

void dhcp_make_reply(struct decision *d, enum dhcp_type type, uint32_t address, uint32_t seconds)
{
    struct dhcp_plan *plan = d->plan;

    start_reply(d, type);
    dhcp_choose_boot(d);
    plan->reply.yiaddr = address;
    plan->router_wanted = plan->stage == STAGE_IPXE &&
                          scope_view_flag(&d->view, PARAMETER_ROUTER_ADVERTISEMENT, true);
    /* RFC 2131 table 3: an ACK gives the client's own ciaddr back, an offer has none. */
    plan->reply.ciaddr = type == DHCP_OFFER ? 0 : d->question->message->ciaddr;
    add_options(d, type, seconds);
    choose_path(d);
}

void dhcp_make_pxe_reply(struct decision *d, enum dhcp_type type, const struct pxe_boot_item *item)
{
    struct dhcp_plan *plan = d->plan;
    bool is_http = is_vendor_class(d, "HTTPClient");
    uint8_t bytes[16];
    struct writer w = writer_of(bytes, sizeof(bytes));

    plan->outcome = OUTCOME_ANSWERED;
    start_reply(d, type);
    plan->reply.ciaddr = type == DHCP_OFFER ? 0 : d->question->message->ciaddr;
    plan->router_wanted = plan->stage == STAGE_IPXE &&
                          scope_view_flag(&d->view, PARAMETER_ROUTER_ADVERTISEMENT, true);
    add_u8(plan, DHCP_OPTION_MESSAGE_TYPE, (uint8_t)type);
    add_u32(plan, DHCP_OPTION_SERVER_IDENTIFIER, d->server_identifier);
    /* PXE 2.1 tables 2-5 and 2-6: the class tells a proxy's offer, the machine's UUID comes back.
     */
    dhcp_reply_add(&plan->reply, DHCP_OPTION_VENDOR_CLASS,
                   slice_of_string(is_http ? "HTTPClient" : "PXEClient"));
    dhcp_reply_add(&plan->reply, DHCP_OPTION_UUID,
                   dhcp_message_bytes(d->question->message, DHCP_OPTION_UUID));
    add_boot_file(d);
    if (!item)
        add_configured(d, DHCP_OPTION_VENDOR_OPTIONS);
    if (item) {
        pxe_write_boot_item(&w, *item);
        pxe_write_end(&w);
        dhcp_reply_add(&plan->reply, DHCP_OPTION_VENDOR_OPTIONS, keep(plan, bytes, w.length));
    } else if (!is_http && !reply_has(&plan->reply, DHCP_OPTION_VENDOR_OPTIONS)) {
        add_pxe_options(d);
    }
    choose_path(d);
    if (d->question->boot_server && d->question->arrival.source) {
        plan->path = PATH_CLIENT;
        plan->destination = d->question->arrival.source;
    } else if (plan->path == PATH_LINK) {
        /* There is no address to send to yet, and none that this server gave. */
        plan->path = PATH_BROADCAST;
    }
}

void dhcp_make_nak(struct decision *d)
{
    struct dhcp_plan *plan = d->plan;

    plan->outcome = OUTCOME_REFUSED;
    start_reply(d, DHCP_NAK);
    /* RFC 2131 table 3: no address, no file, and few options. */
    add_u8(plan, DHCP_OPTION_MESSAGE_TYPE, DHCP_NAK);
    add_u32(plan, DHCP_OPTION_SERVER_IDENTIFIER, d->server_identifier);
    dhcp_reply_add(&plan->reply, DHCP_OPTION_MESSAGE,
                   keep(plan, plan->why, strlen(plan->why) < 200 ? strlen(plan->why) : 200));
    add_identifier(d);
    choose_path(d);
}
