/* What the server counts of itself, for Prometheus and `bootwire status`: one table, a row for each
 * metric. Names and units are Prometheus' own rules: base units, `_total` behind what only grows.
 * No label holds what clients choose: there are as many series as this table and the configuration
 * say, and no more. */
#ifndef BOOTWIRE_MODEL_METRICS_H
#define BOOTWIRE_MODEL_METRICS_H

#include "base/counters.h"
#include "model/boot.h"

#include <stddef.h>
#include <stdint.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Who answers. */
enum metric_service {
    METRIC_DHCP,
    METRIC_TFTP,
    METRIC_HTTP,
    METRIC_RARP,
    METRIC_PORTMAP,
    METRIC_MOUNT,
    METRIC_BOOTPARAM,
    METRIC_NFS,
    METRIC_SERVICES,
};

/* Of those, who moves files. */
enum metric_mover { METRIC_MOVER_TFTP, METRIC_MOVER_HTTP, METRIC_MOVER_NFS, METRIC_MOVERS };

/* What came of an exchange. */
enum metric_result {
    METRIC_OK,        /* the client got what it asked for */
    METRIC_REFUSED,   /* it was told no, or there is nothing for it */
    METRIC_IGNORED,   /* it is left without an answer on purpose */
    METRIC_FAILED,    /* the server could not: too much to do, or the disk refuses */
    METRIC_ABANDONED, /* it began, and the client fell silent or broke it off */
    METRIC_INVALID,   /* what came is no request */
    METRIC_RESULTS,
};

enum metric_dhcp_received {
    METRIC_GOT_BOOTP,
    METRIC_GOT_DISCOVER,
    METRIC_GOT_REQUEST,
    METRIC_GOT_DECLINE,
    METRIC_GOT_RELEASE,
    METRIC_GOT_INFORM,
    METRIC_GOT_OTHER,
    METRIC_DHCP_RECEIVED_TYPES,
};

enum metric_dhcp_sent {
    METRIC_SENT_BOOTP,
    METRIC_SENT_OFFER,
    METRIC_SENT_ACK,
    METRIC_SENT_NAK,
    METRIC_DHCP_SENT_TYPES,
};

/* Two places each: found, and not found. */
enum metric_cache {
    METRIC_CACHE_NFS_FILES,
    METRIC_CACHE_NFS_HANDLES,
    METRIC_CACHE_NFS_LISTINGS,
    METRIC_CACHE_NFS_REPLIES,
    METRIC_CACHE_HTTP_FILES,
    METRIC_CACHE_COUNT,
};

enum metric_queue {
    METRIC_QUEUE_DHCP_COMMIT, /* answers that wait for the disk */
    METRIC_QUEUE_DHCP_SEND,   /* answers that it has confirmed */
    METRIC_QUEUE_TFTP_READ,   /* pieces of files that are read from the disk */
    METRIC_QUEUE_NFS_WORK,    /* calls that may have to wait for the disk */
    METRIC_QUEUE_NFS_SYNC,    /* calls that end with it */
    METRIC_QUEUE_NFS_DELAYED, /* calls of machines that had their bandwidth */
    METRIC_QUEUE_COUNT,
};

enum metric_withheld {
    METRIC_WITHHELD_REFUSALS,
    METRIC_WITHHELD_ANSWERS,
    METRIC_WITHHELD_NOTES,
    METRIC_WITHHELD_HTTP,
    METRIC_WITHHELD_KINDS,
};

enum metric_nfs_kind { METRIC_NFS_READ, METRIC_NFS_WRITE, METRIC_NFS_OTHER, METRIC_NFS_KINDS };

/* Of a boot: how far it came (enum boot_reached, REACHED_NOTHING being its begin), or that it is
 * stuck. */
enum { METRIC_STUCK = REACHED_COUNT, METRIC_OUTCOMES };

enum {
    METRIC_CODES = 18,      /* statuses of HTTP that are sent (metrics.c), and the others */
    METRIC_NFS2_CALLS = 18, /* procedures of version 2 ... */
    METRIC_NFS_CALLS_ALL = METRIC_NFS2_CALLS + 22, /* ... and of version 3, behind them */
    METRIC_BOUNDS = 16,                            /* of a histogram, without infinity */
    METRIC_TIMES = METRIC_BOUNDS + 2,              /* its places: those, infinity, microseconds */
};

/* ROW(name here, places, kind, name there, labels, more labels, bounds, help). A row without places
 * is made when somebody asks (service/metrics.c). */
