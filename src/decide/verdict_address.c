#include "decide/verdict_parts.h"

#include <stddef.h>

enum {
    UNHEARD_MS = 120000,      /* within that it asks for the same; later it renews */
    TIMES_UNHEARD = 3,        /* so often answered, a machine that asks again has heard nothing */
    ASKED_SILENCE_MS = 10000, /* PXE ROMs pause for 4, 8 and 16 s between their questions */
    LOADED_SILENCE_MS =
        20000, /* from an address to the first question for a file: OVMF takes 4 s */
};

static const struct boot_fact *fact(const struct boot *boot, enum step_event event)
{
    return &boot->facts[event];
}

/* Whether that is the last that came of the machine. */
static bool last_is(const struct boot *boot, enum step_event event)
{
    return fact(boot, event)->count > 0 && fact(boot, event)->last_ms == boot->last_ms;
}

static bool is_ignored_for(const struct boot *boot, enum step_reason reason)
{
    return last_is(boot, STEP_IGNORED) && fact(boot, STEP_IGNORED)->reason == reason;
}

/* It has an address from here, and asked for no file since. */
static const struct boot_fact *addressed(const struct boot *boot)
{
    if (boot->reached > REACHED_ADDRESS)
        return NULL;
    return last_is(boot, STEP_ACK)     ? fact(boot, STEP_ACK)
           : last_is(boot, STEP_BOOTP) ? fact(boot, STEP_BOOTP)
                                       : NULL;
}

static bool addressed_for(const struct boot *boot, enum step_reason reason)
{
    const struct boot_fact *found = addressed(boot);

    return found && found->reason == reason;
}

static const char *known(const char *text, const char *otherwise)
{
    return text && text[0] ? text : otherwise;
}

static const char *name_of(const struct boot *boot)
{
    return known(boot->host, "this machine");
}

static bool is_firmware(const struct boot *boot)
{
    return boot->stage >= STAGE_ROM && boot->stage <= STAGE_U_BOOT;
}

/* ---- No answer ---- */

static bool no_subnet(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_NO_SUBNET);
}

static void tell_no_subnet(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an address");
    verdict_say(
        verdict->saw,
        "%u questions from an interface or through a relay whose network no subnet declares",
        fact(boot, STEP_NO_SUBNET)->count);
    verdict_say(verdict->cure,
                "declare it: subnet NETWORK netmask MASK { range ...; }; or give the interface an "
                "address in a declared subnet");
}

static bool exhausted(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_EXHAUSTED);
}

static void tell_exhausted(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an address");
    verdict_say(verdict->saw, "%u questions, and no free address for it%s%s",
                fact(boot, STEP_EXHAUSTED)->count, fact(boot, STEP_EXHAUSTED)->got ? ": " : "",
                known(fact(boot, STEP_EXHAUSTED)->got, ""));
    verdict_say(verdict->cure,
                "make the subnet's range longer, or default-lease-time shorter, or declare %s with "
                "a fixed-address; bootwire leases says who has the others",
                name_of(boot));
}

static bool booting_denied(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_ignored_for(boot, REASON_BOOTING_DENIED);
}

static void tell_booting_denied(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an address");
    verdict_say(verdict->saw, "%u questions, left without an answer: booting is denied to it",
                fact(boot, STEP_IGNORED)->count);
    verdict_say(verdict->cure, "take \"deny booting\" out of its scope if it is to boot; bootwire "
                               "check --explain says which line that is");
}

static bool unknown_denied(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_ignored_for(boot, REASON_UNKNOWN_DENIED);
}

static void tell_unknown_denied(const struct boot *boot, struct verdict *verdict)
{
    char hardware[HARDWARE_TEXT_SIZE];

    hardware_text(hardware, &boot->hardware);
    verdict_say(verdict->waiting, "an address");
    verdict_say(verdict->saw, "no host declaration names %s, and unknown clients are denied",
                hardware);
    verdict_say(verdict->cure, "declare it: host NAME { hardware ethernet %s; }", hardware);
}

static bool bootp_denied(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_ignored_for(boot, REASON_BOOTP_DENIED);
}

static void tell_bootp_denied(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "a BOOTP reply");
    verdict_say(verdict->saw, "%u BOOTP requests, which are denied here",
                fact(boot, STEP_IGNORED)->count);
    verdict_say(verdict->cure, "allow bootp in its scope, and say dynamic-bootp in the range if it "
                               "has no fixed-address");
}

static bool too_soon(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_ignored_for(boot, REASON_TOO_SOON);
}

