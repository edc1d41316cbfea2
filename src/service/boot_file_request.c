#include "service/boot_file_request.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/nearest.h"
#include "decide/boot_plan.h"
#include "service/boot_means.h"
#include "service/server.h"
#include "store/boot_file_cache.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_TEXT = 300 };

/* Sets the refusal; returns false, for the caller to return. */
static bool refuse(struct boot_file_request *request, enum boot_file_refusal refusal,
                   enum step_reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool refuse(struct boot_file_request *request, enum boot_file_refusal refusal,
                   enum step_reason reason, const char *format, ...)
{
    va_list arguments;

    request->refusal = refusal;
    request->reason = reason;
    va_start(arguments, format);
    vsnprintf(request->text, sizeof(request->text), format, arguments);
    va_end(arguments);
    return false;
}

void boot_file_request_begin(struct boot_file_request *request, struct server *server,
                             uint32_t address, uint32_t local_address)
{
    request->server = server;
    request->cache = NULL;
    request->address = address;
    request->local_address = local_address;
    request->snapshot = server_snapshot(server);
    request->told = NULL;
    request->text[0] = request->origin[0] = request->hint[0] = request->unfit[0] = 0;
    request->decided[0] = 0;
    request->content = CONTENT_UNKNOWN;
    request->reason = REASON_NONE;
    request->host = machines_host(server->machines, request->snapshot, address, &request->machine,
                                  &request->told);
    request->view = scope_view_of(request->snapshot, request->host,
                                  snapshot_subnet_of(request->snapshot, address));
    if (request->told)
        scope_view_put_first(&request->view, &request->told->scope);
    request->recipe = scope_view_recipe(request->snapshot, &request->view);
    request->any_case = scope_view_flag(&request->view, PARAMETER_TFTP_IGNORE_CASE, false);
}

enum step_event boot_file_refusal_event(enum boot_file_refusal refusal)
{
    static const enum step_event events[] = {
        [BOOT_FILE_MISSING] = STEP_FILE_MISSING,
        [BOOT_FILE_FORBIDDEN] = STEP_FILE_FORBIDDEN,
        [BOOT_FILE_BROKEN] = STEP_FILE_REFUSED,
    };

    return events[refusal];
}

void boot_file_request_end(struct boot_file_request *request)
{
    told_free(request->told);
    snapshot_free(request->snapshot);
    request->told = NULL;
    request->snapshot = NULL;
    request->host = NULL;
    request->recipe = NULL;
}

bool boot_file_request_path(struct boot_file_request *request, char path[TFTP_NAME_MAX],
                            struct slice name)
{
    switch (tftp_path(path, name)) {
    case TFTP_NAME_GOOD:
        return true;
    case TFTP_NAME_WINDOWS:
        request->any_case = true;
        return true;
    case TFTP_NAME_EMPTY:
        return refuse(request, BOOT_FILE_MISSING, REASON_NONE, "the request names no file");
    case TFTP_NAME_TOO_LONG:
        return refuse(request, BOOT_FILE_MISSING, REASON_NONE, "the file's name is too long");
    case TFTP_NAME_CLIMBS:
        return refuse(request, BOOT_FILE_FORBIDDEN, REASON_OUTSIDE,
                      "a name with \"..\" in it is not served");
    }
    return false;
}

/* The tftp-root of this machine. False: refused, for there is none. */
static bool find_root(struct boot_file_request *request, char root[BOOT_FILE_ROOT_SIZE])
{
    struct slice value = scope_view_bytes(&request->view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);

    if (value.length == 0)
        return refuse(request, BOOT_FILE_FORBIDDEN, REASON_NO_ROOT,
                      "no tftp-root is configured on this server");
    snprintf(root, BOOT_FILE_ROOT_SIZE, "%.*s", (int)value.length, (const char *)value.data);
    return true;
}

/* The file that is made for the machine under this name; false where there is none. */
static bool open_made(struct boot_file_request *request, const char *path, struct boot_file *file)
{
    enum boot_file_kind kind = request->recipe ? boot_plan_kind(path) : BOOT_FILE_KIND_NONE;
    char text[BOOT_SITE_TEXT_SIZE];
    struct boot_site site;
    struct writer w;
    uint8_t *bytes;
    bool made;

    if (kind == BOOT_FILE_KIND_NONE)
        return false;
    site = boot_site_of(&request->view, request->local_address, request->server->http_port, text);
    site.client = request->machine.client;
    site.loaders = boot_plan_needs_loaders(kind) ? boot_loaders_now(&request->view) : 0;
    site.hardware = request->machine.hardware;
    site.name = request->host ? request->host->name : NULL;
    bytes = memory_zeroed(1, BOOT_FILE_MAX);
    w = writer_of(bytes, BOOT_FILE_MAX);
    made = boot_plan_write(kind, &site, request->recipe, &w) &&
           boot_file_of_bytes(file, slice_of(bytes, w.length)) == BOOT_FILE_OPEN;
    free(bytes);
    if (made)
        snprintf(request->origin, sizeof(request->origin), "%s made by %s:%u",
                 boot_file_kind_in_words(kind), request->recipe->where.file,
                 request->recipe->where.line);
    return made;
}

/* The boot loader that a package installs for this name; false where there is none. */
static bool open_packaged(struct boot_file_request *request, const char *path,
                          struct boot_file *file)
{
    const struct boot_loader *loader = request->recipe ? boot_loader_by_name(path) : NULL;

    for (size_t i = 0; loader && loader->files[i]; i++) {
        if (boot_file_open(file, "/", loader->files[i] + 1, false) != BOOT_FILE_OPEN)
            continue;
        snprintf(request->origin, sizeof(request->origin), "from %s", loader->files[i]);
        return true;
    }
    if (loader && loader->package) {
        snprintf(request->hint, sizeof(request->hint), "%s", loader->package);
        return refuse(request, BOOT_FILE_MISSING, REASON_PACKAGE,
                      "no file %.100s below tftp-root, and the package that has it is not "
                      "installed: apt install %s",
                      path, loader->package);
    }
    return false;
}

/* What another name means in the place of one that does not exist: a machine's own address in
 * hexadecimal is the file that its configuration names, and its own directory needs to hold nothing
 * that is everybody's. NULL: nothing else. Writes no more than `other` holds. */
static const char *other_name(const struct boot_file_request *request, const char *path,
                              char other[TFTP_NAME_MAX])
{
    struct slice filename = scope_view_bytes(&request->view, SPACE_PARAMETER, PARAMETER_FILENAME);

    if (!tftp_name_is_address(path, request->address))
        return tftp_name_below_own(path);
    return filename.length > 0 && tftp_path(other, filename) == TFTP_NAME_GOOD ? other : NULL;
}

/* As nearest_name() (config/nearest.h) judges words: of one letter in three, another may stand. */
static size_t name_distance(const char *wanted, const char *name)
{
    size_t distance = nearest_distance(slice_of_string(wanted), slice_of_string(name));

    /* A file that was packed, or has its version behind it, is meant, too. */
    if (distance > 0 &&
        (strncmp(name, wanted, strlen(wanted)) == 0 || strncmp(name, wanted, strlen(name)) == 0))
        return strlen(wanted) > 2 && strlen(name) > 2 ? 1 : SIZE_MAX;
    return distance <= strlen(wanted) / 3 ? distance : SIZE_MAX;
}

/* The length of the directory's part of the path, with its slash. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The name that was meant, perhaps: beside the one that was asked for, or, where that names a
 * directory (the server's own, often: /tftpboot/x), at the top. Allocated; NULL where none is near.
 */
static char *near_name(const char *root, const char *path)
{
    size_t directory = directory_length(path);
    char *near = boot_file_nearest(root, path, name_distance), *whole;

    if (!near && directory > 0)
        return boot_file_nearest(root, path + directory, name_distance);
    if (!near || directory == 0)
        return near;
    whole = memory_printf("%.*s%s", (int)directory, path, near);
    free(near);
    return whole;
}

static bool refuse_missing(struct boot_file_request *request, const char *name, const char *root,
                           const char *path)
{
    char *near = near_name(root, path);

    text_printable(request->hint, sizeof(request->hint), slice_of_string(near ? near : ""));
    free(near);
    return refuse(request, BOOT_FILE_MISSING, REASON_NONE, "no file %s under %.150s%s%.100s", name,
                  root, request->hint[0] ? "; there is " : "", request->hint);
}

static enum boot_file_status open_by_any_name(struct boot_file_request *request, const char *root,
                                              const char *path, struct boot_file *file)
{
    enum boot_file_status status =
        request->cache ? boot_file_cache_open(request->cache, file, root, path, request->any_case)
                       : boot_file_open(file, root, path, request->any_case);
    char other[TFTP_NAME_MAX];
    const char *meant = status == BOOT_FILE_NOT_FOUND ? other_name(request, path, other) : NULL;

    if (!meant || boot_file_open(file, root, meant, request->any_case) != BOOT_FILE_OPEN)
        return status;
    snprintf(request->origin, sizeof(request->origin), "as %.100s", meant);
    return BOOT_FILE_OPEN;
}

static bool open_below_root(struct boot_file_request *request, const char *path,
                            struct boot_file *file)
{
    char directory[BOOT_FILE_ROOT_SIZE], name[NAME_TEXT];

    if (!find_root(request, directory))
        return false;
    text_printable(name, sizeof(name), slice_of_string(path));
    switch (open_by_any_name(request, directory, path, file)) {
    case BOOT_FILE_OPEN:
        return true;
    case BOOT_FILE_NO_ROOT:
        return refuse(request, file->error == ENOENT ? BOOT_FILE_MISSING : BOOT_FILE_FORBIDDEN,
                      REASON_NO_ROOT, "tftp-root %.200s cannot be opened: %s", directory,
                      strerror(file->error));
    case BOOT_FILE_NOT_FOUND:
        return refuse_missing(request, name, directory, path);
    case BOOT_FILE_BAD_LINK:
        return refuse(request, BOOT_FILE_MISSING, REASON_OUTSIDE,
                      "%s is a symbolic link that leads to no file under %.100s", name, directory);
    case BOOT_FILE_DIRECTORY:
        return refuse(request, BOOT_FILE_FORBIDDEN, REASON_DIRECTORY, "%s is a directory", name);
    case BOOT_FILE_SPECIAL:
        return refuse(request, BOOT_FILE_FORBIDDEN, REASON_DIRECTORY, "%s is no regular file",
                      name);
    case BOOT_FILE_PRIVATE:
        return refuse(request, BOOT_FILE_FORBIDDEN, REASON_PRIVATE,
                      "%s is not readable by everyone: chmod a+r", name);
    case BOOT_FILE_FAILED:
        break;
    }
    return refuse(request, BOOT_FILE_BROKEN, REASON_NONE, "%s: %s", name, strerror(file->error));
}

/* Whether the value of a filename, a path or a URL, means the path. */
static bool is_named_by(struct slice filename, const char *path)
{
    size_t length = strlen(path);

    return filename.length >= length && length > 0 &&
           memcmp(filename.data + filename.length - length, path, length) == 0 &&
           (filename.length == length || filename.data[filename.length - length - 1] == '/');
}

/* The line of the configuration that the name comes from: filename's where it is that name, else
 * the recipe's, for what generated files name. */
static void find_decided(struct boot_file_request *request, const char *path)
{
    const struct setting *setting =
        scope_view_find(&request->view, SPACE_PARAMETER, PARAMETER_FILENAME);
    const struct position *where = NULL;

    if (setting && is_named_by(setting->value, path))
        where = &setting->where;
    else if (request->recipe)
        where = &request->recipe->where;
    if (where && where->file)
        snprintf(request->decided, sizeof(request->decided), "%s:%u", where->file, where->line);
}

bool boot_file_request_open(struct boot_file_request *request, const char *path,
                            struct boot_file *file)
{
    request->origin[0] = request->hint[0] = request->decided[0] = 0;
    if (request->machine.hardware.length > 0)
        find_decided(request, path);
    return open_made(request, path, file) || open_below_root(request, path, file) ||
           open_packaged(request, path, file);
}

void boot_file_request_patches(const struct boot_file_request *request,
                               const struct boot_file *file, struct patches *patches,
                               char text[CONSOLE_TEXT_SIZE])
{
    uint8_t head[BOOTBLOCK_HEAD];
    ssize_t length;

    patches->count = 0;
    text[0] = 0;
    length = console_wanted(&request->view) ? boot_file_read(file, 0, head, sizeof(head)) : 0;
    if (length > 0)
        console_patches(patches, &request->view, slice_of(head, (size_t)length), text);
    if (!text[0])
        snprintf(text, CONSOLE_TEXT_SIZE, "%s", request->origin);
}

void boot_file_request_look(struct boot_file_request *request, const char *path,
                            const struct boot_file *file)
{
    static const enum step_content contents[PROGRAM_KIND_COUNT] = {
        [PROGRAM_EFI] = CONTENT_PROGRAM,    [PROGRAM_LINUX] = CONTENT_KERNEL,
        [PROGRAM_ELF] = CONTENT_KERNEL,     [PROGRAM_IPXE] = CONTENT_SCRIPT,
        [PROGRAM_U_BOOT] = CONTENT_PROGRAM,
    };
    uint8_t head[PROGRAM_HEAD];
    struct program program;
    ssize_t length;

    if (request->machine.hardware.length == 0)
        return;
    length = boot_file_read_now(file, 0, head, sizeof(head));
    if (length <= 0)
        return;
    program = program_of(slice_of(head, (size_t)length));
    request->content = contents[program.kind];
    if (!boot_unfit(request->unfit, request->machine.platform, path, program))
        request->unfit[0] = 0;
}
