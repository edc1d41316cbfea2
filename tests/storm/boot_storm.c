/* Boots many simulated machines within a second, and says how long each took.
 *
 *   boot_storm --interface NAME --server ADDRESS --script PATH [option ...]   (see options[])
 *
 * It runs in a network namespace whose interface is the machines' wire. It answers ARP for the
 * addresses that they got, each with its machine's own link address; the kernel must take datagrams
 * to all of those for its own (a "local" route) and know nothing of ARP (arp_ignore 8, and
 * neighbours that are written down on both sides). Everything that comes is compared with what it
 * must be; the program ends with a message where it is not. Prints one line of JSON.
 *
 * The script has one step a line:
 *
 *   dhcp none|own HEX HEX              DISCOVER and REQUEST as recorded, sent from no address or
 *                                      from the one that the machine has from the stage before
 *   tftp NAME BLKSIZE WINDOW PATH      reads a file, which must hold what the one at PATH does
 *   port PROGRAM VERSION               asks the port mapper
 *   mount PATH                         the root is handle 0
 *   getattr HANDLE
 *   fsinfo HANDLE
 *   readdir HANDLE BYTES
 *   access HANDLE MASK
 *   lookup HANDLE NAME RESULT          -1: must not be there
 *   read HANDLE OFFSET BYTES PATH */
#include "../bench/measure.h"
#include "base/memory.h"
#include "storm.h"
#include "wire/nfs3.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MACHINES_MAX = 20000,
    TICK = 10000000, /* nanoseconds between two looks for who waits too long */
    LINE_MAX_BYTES = 8192,
    WORDS = 5,
    RESEND_MS = 250, /* TFTP's, as iPXE has it */
};

static const char *const kind_names[STEP_KINDS] = {
    [STEP_DHCP] = "dhcp",   [STEP_TFTP] = "tftp", [STEP_PORT] = "port",
    [STEP_MOUNT] = "mount", [STEP_NFS] = "nfs",
};

/* -------------------------------------------------------------------------------------- script */

static struct slice content_of(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *content;

    if (file < 0 || fstat(file, &status) < 0)
        measure_fail("%s: %s", path, strerror(errno));
    content = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (content == MAP_FAILED)
        measure_fail("%s: %s", path, strerror(errno));
    close(file);
    return slice_of(content, (size_t)status.st_size);
}

static size_t bytes_of_hex(uint8_t to[STORM_DHCP_MAX], const char *hex)
{
    size_t length = strlen(hex) / 2;

    if (length > STORM_DHCP_MAX)
        measure_fail("a DHCP message is too long");
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};

        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

static uint32_t number(const char *word)
{
    return (uint32_t)strtoul(word, NULL, 0);
}

static void copy_name(struct step *step, const char *name)
{
    snprintf(step->name, sizeof(step->name), "%s", name);
}

/* The words of a line, absent ones empty. False: there is no such step. */
static bool read_step(struct step *step, char *words[WORDS])
{
    static const char *const calls[] = {
        [NFS3_GETATTR] = "getattr", [NFS3_LOOKUP] = "lookup",   [NFS3_ACCESS] = "access",
        [NFS3_READ] = "read",       [NFS3_READDIR] = "readdir", [NFS3_FSINFO] = "fsinfo",
    };

    if (!strcmp(words[0], "dhcp")) {
        step->kind = STEP_DHCP;
        step->own_source = !strcmp(words[1], "own");
        step->lengths[0] = bytes_of_hex(step->messages[0], words[2]);
        step->lengths[1] = bytes_of_hex(step->messages[1], words[3]);
        return step->lengths[0] > 240 && step->lengths[1] > 240;
    }
    if (!strcmp(words[0], "tftp")) {
        struct slice content = content_of(words[4]);

        step->kind = STEP_TFTP;
        step->wish = (struct tftp_wish){.file = memory_string(words[1]),
                                        .block_size = number(words[2]),
                                        .window = number(words[3]),
                                        .content = content.data,
                                        .size = content.length,
                                        .resend_ms = RESEND_MS};
        return true;
    }
    if (!strcmp(words[0], "port")) {
        step->kind = STEP_PORT;
        step->program = number(words[1]);
        step->version = number(words[2]);
        return true;
    }
    if (!strcmp(words[0], "mount")) {
        step->kind = STEP_MOUNT;
        copy_name(step, words[1]);
        return true;
    }
    step->kind = STEP_NFS;
    for (uint32_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i] && !strcmp(words[0], calls[i]))
            step->procedure = i;
    }
    step->handle = number(words[1]);
    step->count = number(words[2]);
    if (step->procedure == NFS3_LOOKUP) {
        copy_name(step, words[2]);
        step->result = (int)strtol(words[3], NULL, 10);
    } else if (step->procedure == NFS3_READ) {
        step->offset = strtoull(words[2], NULL, 10);
        step->count = number(words[3]);
        step->content = content_of(words[4]);
    }
    return step->procedure && step->handle < STORM_HANDLES && step->result < STORM_HANDLES;
}

void storm_read_script(struct storm *storm, const char *path)
{
    static char line[LINE_MAX_BYTES];
    FILE *file = path ? fopen(path, "r") : NULL;

    if (!file)
        measure_fail("--script %s: %s", path ? path : "", strerror(errno));
    storm->steps = memory_zeroed(STORM_STEPS_MAX, sizeof(*storm->steps));
    while (fgets(line, sizeof(line), file)) {
        char *words[WORDS], *rest = line;

        for (unsigned i = 0; i < WORDS; i++) {
            words[i] = strsep(&rest, " \n");
            if (!words[i])
                words[i] = line + strlen(line);
        }
        if (storm->step_count == STORM_STEPS_MAX ||
            !read_step(&storm->steps[storm->step_count++], words))
            measure_fail("%s: step %u is not understood: %s", path, storm->step_count, words[0]);
    }
    fclose(file);
}

