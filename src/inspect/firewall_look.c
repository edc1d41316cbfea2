/* The firewall of this machine: whether what machines send first to each service gets in. Asked are
 * the programs that the firewall is written with, for their output is what people read, too. */
#include "inspect/firewall.h"
#include "inspect/inspect.h"

#include "model/setting_walk.h"
#include "platform/linux/program_output.h"
#include "wire/dhcp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 10000,
    LINKS_MAX = 8,
    TEXT_SIZE = 1024,
    LIST_SIZE = 256,
    GROUPS_MAX = 8,
};

/* What the programs said; NULL: nothing. */
struct rules {
    json_t *nft;
    char *iptables;              /* of iptables-nft-save, whose tables nft shows, too */
    char *legacy;                /* of iptables-legacy-save */
    const char *shown_twice[16]; /* those tables; NULL behind the last */
};

/* Ports that one chain keeps out, on one interface. */
struct group {
    char table[LIST_SIZE], chain[LIST_SIZE], dropper[TEXT_SIZE];
    enum firewall_truth drops;
    enum finding_severity severity;
    char udp[LIST_SIZE], tcp[LIST_SIZE]; /* "67,69" */
    bool by_iptables, legacy;
};

struct look {
    const struct inspection *inspection;
    struct rules rules;
    struct group groups[GROUPS_MAX];
    size_t group_count;
};

/* ---- The rules ---- */

static void find_tables(struct rules *rules)
{
    static const char *const names[] = {"filter", "raw", "mangle", "nat", "security"};
    size_t count = 0;
    char line[32];

    for (size_t i = 0; rules->iptables && i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(line, sizeof(line), "*%s\n", names[i]);
        if (strstr(rules->iptables, line))
            rules->shown_twice[count++] = names[i];
    }
}

/* Runs a program that prints rules; NULL where it cannot, and `*why` says so the first time. */
static char *ask(const char *const argv[], char why[LIST_SIZE], size_t *missing)
{
    char *text;
    const struct program_request request = {.argv = argv, .patience_ms = PATIENCE_MS};
    int status = program_output(&request, &text);

    if (status == 0)
        return text;
    if (status == -ENOENT)
        (*missing)++;
    else if (!why[0])
        snprintf(why, LIST_SIZE, "%s: %s", argv[0],
                 status < 0 ? strerror(-status) : "it may not look, or fails");
    free(text);
    return NULL;
}

static void read_rules(struct look *look)
{
    static const char *const nft[] = {"nft", "-j", "list", "ruleset", NULL};
    static const char *const iptables[] = {"iptables-nft-save", NULL};
    static const char *const legacy[] = {"iptables-legacy-save", NULL};
    struct rules *rules = &look->rules;
    char why[LIST_SIZE] = "";
    size_t missing = 0;
    char *text = ask(nft, why, &missing);

    if (text)
        rules->nft = json_loads(text, 0, NULL);
    free(text);
    rules->iptables = ask(iptables, why, &missing);
    rules->legacy = ask(legacy, why, &missing);
    find_tables(rules);
    if (why[0] && !rules->nft)
        findings_add(look->inspection->findings, FINDING_NOTE, "firewall-not-read", "firewall",
                     "run this as root, or with CAP_NET_ADMIN",
                     "whether a firewall is in the way could not be looked at: %s", why);
    else if (missing == 3)
        findings_add(look->inspection->findings, FINDING_NOTE, "firewall-not-read", "firewall",
                     "nothing, where there is no firewall; else apt install nftables",
                     "whether a firewall is in the way could not be looked at: neither nft nor "
                     "iptables is installed");
}

/* ---- The packets ---- */

/* Whether somebody boots from here over NFS. */
static void note_root(void *argument, const struct setting *setting, const struct scope *scope)
{
    bool *found = argument;

    (void)scope;
    *found = *found || (setting->space == SPACE_DHCP && setting->code == DHCP_OPTION_ROOT_PATH);
}

static void add_number(char list[LIST_SIZE], uint16_t number)
{
    size_t length = strlen(list);

    snprintf(list + length, LIST_SIZE - length, "%s%u", length ? "," : "", number);
}

static void keep(struct look *look, const struct firewall_chain *chain, enum firewall_truth drops,
                 const struct inspect_port *port, bool by_iptables, bool legacy)
{
    bool tcp = strcmp(port->protocol, "tcp") == 0;
    struct group *group = NULL;

    for (size_t i = 0; i < look->group_count && !group; i++) {
        struct group *at = &look->groups[i];

        if (at->drops == drops && strcmp(at->table, chain->table) == 0 &&
            strcmp(at->chain, chain->name) == 0 && strcmp(at->dropper, chain->dropper) == 0 &&
            at->legacy == legacy)
            group = at;
    }
    if (!group && look->group_count == GROUPS_MAX)
        return;
    if (!group) {
        group = &look->groups[look->group_count++];
        *group = (struct group){
            .drops = drops, .severity = FINDING_NOTE, .by_iptables = by_iptables, .legacy = legacy};
        snprintf(group->table, sizeof(group->table), "%s", chain->table);
        snprintf(group->chain, sizeof(group->chain), "%s", chain->name);
        snprintf(group->dropper, sizeof(group->dropper), "%s", chain->dropper);
    }
    add_number(tcp ? group->tcp : group->udp, port->number);
    if (port->severity < group->severity)
        group->severity = port->severity;
}

