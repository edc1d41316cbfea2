#include "store/mount_list.h"

#include "base/memory.h"
#include "model/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line is "+ ADDRESS root|export HOST DIRECTORY", or "- ADDRESS [DIRECTORY]". What would end a
 * word in it, and what is no ASCII, stands as \ooo. */
enum {
    LINE_BYTES = 4 * (1024 + 1024) + 64, /* a path and a name, every byte as \ooo */
    LINES_MAX = 4 * MOUNT_LIST_MAX,      /* before the file is written anew */
};

struct mount_list {
    struct mounted *first;
    size_t count;
    char *path; /* NULL: no file */
    size_t lines;
    bool fails; /* the file lacks something */
};

static void mounted_free(struct mounted *mounted)
{
    free((char *)mounted->host);
    free((char *)mounted->directory);
    free(mounted);
}

const struct mounted *mount_list_first(const struct mount_list *list)
{
    return list->first;
}

static void take_out(struct mount_list *list, struct mounted **place)
{
    struct mounted *mounted = *place;

    *place = mounted->next;
    list->count--;
    mounted_free(mounted);
}

/* Takes out the address's entries of the directory (NULL: of all); says whether there were any. */
static bool drop(struct mount_list *list, uint32_t address, const char *directory)
{
    struct mounted **place = &list->first;
    bool any = false;

    while (*place) {
        if ((*place)->address != address ||
            (directory && strcmp((*place)->directory, directory) != 0)) {
            place = &(*place)->next;
            continue;
        }
        take_out(list, place);
        any = true;
    }
    return any;
}

/* Makes room for one more entry of the address. */
static void make_room(struct mount_list *list, uint32_t address)
{
    struct mounted **last = NULL, **own = NULL;
    size_t count = 0;

    for (struct mounted **place = &list->first; *place; place = &(*place)->next) {
        last = place;
        if ((*place)->address == address) {
            own = place;
            count++;
        }
    }
    if (count >= MOUNT_LIST_ADDRESS_MAX)
        take_out(list, own);
    else if (last && list->count >= MOUNT_LIST_MAX)
        take_out(list, last);
}

static void put_in(struct mount_list *list, const struct mounted *mounted)
{
    struct mounted *made = memory_zeroed(1, sizeof(*made));

    *made = (struct mounted){
        .address = mounted->address,
        .exported = mounted->exported,
        .host = memory_string(mounted->host),
        .directory = memory_string(mounted->directory),
    };
    drop(list, mounted->address, mounted->directory);
    make_room(list, mounted->address);
    made->next = list->first;
    list->first = made;
    list->count++;
}

/* ---- The file ---- */

static void write_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

static void write_word(struct writer *w, const char *word)
{
    for (; *word; word++) {
        unsigned char c = (unsigned char)*word;
        char escape[5];

        if (c > ' ' && c <= '~' && c != '\\') {
            writer_u8(w, c);
            continue;
        }
        snprintf(escape, sizeof(escape), "\\%03o", c);
        write_text(w, escape);
    }
}

void mount_list_write(struct writer *w, const struct mounted *mounted)
{
    char address[IPV4_TEXT_SIZE];

    write_text(w, "+ ");
    write_text(w, ipv4_text(address, mounted->address));
    write_text(w, mounted->exported ? " export " : " root ");
    write_word(w, mounted->host);
    write_text(w, " ");
    write_word(w, mounted->directory);
    write_text(w, "\n");
}

/* The next word of the line, its escapes undone; false where there is none, or no text. */
static bool read_word(struct slice *line, char *to, size_t size)
{
    size_t length = 0, at = 0;

    while (at < line->length && line->data[at] == ' ')
        at++;
    for (; at < line->length && line->data[at] != ' '; at++) {
        unsigned value = line->data[at];

        if (value == '\\') {
            value = 0;
            for (int digits = 0; digits < 3; digits++) {
                if (++at >= line->length || line->data[at] < '0' || line->data[at] > '7')
                    return false;
                value = value * 8 + line->data[at] - '0';
            }
        }
        if (value == 0 || value > 0xff || length + 1 >= size)
            return false;
        to[length++] = (char)value;
    }
    to[length] = 0;
    *line = slice_of(line->data + at, line->length - at);
    return length > 0;
}

static bool read_client(struct slice *line, uint32_t *address)
{
    char text[IPV4_TEXT_SIZE];

    return read_word(line, text, sizeof(text)) && ipv4_parse(text, strlen(text), address);
}

