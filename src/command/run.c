#include "guest/run.h"
#include "base/log.h"
#include "command/command.h"
#include "config/config.h"
#include "guest/process.h"
#include "guest/terminal.h"
#include "service/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a run keeps its state: a file system in memory that only its own processes see. */
#define RUN_STATE_DIRECTORY "/run/bootwire"

enum {
    ERROR_SIZE = 512,
    MEMORY_MIB = 512,
    MEMORY_MIB_MAX = 1 << 20,
    LOG_SHOWN = 4096, /* bytes of the server's log that a failed run shows */
};

struct run_options {
    const char *config_path;
    const char *host;
    const char *nic;
    const char *state_directory; /* NULL: RUN_STATE_DIRECTORY, gone at the end */
    const char *log_path;        /* NULL: shown only where the run fails */
    unsigned memory_mib;
    bool kvm;
    bool debug;
    int log;
};

static void tell_ready(void *argument)
{
    const int *ready = argument;

    (void)!write(*ready, "", 1);
    close(*ready);
}

static int run_server(void *argument, int journal, int ready)
{
    const struct run_options *options = argument;
    struct serve_options serving = {
        .config_path = options->config_path,
        .state_directory =
            options->state_directory ? options->state_directory : RUN_STATE_DIRECTORY,
        .journal_descriptor = journal,
        .ready = tell_ready,
        .ready_argument = &ready,
    };

    dup2(options->log, STDERR_FILENO);
    if (options->debug)
        log_set_level(LOG_DEBUG);
    return serve(&serving) == 0 ? 0 : 1;
}

/* A private mount over RUN_STATE_DIRECTORY, so that nothing of the run outlives it. */
static int enter_private_state(void)
{
    if ((mkdir(RUN_STATE_DIRECTORY, 0700) < 0 && errno != EEXIST) || unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("bootwire", RUN_STATE_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0) {
        fprintf(stderr, "bootwire: %s cannot be made private: %s; run needs root\n",
                RUN_STATE_DIRECTORY, strerror(errno));
        return -1;
    }
    return 0;
}

static void say_unknown_host(const struct snapshot *snapshot, const struct run_options *options)
{
    fprintf(stderr, "bootwire: %s declares no host \"%s\"; it declares", options->config_path,
            options->host);
    for (size_t i = 0; i < snapshot->host_count; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", snapshot->hosts[i].name);
    fprintf(stderr, "%s\n", snapshot->host_count > 0 ? "" : " none at all");
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
        guest->guest.hardware = host->hardware;
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

/* The run itself, in a process of its own. */
static int run_guest(struct run_options *options)
{
    struct guest_run_options guest = {
        .guest = {.program = "qemu-system-x86_64",
                  .memory_mib = options->memory_mib,
                  .nic = options->nic},
        .kvm = options->kvm,
        .serve = run_server,
        .argument = options,
    };

    if (describe_guest(options, &guest) < 0)
        return 1;
    options->log = options->log_path
                       ? open(options->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
                       : memfd_create("bootwire-log", MFD_CLOEXEC);
    if (options->log < 0) {
        fprintf(stderr, "bootwire: the log %s cannot be written: %s\n",
                options->log_path ? options->log_path : "in memory", strerror(errno));
        return 1;
    }
    if (!options->state_directory && enter_private_state() < 0)
        return 1;
    if (guest_run(&guest) == 0)
        return 0;
    if (!options->log_path)
        show_log(options->log);
    return 1;
}

/* Two processes: one runs, the other waits. Whichever is killed, the one that is left ends what the
 * other began and gives the terminal back. */
static int guard(struct run_options *options)
{
    struct terminal terminal;
    sigset_t watched, before;
    pid_t child;
    int status = 0;

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
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool parse_memory(const char *text, unsigned *memory_mib)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value < 1 || value > MEMORY_MIB_MAX) {
        fprintf(stderr, "bootwire: --memory wants a number of MiB, not \"%s\"\n", text);
        return false;
    }
    *memory_mib = (unsigned)value;
    return true;
}

int command_run(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'}, {"debug", no_argument, NULL, 'd'},
        {"log", required_argument, NULL, 'l'},    {"memory", required_argument, NULL, 'm'},
        {"nic", required_argument, NULL, 'n'},    {"no-kvm", no_argument, NULL, 'k'},
        {"state", required_argument, NULL, 's'},  {NULL, 0, NULL, 0},
    };
    struct run_options options = {.nic = "e1000", .memory_mib = MEMORY_MIB, .kvm = true};
    int option;

    while ((option = getopt_long(argc, argv, "c:d", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config_path = optarg;
            break;
        case 'd':
            options.debug = true;
            break;
        case 'l':
            options.log_path = optarg;
            break;
        case 'm':
            if (!parse_memory(optarg, &options.memory_mib))
                return EXIT_USAGE;
            break;
        case 'n':
            options.nic = optarg;
            if (!guest_nic_is_valid(optarg)) {
                fprintf(stderr,
                        "bootwire: --nic wants the name of a network card of QEMU's, such as e1000 "
                        "or virtio-net-pci, not \"%s\"\n",
                        optarg);
                return EXIT_USAGE;
            }
            break;
        case 'k':
            options.kvm = false;
            break;
        case 's':
            options.state_directory = optarg;
            break;
        default:
            return command_usage(argv[0]);
        }
    }
    if (!options.config_path || optind + 1 != argc)
        return command_usage(argv[0]);
    options.host = argv[optind];
    return guard(&options);
}
