#include "guest/firmware.h"

#include "base/memory.h"
#include "guest/command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRMWARE_MAX = 128 << 20 };

/* The whole file, with zeros up to a multiple of four bytes; NULL with errno. */
static uint8_t *read_file(const char *path, size_t *length)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = NULL;
    struct stat info;

    if (file < 0)
        return NULL;
    if (fstat(file, &info) == 0 && info.st_size <= FIRMWARE_MAX) {
        *length = ((size_t)info.st_size + 3) & ~(size_t)3;
        bytes = memory_zeroed(1, *length + 1);
        if (read(file, bytes, (size_t)info.st_size) != (ssize_t)info.st_size) {
            free(bytes);
            bytes = NULL;
        }
    }
    close(file);
    return bytes;
}

/* QEMU takes a little-endian Malta's flash word by word. */
static void swap_words(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 4 <= length; i += 4) {
        uint8_t word[4] = {bytes[i + 3], bytes[i + 2], bytes[i + 1], bytes[i]};

        memcpy(bytes + i, word, sizeof(word));
    }
}

/* A copy in the run's own directory; NULL with errno. */
static const char *copy_file(const char *path, bool swapped, const char *directory,
                             const char *name, unsigned number)
{
    char *copy = memory_printf("%s/%s-%u", directory, name, number);
    size_t length = 0;
    uint8_t *bytes = read_file(path, &length);
    int file = bytes ? open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    bool good;

    if (bytes && swapped)
        swap_words(bytes, length);
    good = file >= 0 && write(file, bytes, length) == (ssize_t)length;
    if (file >= 0)
        close(file);
    free(bytes);
    if (good)
        return copy;
    free(copy);
    return NULL;
}

int guest_firmware_prepare(struct guest_description *guest, const char *directory, unsigned number,
                           char *error, size_t error_size)
{
    const struct guest_machine_type *type = guest->type;
    const char *missing = NULL;

    if (!type->firmware_path)
        return 0;
    if (access(type->firmware_path, R_OK) < 0)
        missing = type->firmware_path;
    else if (type->firmware == FIRMWARE_SWAPPED)
        guest->firmware = copy_file(type->firmware_path, true, directory, "firmware", number);
    else
        guest->firmware = memory_string(type->firmware_path);
    if (type->variables_path) {
        guest->variables = copy_file(type->variables_path, false, directory, "variables", number);
        if (!guest->variables && !missing)
            missing = type->variables_path;
    }
    if (!missing && guest->firmware)
        return 0;
    snprintf(error, error_size, "the firmware %s cannot be used: %s; Debian's package %s has it",
             missing ? missing : type->firmware_path, strerror(errno), type->firmware_package);
    return -1;
}

void guest_firmware_release(struct guest_description *guest)
{
    free((char *)guest->firmware);
    free((char *)guest->variables);
    guest->firmware = guest->variables = NULL;
}
