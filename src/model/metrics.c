#include "model/metrics.h"

static const char *const services[] = {
    "service=\"dhcp\"",      "service=\"tftp\"",    "service=\"http\"",
    "service=\"rarp\"",      "service=\"portmap\"", "service=\"mount\"",
    "service=\"bootparam\"", "service=\"nfs\"",     NULL,
};
static const char *const movers[] = {
    "service=\"tftp\"",
    "service=\"http\"",
    "service=\"nfs\"",
    NULL,
};
static const char *const results[] = {
    "result=\"ok\"",
    "result=\"refused\"",
    "result=\"ignored\"",
    "result=\"failed\"",
    "result=\"abandoned\"",
    "result=\"invalid\"",
    NULL,
};
static const char *const dhcp_received[] = {
    "type=\"bootp\"",   "type=\"discover\"", "type=\"request\"", "type=\"decline\"",
    "type=\"release\"", "type=\"inform\"",   "type=\"other\"",   NULL,
};
static const char *const dhcp_sent[] = {
    "type=\"bootp\"", "type=\"offer\"", "type=\"ack\"", "type=\"nak\"", NULL,
};
static const char *const caches[] = {
    "cache=\"nfs_files\"",   "cache=\"nfs_handles\"", "cache=\"nfs_listings\"",
    "cache=\"nfs_replies\"", "cache=\"http_files\"",  NULL,
};
static const char *const found[] = {"result=\"hit\"", "result=\"miss\"", NULL};
static const char *const queues[] = {
    "queue=\"dhcp_commit\"",
    "queue=\"dhcp_send\"",
    "queue=\"tftp_read\"",
    "queue=\"nfs_work\"",
    "queue=\"nfs_sync\"",
    "queue=\"nfs_delayed\"",
    NULL,
};
static const char *const withheld[] = {
    "kind=\"refusals\"", "kind=\"answers\"", "kind=\"notes\"", "kind=\"http\"", NULL,
};
static const char *const reloads[] = {"result=\"ok\"", "result=\"failed\"", NULL};
static const char *const nfs_kinds[] = {
    "kind=\"read\"",
    "kind=\"write\"",
    "kind=\"other\"",
    NULL,
};

static const char *const stages[] = {
    "stage=\"unknown\"",   "stage=\"rom\"",
    "stage=\"ipxe\"",      "stage=\"uefi-pxe\"",
    "stage=\"uefi-http\"", "stage=\"u-boot\"",
    "stage=\"loader\"",    "stage=\"kernel\"",
    "stage=\"userland\"",  NULL,
};
_Static_assert(sizeof(stages) / sizeof(stages[0]) == STAGE_COUNT + 1, "a text for each stage");

static const char *const outcomes[] = {
    "outcome=\"begun\"",    "outcome=\"asked\"",
    "outcome=\"offered\"",  "outcome=\"address\"",
    "outcome=\"loading\"",  "outcome=\"loaded\"",
    "outcome=\"mounted\"",  "outcome=\"root\"",
    "outcome=\"userland\"", "outcome=\"login\"",
    "outcome=\"panic\"",    "outcome=\"off\"",
    "outcome=\"stuck\"",    NULL,
};
_Static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == METRIC_OUTCOMES + 1,
               "a text for each outcome");

#define NFS2(name) "version=\"2\",procedure=\"" name "\""
#define NFS3(name) "version=\"3\",procedure=\"" name "\""
static const char *const nfs_calls[] = {
    NFS2("null"),
    NFS2("getattr"),
    NFS2("setattr"),
    NFS2("root"),
    NFS2("lookup"),
    NFS2("readlink"),
    NFS2("read"),
    NFS2("writecache"),
    NFS2("write"),
    NFS2("create"),
    NFS2("remove"),
    NFS2("rename"),
    NFS2("link"),
    NFS2("symlink"),
    NFS2("mkdir"),
    NFS2("rmdir"),
    NFS2("readdir"),
    NFS2("statfs"),
    NFS3("null"),
    NFS3("getattr"),
    NFS3("setattr"),
    NFS3("lookup"),
    NFS3("access"),
    NFS3("readlink"),
    NFS3("read"),
    NFS3("write"),
    NFS3("create"),
    NFS3("mkdir"),
    NFS3("symlink"),
    NFS3("mknod"),
    NFS3("remove"),
    NFS3("rmdir"),
    NFS3("rename"),
    NFS3("link"),
    NFS3("readdir"),
    NFS3("readdirplus"),
    NFS3("fsstat"),
    NFS3("fsinfo"),
    NFS3("pathconf"),
    NFS3("commit"),
    NULL,
};
_Static_assert(sizeof(nfs_calls) / sizeof(nfs_calls[0]) == METRIC_NFS_CALLS_ALL + 1,
               "a text for each procedure");

/* The statuses in their order (wire/http.h); 0: all others. */
static const unsigned statuses[] = {200, 206, 304, 400, 403, 404, 405, 408, 412,
                                    413, 414, 416, 431, 500, 501, 503, 505, 0};
static const char *const codes[] = {
    "code=\"200\"", "code=\"206\"", "code=\"304\"",   "code=\"400\"", "code=\"403\"",
    "code=\"404\"", "code=\"405\"", "code=\"408\"",   "code=\"412\"", "code=\"413\"",
    "code=\"414\"", "code=\"416\"", "code=\"431\"",   "code=\"500\"", "code=\"501\"",
    "code=\"503\"", "code=\"505\"", "code=\"other\"", NULL,
};
_Static_assert(sizeof(statuses) / sizeof(statuses[0]) == METRIC_CODES &&
                   sizeof(codes) / sizeof(codes[0]) == METRIC_CODES + 1,
               "a text for each status");

static const uint32_t call_bounds[METRIC_BOUNDS] = {
    10,   25,    50,    100,   250,    500,    1000,    2500,
    5000, 10000, 25000, 50000, 100000, 500000, 1000000, 5000000,
};
static const uint32_t answer_bounds[METRIC_BOUNDS] = {
    100,   250,   500,    1000,   2500,   5000,    10000,   20000,
    50000, 75000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
};
static const uint32_t transfer_bounds[METRIC_BOUNDS] = {
    100,     500,     1000,    5000,     10000,    50000,    100000,    500000,
    1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 300000000, 900000000,
};

#define METRIC_TABLE_ROW(id, places, what, called, some, more, limits, text)                       \
    {.kind = what,                                                                                 \
     .name = called,                                                                               \
     .help = text,                                                                                 \
     .first = METRIC_##id,                                                                         \
     .count = places,                                                                              \
     .labels = {some, more},                                                                       \
     .bounds = limits},
const struct metric_row metric_table[METRIC_ROWS] = {METRICS(METRIC_TABLE_ROW)};

_Static_assert((int)METRIC_PLACES <= (int)COUNTERS_MAX, "a counter for each place");

void metric_time(enum metric_row_number number, unsigned label, uint64_t microseconds)
{
    const struct metric_row *row = &metric_table[number];
    unsigned first = row->first + label * METRIC_TIMES, bucket = 0;

    while (bucket < METRIC_BOUNDS && microseconds > row->bounds[bucket])
        bucket++;
    counter_add(first + bucket, 1);
    counter_add(first + METRIC_BOUNDS + 1, (int64_t)microseconds);
}

unsigned metric_code(unsigned status)
{
    unsigned place = 0;

    while (statuses[place] != 0 && statuses[place] != status)
        place++;
    return place;
}