static void try_packet(struct look *look, const struct firewall_packet *packet,
                       const struct inspect_port *port)
{
    const struct rules *rules = &look->rules;

    for (int kind = 0; kind < 3; kind++) {
        const struct firewall_chain *chain = NULL;
        struct region region;
        struct firewall firewall = {.region = &region};
        enum firewall_truth drops;

        region_init(&region, 0);
        if (kind == 0 && rules->nft)
            firewall_read_nft(&firewall, rules->nft, packet, rules->shown_twice);
        else if (kind == 1 && rules->iptables)
            firewall_read_iptables(&firewall, rules->iptables, packet);
        else if (kind == 2 && rules->legacy)
            firewall_read_iptables(&firewall, rules->legacy, packet);
        drops = firewall_drops(&firewall, &chain);
        if (drops != FIREWALL_NO)
            keep(look, chain, drops, port, kind > 0, kind == 2);
        region_release(&region);
    }
}

/* ---- What is said ---- */

/* " --add-port=67/udp --add-port=69/udp" into `to`; returns `to`. */
static char *port_options(const char *list, const char *protocol, char to[TEXT_SIZE])
{
    size_t length = 0;

    to[0] = 0;
    for (const char *at = list; at && length < TEXT_SIZE;
         at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        length += (size_t)snprintf(to + length, TEXT_SIZE - length, " --add-port=%.*s/%s",
                                   (int)strcspn(at, ","), at, protocol);
    return to;
}

/* How each kind of firewall is told to let the ports in. */
static void write_cure(const struct group *group, const char *interface, char cure[TEXT_SIZE])
{
    const char *lists[] = {group->udp, group->tcp}, *protocols[] = {"udp", "tcp"};
    bool ufw = strncmp(group->dropper, "-A ufw", 6) == 0 || strstr(group->dropper, "chain ufw");
    bool firewalld = strcmp(group->table, "inet firewalld") == 0;
    char options[TEXT_SIZE];
    size_t length = 0;

    cure[0] = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *before = length ? "; " : "";

        if (!lists[i][0] || length >= TEXT_SIZE)
            continue;
        if (ufw)
            length += (size_t)snprintf(cure + length, TEXT_SIZE - length,
                                       "%sufw allow in on %s to any port %s proto %s", before,
                                       interface, lists[i], protocols[i]);
        else if (firewalld)
            length +=
                (size_t)snprintf(cure + length, TEXT_SIZE - length,
                                 "%sfirewall-cmd --permanent "
                                 "--zone=$(firewall-cmd --get-zone-of-interface=%s)%s && "
                                 "firewall-cmd --reload",
                                 before, interface, port_options(lists[i], protocols[i], options));
        else if (group->by_iptables)
            length += (size_t)snprintf(cure + length, TEXT_SIZE - length,
                                       "%s%s -I %s -i %s -p %s -m multiport --dports %s -j ACCEPT",
                                       before, group->legacy ? "iptables-legacy" : "iptables",
                                       group->chain, interface, protocols[i], lists[i]);
        else
            length += (size_t)snprintf(
                cure + length, TEXT_SIZE - length,
                "%snft insert rule %s %s iifname \"%s\" %s dport { %s } accept", before,
                group->table, group->chain, interface, protocols[i], lists[i]);
    }
}

static void say_group(const struct look *look, const struct group *group, const char *interface)
{
    char cure[TEXT_SIZE];

    write_cure(group, interface, cure);
    findings_add(
        look->inspection->findings, group->drops == FIREWALL_YES ? group->severity : FINDING_NOTE,
        group->drops == FIREWALL_YES ? "firewall" : "firewall-unclear", interface, cure,
        "the firewall %s what machines send here to%s%s%s%s%s: %s, chain %s of table %s%s",
        group->drops == FIREWALL_YES ? "drops" : "may drop", group->udp[0] ? " udp port " : "",
        group->udp, group->udp[0] && group->tcp[0] ? " and" : "", group->tcp[0] ? " tcp port " : "",
        group->tcp, group->dropper, group->chain, group->table,
        group->legacy ? " (iptables-legacy)" : "");
}

static void look_at_link(struct look *look, const struct link_address *link, bool nfs)
{
    struct inspect_port ports[INSPECT_PORTS_MAX];
    size_t count = inspect_ports_needed(look->inspection->snapshot, ports);

    look->group_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool dhcp = ports[i].number == DHCP_SERVER_PORT;
        const struct firewall_packet packet = {
            .interface = link->name,
            .tcp = strcmp(ports[i].protocol, "tcp") == 0,
            .port = ports[i].number,
            .from_port = dhcp ? DHCP_CLIENT_PORT : 0,
            .source = dhcp ? 0 : link->address & link->netmask,
            .source_mask = dhcp ? UINT32_MAX : link->netmask,
            .destination = dhcp ? IPV4_BROADCAST : link->address,
            .broadcast = dhcp,
        };

        if (nfs || !ports[i].rpc)
            try_packet(look, &packet, &ports[i]);
    }
    for (size_t i = 0; i < look->group_count; i++)
        say_group(look, &look->groups[i], link->name);
}

void inspect_firewall(const struct inspection *inspection)
{
    struct look look = {.inspection = inspection};
    bool nfs = inspection->snapshot->export_count > 0;
    size_t links = 0;

    snapshot_each_setting(inspection->snapshot, note_root, &nfs);
    read_rules(&look);
    for (size_t i = 0; i < inspection->link_count && links < LINKS_MAX; i++) {
        const struct link_address *link = &inspection->links[i];

        if (!link->ethernet || !snapshot_subnet_of(inspection->snapshot, link->address) ||
            (i > 0 && inspection->links[i - 1].index == link->index))
            continue;
        links++;
        look_at_link(&look, link, nfs);
    }
    json_decref(look.rules.nft);
    free(look.rules.iptables);
    free(look.rules.legacy);
}