bool mount_list_apply(struct mount_list *list, struct slice line)
{
    char verb[2], kind[8], host[1024], directory[1024];
    struct mounted mounted = {.host = host, .directory = directory};

    if (!read_word(&line, verb, sizeof(verb)) || !read_client(&line, &mounted.address))
        return false;
    if (verb[0] == '-') {
        bool one = read_word(&line, directory, sizeof(directory));

        if (!one && line.length > 0)
            return false;
        drop(list, mounted.address, one ? directory : NULL);
        return true;
    }
    if (verb[0] != '+' || !read_word(&line, kind, sizeof(kind)) ||
        !read_word(&line, host, sizeof(host)) || !read_word(&line, directory, sizeof(directory)) ||
        line.length > 0 || directory[0] != '/')
        return false;
    mounted.exported = strcmp(kind, "export") == 0;
    if (!mounted.exported && strcmp(kind, "root") != 0)
        return false;
    put_in(list, &mounted);
    return true;
}

/* The oldest first: the list is read from the file in the order of the lines. */
static void write_all(FILE *to, const struct mount_list *list)
{
    const struct mounted **entries = memory_zeroed(list->count + 1, sizeof(*entries));
    size_t count = 0;

    for (const struct mounted *at = list->first; at; at = at->next)
        entries[count++] = at;
    while (count > 0) {
        char line[LINE_BYTES];
        struct writer w = writer_of(line, sizeof(line));

        mount_list_write(&w, entries[--count]);
        if (!w.failed)
            fwrite(line, 1, w.length, to);
    }
    free(entries);
}

static int rewrite(struct mount_list *list)
{
    char *fresh = memory_printf("%s.new", list->path);
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    int error = file ? 0 : errno;

    if (!file && descriptor >= 0)
        close(descriptor);
    if (file) {
        write_all(file, list);
        if (fflush(file) != 0 || ferror(file))
            error = errno ? errno : EIO;
        fclose(file);
    }
    if (!error && rename(fresh, list->path) < 0)
        error = errno;
    if (error)
        unlink(fresh);
    else
        list->lines = list->count;
    free(fresh);
    return error;
}

/* Adds a line to the file, or writes all of it anew where that is due. */
static int note(struct mount_list *list, const struct writer *line)
{
    bool failed_before = list->fails;
    int error = 0, descriptor;

    if (!list->path || line->failed)
        return 0;
    if (list->fails || list->lines >= LINES_MAX) {
        error = rewrite(list);
    } else {
        descriptor = open(list->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (descriptor < 0 || write(descriptor, line->data, line->length) != (ssize_t)line->length)
            error = errno ? errno : ENOSPC;
        if (descriptor >= 0)
            close(descriptor);
        list->lines++;
    }
    list->fails = error != 0;
    return failed_before ? 0 : error;
}

int mount_list_add(struct mount_list *list, const struct mounted *mounted)
{
    const struct mounted *first = list->first;
    char line[LINE_BYTES];
    struct writer w = writer_of(line, sizeof(line));

    /* The same once more, as loaders ask: nothing is new. */
    if (first && first->address == mounted->address && first->exported == mounted->exported &&
        strcmp(first->host, mounted->host) == 0 &&
        strcmp(first->directory, mounted->directory) == 0)
        return 0;
    put_in(list, mounted);
    mount_list_write(&w, mounted);
    return note(list, &w);
}

int mount_list_remove(struct mount_list *list, uint32_t address, const char *directory)
{
    char line[LINE_BYTES], text[IPV4_TEXT_SIZE];
    struct writer w = writer_of(line, sizeof(line));

    if (!drop(list, address, directory))
        return 0;
    write_text(&w, "- ");
    write_text(&w, ipv4_text(text, address));
    write_text(&w, directory ? " " : "");
    write_word(&w, directory ? directory : "");
    write_text(&w, "\n");
    return note(list, &w);
}

static void read_file(struct mount_list *list)
{
    FILE *file = fopen(list->path, "re");
    char line[LINE_BYTES];

    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        list->lines++;
        (void)mount_list_apply(list, slice_of(line, strcspn(line, "\n")));
    }
    fclose(file);
}

struct mount_list *mount_list_open(const char *path)
{
    struct mount_list *list = memory_zeroed(1, sizeof(*list));

    if (path) {
        list->path = memory_string(path);
        read_file(list);
    }
    return list;
}

void mount_list_free(struct mount_list *list)
{
    if (!list)
        return;
    while (list->first)
        take_out(list, &list->first);
    free(list->path);
    free(list);
}
