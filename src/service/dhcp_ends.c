#include "service/dhcp_ends.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "decide/dhcp.h"

#include <stdlib.h>
#include <string.h>

enum {
    SOON_MS = 20,
    AT_ONCE = 256, /* the others have to wait for the next turn */
    WAIT_MAX = 60, /* seconds: the clock may be set meanwhile */
};

struct dhcp_ends {
    struct leases *leases;
    const struct snapshot *(*say)(void *argument, const struct evaluation *evaluation);
    void *argument;
    struct loop_event *timer;
    int64_t stuck_at;            /* an end that had passed already when the timer was set */
    int64_t waits_for;           /* seconds since 1970; LEASE_FOREVER: the timer is not set */
    struct dhcp_message message; /* blank but for the machine's address */
    struct dhcp_plan plan;
};

static void reached(void *argument)
{
    struct dhcp_ends *ends = argument;

    ends->waits_for = LEASE_FOREVER;
    dhcp_ends_act(ends);
}

struct dhcp_ends *dhcp_ends_new(struct loop *loop, struct leases *leases,
                                const struct snapshot *(*say)(void *argument,
                                                              const struct evaluation *evaluation),
                                void *argument)
{
    struct dhcp_ends *ends = memory_zeroed(1, sizeof(*ends));

    ends->leases = leases;
    ends->say = say;
    ends->argument = argument;
    ends->waits_for = LEASE_FOREVER;
    ends->timer = loop_timer(loop, reached, ends);
    return ends;
}

void dhcp_ends_free(struct dhcp_ends *ends)
{
    if (!ends)
        return;
    loop_event_free(ends->timer);
    free(ends);
}

static void act_on(struct dhcp_ends *ends, const struct lease *lease, int64_t wall)
{
    const struct dhcp_question question = {
        .snapshot = ends->say(ends->argument, NULL),
        .leases = leases_table(ends->leases),
        .message = &ends->message,
        .wall = wall,
        .now_ms = clock_monotonic_ms(),
    };
    char text[IPV4_TEXT_SIZE];

    memset(&ends->message, 0, sizeof(ends->message));
    ends->message.hardware_type = lease->hardware.type;
    ends->message.hardware_length = lease->hardware.length;
    memcpy(ends->message.chaddr, lease->hardware.address, lease->hardware.length);
    decide_lease_end(&question, lease, &ends->plan);
    log_debug("dhcp: the lease of %s has ended", ipv4_text(text, lease->address));
    ends->say(ends->argument, &ends->plan.evaluation);
    leases_store(ends->leases, &ends->plan.lease, ends->plan.why);
}

void dhcp_ends_act(struct dhcp_ends *ends)
{
    const struct lease_table *table = leases_table(ends->leases);
    int64_t wall;
    const struct lease *lease;

    if (lease_table_next_end(table) == LEASE_FOREVER)
        return;
    wall = clock_wall_seconds();
    for (size_t i = 0; i < AT_ONCE && (lease = lease_table_ended(table, wall)) != NULL; i++)
        act_on(ends, lease, wall);
}

void dhcp_ends_await(struct dhcp_ends *ends)
{
    int64_t next = lease_table_next_end(leases_table(ends->leases)), delay;

    if (next == ends->waits_for)
        return;
    ends->waits_for = next;
    loop_timer_stop(ends->timer);
    if (next == LEASE_FOREVER)
        return;
    delay = next - clock_wall_seconds();
    /* More ends than are acted upon at once go on at once; where the disk takes none, later. */
    if (delay <= 0 && next != ends->stuck_at) {
        ends->stuck_at = next;
        loop_timer_start(ends->timer, SOON_MS);
        return;
    }
    delay = delay < 1 ? 1 : delay > WAIT_MAX ? WAIT_MAX : delay;
    loop_timer_start(ends->timer, (uint64_t)delay * 1000);
}
