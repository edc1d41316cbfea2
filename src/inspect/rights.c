/* What this user may do, and what each right that is missing costs. Rights are tried where a trial
 * changes nothing, for a namespace or a security module may refuse what a capability allows. */
#include "inspect/inspect.h"

#include "platform/linux/arp_socket.h"
#include "platform/linux/credentials.h"
#include "platform/linux/rights.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void look_at_packet_sockets(const struct inspection *inspection)
{
    int descriptor = arp_socket_open(RARP_PROTOCOL);

    if (descriptor >= 0) {
        close(descriptor);
        return;
    }
    findings_add(inspection->findings, FINDING_WARNING, "no-packet-socket", "CAP_NET_RAW",
                 errno == EPERM ? "run the server as root, or give it CAP_NET_RAW"
                                : "see what the system says of packet sockets (packet(7))",
                 "packet sockets cannot be opened (%s): RARP is not served, DHCP answers go by "
                 "broadcast only, and no address is probed by ARP before it is offered",
                 strerror(errno));
}

static void look_at_files(const struct inspection *inspection)
{
    struct scope_view view = scope_view_of(inspection->snapshot, NULL, NULL);

    if (scope_view_flag(&view, PARAMETER_KEEP_OWNERSHIP, false))
        return;
    if (!credentials_available())
        findings_add(inspection->findings, FINDING_NOTE, "ownership-beside",
                     "CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETUID, CAP_SETGID, "
                     "CAP_MKNOD",
                     "nothing, where that is meant; else run the server as root, in no user "
                     "namespace",
                     "this user cannot give files away or make devices: NFS clients' owners, modes "
                     "and devices are kept beside the files (see \"A server that does not run as "
                     "root\" in bootwire(8)), and mtree counts");
    else if (!rights_has(RIGHT_DAC_READ_SEARCH))
        findings_add(inspection->findings, FINDING_NOTE, "no-handles", "CAP_DAC_READ_SEARCH",
                     "run the server as root, or give it CAP_DAC_READ_SEARCH",
                     "files cannot be opened by the kernel's handles: NFS handles are kept in "
                     "handles.sqlite, and files that others rename on the disk become stale");
}

void inspect_rights(const struct inspection *inspection)
{
    look_at_packet_sockets(inspection);
    look_at_files(inspection);
}
