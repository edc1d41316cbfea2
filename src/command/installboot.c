/* Edits the parameters in a NetBSD boot file, as `installboot -e` of NetBSD does: the same options,
 * the same bytes written, the same lines printed. */
#include "command/command.h"
#include "wire/bootblock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <md5.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum edit_option {
    EDIT_CONSOLE,
    EDIT_IOADDR,
    EDIT_KEYMAP,
    EDIT_PASSWORD,
    EDIT_RESETVIDEO,
    EDIT_SPEED,
    EDIT_TIMEOUT,
    EDIT_MODULES,
    EDIT_BOOTCONF,
    EDIT_COUNT,
};

enum edit_kind { EDIT_TOGGLE, EDIT_NUMBER, EDIT_WORD };

static const struct {
    const char *name;
    enum edit_kind kind;
    uint32_t flag; /* of EDIT_TOGGLE */
} edit_options[EDIT_COUNT] = {
    [EDIT_CONSOLE] = {"console", EDIT_WORD, 0},
    [EDIT_IOADDR] = {"ioaddr", EDIT_NUMBER, 0},
    [EDIT_KEYMAP] = {"keymap", EDIT_WORD, 0},
    [EDIT_PASSWORD] = {"password", EDIT_WORD, 0},
    [EDIT_RESETVIDEO] = {"resetvideo", EDIT_TOGGLE, BOOTBLOCK_RESET_VIDEO},
    [EDIT_SPEED] = {"speed", EDIT_NUMBER, 0},
    [EDIT_TIMEOUT] = {"timeout", EDIT_NUMBER, 0},
    [EDIT_MODULES] = {"modules", EDIT_TOGGLE, BOOTBLOCK_NO_MODULES},
    [EDIT_BOOTCONF] = {"bootconf", EDIT_TOGGLE, BOOTBLOCK_NO_BOOTCONF},
};

/* What the command line asks for. Words point into it. */
struct edit {
    bool print_only, verbose, editing;
    const char *path;
    bool set[EDIT_COUNT]; /* an option given twice counts once: a toggle too */
    uint32_t number[EDIT_COUNT];
    struct slice word[EDIT_COUNT];
};

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard error; returns -1. */
static int complain(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "bootwire installboot: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    return -1;
}

static int list_options(void)
{
    static const char *const values[] = {
        [EDIT_TOGGLE] = "", [EDIT_NUMBER] = "=NUMBER", [EDIT_WORD] = "=WORD"};

    fprintf(stderr, "the options are: ");
    for (size_t i = 0; i < EDIT_COUNT; i++)
        fprintf(stderr, "%s%s%s", i > 0 ? ", " : "", edit_options[i].name,
                values[edit_options[i].kind]);
    fprintf(stderr, "\n");
    return -1;
}

/* As strtoul() reads it with base 0 (0x for hexadecimal, 0 for octal), up to INT_MAX; nothing is
 * 0. */