#define METRICS(ROW)                                                                               \
    ROW(EXCHANGES, METRIC_SERVICES *METRIC_RESULTS, METRIC_COUNTER, "bootwire_exchanges_total",    \
        services, results, NULL,                                                                   \
        "Requests that came to their end, by service and result: ok; refused; ignored: without "   \
        "an answer on purpose; failed: the server could not, too busy or for its disk; "           \
        "abandoned: the client fell silent; invalid: no request.")                                 \
    ROW(IN_PROGRESS, METRIC_MOVERS, METRIC_GAUGE, "bootwire_exchanges_in_progress", movers, NULL,  \
        NULL, "TFTP transfers, HTTP answers and NFS calls under way.")                             \
    ROW(SENT_BYTES, METRIC_MOVERS, METRIC_COUNTER, "bootwire_sent_bytes_total", movers, NULL,      \
        NULL, "Bytes of files that were sent, repetitions included.")                              \
    ROW(RECEIVED_BYTES, METRIC_MOVERS, METRIC_COUNTER, "bootwire_received_bytes_total", movers,    \
        NULL, NULL, "Bytes of files that clients wrote.")                                          \
    ROW(DHCP_RECEIVED, METRIC_DHCP_RECEIVED_TYPES, METRIC_COUNTER, "bootwire_dhcp_received_total", \
        dhcp_received, NULL, NULL, "DHCP and BOOTP messages from clients.")                        \
    ROW(DHCP_SENT, METRIC_DHCP_SENT_TYPES, METRIC_COUNTER, "bootwire_dhcp_sent_total", dhcp_sent,  \
        NULL, NULL, "DHCP and BOOTP messages to clients.")                                         \
    ROW(DHCP_ANSWER, METRIC_TIMES, METRIC_HISTOGRAM, "bootwire_dhcp_answer_seconds", NULL, NULL,   \
        answer_bounds,                                                                             \
        "From a DHCP request's arrival to its answer's departure, the disk's part included.")      \
    ROW(TFTP_TRANSFER, METRIC_TIMES, METRIC_HISTOGRAM, "bootwire_tftp_transfer_seconds", NULL,     \
        NULL, transfer_bounds,                                                                     \
        "TFTP transfers that came to their end, from request to last "                             \
        "acknowledgement.")                                                                        \
    ROW(TFTP_REPEATED, 1, METRIC_COUNTER, "bootwire_tftp_retransmissions_total", NULL, NULL, NULL, \
        "Times that TFTP had to send blocks again.")                                               \
    ROW(HTTP_REQUEST, METRIC_TIMES, METRIC_HISTOGRAM, "bootwire_http_request_seconds", NULL, NULL, \
        transfer_bounds, "From an HTTP request's last byte to its answer's.")                      \
    ROW(HTTP_RESPONSES, METRIC_CODES, METRIC_COUNTER, "bootwire_http_responses_total", codes,      \
        NULL, NULL, "HTTP answers by status.")                                                     \
    ROW(HTTP_CONNECTIONS, 1, METRIC_GAUGE, "bootwire_http_connections", NULL, NULL, NULL,          \
        "HTTP connections that are open.")                                                         \
    ROW(NFS_CALL, METRIC_NFS_KINDS *METRIC_TIMES, METRIC_HISTOGRAM, "bootwire_nfs_call_seconds",   \
        nfs_kinds, NULL, call_bounds,                                                              \
        "From an NFS call's arrival to its answer: reads (READ), writes (WRITE, COMMIT), others.") \
    ROW(NFS_CALLS, METRIC_NFS_CALLS_ALL, METRIC_COUNTER, "bootwire_nfs_calls_total", nfs_calls,    \
        NULL, NULL, "NFS calls by version and procedure.")                                         \
    ROW(BOOTS, STAGE_COUNT *METRIC_OUTCOMES, METRIC_COUNTER, "bootwire_boots_total", stages,       \
        outcomes, NULL,                                                                            \
        "Boots by how far they came, each counted once where it came to; begun: all of them; "     \
        "stuck: it stood still, and a verdict says why; and by who asked then.")                   \
    ROW(MACHINES, 0, METRIC_GAUGE, "bootwire_machines", NULL, NULL, NULL,                          \
        "Machines that were seen, by who asked last.")                                             \
    ROW(PROGRESS, 0, METRIC_GAUGE, "bootwire_machines_reached", NULL, NULL, NULL,                  \
        "The same machines, by how far their boot is.")                                            \
    ROW(VERDICTS, 0, METRIC_GAUGE, "bootwire_machines_stuck", NULL, NULL, NULL,                    \
        "Those of them whose boot stands still, by verdict.")                                      \
    ROW(LEASES, 0, METRIC_GAUGE, "bootwire_leases", NULL, NULL, NULL,                              \
        "Addresses of each range by what they are now; together, the range. Counted every few "    \
        "seconds.")                                                                                \
    ROW(CACHES, METRIC_CACHE_COUNT * 2, METRIC_COUNTER, "bootwire_cache_requests_total", caches,   \
        found, NULL, "Looks into caches, by whether they had it.")                                 \
    ROW(QUEUES, METRIC_QUEUE_COUNT, METRIC_GAUGE, "bootwire_queue_length", queues, NULL, NULL,     \
        "What waits: DHCP answers for the disk and for their turn, reads and calls for a thread, " \
        "calls for their machine's bandwidth.")                                                    \
    ROW(WITHHELD, METRIC_WITHHELD_KINDS, METRIC_COUNTER, "bootwire_log_lines_withheld_total",      \
        withheld, NULL, NULL, "Log lines that were left out, for there were too many.")            \
    ROW(CONTROL_CLIENTS, 1, METRIC_GAUGE, "bootwire_control_clients", NULL, NULL, NULL,            \
        "Connections to the control socket.")                                                      \
    ROW(RELOADS, 2, METRIC_COUNTER, "bootwire_config_reloads_total", reloads, NULL, NULL,          \
        "Times that the configuration was read again.")                                            \
    ROW(RELOAD_GOOD, 1, METRIC_GAUGE, "bootwire_config_last_reload_successful", NULL, NULL, NULL,  \
        "1 where the configuration was good when it was last read, else 0: an older one is in "    \
        "force.")                                                                                  \
    ROW(RELOAD_TIME, 1, METRIC_GAUGE, "bootwire_config_last_reload_success_timestamp_seconds",     \
        NULL, NULL, NULL, "When the configuration in force was read.")                             \
    ROW(RELOAD_TRIED, 1, METRIC_GAUGE, "bootwire_config_last_reload_timestamp_seconds", NULL,      \
        NULL, NULL, "When the configuration was last read, well or not.")                          \
    ROW(BUILD, 0, METRIC_GAUGE, "bootwire_build_info", NULL, NULL, NULL,                           \
        "1, with the version that runs.")                                                          \
    ROW(PROCESS_CPU, 0, METRIC_COUNTER, "process_cpu_seconds_total", NULL, NULL, NULL,             \
        "Processor time that this process has taken, user and system.")                            \
    ROW(PROCESS_FDS, 0, METRIC_GAUGE, "process_open_fds", NULL, NULL, NULL,                        \
        "File descriptors that are open.")                                                         \
    ROW(PROCESS_MAX_FDS, 0, METRIC_GAUGE, "process_max_fds", NULL, NULL, NULL,                     \
        "File descriptors that may be open.")                                                      \
    ROW(PROCESS_VIRTUAL, 0, METRIC_GAUGE, "process_virtual_memory_bytes", NULL, NULL, NULL,        \
        "Virtual memory.")                                                                         \
    ROW(PROCESS_RESIDENT, 0, METRIC_GAUGE, "process_resident_memory_bytes", NULL, NULL, NULL,      \
        "Resident memory.")                                                                        \
    ROW(PROCESS_START, 0, METRIC_GAUGE, "process_start_time_seconds", NULL, NULL, NULL,            \
        "When the process started.")