/* ------------------------------------------------------------------------------------- running */

static void start_due(struct storm *storm, uint64_t began, uint64_t now)
{
    while (storm->started < storm->count) {
        struct machine *machine = &storm->machines[storm->started];
        double due = storm->spread * storm->started / storm->count;

        if (now < began + (uint64_t)(due * 1e9))
            break;
        storm->started++;
        machine->start = now;
        machine_begin(storm, machine, now);
    }
}

static void run(struct storm *storm, struct measured_times *times)
{
    struct pollfd sockets[] = {{.fd = storm->dhcp, .events = POLLIN},
                               {.fd = storm->arp, .events = POLLIN},
                               {.fd = storm->tftp, .events = POLLIN},
                               {.fd = storm->rpc, .events = POLLIN}};
    uint64_t began = measure_now(), now = began, ticked = began;
    uint64_t end = began + (uint64_t)((storm->spread + storm->patience) * 1e9);
    bool *counted = memory_zeroed(storm->count, sizeof(*counted));

    while (storm->finished < storm->count && now < end) {
        poll(sockets, 4, 1);
        now = measure_now();
        start_due(storm, began, now);
        storm_answer_arp(storm);
        storm_take_dhcp(storm, now);
        storm_take_tftp(storm, now);
        storm_take_rpc(storm, now);
        if (now - ticked < TICK)
            continue;
        ticked = now;
        for (unsigned i = 0; i < storm->started; i++) {
            struct machine *machine = &storm->machines[i];

            machine_tick(storm, machine, now);
            /* When it ended is told to 10 ms: enough beside boots of seconds. */
            if (!machine->runs && !counted[i]) {
                counted[i] = true;
                measured_times_add(times, (double)(now - machine->start) / 1e9);
            }
        }
    }
    now = measure_now();
    for (unsigned i = 0; i < storm->count; i++) {
        if (!counted[i])
            measured_times_add(times, (double)(now - storm->machines[i].start) / 1e9);
    }
    free(counted);
}

static double median_of_kind(const struct storm *storm, enum step_kind kind)
{
    struct measured_times times = {.count = 0};
    double median;

    for (unsigned i = 0; i < storm->count; i++)
        measured_times_add(&times, (double)storm->machines[i].spent[kind] / 1e9);
    measured_times_sort(&times);
    median = measured_times_within(&times, 0.5);
    free(times.seconds);
    return median;
}

static void tell(struct storm *storm, struct measured_times *times)
{
    measured_times_sort(times);
    printf("{\"machines\": %u, \"finished\": %u, \"fastest\": %.3f, \"median\": %.3f, "
           "\"slowest\": %.3f, \"resent\": %llu",
           storm->count, storm->finished, measured_times_within(times, 0),
           measured_times_within(times, 0.5), measured_times_within(times, 1),
           (unsigned long long)storm->resent);
    for (enum step_kind kind = 0; kind < STEP_KINDS; kind++)
        printf(", \"%s\": %.3f", kind_names[kind], median_of_kind(storm, kind));
    for (unsigned i = 0; i < storm->count; i++) {
        if (storm->machines[i].step < storm->step_count) {
            printf(", \"stuck\": \"machine %u in step %u\"", i, storm->machines[i].step + 1);
            break;
        }
    }
    printf("}\n");
}

static const struct option options[] = {
    {"interface", required_argument, NULL, 'i'}, /* the machines' wire */
    {"server", required_argument, NULL, 's'},    /* its address */
    {"script", required_argument, NULL, 'f'},
    {"machines", required_argument, NULL, 'n'}, /* 500 */
    {"spread", required_argument, NULL, 'S'},   /* 1: seconds within which they start */
    {"patience", required_argument, NULL, 'p'}, /* 120 seconds until it gives up */
    {NULL, 0, NULL, 0},
};

int main(int count, char **arguments)
{
    static struct storm storm = {.count = 500, .spread = 1, .patience = 120};
    struct measured_times times = {.count = 0};
    const char *script = NULL;
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        switch (option) {
        case 'i':
            storm.interface = optarg;
            break;
        case 's':
            inet_pton(AF_INET, optarg, &storm.server);
            break;
        case 'f':
            script = optarg;
            break;
        case 'n':
            storm.count = number(optarg);
            break;
        case 'S':
            storm.spread = strtod(optarg, NULL);
            break;
        case 'p':
            storm.patience = strtod(optarg, NULL);
            break;
        default:
            return 2;
        }
    }
    if (!storm.interface || !storm.server.s_addr || !storm.count || storm.count > MACHINES_MAX)
        measure_fail("--interface or --server is missing, or --machines is too large");
    storm_read_script(&storm, script);
    storm.machines = memory_zeroed(storm.count, sizeof(*storm.machines));
    for (unsigned i = 0; i < storm.count; i++)
        storm.machines[i] = (struct machine){
            .number = i, .mac = {0x22, 0x22, 0x22, 0x33, (uint8_t)(i >> 8), (uint8_t)i}};
    storm_open(&storm);
    run(&storm, &times);
    tell(&storm, &times);
    return storm.finished == storm.count ? 0 : 1;
}
