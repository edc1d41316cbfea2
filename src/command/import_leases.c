/* `bootwire import-leases`: ISC dhcpd's leases become ours. */
#include "base/clock.h"
#include "base/memory.h"
#include "command/command.h"
#include "command/state.h"
#include "config/lease_file.h"
#include "store/leases.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COMMIT_EVERY = 1000, /* records per transaction: what waits for a commit costs memory */
    COMPLAINTS_MAX = 100,
};

struct import {
    const char *path;
    struct lease_table table; /* the file's last word on each address */
    size_t entries, bad, complaints;
};

static void take(void *argument, const struct lease *lease, unsigned line)
{
    struct import *import = argument;

    (void)line;
    import->entries++;
    /* The file's last word may be that nobody has the address. */
    if (lease->hardware.length == 0 && lease->state != LEASE_DECLINED)
        lease_table_remove(&import->table, lease->address);
    else
        lease_table_put(&import->table, lease);
}

static void complain(void *argument, unsigned line, bool entry, const char *message)
{
    struct import *import = argument;

    if (entry)
        import->bad++;
    if (++import->complaints > COMPLAINTS_MAX)
        return;
    fprintf(stderr, "%s:%u: %s: %s\n", import->path, line, entry ? "left out" : "warning", message);
}

/* Reads the whole file; false after saying why not. */
static bool read_file(struct import *import)
{
    const struct lease_file_sink sink = {take, complain, import};
    /* O_NONBLOCK: a named pipe in place of the file must not hold the command. */
    int descriptor = open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *reason = NULL;
    struct stat stat;
    void *text = NULL;

    if (descriptor < 0 || fstat(descriptor, &stat) < 0)
        goto failed;
    if (!S_ISREG(stat.st_mode)) {
        reason = S_ISDIR(stat.st_mode) ? "it is a directory, not a file"
                                       : "it is a device or a pipe, not a file";
        goto failed;
    }
    if (stat.st_size > 0) {
        text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (text == MAP_FAILED)
            goto failed;
        lease_file_read(slice_of(text, (size_t)stat.st_size), &sink);
        munmap(text, (size_t)stat.st_size);
    }
    close(descriptor);
    if (import->complaints > COMPLAINTS_MAX)
        fprintf(stderr, "%s: %zu more such lines are left out here\n", import->path,
                import->complaints - COMPLAINTS_MAX);
    return true;
failed:
    fprintf(stderr, "bootwire: %s: %s\n", import->path, reason ? reason : strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return false;
}

/* What is here and in force counts more than a file from another server. */
static bool is_ours(const struct leases *leases, const struct lease *lease, int64_t now)
{
    const struct lease *here = lease_table_by_address(leases_table(leases), lease->address);

    return here && here->state == LEASE_BOUND && here->expiry > now &&
           !hardware_equal(&here->hardware, &lease->hardware);
}

static int commit(struct leases *leases)
{
    char error[1024];

    if (leases_commit(leases, error, sizeof(error)) == 0)
        return 0;
    fprintf(stderr, "bootwire: %s\n", error);
    return -1;
}

static int store_all(const struct import *import, struct leases *leases)
{
    char *reason = memory_printf("imported from %s", import->path), text[IPV4_TEXT_SIZE];
    size_t place = 0, slot = 0, stored = 0, kept = 0;
    int64_t now = clock_wall_seconds();
    const struct lease *lease;
    int result = 0;

    while (result == 0 && (lease = lease_table_next(&import->table, &place, &slot)) != NULL) {
        if (is_ours(leases, lease, now)) {
            fprintf(stderr, "%s: %s is another machine's here: its lease stays\n", import->path,
                    ipv4_text(text, lease->address));
            kept++;
            continue;
        }
        leases_store(leases, lease, reason);
        if (++stored % COMMIT_EVERY == 0)
            result = commit(leases);
    }
    if (result == 0)
        result = commit(leases);
    if (result == 0)
        printf("%s: %zu entries: %zu leases imported, %zu kept as they were here, %zu entries "
               "left out\n",
               import->path, import->entries, stored, kept, import->bad);
    free(reason);
    return result;
}

static int import_into(const char *directory, struct import *import)
{
    struct leases *leases = NULL;
    char error[1024] = "";
    int claim, result = -1;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        fprintf(stderr, "bootwire: the state directory %s cannot be made: %s\n", directory,
                strerror(errno));
        return -1;
    }
    claim = leases_claim(directory, error, sizeof(error));
    if (claim >= 0)
        leases = leases_open(directory, error, sizeof(error));
    if (leases)
        result = store_all(import, leases);
    else
        fprintf(stderr, "bootwire: %s\n", error);
    leases_close(leases);
    if (claim >= 0)
        close(claim);
    return result;
}

int command_import_leases(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct state_place place = {.config_path = NULL};
    struct import import = {.path = NULL};
    int option, result = 1;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        if (!state_take_option(&place, option))
            return command_usage(argv[0]);
    }
    if (optind + 1 != argc)
        return command_usage(argv[0]);
    import.path = argv[optind];
    if (state_find(&place) == 0 && read_file(&import) && import_into(place.directory, &import) == 0)
        result = import.bad > 0 ? 1 : 0;
    lease_table_release(&import.table);
    state_release(&place);
    return result;
}