/* METRIC_EXCHANGES and so on: each row's first place (base/counters.h); labels' values follow each
 * other, those of `labels` in the outer order. */
#define METRIC_PLACE(id, places, ...) METRIC_##id, METRIC_##id##_END = METRIC_##id + (places)-1,
enum metric_place { METRICS(METRIC_PLACE) METRIC_PLACES };

/* METRIC_ROW_EXCHANGES and so on: its number in the table. */
#define METRIC_NUMBER(id, ...) METRIC_ROW_##id,
enum metric_row_number { METRICS(METRIC_NUMBER) METRIC_ROWS };

struct metric_row {
    enum metric_kind kind;
    const char *name, *help;
    unsigned first, count;        /* its places */
    const char *const *labels[2]; /* each NULL, or texts like `service="dhcp"` and a NULL */
    const uint32_t *bounds;       /* of a histogram: METRIC_BOUNDS microseconds, growing */
};
extern const struct metric_row metric_table[METRIC_ROWS];

static inline void metric_exchange(enum metric_service service, enum metric_result result)
{
    counter_add(METRIC_EXCHANGES + (unsigned)service * METRIC_RESULTS + (unsigned)result, 1);
}

static inline void metric_cache(enum metric_cache cache, int found)
{
    counter_add(METRIC_CACHES + (unsigned)cache * 2 + (found ? 0 : 1), 1);
}

/* Counts a time into a histogram; `label`: which value of its labels. */
void metric_time(enum metric_row_number row, unsigned label, uint64_t microseconds);

/* The place among METRIC_CODES of a status. */
unsigned metric_code(unsigned status);

#endif
