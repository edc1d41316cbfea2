#include "command/command.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

#define OPTION_CONFIG "  -c FILE            the configuration\n"
#define OPTION_STATE                                                                               \
    "  --state DIRECTORY  where leases and keys are, whatever state-directory says\n"
#define OPTION_CONTROL "  --control SOCKET   the control socket, whatever control-socket says\n"
#define OPTION_DEBUG   "  -d                 log more\n"
#define OPTION_QUIET   "  -q                 log warnings and errors only\n"

static const struct command commands[] = {
    {"serve", "-c FILE [-d|-q] [option ...]", "serve everything that FILE describes",
     OPTION_CONFIG OPTION_DEBUG OPTION_QUIET OPTION_STATE OPTION_CONTROL
     "  --log FORMAT       \"text\", or \"json\": each line of the log as one object\n",
     command_serve},
    {"check", "-c FILE [--explain HOST|--system ...]",
     "say what is wrong, or what a machine would get",
     OPTION_CONFIG
     "  --explain MACHINE  what it would be offered at each stage of its boot, and which line of\n"
     "                     FILE decided each value; a host's name, or a hardware address\n"
     "  --subnet ADDRESS   explain it in the subnet that holds this address\n"
     "  --relay ADDRESS    explain it behind the relay agent of this address\n"
     "  --file NAME        explain a loader that opens this file\n"
     "  --system           what of this machine stands in the way of serving FILE: ports, other\n"
     "                     DHCP servers, firewall, rights, interfaces, paths, loaders, QEMU\n"
     "  --state DIRECTORY  with --system: where the leases will be, whatever state-directory says\n"
     "  --wait SECONDS     with --system: how long other DHCP servers have for an answer, and a\n"
     "                     trial guest for its ROM (5; with 0 neither is tried)\n"
     "  --json             explain, or list what --system finds, in JSON\n",
     command_check},
    {"show", "-c FILE --as HOST|MAC NAME", "print a file that is made for a boot loader",
     OPTION_CONFIG "  --as MACHINE       who asks for it: a host's name, or a hardware address\n"
                   "  --address ADDRESS  where that machine is\n"
                   "  --server ADDRESS   the server, as that machine reaches it\n",
     command_show},
    {"run", "-c FILE [option ...] HOST", "boot a QEMU guest as HOST on a private network",
     OPTION_CONFIG OPTION_DEBUG OPTION_STATE OPTION_CONTROL
     "  --arch NAME        i386, x86_64, aarch64, mipsel or riscv64; else this machine's\n"
     "  --uefi             with UEFI for its firmware\n"
     "  --memory MEGABYTES the guest's memory\n"
     "  --cpus NUMBER      its processors\n"
     "  --nic MODEL        its network card\n"
     "  --count NUMBER     so many guests, of hardware addresses that count up from HOST's\n"
     "  --until REGEX      end once every console has shown a line that this matches\n"
     "  --timeout SECONDS  end then in any case; status 3\n"
     "  --no-kvm           emulate from the start\n"
     "  --log FILE         append the server's log to this file\n",
     command_run},
    {"console", "[option ...] HOST", "attach to the serial console of HOST",
     OPTION_CONFIG OPTION_STATE OPTION_CONTROL
     "  --read-only        read, and leave the keyboard to others\n"
     "  --take             take the keyboard over from whoever has it\n"
     "  --no-history       begin with what it says from now on\n"
     "  --log              print the log of its last boot\n"
     "  --list             say which hosts have a console\n",
     command_console},
    {"installboot", "-e [-nv] -o OPTIONS FILE", "edit the parameters in a NetBSD boot file",
     "  -e                 edit; the only mode there is\n"
     "  -n                 write nothing; print what would be written\n"
     "  -v                 print what is written\n"
     "  -o OPTIONS         as in console=com0,speed=9600,timeout=5\n",
     command_installboot},
    {"watch", "[-c FILE] [option ...]", "say live what every machine does",
     OPTION_CONFIG OPTION_STATE OPTION_CONTROL
     "  --plain            lines, also on a terminal\n"
     "  --json             the server's own lines, for programs\n",
     command_watch},
    {"status", "[-c FILE] [option ...]", "say how a running server is",
     OPTION_CONFIG OPTION_STATE OPTION_CONTROL "  --json             print JSON\n", command_status},
    {"leases", "[-c FILE] [--state DIRECTORY] [--json]", "say who has which address, and why",
     OPTION_CONFIG OPTION_STATE "  --json             print JSON\n", command_leases},
    {"import-leases", "[-c FILE] [--state DIRECTORY] LEASES", "take over ISC dhcpd's leases",
     OPTION_CONFIG OPTION_STATE, command_import_leases},
    {"help", "[COMMAND]", "print this, or what COMMAND takes", "", command_help},
    {"version", "", "print the version", "", command_version},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *to)
{
    fprintf(to, "usage:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  bootwire %-13s %-39s %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    fprintf(to, "see bootwire(8) and bootwire.conf(5)\n");
}

static int command_help(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, argv[1]) != 0)
            continue;
        printf("usage: bootwire %s %s\n%s\n%ssee bootwire(8)\n", commands[i].name,
               commands[i].arguments, commands[i].summary, commands[i].options);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "bootwire: there is no command \"%s\"\n", argv[1]);
    print_usage(argc > 1 ? stderr : stdout);
    return argc > 1 ? EXIT_USAGE : 0;
}

static int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("bootwire %s\n", BOOTWIRE_VERSION);
    return 0;
}

int command_usage(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            fprintf(stderr, "usage: bootwire %s %s\n", name, commands[i].arguments);
    }
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0) {
        fprintf(stderr, "bootwire: libsodium finds no source of random numbers\n");
        return 1;
    }
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return command_help(1, argv);
    if (strcmp(argv[1], "--version") == 0)
        return command_version(argc - 1, argv + 1);
    fprintf(stderr, "bootwire: there is no command \"%s\"\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
