#include "service/dhcp_text.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

enum { IDENTIFIER_SHOWN = 20, PART_SIZE = 200 };

__attribute__((format(printf, 2, 3))) static void add(char to[DHCP_TEXT_SIZE], const char *format,
                                                      ...)
{
    size_t length = strlen(to);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(to + length, DHCP_TEXT_SIZE - length, format, arguments);
    va_end(arguments);
}

static void add_identifier(char to[DHCP_TEXT_SIZE], struct slice identifier)
{
    char part[3 * IDENTIFIER_SHOWN + 1];

    if (identifier.length == 0)
        return;
    text_hex(part, sizeof(part), identifier);
    add(to, " with client identifier %s", part);
    if (identifier.length > IDENTIFIER_SHOWN)
        add(to, "...");
}

void dhcp_asked_text(char to[DHCP_TEXT_SIZE], const struct dhcp_message *message)
{
    struct slice class = dhcp_message_text(message, DHCP_OPTION_VENDOR_CLASS);
    char part[PART_SIZE], address[IPV4_TEXT_SIZE];
    uint32_t asked = message->ciaddr;

    snprintf(to, DHCP_TEXT_SIZE, "%s", dhcp_type_name(dhcp_message_type(message)));
    dhcp_message_u32(message, DHCP_OPTION_REQUESTED_ADDRESS, &asked);
    if (asked)
        add(to, " for %s", ipv4_text(address, asked));
    add_identifier(to, dhcp_message_bytes(message, DHCP_OPTION_CLIENT_IDENTIFIER));
    if (class.length > 0)
        add(to, " as %s", text_printable(part, sizeof(part), class));
    if (message->file.length > 0)
        add(to, ", wants \"%s\"", text_printable(part, sizeof(part), message->file));
    if (message->giaddr)
        add(to, ", through the relay %s", ipv4_text(address, message->giaddr));
}

void dhcp_got_text(char to[DHCP_TEXT_SIZE], const struct dhcp_plan *plan,
                   const struct dhcp_dropped *dropped)
{
    struct slice file = plan->reply.file;
    char part[PART_SIZE], address[IPV4_TEXT_SIZE];

    to[0] = 0;
    if (!plan->has_reply) {
        add(to, "no answer: %s", plan->why);
        return;
    }
    add(to, "%s",
        plan->reply_type == DHCP_BOOTP ? "BOOTP reply" : dhcp_type_name(plan->reply_type));
    if (plan->reply.yiaddr)
        add(to, " %s", ipv4_text(address, plan->reply.yiaddr));
    if (file.length > 0)
        add(to, ", file \"%s\"", text_printable(part, sizeof(part), file));
    add(to, ": %s", plan->why);
    for (size_t i = 0; dropped && i < dropped->count; i++)
        add(to, "%s%u", i == 0 ? "; what the client takes had no room for option " : ", ",
            dropped->codes[i]);
}

enum step_event dhcp_event(const struct dhcp_plan *plan, enum dhcp_type asked)
{
    if (plan->other_server)
        return STEP_OTHER_SERVER;
    if (plan->outcome == OUTCOME_NO_SUBNET)
        return STEP_NO_SUBNET;
    if (plan->outcome == OUTCOME_EXHAUSTED && !plan->has_reply)
        return STEP_EXHAUSTED;
    if (asked == DHCP_RELEASE)
        return STEP_RELEASE;
    if (asked == DHCP_DECLINE)
        return STEP_DECLINE;
    if (plan->loop)
        return STEP_LOOP;
    if (!plan->has_reply)
        return STEP_IGNORED;
    if (asked == DHCP_INFORM)
        return STEP_INFORM;
    switch (plan->reply_type) {
    case DHCP_OFFER:
        return STEP_OFFER;
    case DHCP_ACK:
        return STEP_ACK;
    case DHCP_NAK:
        return STEP_NAK;
    default:
        return STEP_BOOTP;
    }
}

enum step_reason dhcp_reason(char hint[DHCP_HINT_SIZE], const struct dhcp_plan *plan,
                             const struct dhcp_message *message, uint32_t local)
{
    enum boot_asker asker = boot_client_of(message).asker;

    hint[0] = 0;
    if (plan->reason || !plan->has_reply || plan->reply_type == DHCP_NAK || asker == ASKER_OTHER)
        return plan->reason;
    if (plan->recipe && plan->boot.outcome == BOOT_OUTCOME_NONE) {
        snprintf(hint, DHCP_HINT_SIZE, "%.150s", plan->boot.why);
        return REASON_NO_LOADER;
    }
    if (plan->reply.file.length == 0 && !plan->recipe && asker != ASKER_NETBSD)
        return REASON_NO_BOOT_FILE;
    if (plan->reply.siaddr && local && plan->reply.siaddr != local) {
        ipv4_text(hint, plan->reply.siaddr);
        return REASON_ELSEWHERE;
    }
    return REASON_NONE;
}

bool dhcp_check_links(const struct snapshot *snapshot, const struct link_address *links,
                      size_t count, char *error, size_t error_size)
{
    size_t length;

    for (size_t i = 0; i < count; i++) {
        if (snapshot_subnet_of(snapshot, links[i].address))
            return true;
    }
    snprintf(error, error_size, "no interface has an address in any declared subnet:");
    for (size_t i = 0; i < count; i++) {
        char text[IPV4_TEXT_SIZE];

        length = strlen(error);
        snprintf(error + length, error_size - length, "%s %s has %s", i > 0 ? "," : "",
                 links[i].name, ipv4_text(text, links[i].address));
    }
    length = strlen(error);
    snprintf(
        error + length, error_size - length,
        "; declare the subnet of one of them, or give an interface an address in a declared one");
    return false;
}
