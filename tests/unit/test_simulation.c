/* A thousand machines of all kinds boot at once, on a network that loses, doubles and reorders
 * packets, from a server that is killed again and again and whose clock jumps. No socket, no clock,
 * no disk: time is a number here, and a seed repeats every run.
 *
 *   test_simulation [SEED [COUNT]]      or BOOTWIRE_SIMULATION_SEEDS=COUNT
 *
 * Whatever happens: no address is two machines' at once, no machine changes its address within a
 * boot, and every machine ends with one address and one lease. */
#include "test.h"

#define SCENE_MACHINES_MAX 1024
#include "dhcp_scene.h"

#include <inttypes.h>

enum {
    MACHINES = 1000,
    SEEDS = 6,
    TURN_MAX = 8, /* requests answered with one commit */
    STAGES_MAX = 4,
    POWER_CYCLES = 2, /* at most, of one machine */
    BOOTS_WITHIN_MS = 60000,
    TROUBLE_ENDS_MS = 900000, /* from then on the network is as good as its packets are late */
    SILENCE_ENDS_MS = 7200000,
    PACKET_SIZE = 600,
    LOW = 0x0a320200,
    HIGH = 0x0a320aff, /* 10.50.2.0 to 10.50.10.255 */
};

#define CONFIG                                                                                     \
    "authoritative; default-lease-time 43200; max-lease-time 86400; filename \"boot\";"            \
    "subnet 10.50.0.0 netmask 255.255.0.0 { range dynamic-bootp 10.50.2.0 10.50.10.255; }"

/* One stage of a boot, as doc/clients.md tells them. */
struct stage {
    const char *vendor, *user_class;
    bool identifier, duid, uuid; /* options 61 (type and MAC), 61 (RFC 4361), 97 */
    bool broadcast;              /* the flag */
    bool own_source;             /* asks with the address of the stage before */
    bool new_xid; /* each time it asks again, and takes offers for the earlier ones */
    bool bootp;
    bool reboot;       /* INIT-REBOOT with the address of the stage before */
    bool renew;        /* asks by unicast for what it has */
    uint32_t seconds;  /* option 51; 0: none */
    unsigned first_ms; /* how long it waits for the first answer; twice that for the next */
};

#define ROM                                                                                        \
    {                                                                                              \
        .vendor = "PXEClient:Arch:00000:UNDI:002001", .identifier = true, .uuid = true,            \
        .first_ms = 1000                                                                           \
    }
#define IPXE                                                                                       \
    {                                                                                              \
        .vendor = "PXEClient:Arch:00000:UNDI:002001", .user_class = "iPXE", .identifier = true,    \
        .uuid = true, .first_ms = 1000                                                             \
    }
#define UEFI                                                                                       \
    {                                                                                              \
        .vendor = "PXEClient:Arch:00007:UNDI:003000", .uuid = true, .broadcast = true,             \
        .first_ms = 4000                                                                           \
    }
#define HTTP                                                                                       \
    {                                                                                              \
        .vendor = "HTTPClient:Arch:00016", .uuid = true, .broadcast = true, .first_ms = 4000       \
    }
#define LIBSA                                                                                      \
    {                                                                                              \
        .vendor = "NetBSD:i386:libsa", .own_source = true, .seconds = 300, .first_ms = 1000        \
    }
#define KERNEL                                                                                     \
    {                                                                                              \
        .vendor = "NetBSD:i386:kernel:NetBSD 6.0", .first_ms = 3000                                \
    }
#define UBOOT                                                                                      \
    {                                                                                              \
        .vendor = "U-Boot.armv8", .new_xid = true, .first_ms = 250                                 \
    }
#define LINUX                                                                                      \
    {                                                                                              \
        .vendor = "Linux", .duid = true, .first_ms = 3000                                          \
    }
#define REBOOT                                                                                     \
    {                                                                                              \
        .vendor = "Linux", .duid = true, .reboot = true, .first_ms = 3000                          \
    }
#define RENEW                                                                                      \
    {                                                                                              \
        .vendor = "Linux", .duid = true, .renew = true, .first_ms = 3000                           \
    }
#define BOOTP                                                                                      \
    {                                                                                              \
        .bootp = true, .first_ms = 4000                                                            \
    }

