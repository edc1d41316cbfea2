#include "service/boot_file_request.h"

#include "base/text.h"
#include "service/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_TEXT = 300 };

/* Sets the refusal; returns false, for the caller to return. */
static bool refuse(struct boot_file_request *request, enum boot_file_refusal refusal,
                   const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool refuse(struct boot_file_request *request, enum boot_file_refusal refusal,
                   const char *format, ...)
{
    va_list arguments;

    request->refusal = refusal;
    va_start(arguments, format);
    vsnprintf(request->text, sizeof(request->text), format, arguments);
    va_end(arguments);
    return false;
}

void boot_file_request_begin(struct boot_file_request *request, struct server *server,
                             uint32_t address)
{
    request->server = server;
    request->address = address;
    request->snapshot = server_snapshot(server);
    request->told = NULL;
    request->any_case = false;
    request->text[0] = 0;
    request->host = machines_host(server->machines, request->snapshot, address, &request->machine,
                                  &request->told);
    request->view = scope_view_of(request->snapshot, request->host,
                                  snapshot_subnet_of(request->snapshot, address));
    if (request->told)
        scope_view_put_first(&request->view, &request->told->scope);
}

void boot_file_request_end(struct boot_file_request *request)
{
    told_free(request->told);
    snapshot_free(request->snapshot);
    request->told = NULL;
    request->snapshot = NULL;
    request->host = NULL;
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
        return refuse(request, BOOT_FILE_MISSING, "the request names no file");
    case TFTP_NAME_TOO_LONG:
        return refuse(request, BOOT_FILE_MISSING, "the file's name is too long");
    case TFTP_NAME_CLIMBS:
        return refuse(request, BOOT_FILE_FORBIDDEN, "a name with \"..\" in it is not served");
    }
    return false;
}

bool boot_file_request_root(struct boot_file_request *request, char root[BOOT_FILE_ROOT_SIZE])
{
    struct slice value = scope_view_bytes(&request->view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);

    if (value.length == 0)
        return refuse(request, BOOT_FILE_FORBIDDEN, "no tftp-root is configured on this server");
    snprintf(root, BOOT_FILE_ROOT_SIZE, "%.*s", (int)value.length, (const char *)value.data);
    return true;
}

bool boot_file_request_open(struct boot_file_request *request, const char *path,
                            struct boot_file *file)
{
    char directory[BOOT_FILE_ROOT_SIZE], name[NAME_TEXT];

    if (!boot_file_request_root(request, directory))
        return false;
    text_printable(name, sizeof(name), slice_of_string(path));
    switch (boot_file_open(file, directory, path, request->any_case)) {
    case BOOT_FILE_OPEN:
        return true;
    case BOOT_FILE_NO_ROOT:
        return refuse(request, file->error == ENOENT ? BOOT_FILE_MISSING : BOOT_FILE_FORBIDDEN,
                      "tftp-root %.200s cannot be opened: %s", directory, strerror(file->error));
    case BOOT_FILE_NOT_FOUND:
        return refuse(request, BOOT_FILE_MISSING, "no file %s under %.150s", name, directory);
    case BOOT_FILE_BAD_LINK:
        return refuse(request, BOOT_FILE_MISSING,
                      "%s is a symbolic link that leads to no file under %.100s", name, directory);
    case BOOT_FILE_DIRECTORY:
        return refuse(request, BOOT_FILE_FORBIDDEN, "%s is a directory", name);
    case BOOT_FILE_SPECIAL:
        return refuse(request, BOOT_FILE_FORBIDDEN, "%s is no regular file", name);
    case BOOT_FILE_PRIVATE:
        return refuse(request, BOOT_FILE_FORBIDDEN, "%s is not readable by everyone: chmod a+r",
                      name);
    case BOOT_FILE_FAILED:
        break;
    }
    return refuse(request, BOOT_FILE_BROKEN, "%s: %s", name, strerror(file->error));
}

void boot_file_request_patches(const struct boot_file_request *request,
                               const struct boot_file *file, struct patches *patches,
                               char text[CONSOLE_TEXT_SIZE])
{
    uint8_t head[BOOTBLOCK_HEAD];
    ssize_t length;

    patches->count = 0;
    text[0] = 0;
    if (!console_wanted(&request->view))
        return;
    length = boot_file_read(file, 0, head, sizeof(head));
    if (length > 0)
        console_patches(patches, &request->view, slice_of(head, (size_t)length), text);
}
