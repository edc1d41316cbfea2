#include "command/command.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

static const struct command commands[] = {
    {"serve", "-c FILE [-d] [--state DIRECTORY]", "serve everything that FILE describes",
     command_serve},
    {"check", "-c FILE", "read FILE and say what is wrong with it", command_check},
    {"run", "-c FILE [option ...] HOST", "boot a QEMU guest as HOST on a private network",
     command_run},
    {"installboot", "-e [-nv] -o OPTIONS FILE", "edit the parameters in a NetBSD boot file",
     command_installboot},
    {"leases", "[-c FILE] [--state DIRECTORY] [--json]", "say who has which address, and why",
     command_leases},
    {"import-leases", "[-c FILE] [--state DIRECTORY] LEASES", "take over ISC dhcpd's leases",
     command_import_leases},
    {"help", "", "print this", command_help},
    {"version", "", "print the version", command_version},
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
    (void)argc;
    (void)argv;
    print_usage(stdout);
    return 0;
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
        return command_help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0)
        return command_version(argc - 1, argv + 1);
    fprintf(stderr, "bootwire: there is no command \"%s\"\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
