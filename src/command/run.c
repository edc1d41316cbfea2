#include "guest/run.h"
#include "base/log.h"
#include "base/memory.h"
#include "command/command.h"
#include "config/config.h"
#include "guest/namespace.h"
#include "guest/place.h"
#include "guest/process.h"
#include "guest/terminal.h"
#include "service/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ERROR_SIZE = 512,
    MEMORY_MIB_MAX = 1 << 20,
    CPUS_MAX = 256,
    TIMEOUT_MAX = 7 * 24 * 3600,
    LOG_SHOWN = 4096, /* bytes of the server's log that a failed run shows */
};

struct run_options {
    const char *config_path;
    const char *host;
    const char *nic;
    const char *state_directory; /* NULL: in the private directory, gone at the end */
    const char *log_path;        /* NULL: shown only where the run fails */
    const char *arch;            /* NULL: this machine's */
    const char *until;
    const char *control_path; /* NULL: HOST.sock in the runtime directory */
    unsigned memory_mib, cpus, count, timeout_seconds;
    bool uefi;
    bool kvm;
    bool debug;
    int log;
    struct guest_place place;
};

static void tell_ready(void *argument)
{
    const int *ready = argument;

    (void)!write(*ready, "", 1);
    close(*ready);
}

static int run_server(void *argument, const struct guest_server_ends *ends)
{
    const struct run_options *options = argument;
    struct serve_console consoles[GUEST_LINKS_MAX];
    int ready = ends->ready;
    struct serve_options serving = {
        .config_path = options->config_path,
        .state_directory =
            options->state_directory ? options->state_directory : options->place.directory,
        .control_path = options->place.control,
        .journal_descriptor = ends->journal,
        .told_descriptor = ends->told,
        .consoles = consoles,
        .console_count = ends->count,
        .ready = tell_ready,
        .ready_argument = &ready,
    };

    for (unsigned i = 0; i < ends->count; i++)
        consoles[i] = (struct serve_console){ends->members[i].name, ends->consoles[i],
                                             ends->orders[i], ends->has_terminal};
    dup2(options->log, STDERR_FILENO);
    if (options->debug)
        log_set_level(LOG_DEBUG);
    return serve(&serving) == 0 ? 0 : 1;
}

static void say_unknown_host(const struct snapshot *snapshot, const struct run_options *options)
{
    fprintf(stderr, "bootwire: %s declares no host \"%s\"; it declares", options->config_path,
            options->host);
    for (size_t i = 0; i < snapshot->host_count; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", snapshot->hosts[i].name);
    fprintf(stderr, "%s\n", snapshot->host_count > 0 ? "" : " none at all");
}

/* The guests' addresses count up from the host's; who is declared has its name. */
static void name_members(const struct run_options *options, struct guest_run_options *guest,
                         const struct snapshot *snapshot, const struct host *first)
{
    guest->count = options->count;
    for (unsigned i = 0; i < options->count; i++) {
        struct guest_member *member = &guest->members[i];
        struct hardware hardware = first->hardware;
        const struct host *host;
        unsigned carry = i;

        for (size_t at = hardware.length; at > 1 && carry > 0; at--) {
            carry += hardware.address[at - 1];
            hardware.address[at - 1] = (uint8_t)carry;
            carry >>= 8;
        }
        host = snapshot_host_by_hardware(snapshot, &hardware);
        member->hardware = hardware;
        if (host)
            snprintf(member->name, sizeof(member->name), "%s", host->name);
        else
            snprintf(member->name, sizeof(member->name), "%.50s+%u", first->name, i);
    }
}

/* Fills in what the configuration says of the guest. */
static int describe_guest(const struct run_options *options, struct guest_run_options *guest)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_load(options->config_path, &diagnostics);
    const struct host *host;
    char error[ERROR_SIZE];
    int result = -1;

    for (size_t i = 0; !snapshot && i < diagnostics.count; i++) {
        char *text = diagnostic_text(&diagnostics.list[i]);

        fputs(text, stderr);
        free(text);
    }
    diagnostics_release(&diagnostics);
    if (!snapshot)
        return -1;
    host = snapshot_host_by_name(snapshot, options->host);
    if (!host) {
        say_unknown_host(snapshot, options);
    } else if (host->hardware.type != HARDWARE_ETHERNET || host->hardware.length != 6) {
        fprintf(stderr, "bootwire: host %s has no \"hardware ethernet\" address for the guest\n",
                host->name);
    } else {
        name_members(options, guest, snapshot, host);
        result = guest_addresses_find(&guest->addresses, snapshot, host, error, sizeof(error));
        if (result < 0)
            fprintf(stderr, "bootwire: %s\n", error);
    }
    snapshot_free(snapshot);
    return result;
}