static void tell_too_soon(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an address");
    verdict_say(verdict->saw,
                "%u questions, each with fewer seconds in its \"secs\" field than min-secs wants",
                fact(boot, STEP_IGNORED)->count);
    verdict_say(verdict->cure, "some firmware leaves that field 0 for ever: take min-secs out of "
                               "its scope");
}

static bool lease_limit(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_ignored_for(boot, REASON_LEASE_LIMIT);
}

static void tell_lease_limit(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an address");
    verdict_say(verdict->saw, "its class has all the leases that it may have%s%s",
                fact(boot, STEP_IGNORED)->got ? ": " : "",
                known(fact(boot, STEP_IGNORED)->got, ""));
    verdict_say(verdict->cure,
                "raise the class's lease limit, or wait until one of its leases ends "
                "(bootwire leases)");
}

static bool rarp_unknown(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_RARP_UNKNOWN);
}

static void tell_rarp_unknown(const struct boot *boot, struct verdict *verdict)
{
    char hardware[HARDWARE_TEXT_SIZE];

    hardware_text(hardware, &boot->hardware);
    verdict_say(verdict->waiting, "its address, by RARP");
    verdict_say(verdict->saw, "%s", known(fact(boot, STEP_RARP_UNKNOWN)->got, "no answer"));
    verdict_say(verdict->cure,
                "RARP gives declared addresses only: host NAME { hardware ethernet "
                "%s; fixed-address ADDRESS; }",
                hardware);
}

/* ---- Answers that do not help ---- */

static bool refused_again(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_NAK) && fact(boot, STEP_NAK)->count >= TIMES_UNHEARD;
}

static void tell_refused_again(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "the address that it insists on");
    verdict_say(verdict->saw, "%u DHCPNAKs in this boot, the last one for this: %s",
                fact(boot, STEP_NAK)->count,
                known(fact(boot, STEP_NAK)->got, "it may not have that address"));
    verdict_say(verdict->cure,
                "it asks for an address of another network or another server: power it off and on, "
                "and see whether another server gave it that one");
}

static bool address_in_use(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->reached <= REACHED_ADDRESS && fact(boot, STEP_DECLINE)->count > 0;
}

static void tell_address_in_use(const struct boot *boot, struct verdict *verdict)
{
    char times[VERDICT_TIMES_SIZE];

    verdict_say(verdict->waiting, "an address that nobody else uses");
    verdict_say(verdict->saw, "it declined what it was given%s, for something else answers there",
                verdict_times(times, fact(boot, STEP_DECLINE)->count));
    verdict_say(verdict->cure,
                "find who answers at that address (arping -D), and take it out of the range, or "
                "declare its owner");
}

static bool loop_held(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_LOOP);
}

static void tell_loop_held(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "something else to boot than itself");
    verdict_say(verdict->saw, "the loader asked again, and its boot file would be itself: %s",
                known(fact(boot, STEP_LOOP)->got, "held back"));
    verdict_say(
        verdict->cure,
        "say what the loader is to get: boot ipxe \"script\"; or another filename if exists "
        "user-class and option user-class = \"iPXE\"");
}

/* ---- Another server ---- */

static bool loader_elsewhere(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->stage >= STAGE_LOADER && fact(boot, STEP_FOREIGN_OFFER)->count > 0 &&
           boot->reached <= REACHED_LOADED &&
           fact(boot, STEP_FOREIGN_OFFER)->last_ms >= boot->loading.at_ms;
}

static void tell_loader_elsewhere(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an answer to its loader that its ROM lets through");
    verdict_say(verdict->saw,
                "%s came, and asked for an address again, without the ROM's client identifier; "
                "another DHCP server answered, too: %s",
                known(boot->loading.name, "the loader"),
                known(fact(boot, STEP_FOREIGN_OFFER)->subject, "unknown"));
    verdict_say(verdict->cure,
                "the other server takes it for another machine and offers it a "
                "second address: end that server, or tell it to ignore %s",
                name_of(boot));
}

static bool took_other(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_is(boot, STEP_OTHER_SERVER) && boot->reached <= REACHED_ADDRESS;
}

static void tell_took_other(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "what another server told it to boot");
    verdict_say(verdict->saw, "it takes another server's offer (%s) and asks for nothing here",
                known(fact(boot, STEP_FOREIGN_OFFER)->subject,
                      known(fact(boot, STEP_OTHER_SERVER)->got, "unknown")));
    verdict_say(verdict->cure, "end the other server, have it ignore this machine, or serve beside "
                               "it: proxy-dhcp on");
}

static bool second_server(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return fact(boot, STEP_FOREIGN_OFFER)->count > 0 && !last_is(boot, STEP_OTHER_SERVER) &&
           boot->reached >= REACHED_OFFERED && boot->reached <= REACHED_ADDRESS;
}

