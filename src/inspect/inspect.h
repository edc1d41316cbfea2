/* `bootwire check --system`: looks at this machine before a server is started on it. Nothing is
 * changed: ports are opened for a moment and closed, and what a probe of the link is offered is not
 * taken. Everything is judged for the user who asks: run it as the user that the server will be. */
#ifndef BOOTWIRE_INSPECT_INSPECT_H
#define BOOTWIRE_INSPECT_INSPECT_H

#include "inspect/finding.h"
#include "model/snapshot.h"
#include "platform/linux/link.h"

#include <stdint.h>

/* What every look starts from. */
struct inspection {
    const struct snapshot *snapshot;
    const char *state_directory;      /* as `serve` would find it */
    const struct link_address *links; /* the addresses of the interfaces that are up */
    size_t link_count;
    unsigned wait_ms; /* for what takes time: other DHCP servers, a trial guest; 0: neither */
    struct findings *findings;
};

/* By then every common server has answered: dnsmasq asks the wire for 3 s whether the address that
 * it is about to offer is in use. */
enum { INSPECT_WAIT_S = 5, INSPECT_WAIT_S_MAX = 600 };

/* All looks below, one after another. Takes as long as it waits, twice at the most, and little
 * more. */
void inspect_system(const struct snapshot *snapshot, const char *state_directory, unsigned wait_ms,
                    struct findings *findings);

/* A port that the configuration makes a server open. */
struct inspect_port {
    const char *protocol; /* "udp" or "tcp" */
    uint16_t number;
    const char *service;            /* "DHCP" */
    enum finding_severity severity; /* of its being taken: what `serve` makes of it */
    const char *cost;               /* what is lost without it */
    bool rpc;                       /* NFS, and what belongs to it */
};
enum { INSPECT_PORTS_MAX = 24 };
/* Fills in the ports; returns their number. */
size_t inspect_ports_needed(const struct snapshot *snapshot,
                            struct inspect_port ports[INSPECT_PORTS_MAX]);

/* Whether one of this machine's interfaces has the address. */
bool inspect_is_own(const struct inspection *inspection, uint32_t address);

/* The looks. Each adds what it finds. */
void inspect_ports(const struct inspection *inspection);
void inspect_rights(const struct inspection *inspection);
void inspect_links(const struct inspection *inspection);
void inspect_dhcp_servers(const struct inspection *inspection);
void inspect_firewall(const struct inspection *inspection);
void inspect_qemu(const struct inspection *inspection);
void inspect_paths(const struct inspection *inspection);
void inspect_state(const struct inspection *inspection);

#endif