static void show_log(int log)
{
    char bytes[LOG_SHOWN];
    off_t size = lseek(log, 0, SEEK_END);
    ssize_t count = pread(log, bytes, sizeof(bytes), size > LOG_SHOWN ? size - LOG_SHOWN : 0);

    if (count > 0)
        (void)!write(STDERR_FILENO, bytes, (size_t)count);
}

static int open_log(struct run_options *options)
{
    options->log = options->log_path
                       ? open(options->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
                       : memfd_create("bootwire-log", MFD_CLOEXEC);
    if (options->log >= 0)
        return 0;
    fprintf(stderr, "bootwire: the log %s cannot be written: %s\n",
            options->log_path ? options->log_path : "in memory", strerror(errno));
    return -1;
}

/* The run itself, in a process of its own. */
static int run_guest(struct run_options *options)
{
    struct guest_run_options guest = {
        .guest = {.type = guest_machine_type_find(options->arch, options->uefi),
                  .memory_mib = options->memory_mib,
                  .cpus = options->cpus,
                  .nic = options->nic},
        .kvm = options->kvm,
        .directory = options->place.directory,
        .until = options->until,
        .timeout_seconds = options->timeout_seconds,
        .serve = run_server,
        .argument = options,
    };
    char error[ERROR_SIZE];
    enum guest_run_end end;

    if (describe_guest(options, &guest) < 0 || open_log(options) < 0)
        return GUEST_RUN_FAILED;
    if (guest_namespace_enter(error, sizeof(error)) < 0 ||
        guest_namespace_mount(options->place.directory, error, sizeof(error)) < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        return GUEST_RUN_FAILED;
    }
    end = guest_run(&guest);
    /* Where the other process was killed, nobody else does it. */
    guest_namespace_unmount(options->place.directory);
    guest_place_remove(&options->place);
    if (end == GUEST_RUN_FAILED && !options->log_path)
        show_log(options->log);
    return end;
}

/* Two processes: one runs, the other waits. Whichever is killed, the one that is left ends what the
 * other began and gives the terminal back. */
static int guard(struct run_options *options)
{
    struct terminal terminal;
    char error[ERROR_SIZE];
    sigset_t watched, before;
    pid_t child;
    int status = 0;

    if (guest_place_make(&options->place, options->host, options->control_path, error,
                         sizeof(error)) < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        return GUEST_RUN_FAILED;
    }
    terminal_save(&terminal);
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigaddset(&watched, SIGCHLD);
    sigprocmask(SIG_BLOCK, &watched, &before);
    child = process_fork(SIGTERM);
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        exit(run_guest(options));
    }
    if (child < 0) {
        perror("bootwire: fork");
        return 1;
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        int signal = sigwaitinfo(&watched, NULL);

        if (signal > 0 && signal != SIGCHLD)
            kill(child, SIGTERM);
    }
    terminal_restore(&terminal);
    guest_place_wait(&options->place);
    guest_place_remove(&options->place);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool parse_number(const char *option, const char *what, const char *text, unsigned most,
                         unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value < 1 || value > most) {
        fprintf(stderr, "bootwire: --%s wants a number of %s, 1 to %u, not \"%s\"\n", option, what,
                most, text);
        return false;
    }
    *number = (unsigned)value;
    return true;
}

