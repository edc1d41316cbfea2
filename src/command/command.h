/* The subcommands of bootwire, one file each. */
#ifndef BOOTWIRE_COMMAND_COMMAND_H
#define BOOTWIRE_COMMAND_COMMAND_H

/* One row of the table in main.c. */
struct command {
    const char *name;
    const char *arguments; /* as the usage prints them */
    const char *summary;   /* one line */
    const char *options;   /* one line for each option, two blanks before it; "" where none is */
    /* `argv[0]` is the subcommand's name. Returns the exit status. */
    int (*run)(int argc, char **argv);
};

enum { EXIT_USAGE = 2 };

/* Says on standard error how the subcommand is called; returns EXIT_USAGE. */
int command_console(int argc, char **argv);
int command_usage(const char *name);

int command_check(int argc, char **argv);
int command_run(int argc, char **argv);
int command_installboot(int argc, char **argv);
int command_leases(int argc, char **argv);
int command_import_leases(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_show(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