static void tell_second_server(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "nothing that this server knows of");
    verdict_say(verdict->saw, "two DHCP servers answered it: this one, and %s",
                known(fact(boot, STEP_FOREIGN_OFFER)->subject, "another one"));
    verdict_say(verdict->cure, "it may have taken the other one's word: end that server, or serve "
                               "beside it (proxy-dhcp on)");
}

/* ---- Answers that do not arrive ---- */

static bool answer_unsent(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->reached <= REACHED_ADDRESS && last_is(boot, STEP_UNSENT);
}

static void tell_answer_unsent(const struct boot *boot, struct verdict *verdict)
{
    const struct boot_fact *unsent = fact(boot, STEP_UNSENT);

    verdict_say(verdict->waiting, "an answer by DHCP");
    verdict_say(verdict->saw, "the answer to %s was %s", known(unsent->subject, "it"),
                known(unsent->got, "not sent"));
    if (unsent->reason == REASON_NO_ROUTE)
        verdict_say(verdict->cure,
                    "this server has no route to there: add one (ip route add NETWORK via ROUTER)");
    else if (unsent->reason == REASON_FIREWALL)
        verdict_say(verdict->cure,
                    "the firewall of this server keeps it in: let UDP from port 67 go out; "
                    "bootwire check --system names the rule");
    else
        verdict_say(verdict->cure, "look at this server's interfaces (ip address, ip route)");
}

/* It asks again and again: it hears nothing. */
static bool offer_unheard(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->reached == REACHED_OFFERED && fact(boot, STEP_OFFER)->count >= TIMES_UNHEARD;
}

static void tell_offer_unheard(const struct boot *boot, struct verdict *verdict)
{
    char address[IPV4_TEXT_SIZE];

    verdict_say(verdict->waiting, "an answer to its DHCPDISCOVER");
    verdict_say(verdict->saw,
                "%u DHCPDISCOVERs, each answered with an offer of %s, and no DHCPREQUEST",
                fact(boot, STEP_OFFER)->count, ipv4_text(address, boot->address));
    verdict_say(
        verdict->cure,
        "the offers do not arrive: look for a firewall on UDP port 68, a switch port that is "
        "not forwarding yet (spanning tree: set portfast), a VLAN that lets broadcasts pass "
        "in one direction only, or firmware that refuses the offer (see no-boot-file)");
}

static bool ack_unheard(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->reached == REACHED_ADDRESS && is_firmware(boot) && last_is(boot, STEP_ACK) &&
           fact(boot, STEP_ACK)->count >= TIMES_UNHEARD &&
           fact(boot, STEP_ACK)->last_ms - fact(boot, STEP_ACK)->first_ms <= UNHEARD_MS &&
           fact(boot, STEP_ACK)->count > fact(boot, STEP_OFFER)->count;
}

static void tell_ack_unheard(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "an answer to its DHCPREQUEST");
    verdict_say(verdict->saw, "%u DHCPREQUESTs, each answered with a DHCPACK",
                fact(boot, STEP_ACK)->count);
    verdict_say(verdict->cure,
                "the DHCPACKs do not arrive, though the offer did: look for a firewall on UDP port "
                "68, or a relay that answers cannot be routed to");
}

/* ---- An address, and no file ---- */

static bool no_loader(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return addressed_for(boot, REASON_NO_LOADER);
}

static void tell_no_loader(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "a loader for its firmware");
    verdict_say(verdict->saw, "it got an address; its recipe has nothing for what asks: %s",
                known(addressed(boot)->hint, "no loader for that architecture"));
    verdict_say(verdict->cure, "install the loader's package (bootwire check says which), or put "
                               "the loader below tftp-root under its name");
}

static bool no_boot_file(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return addressed_for(boot, REASON_NO_BOOT_FILE);
}

static void tell_no_boot_file(const struct boot *boot, struct verdict *verdict)
{
    char address[IPV4_TEXT_SIZE];

    verdict_say(verdict->waiting, "the name of something to boot");
    verdict_say(verdict->saw, "it got the address %s, and the answer named no boot file",
                ipv4_text(address, boot->address));
    verdict_say(verdict->cure,
                "say in the scope of %s what it boots: boot linux { kernel \"...\"; }, or filename "
                "\"...\"; bootwire check --explain says what it gets",
                name_of(boot));
}

static bool elsewhere(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return addressed_for(boot, REASON_ELSEWHERE);
}

static void tell_elsewhere(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "the file %s from %s", known(addressed(boot)->subject, "?"),
                known(addressed(boot)->hint, "another server"));
    verdict_say(verdict->saw, "next-server sends it there for its file, so nothing of that is seen "
                              "here");
    verdict_say(verdict->cure,
                "take next-server %s out of its scope if the file is to come from "
                "here; else look at that server's log",
                known(addressed(boot)->hint, ""));
}