static bool check_nic(const char *nic)
{
    if (guest_nic_is_valid(nic))
        return true;
    fprintf(stderr,
            "bootwire: --nic wants the name of a network card of QEMU's, such as e1000 or "
            "virtio-net-pci, not \"%s\"\n",
            nic);
    return false;
}

static bool check_until(const char *expression)
{
    char text[ERROR_SIZE];
    regex_t compiled;
    int error = regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB);

    if (error == 0) {
        regfree(&compiled);
        return true;
    }
    regerror(error, &compiled, text, sizeof(text));
    fprintf(stderr,
            "bootwire: --until wants an extended regular expression, and \"%s\" is none: "
            "%s\n",
            expression, text);
    return false;
}

/* The architecture that was asked for, or this machine's; KVM where the two are one. */
static bool choose_type(struct run_options *options)
{
    const struct guest_machine_type *type;
    const char *arch = options->arch;
    struct utsname host;
    char list[128];

    (void)uname(&host);
    if (!arch)
        arch = guest_machine_type_find(host.machine, false) ? host.machine : "x86_64";
    type = guest_machine_type_find(arch, options->uefi);
    if (!type) {
        fprintf(stderr, "bootwire: there is no machine for --arch %s%s; there are %s\n", arch,
                options->uefi ? " with --uefi" : "",
                guest_machine_type_list(list, sizeof(list), options->uefi));
        return false;
    }
    options->arch = type->arch;
    options->kvm &= guest_machine_type_fits(type, host.machine);
    return true;
}

static bool take_option(struct run_options *options, int option, const char *value)
{
    switch (option) {
    case 'a':
        options->arch = value;
        return true;
    case 'C':
        options->control_path = value;
        return true;
    case 'c':
        options->config_path = value;
        return true;
    case 'd':
        options->debug = true;
        return true;
    case 'k':
        options->kvm = false;
        return true;
    case 'l':
        options->log_path = value;
        return true;
    case 'm':
        return parse_number("memory", "MiB", value, MEMORY_MIB_MAX, &options->memory_mib);
    case 'N':
        return parse_number("count", "guests", value, GUEST_LINKS_MAX, &options->count);
    case 'n':
        options->nic = value;
        return check_nic(value);
    case 'p':
        return parse_number("cpus", "processors", value, CPUS_MAX, &options->cpus);
    case 's':
        options->state_directory = value;
        return true;
    case 't':
        return parse_number("timeout", "seconds", value, TIMEOUT_MAX, &options->timeout_seconds);
    case 'U':
        options->until = value;
        return check_until(value);
    case 'u':
        options->uefi = true;
        return true;
    default:
        (void)command_usage("run");
        return false;
    }
}

int command_run(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"arch", required_argument, NULL, 'a'},
        {"config", required_argument, NULL, 'c'},
        {"control", required_argument, NULL, 'C'},
        {"count", required_argument, NULL, 'N'},
        {"cpus", required_argument, NULL, 'p'},
        {"debug", no_argument, NULL, 'd'},
        {"log", required_argument, NULL, 'l'},
        {"memory", required_argument, NULL, 'm'},
        {"nic", required_argument, NULL, 'n'},
        {"no-kvm", no_argument, NULL, 'k'},
        {"state", required_argument, NULL, 's'},
        {"timeout", required_argument, NULL, 't'},
        {"uefi", no_argument, NULL, 'u'},
        {"until", required_argument, NULL, 'U'},
        {NULL, 0, NULL, 0},
    };
    struct run_options options = {.kvm = true, .count = 1};
    int option;

    while ((option = getopt_long(argc, argv, "c:d", long_options, NULL)) != -1) {
        if (!take_option(&options, option, optarg))
            return EXIT_USAGE;
    }
    if (!options.config_path || optind + 1 != argc)
        return command_usage(argv[0]);
    options.host = argv[optind];
    return choose_type(&options) ? guard(&options) : EXIT_USAGE;
}
