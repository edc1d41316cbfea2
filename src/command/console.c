/* `bootwire console`: a machine's serial console on this terminal, and its logs. */
#include "base/memory.h"
#include "base/slice.h"
#include "command/command.h"
#include "command/state.h"
#include "guest/place.h"
#include "guest/terminal.h"
#include "service/serial_log.h"
#include "watch/client.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4096, PATH_SIZE = 4096, ERROR_SIZE = 1024, NAME_SIZE = 128 };

struct console {
    const char *host;
    bool read_only, take, no_history, log, list;
    struct client client;
    struct terminal terminal;
    struct terminal_keys keys;
    char *writer; /* who writes, as the server said last; NULL: nobody */
    bool writes, open, known, input_ended, detached;
};

static volatile sig_atomic_t ended_by_signal;

/* A line to the person, also while the terminal is the machine's. */
__attribute__((format(printf, 2, 3))) static void say(const struct console *console,
                                                      const char *format, ...)
{
    const char *end = console->terminal.saved ? "\r\n" : "\n";
    char text[ERROR_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%sbootwire: %s%s", console->terminal.saved ? end : "", text, end);
}

/* ---- What the server tells ---- */

static const char *text_of(const json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void tell_line(struct console *console, const json_t *line)
{
    bool open = json_is_true(json_object_get(line, "open"));
    const char *reason = text_of(line, "reason");

    if (console->known && open == console->open)
        return;
    if (!open)
        say(console, "the console of %s is not open: %s", console->host, reason ? reason : "");
    else if (console->known)
        say(console, "the console of %s is open again", console->host);
    console->open = open;
}

static void tell_writer(struct console *console, const json_t *line)
{
    bool writes = json_is_true(json_object_get(line, "write"));
    const char *writer = text_of(line, "writer");

    if (console->read_only)
        return;
    if (!writes && writer && (!console->writer || strcmp(writer, console->writer) != 0))
        say(console, "%s writes, you read%s", writer,
            console->terminal.saved ? "; Ctrl-a w takes over" : "; --take takes over");
    else if (writes && console->known && !console->writes)
        say(console, "you write now");
    else if (!writes && !writer && console->known && console->writer && !console->writes)
        say(console, "%s does not write any more%s", console->writer,
            console->terminal.saved ? "; Ctrl-a w, and you do" : "");
    free(console->writer);
    console->writer = writer ? memory_string(writer) : NULL;
    console->writes = writes;
}

static int print_output(const char *text)
{
    size_t length = strlen(text), count = 0;
    uint8_t *bytes = memory_zeroed(length + 1, 1);
    int result = 0;

    if (sodium_base642bin(bytes, length + 1, text, length, NULL, &count, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        (fwrite(bytes, 1, count, stdout) < count || fflush(stdout) != 0))
        result = -1;
    free(bytes);
    return result;
}

/* 0; -1 at the end, after saying why. */
static int take_line(struct console *console, const json_t *line)
{
    const char *output = text_of(line, "output"), *error = text_of(line, "error");
    const char *event = text_of(line, "event");

    if (output)
        return print_output(output);
    if (error) {
        say(console, "%s", error);
        return -1;
    }
    if (event && strcmp(event, "lost") == 0)
        say(console, "%lld bytes are lost: they came faster than they were read; the log has them",
            (long long)json_integer_value(json_object_get(line, "bytes")));
    else if (event && strcmp(event, "refused") == 0)
        say(console, "%s", text_of(line, "text"));
    if (json_object_get(line, "open")) {
        tell_line(console, line);
        tell_writer(console, line);
        console->known = true;
    }
    return 0;
}

static int take_lines(struct console *console)
{
    int ended = client_receive(&console->client);
    json_t *line;
    int result = 0;

    while (result == 0 && (line = client_next(&console->client)) != NULL) {
        result = take_line(console, line);
        json_decref(line);
    }
    if (result == 0 && ended < 0) {
        if (console->open || !console->known)
            say(console, "the server has ended");
        result = -1;
    }
    return result;
}

/* ---- What the person does ---- */

static int send_input(struct console *console, struct slice bytes)
{
    char text[sodium_base64_ENCODED_LEN(PIECE, sodium_base64_VARIANT_ORIGINAL)];

    if (bytes.length == 0)
        return 0;
    if (console->read_only)
        return 0;
    if (!console->writes) {
        say(console, "%s writes, you read%s", console->writer ? console->writer : "nobody",
            console->terminal.saved ? "; Ctrl-a w takes over" : "; --take takes over");
        return 0;
    }
    sodium_bin2base64(text, sizeof(text), bytes.data, bytes.length, sodium_base64_VARIANT_ORIGINAL);
    return client_send(&console->client, json_pack("{s:s}", "input", text));
}

static int carry_out(struct console *console, char command)
{
    switch (command) {
    case 'd':
    case 'x':
        console->detached = true;
        return -1;
    case 'b':
        return client_send(&console->client, json_pack("{s:i}", "break", 0));
    case 'w':
        console->read_only = false;
        return client_send(&console->client, json_pack("{s:b}", "take", 1));
    case 'r':
        return client_send(&console->client, json_pack("{s:b}", "release", 1));
    default:
        say(console, "Ctrl-a and: d detach, b break, w take the keyboard, r let it go, Ctrl-a one "
                     "Ctrl-a");
        return 0;
    }
}

static int take_keys(struct console *console, const uint8_t *keys, size_t length)
{
    while (length > 0) {
        uint8_t out[PIECE];
        size_t count, used;
        char command;

        used = terminal_split(&console->keys, keys, length, out, &count, &command);
        if (send_input(console, slice_of(out, count)) < 0 ||
            (command && carry_out(console, command) < 0))
            return -1;
        keys += used;
        length -= used;
    }
    return 0;
}

static int take_input(struct console *console)
{
    uint8_t bytes[PIECE];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (count < 0 && errno == EINTR)
        return 0;
    if (count <= 0) {
        console->input_ended = true;
        return client_send(&console->client, json_pack("{s:b}", "release", 1));
    }
    if (console->terminal.saved)
        return take_keys(console, bytes, (size_t)count);
    return send_input(console, slice_of(bytes, (size_t)count));
}

/* ---- The conversation ---- */

static void signalled(int number)
{
    ended_by_signal = number;
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = signalled};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        sigaction(ends[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void who_am_i(char to[NAME_SIZE])
{
    const struct passwd *user = getpwuid(getuid());
    const char *tty = isatty(STDIN_FILENO) ? ttyname(STDIN_FILENO) : NULL;

    snprintf(to, NAME_SIZE, "%s%s%s", user ? user->pw_name : "somebody", tty ? " on " : "",
             tty ? tty : "");
}

static void converse(struct console *console)
{
    while (!ended_by_signal) {
        bool reads = !console->input_ended && console->known;
        struct pollfd places[] = {
            {.fd = console->client.descriptor, .events = POLLIN},
            {.fd = reads ? STDIN_FILENO : -1, .events = POLLIN},
        };

        if (poll(places, 2, -1) < 0)
            continue;
        if (places[0].revents && take_lines(console) < 0)
            return;
        if (places[1].revents && take_input(console) < 0)
            return;
    }
}

static int attach(struct console *console, const char *path)
{
    char error[ERROR_SIZE], name[NAME_SIZE];

    who_am_i(name);
    if (client_connect(&console->client, path, error, sizeof(error)) < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        return 1;
    }
    catch_signals();
    terminal_save(&console->terminal);
    if (console->terminal.saved)
        fprintf(stderr, "bootwire: Ctrl-a d detaches, Ctrl-a ? lists the keys\n");
    terminal_raw(&console->terminal);
    (void)client_send(&console->client,
                      json_pack("{s:s, s:s, s:b, s:b, s:b, s:s}", "request", "console", "host",
                                console->host, "write", (int)!console->read_only, "take",
                                (int)console->take, "history", (int)!console->no_history, "as",
                                name));
    converse(console);
    terminal_restore(&console->terminal);
    if (console->terminal.saved && console->detached)
        fprintf(stderr, "\nbootwire: detached\n");
    client_close(&console->client);
    free(console->writer);
    return console->detached || ended_by_signal ? 0 : 1;
}

/* ---- Lists and logs ---- */

static int list(const char *path)
{
    char error[ERROR_SIZE];
    json_t *answer =
        client_ask(path, json_pack("{s:s}", "request", "consoles"), error, sizeof(error));
    const json_t *consoles = json_object_get(answer, "consoles");

    if (!answer) {
        fprintf(stderr, "bootwire: %s\n", error);
        return 1;
    }
    if (json_array_size(consoles) == 0)
        printf("no host has a serial console: write `serial \"/dev/ttyUSB0\" 9600;` into its "
               "declaration\n");
    for (size_t i = 0; i < json_array_size(consoles); i++) {
        const json_t *one = json_array_get(consoles, i);
        const char *reason = text_of(one, "reason"), *writer = text_of(one, "writer");

        printf("%-20s  %s, %s%s", text_of(one, "host"), text_of(one, "serial"),
               reason ? "not open: " : "open", reason ? reason : "");
        if (writer)
            printf(", %s writes", writer);
        printf("\n");
    }
    json_decref(answer);
    return 0;
}

static int is_log(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".log") == 0;
}

static int print_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char bytes[PIECE];
    size_t count;

    if (!file) {
        fprintf(stderr, "bootwire: %s: %s\n", path, strerror(errno));
        return 1;
    }
    while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
        fwrite(bytes, 1, count, stdout);
    fclose(file);
    return 0;
}

/* The server need not run. */
static int print_log(const struct console *console, const char *state_directory)
{
    char *directory = serial_log_directory(state_directory, console->host), *path;
    struct dirent **names = NULL;
    int count = scandir(directory, &names, is_log, alphasort), result = 1;

    if (count > 0) {
        const char *last = names[count - 1]->d_name;

        result = 0;
        for (int i = 0; i < count; i++) {
            if (strncmp(names[i]->d_name, last, serial_log_boot_length(last)) != 0)
                continue;
            path = memory_printf("%s/%s", directory, names[i]->d_name);
            result |= print_file(path);
            free(path);
        }
    } else {
        fprintf(stderr,
                "bootwire: there is no log of %s's console in %s: -c FILE or --state names the "
                "server's state directory; `bootwire console --list` tells who has a console\n",
                console->host, directory);
    }
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    free(directory);
    return result;
}

static int carry_out_command(struct console *console, struct state_place *place)
{
    char path[PATH_SIZE], run[GUEST_PATH_SIZE];

    if (console->log)
        return print_log(console, place->directory);
    /* Where nothing says which server is meant, a guest's own is nearer than the machine's. */
    if (!place->named && !console->list && guest_place_find(run, console->host))
        place->control = run;
    if (!state_control_path(place, path, sizeof(path)))
        return 1;
    return console->list ? list(path) : attach(console, path);
}

int command_console(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"control", required_argument, NULL, 'C'},
        {"read-only", no_argument, NULL, 'r'},
        {"take", no_argument, NULL, 't'},
        {"no-history", no_argument, NULL, 'n'},
        {"log", no_argument, NULL, 'L'},
        {"list", no_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    struct state_place place = {.config_path = NULL};
    struct console console = {.client = {.descriptor = -1}};
    int option, result = 1;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'r':
            console.read_only = true;
            break;
        case 't':
            console.take = true;
            break;
        case 'n':
            console.no_history = true;
            break;
        case 'L':
            console.log = true;
            break;
        case 'l':
            console.list = true;
            break;
        default:
            if (!state_take_option(&place, option))
                return command_usage(argv[0]);
        }
    }
    if (argc - optind != (console.list ? 0 : 1) || (console.read_only && console.take))
        return command_usage(argv[0]);
    console.host = argv[optind];
    if (state_find(&place) == 0)
        result = carry_out_command(&console, &place);
    state_release(&place);
    return result;
}