static bool parse_number(struct slice text, uint32_t *number)
{
    char copy[64], *end;
    unsigned long value;

    if (text.length >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = 0;
    value = strtoul(copy, &end, 0);
    *number = (uint32_t)value;
    return *end == 0 && value <= INT_MAX;
}

static int parse_option(struct edit *edit, struct slice name, const struct slice *value)
{
    size_t i = 0;

    while (i < EDIT_COUNT && !slice_equal_string(name, edit_options[i].name))
        i++;
    if (i == EDIT_COUNT)
        return complain("there is no option \"%.*s\"", (int)name.length, (const char *)name.data);
    if (edit_options[i].kind == EDIT_TOGGLE && value)
        return complain("the option %s takes no value", edit_options[i].name);
    if (edit_options[i].kind != EDIT_TOGGLE && !value)
        return complain("the option %s wants a value: %s=...", edit_options[i].name,
                        edit_options[i].name);
    if (edit_options[i].kind == EDIT_NUMBER && !parse_number(*value, &edit->number[i]))
        return complain("%s=%.*s: a number from 0 to %d is wanted", edit_options[i].name,
                        (int)value->length, (const char *)value->data, INT_MAX);
    if (value)
        edit->word[i] = *value;
    edit->set[i] = true;
    return 0;
}

/* Options with commas between them. */
static int parse_options(struct edit *edit, const char *text)
{
    for (;;) {
        size_t name_length;
        struct slice name, value;

        text += strspn(text, ", \t");
        if (!*text)
            return 0;
        name_length = strcspn(text, "=,");
        name = slice_of(text, name_length);
        text += name_length;
        if (*text != '=') {
            if (parse_option(edit, name, NULL) < 0)
                return list_options();
            continue;
        }
        value = slice_of(text + 1, strcspn(text + 1, ","));
        text = (const char *)value.data + value.length;
        if (parse_option(edit, name, &value) < 0)
            return list_options();
    }
}

static int set_console(struct bootblock *block, struct slice name)
{
    if (bootblock_console(name, &block->console))
        return 0;
    complain("there is no console \"%.*s\"", (int)name.length, (const char *)name.data);
    fprintf(stderr, "the consoles are: ");
    for (size_t i = 0; bootblock_console_list(i); i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : "", bootblock_console_list(i));
    fprintf(stderr, "\n");
    return -1;
}

static void set_password(struct bootblock *block, struct slice word)
{
    MD5_CTX md5;

    memset(block->password, 0, sizeof(block->password));
    block->flags &= ~(uint32_t)BOOTBLOCK_HAS_PASSWORD;
    if (word.length == 0)
        return;
    MD5Init(&md5);
    MD5Update(&md5, word.data, word.length);
    MD5Final(block->password, &md5);
    block->flags |= BOOTBLOCK_HAS_PASSWORD;
}

/* A longer name that stood there before keeps its end behind the NUL: the tool that this follows
 * does not clear it. */
static void set_keymap(struct bootblock *block, struct slice name)
{
    size_t length = name.length < BOOTBLOCK_KEYMAP ? name.length : BOOTBLOCK_KEYMAP - 1;

    memcpy(block->keymap, name.data, length);
    block->keymap[length] = 0;
}

static int apply(const struct edit *edit, struct bootblock *block)
{
    for (size_t i = 0; i < EDIT_COUNT; i++) {
        if (edit->set[i])
            block->flags ^= edit_options[i].flag;
    }
    if (edit->set[EDIT_TIMEOUT])
        block->timeout = edit->number[EDIT_TIMEOUT];
    if (edit->set[EDIT_SPEED])
        block->speed = edit->number[EDIT_SPEED];
    if (edit->set[EDIT_IOADDR])
        block->ioaddr = edit->number[EDIT_IOADDR];
    if (edit->set[EDIT_PASSWORD])
        set_password(block, edit->word[EDIT_PASSWORD]);
    if (edit->set[EDIT_KEYMAP])
        set_keymap(block, edit->word[EDIT_KEYMAP]);
    return edit->set[EDIT_CONSOLE] ? set_console(block, edit->word[EDIT_CONSOLE]) : 0;
}

static void print_parameters(const struct bootblock *block)
{
    const char *console = bootblock_console_name(block->console);

    printf("Boot options:        timeout %d, flags %x, speed %d, ioaddr %x, console ",
           (int)block->timeout, block->flags, (int)block->speed, block->ioaddr);
    if (console)
        printf("%s\n", console);
    else
        printf("%d\n", block->console);
    if (block->keymap[0])
        printf("%21skeymap %.*s\n", "", (int)sizeof(block->keymap), block->keymap);
}

/* The sector that holds the parameters, and nothing else, is written in place. */
static int write_back(const struct edit *edit, int file, const struct bootblock *block,
                      const uint8_t *parameters, uint8_t *head)
{
    size_t sector = block->offset / BOOTBLOCK_SECTOR * BOOTBLOCK_SECTOR;
    ssize_t written;

    memcpy(head + block->offset, parameters, block->length);
    written = pwrite(file, head + sector, BOOTBLOCK_SECTOR, (off_t)sector);
    if (written != BOOTBLOCK_SECTOR || fsync(file) < 0)
        return complain("writing %s: %s", edit->path,
                        written < 0 || written == BOOTBLOCK_SECTOR ? strerror(errno)
                                                                   : "not all of it was written");
    return 0;
}

static int edit_file(const struct edit *edit, int file)
{
    uint8_t head[BOOTBLOCK_HEAD], parameters[BOOTBLOCK_SIZE];
    ssize_t length = pread(file, head, sizeof(head), 0);
    struct bootblock block;
    bool fits;

    if (length < 0)
        return complain("reading %s: %s", edit->path, strerror(errno));
    switch (bootblock_decode(&block, slice_of(head, (size_t)length))) {
    case BOOTBLOCK_FOUND:
        break;
    case BOOTBLOCK_NO_MAGIC:
        return complain("%s is no NetBSD boot file: none of its first four sectors carries the "
                        "magic number",
                        edit->path);
    case BOOTBLOCK_SHORT:
        return complain("%s is no NetBSD boot file: it is too short, and carries no magic number",
                        edit->path);
    }
    if (apply(edit, &block) < 0)
        return -1;
    if (edit->verbose || edit->print_only)
        print_parameters(&block);
    fits = bootblock_encode(&block, parameters);
    if (!fits)
        return complain("%s has room for %u bytes of parameters only: what is asked for does not "
                        "fit; it stays as it was",
                        edit->path, block.length);
    return edit->print_only ? 0 : write_back(edit, file, &block, parameters, head);
}

static int run(const struct edit *edit)
{
    int file = open(edit->path, (edit->print_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    int result;

    if (file < 0) {
        complain("%s cannot be opened for %s: %s", edit->path,
                 edit->print_only ? "reading" : "writing", strerror(errno));
        return 1;
    }
    if (edit->verbose)
        printf("File system:         %s\n", edit->path);
    result = edit_file(edit, file);
    close(file);
    return result < 0 ? 1 : 0;
}

int command_installboot(int argc, char **argv)
{
    struct edit edit = {.path = NULL};
    int option;

    while ((option = getopt(argc, argv, "eno:v")) != -1) {
        switch (option) {
        case 'e':
            edit.editing = true;
            break;
        case 'n':
            edit.print_only = true;
            break;
        case 'o':
            if (parse_options(&edit, optarg) < 0)
                return 1;
            break;
        case 'v':
            edit.verbose = true;
            break;
        default:
            return command_usage(argv[0]);
        }
    }
    if (!edit.editing || optind != argc - 1)
        return command_usage(argv[0]);
    edit.path = argv[optind];
    return run(&edit);
}