static const struct kind {
    const char *name;
    size_t count;
    struct stage stages[STAGES_MAX];
} kinds[] = {
    {"NetBSD from a PXE ROM", 4, {ROM, IPXE, LIBSA, KERNEL}},
    {"NetBSD without iPXE", 3, {ROM, LIBSA, KERNEL}},
    {"Linux from iPXE", 4, {ROM, IPXE, LINUX, RENEW}},
    {"Linux from UEFI PXE", 4, {UEFI, IPXE, LINUX, REBOOT}},
    {"Linux from UEFI HTTP", 2, {HTTP, LINUX}},
    {"Linux from U-Boot", 3, {UBOOT, LINUX, RENEW}},
    {"U-Boot alone", 1, {UBOOT}},
    {"BOOTP", 1, {BOOTP}},
    {"NetBSD by BOOTP", 2, {BOOTP, KERNEL}},
};

enum phase { DOWN, SELECTING, REQUESTING, DONE };

struct machine {
    const struct kind *kind;
    enum phase phase;
    size_t stage;
    unsigned tries, timer; /* a timer event of another number is stale */
    unsigned cycles;       /* power cycles left */
    uint32_t xid, first_xid;
    uint32_t offered;
    uint32_t address; /* acknowledged in this boot; 0: none yet */
};

enum event_kind { TO_SERVER, TO_MACHINE, TIMER, POWER, KILL, CLOCK };

struct event {
    uint64_t at_ms, order;
    enum event_kind kind;
    size_t machine;
    unsigned timer;
    uint32_t source;
    size_t length;
    uint8_t packet[PACKET_SIZE];
};

struct simulation {
    uint64_t seed, random, order, started_ms;
    struct scene scene;
    struct machine machines[MACHINES];
    struct event **heap; /* the earliest first */
    size_t count, capacity;
    struct lease committed[HIGH - LOW + 1]; /* what a restart finds; address 0: nothing */
    struct lease changes[TURN_MAX];         /* of this turn, not committed yet */
    struct event *replies[TURN_MAX];
    size_t change_count, reply_count, turn_length;
};

static struct simulation sim;