static bool is_uefi_at_the_edge(const struct boot *boot)
{
    uint8_t last = (uint8_t)boot->address;

    return (boot->stage == STAGE_UEFI_PXE || boot->stage == STAGE_UEFI_HTTP) &&
           (last == 0 || last == 255);
}

static bool address_refused(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return addressed(boot) && is_uefi_at_the_edge(boot);
}

static void tell_address_refused(const struct boot *boot, struct verdict *verdict)
{
    char address[IPV4_TEXT_SIZE];

    ipv4_text(address, boot->address);
    verdict_say(verdict->waiting, "an address that its firmware takes");
    verdict_say(verdict->saw, "it got %s, and did nothing with it", address);
    verdict_say(verdict->cure, "UEFI refuses addresses that end in .0 or .255, whatever the "
                               "netmask: give it another fixed-address");
}

static bool left_out(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return addressed_for(boot, REASON_LEFT_OUT);
}

static void tell_left_out(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "what stood in an option that it did not get");
    verdict_say(verdict->saw, "what it takes had no room for option %s",
                known(addressed(boot)->hint, "(unknown)"));
    verdict_say(verdict->cure,
                "leave out options that %s has no use for, or shorten their values; or, where it "
                "does not say how much it takes, say option dhcp-max-message-size 1400",
                name_of(boot));
}

static bool url_unasked(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->stage == STAGE_UEFI_HTTP && addressed_for(boot, REASON_NONE);
}

static void tell_url_unasked(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "%s", known(addressed(boot)->subject, "its URL"));
    verdict_say(verdict->saw, "it got its address and that URL, and no HTTP request came");
    verdict_say(
        verdict->cure,
        "look for a firewall on the URL's TCP port, and that the URL is http:// and names an "
        "address that the machine can reach; firmware may have plain HTTP turned off");
}

static bool file_unasked(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_firmware(boot) && addressed_for(boot, REASON_NONE) && addressed(boot)->subject;
}

static void tell_file_unasked(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "the file %s", addressed(boot)->subject);
    verdict_say(verdict->saw, "it got its address and that name, and no TFTP request came");
    verdict_say(
        verdict->cure,
        "look for a firewall on UDP port 69, a routers option that leads nowhere, or a boot "
        "order that goes on to the disk");
}

const struct verdict_row verdict_address_rows[] = {
    {"no-subnet", 0, no_subnet, tell_no_subnet},
    {"pool-exhausted", 0, exhausted, tell_exhausted},
    {"booting-denied", 0, booting_denied, tell_booting_denied},
    {"unknown-denied", 0, unknown_denied, tell_unknown_denied},
    {"bootp-denied", 0, bootp_denied, tell_bootp_denied},
    {"min-secs", ASKED_SILENCE_MS, too_soon, tell_too_soon},
    {"lease-limit", 0, lease_limit, tell_lease_limit},
    {"rarp-unknown", 0, rarp_unknown, tell_rarp_unknown},
    {"refused-again", 0, refused_again, tell_refused_again},
    {"address-in-use", ASKED_SILENCE_MS, address_in_use, tell_address_in_use},
    {"loop-held", ASKED_SILENCE_MS, loop_held, tell_loop_held},
    {"loader-elsewhere", ASKED_SILENCE_MS, loader_elsewhere, tell_loader_elsewhere},
    {"took-other-server", LOADED_SILENCE_MS, took_other, tell_took_other},
    {"second-server", ASKED_SILENCE_MS, second_server, tell_second_server},
    {"answer-unsent", 0, answer_unsent, tell_answer_unsent},
    {"offer-unheard", 0, offer_unheard, tell_offer_unheard},
    {"ack-unheard", 0, ack_unheard, tell_ack_unheard},
    {"no-loader", ASKED_SILENCE_MS, no_loader, tell_no_loader},
    {"no-boot-file", ASKED_SILENCE_MS, no_boot_file, tell_no_boot_file},
    {"next-server-elsewhere", LOADED_SILENCE_MS, elsewhere, tell_elsewhere},
    {"address-refused", LOADED_SILENCE_MS, address_refused, tell_address_refused},
    {"options-left-out", LOADED_SILENCE_MS, left_out, tell_left_out},
    {"url-unasked", LOADED_SILENCE_MS, url_unasked, tell_url_unasked},
    {"file-unasked", LOADED_SILENCE_MS, file_unasked, tell_file_unasked},
    {NULL, 0, NULL, NULL},
};
