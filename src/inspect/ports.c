/* The ports that a server would open: whether it could, and who stands there. */
#include "inspect/inspect.h"

#include "platform/linux/port_holder.h"
#include "platform/linux/port_trial.h"
#include "service/boot_means.h"
#include "service/rpc_service.h"
#include "wire/dhcp.h"
#include "wire/pxe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TFTP_PORT = 69, TEXT_SIZE = 512 };

/* Programs that are known to stand at these ports, and how each gives way. */
static const struct {
    const char *name;
    const char *cure;
} holders[] = {
    {"bootwire", "another bootwire serves here already: stop that one first"},
    {"rpcbind", "bootwire answers portmap itself: systemctl disable --now rpcbind.socket "
                "rpcbind.service"},
    {"systemd", "a socket unit holds it for a service (port 111: rpcbind.socket): find it with "
                "`systemctl list-sockets`, then `systemctl disable --now` it"},
    {"dnsmasq", "stop dnsmasq, or take dhcp-range, enable-tftp and pxe-service out of its "
                "configuration; to leave it the addresses, write `proxy-dhcp on;` and run "
                "bootwire on another machine"},
    {"dhcpd", "systemctl disable --now isc-dhcp-server"},
    {"kea-dhcp4", "systemctl disable --now kea-dhcp4-server"},
    {"in.tftpd", "systemctl disable --now tftpd-hpa"},
    {"atftpd", "systemctl disable --now atftpd"},
    {"rpc.mountd", "bootwire serves NFS itself: systemctl disable --now nfs-server"},
    {"ganesha.nfsd", "systemctl disable --now nfs-ganesha"},
    {"nginx", "give bootwire another port with `http-port 8080;`, or none with `http-port 0;`"},
    {"apache2", "give bootwire another port with `http-port 8080;`, or none with `http-port 0;`"},
    {"lighttpd", "give bootwire another port with `http-port 8080;`, or none with `http-port 0;`"},
};

/* What to do about whoever the text of port_holder_text() names. */
static const char *cure_for(const char *holder, const struct inspect_port *port)
{
    const char *name = strstr(holder, " is held by ");

    name = name ? name + strlen(" is held by ") : holder;
    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
        size_t length = strlen(holders[i].name);

        if (strncmp(name, holders[i].name, length) == 0 && name[length] == ' ')
            return holders[i].cure;
    }
    if (port->number == RPC_NFS_PORT && strncmp(name, "the kernel", strlen("the kernel")) == 0)
        return "the kernel's NFS server runs: systemctl disable --now nfs-server";
    if (strcmp(port->protocol, "tcp") == 0 && strcmp(port->service, "HTTP") == 0)
        return "stop it, or give bootwire another port with `http-port 8080;`, or none with "
               "`http-port 0;`";
    return "stop it: two servers cannot share a port";
}

static void add(struct inspect_port ports[INSPECT_PORTS_MAX], size_t *count,
                struct inspect_port port)
{
    if (*count < INSPECT_PORTS_MAX)
        ports[(*count)++] = port;
}

static const char *rpc_service_name(uint16_t port)
{
    switch (port) {
    case RPC_PORTMAP_PORT:
        return "portmap";
    case RPC_MOUNT_PORT:
        return "mount";
    case RPC_NFS_PORT:
        return "NFS";
    default:
        return "bootparam";
    }
}

size_t inspect_ports_needed(const struct snapshot *snapshot,
                            struct inspect_port ports[INSPECT_PORTS_MAX])
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    bool http_written = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_HTTP_PORT) != NULL;
    bool files = snapshot->has_tftp_root || snapshot->recipe_count > 0;
    uint16_t http = boot_http_port(snapshot);
    size_t count = 0;

    if (snapshot->subnet_count > 0) {
        add(ports, &count,
            (struct inspect_port){"udp", DHCP_SERVER_PORT, "DHCP", FINDING_PROBLEM,
                                  "bootwire does not start", false});
        add(ports, &count,
            (struct inspect_port){"udp", PXE_SERVER_PORT, "PXE", FINDING_WARNING,
                                  "boot menus and proxy-dhcp fail for PXE clients that ask there",
                                  false});
    }
    if (files)
        add(ports, &count,
            (struct inspect_port){"udp", TFTP_PORT, "TFTP", FINDING_PROBLEM,
                                  "bootwire does not start", false});
    if (files && http)
        add(ports, &count,
            (struct inspect_port){
                "tcp", http, "HTTP", http_written ? FINDING_PROBLEM : FINDING_WARNING,
                http_written ? "bootwire does not start" : "files are served by TFTP alone",
                false});
    for (size_t i = 0; i < 2 * rpc_port_count; i++) {
        uint16_t number = rpc_ports[i / 2].port;

        add(ports, &count,
            (struct inspect_port){i % 2 ? "tcp" : "udp", number, rpc_service_name(number),
                                  FINDING_PROBLEM, "bootwire does not start", true});
    }
    return count;
}

void inspect_ports(const struct inspection *inspection)
{
    struct inspect_port ports[INSPECT_PORTS_MAX];
    size_t count = inspect_ports_needed(inspection->snapshot, ports), length = 0;
    char place[64], holder[TEXT_SIZE], denied[TEXT_SIZE] = "";
    enum finding_severity severity = FINDING_NOTE;

    for (size_t i = 0; i < count; i++) {
        const struct inspect_port *port = &ports[i];
        int error = port_trial(port->protocol, port->number);

        snprintf(place, sizeof(place), "%s port %u", port->protocol, port->number);
        if (error == EADDRINUSE) {
            port_holder_text(port->protocol, port->number, holder, sizeof(holder));
            findings_add(inspection->findings, port->severity, "port-taken", place,
                         cure_for(holder, port), "%s, and %s needs it: %s",
                         strstr(holder, " is ") ? strstr(holder, " is ") + strlen(" is ") : holder,
                         port->service, port->cost);
        } else if (error == EACCES && length < sizeof(denied) - 32) {
            length += (size_t)snprintf(denied + length, sizeof(denied) - length, "%s%s %u",
                                       length ? ", " : "", port->protocol, port->number);
            severity = port->severity < severity ? port->severity : severity;
        } else if (error) {
            findings_add(inspection->findings, port->severity, "port-closed", place,
                         "see what the system says of it", "%s cannot be served there: %s",
                         port->service, strerror(error));
        }
    }
    if (length > 0)
        findings_add(inspection->findings, severity, "port-forbidden", denied,
                     "run the server as root, or give it CAP_NET_BIND_SERVICE (setcap "
                     "cap_net_bind_service=ep on the program, AmbientCapabilities= in a unit), or "
                     "let everybody: sysctl net.ipv4.ip_unprivileged_port_start=67",
                     "this user may not open these ports: CAP_NET_BIND_SERVICE is missing");
}