/* splitmix64: small, and the same everywhere. */
static uint64_t draw(void)
{
    uint64_t z = sim.random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
    return draw() % limit;
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

static uint64_t now(void)
{
    return sim.scene.now_ms;
}

static bool trouble(void)
{
    return now() - sim.started_ms < TROUBLE_ENDS_MS;
}

#define broken(...)                                                                                \
    do {                                                                                           \
        fprintf(stderr, "seed %" PRIu64 ", %" PRIu64 " ms: ", sim.seed, now() - sim.started_ms);   \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

/* ------------------------------------------------------------------------------------- events */

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void push(struct event *event)
{
    size_t i = sim.count++;

    if (sim.count > sim.capacity) {
        sim.capacity = sim.capacity ? 2 * sim.capacity : 4096;
        sim.heap = realloc(sim.heap, sim.capacity * sizeof(*sim.heap));
        assert_non_null(sim.heap);
    }
    event->order = sim.order++;
    for (; i > 0 && earlier(event, sim.heap[(i - 1) / 2]); i = (i - 1) / 2)
        sim.heap[i] = sim.heap[(i - 1) / 2];
    sim.heap[i] = event;
}

static struct event *pop(void)
{
    struct event *first = sim.heap[0], *last = sim.heap[--sim.count];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < sim.count) {
        if (child + 1 < sim.count && earlier(sim.heap[child + 1], sim.heap[child]))
            child++;
        if (!earlier(sim.heap[child], last))
            break;
        sim.heap[i] = sim.heap[child];
        i = child;
    }
    sim.heap[i] = last;
    return first;
}

static struct event *event_new(enum event_kind kind, uint64_t delay_ms, size_t machine)
{
    struct event *event = calloc(1, sizeof(*event));

    assert_non_null(event);
    event->kind = kind;
    event->at_ms = now() + delay_ms;
    event->machine = machine;
    return event;
}

/* The network: loses, doubles, delays. Takes the event. */
static void travel(struct event *event)
{
    unsigned loss = trouble() ? 15 : 0, twice = trouble() ? 10 : 0;

    if (chance(twice)) {
        struct event *copy = event_new(event->kind, 0, event->machine);

        *copy = *event;
        copy->at_ms = now() + 1 + below(5000);
        push(copy);
    }
    if (chance(loss)) {
        free(event);
        return;
    }
    event->at_ms = now() + 1 + below(trouble() && chance(20) ? 3000 : 30);
    push(event);
}

/* ----------------------------------------------------------------------------------- machines */

static const struct stage *stage_now(const struct machine *machine)
{
    return &machine->kind->stages[machine->stage];
}

/* Every twentieth machine is a clone of the one before it: the same DUID on another MAC. */
static size_t original(size_t number)
{
    return number % 20 == 19 ? number - 1 : number;
}

static void number_option(struct writer *w, uint8_t code, uint8_t length, uint8_t first,
                          size_t number)
{
    writer_u8(w, code);
    writer_u8(w, length);
    writer_u8(w, first);
    writer_zeros(w, length - 5u);
    writer_be32(w, (uint32_t)number);
}

static void write_request(struct writer *w, size_t number, const struct ask *ask)
{
    const struct machine *machine = &sim.machines[number];
    uint8_t more[64];
    struct writer options = writer_of(more, sizeof(more));
    const struct stage *stage = stage_now(machine);
    struct ask whole = *ask;

    writer_be32(w, 0x01010600);
    writer_be32(w, machine->xid);
    writer_be16(w, 0);
    writer_be16(w, stage->broadcast ? DHCP_FLAG_BROADCAST : 0);
    writer_be32(w, ask->ciaddr);
    writer_zeros(w, 12);
    writer_be16(w, 0x2222);
    writer_be32(w, (uint32_t)number);
    writer_zeros(w, DHCP_CHADDR_SIZE - 6 + DHCP_SNAME_SIZE + DHCP_FILE_SIZE);
    if (stage->identifier) {
        writer_u8(&options, DHCP_OPTION_CLIENT_IDENTIFIER);
        writer_u8(&options, 7);
        writer_u8(&options, 1);
        writer_be16(&options, 0x2222);
        writer_be32(&options, (uint32_t)number);
    }
    if (stage->duid)
        number_option(&options, DHCP_OPTION_CLIENT_IDENTIFIER, 19, 0xff, original(number));
    if (stage->uuid)
        number_option(&options, DHCP_OPTION_UUID, 17, 0, number % 3 ? number : original(number));
    whole.options = (const char *)more;
    whole.options_length = options.length;
    whole.vendor = stage->vendor;
    whole.user_class = stage->user_class;
    whole.seconds = stage->seconds;
    if (stage->bootp)
        writer_zeros(w, DHCP_MINIMUM - w->length);
    else
        ask_options(w, &whole);
    if (w->length < DHCP_MINIMUM)
        writer_zeros(w, DHCP_MINIMUM - w->length);
    assert_false(w->failed);
}

static void send_request(size_t number, const struct ask *ask)
{
    struct event *event = event_new(TO_SERVER, 0, number);
    struct writer w = writer_of(event->packet, sizeof(event->packet));

    write_request(&w, number, ask);
    event->length = w.length;
    event->source = ask->source;
    travel(event);
}

/* Sends what the phase asks for, and sets the timer. */
static void ask_again(size_t number)
{
    struct machine *machine = &sim.machines[number];
    const struct stage *stage = stage_now(machine);
    struct ask ask = {.source = stage->own_source ? machine->address : 0};
    struct event *timer;

    if (machine->tries == 0 || stage->new_xid)
        machine->xid = (uint32_t)draw();
    if (machine->tries == 0)
        machine->first_xid = machine->xid;
    if (machine->phase == SELECTING && !stage->bootp) {
        ask.type = DHCP_DISCOVER;
    } else if (machine->phase == REQUESTING && stage->renew) {
        ask.type = DHCP_REQUEST;
        ask.ciaddr = ask.source = machine->address;
        ask.destination = SCENE_SERVER;
    } else if (machine->phase == REQUESTING) {
        ask.type = DHCP_REQUEST;
        ask.requested = machine->offered ? machine->offered : machine->address;
        ask.server = machine->offered ? SCENE_SERVER : 0;
    }
    send_request(number, &ask);
    timer = event_new(TIMER,
                      ((uint64_t)stage->first_ms << (machine->tries < 5 ? machine->tries : 5)) +
                          below(200),
                      number);
    timer->timer = ++machine->timer;
    machine->tries++;
    push(timer);
}

static void begin_stage(size_t number, enum phase phase)
{
    struct machine *machine = &sim.machines[number];

    machine->tries = 0;
    machine->offered = 0;
    machine->phase = phase;
    ask_again(number);
}

static void power_on(size_t number)
{
    struct machine *machine = &sim.machines[number];

    machine->stage = 0;
    machine->address = 0;
    begin_stage(number, SELECTING);
}

static void timed_out(size_t number)
{
    struct machine *machine = &sim.machines[number];

    /* Most give up on an offer after a while and start anew. */
    if (machine->phase == REQUESTING && machine->tries > 4 && !stage_now(machine)->renew)
        begin_stage(number, SELECTING);
    else
        ask_again(number);
}

/* A machine takes an address: the heart of the matter. */
static void acknowledged(size_t number, uint32_t address)
{
    struct machine *machine = &sim.machines[number];

    if (machine->address && machine->address != address)
        broken("machine %zu (%s) had %x and gets %x in stage %zu", number, machine->kind->name,
               machine->address, address, machine->stage);
    for (size_t i = 0; i < MACHINES; i++) {
        if (i != number && sim.machines[i].address == address)
            broken("%x is leased to machine %zu (%s) and to %zu (%s)", address, i,
                   sim.machines[i].kind->name, number, machine->kind->name);
    }
    machine->address = address;
    machine->timer++;
    if (++machine->stage < machine->kind->count) {
        const struct stage *next = stage_now(machine);

        begin_stage(number, next->reboot || next->renew ? REQUESTING : SELECTING);
        return;
    }
    machine->phase = DONE;
    if (machine->cycles > 0 && trouble() && chance(20))
        push(event_new(POWER, 5000 + below(60000), number));
}

static void heard(const struct event *event)
{
    struct machine *machine = &sim.machines[event->machine];
    const struct stage *stage;
    struct dhcp_message reply;
    uint32_t server = 0;

    assert_null(dhcp_decode(&reply, slice_of(event->packet, event->length)));
    if (machine->phase == DOWN || machine->phase == DONE)
        return;
    stage = stage_now(machine);
    if (reply.xid != machine->xid && !stage->new_xid)
        return; /* an answer to an earlier question */
    switch (dhcp_message_type(&reply)) {
    case DHCP_BOOTP:
        if (stage->bootp)
            acknowledged(event->machine, reply.yiaddr);
        break;
    case DHCP_OFFER:
        if (machine->phase != SELECTING || stage->bootp)
            break;
        assert_true(dhcp_message_u32(&reply, DHCP_OPTION_SERVER_IDENTIFIER, &server));
        if (machine->address && machine->address != reply.yiaddr)
            broken("machine %zu (%s) has %x and is offered %x in stage %zu", event->machine,
                   machine->kind->name, machine->address, reply.yiaddr, machine->stage);
        machine->tries = 0;
        machine->offered = reply.yiaddr;
        machine->phase = REQUESTING;
        ask_again(event->machine);
        break;
    case DHCP_ACK:
        if (machine->phase == REQUESTING)
            acknowledged(event->machine, reply.yiaddr);
        break;
    case DHCP_NAK:
        if (machine->phase == REQUESTING) {
            if (machine->address)
                broken("machine %zu (%s) is refused what it has, %x, in stage %zu: %s",
                       event->machine, machine->kind->name, machine->address, machine->stage,
                       sim.scene.plan.why);
            begin_stage(event->machine, SELECTING);
        }
        break;
    default:
        broken("a message that servers do not send");
    }
}

/* ------------------------------------------------------------------------------------- server */

/* One turn of the server's loop ends: what changed is on disk, then the replies leave. */
static void commit(void)
{
    for (size_t i = 0; i < sim.change_count; i++) {
        const struct lease *lease = &sim.changes[i];

        sim.committed[lease->address - LOW] = *lease;
    }
    for (size_t i = 0; i < sim.reply_count; i++)
        travel(sim.replies[i]);
    sim.change_count = sim.reply_count = 0;
    sim.turn_length = 1 + below(TURN_MAX);
}

/* kill -9 and a new start: the committed leases are there, and nothing else is. */
static void kill_server(void)
{
    for (size_t i = 0; i < sim.reply_count; i++)
        free(sim.replies[i]);
    sim.change_count = sim.reply_count = 0;
    lease_table_release(&sim.scene.leases);
    memset(&sim.scene.leases, 0, sizeof(sim.scene.leases));
    memset(sim.scene.answered, 0, sizeof(sim.scene.answered));
    for (size_t i = 0; i <= HIGH - LOW; i++) {
        struct lease lease = sim.committed[i];

        lease.offer_until_ms = 0; /* no part of the database */
        if (lease.address)
            lease_table_put(&sim.scene.leases, &lease);
    }
    if (trouble())
        push(event_new(KILL, 1000 + below(60000), 0));
}

static void serve(const struct event *event)
{
    struct event *reply;
    bool has_reply = scene_receive(&sim.scene, slice_of(event->packet, event->length),
                                   event->source, IPV4_BROADCAST);

    if (sim.scene.plan.change == CHANGE_STORE)
        sim.changes[sim.change_count++] = sim.scene.plan.lease;
    if (has_reply) {
        reply = event_new(TO_MACHINE, 0, event->machine);
        assert_in_range(sim.scene.reply_length, 1, PACKET_SIZE);
        reply->length = sim.scene.reply_length;
        memcpy(reply->packet, sim.scene.reply_bytes, reply->length);
        if (sim.scene.plan.change == CHANGE_STORE)
            sim.replies[sim.reply_count++] = reply;
        else
            travel(reply); /* an offer promises nothing that a restart could break */
    }
    if (sim.change_count >= sim.turn_length || !trouble())
        commit();
}

static void jump(void)
{
    int64_t seconds = (int64_t)below(6 * 86400) - 3 * 86400;

    sim.scene.wall += seconds;
    if (trouble())
        push(event_new(CLOCK, 10000 + below(120000), 0));
}

/* -------------------------------------------------------------------------------- all together */

static void happen(struct event *event)
{
    struct machine *machine = &sim.machines[event->machine];

    switch (event->kind) {
    case TO_SERVER:
        serve(event);
        break;
    case TO_MACHINE:
        heard(event);
        break;
    case TIMER:
        /* The turn of the server ends at the latest when somebody has waited. */
        commit();
        if (event->timer == machine->timer)
            timed_out(event->machine);
        break;
    case POWER:
        if (machine->phase != DOWN)
            machine->cycles--;
        machine->timer++;
        power_on(event->machine);
        break;
    case KILL:
        kill_server();
        break;
    case CLOCK:
        jump();
        break;
    }
    free(event);
}

static void check_the_end(void)
{
    for (size_t i = 0; i < MACHINES; i++) {
        const struct machine *machine = &sim.machines[i];
        struct hardware hardware = {.type = 1, .length = 6};
        struct writer w = writer_of(hardware.address, 6);
        const struct lease *lease;

        writer_be16(&w, 0x2222);
        writer_be32(&w, (uint32_t)i);
        if (machine->phase != DONE || !machine->address)
            broken("machine %zu (%s) never got through stage %zu", i, machine->kind->name,
                   machine->stage);
        lease = lease_table_by_hardware(&sim.scene.leases, &hardware);
        if (!lease || lease->address != machine->address || lease->state != LEASE_BOUND)
            broken("machine %zu has %x and no lease of it", i, machine->address);
        if (lease->next_of_machine)
            broken("machine %zu has %x and another lease, of %x", i, machine->address,
                   lease->next_of_machine->address);
    }
}

static void simulate(uint64_t seed)
{
    memset(&sim.machines, 0, sizeof(sim.machines));
    memset(sim.committed, 0, sizeof(sim.committed));
    sim.seed = sim.random = seed;
    scene_open(&sim.scene, CONFIG);
    sim.started_ms = now();
    sim.turn_length = 1;
    for (size_t i = 0; i < MACHINES; i++) {
        sim.machines[i].kind = &kinds[below(sizeof(kinds) / sizeof(kinds[0]))];
        sim.machines[i].cycles = POWER_CYCLES;
        push(event_new(POWER, below(BOOTS_WITHIN_MS), i));
    }
    push(event_new(KILL, below(30000), 0));
    push(event_new(CLOCK, below(30000), 0));
    while (sim.count > 0 && now() - sim.started_ms < SILENCE_ENDS_MS) {
        struct event *event = pop();

        sim.scene.wall += (int64_t)(event->at_ms / 1000 - now() / 1000);
        sim.scene.now_ms = event->at_ms;
        happen(event);
    }
    commit();
    while (sim.count > 0)
        free(pop());
    check_the_end();
    scene_close(&sim.scene);
}

static uint64_t first_seed = 336, seed_count = SEEDS;

static void a_thousand_machines_boot(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < seed_count; i++)
        simulate(first_seed + i);
    free(sim.heap);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_machines_boot)};
    const char *wanted = getenv("BOOTWIRE_SIMULATION_SEEDS");

    if (wanted)
        seed_count = strtoull(wanted, NULL, 10);
    if (count > 1) {
        first_seed = strtoull(arguments[1], NULL, 10);
        seed_count = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
