/* The logs of serial consoles: a file for each boot, bounded in size and number. */
#include "test.h"

#include "base/memory.h"
#include "service/serial_log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_ROOM = 64, LINE = 4000 };

static char place[] = "/tmp/bootwire-serial-log-XXXXXX";

static int make_place(void **state)
{
    (void)state;
    return mkdtemp(place) ? 0 : -1;
}

static int remove_place(void **state)
{
    char *command = memory_printf("rm -rf %s", place);
    int status = system(command);

    (void)state;
    free(command);
    return status;
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The files' names in order; their number is returned. */
static int list(const struct serial_log *log, char names[FILES_ROOM][64])
{
    struct dirent **found;
    int count = scandir(log->directory, &found, is_file, alphasort);

    assert_true(count >= 0 && count < FILES_ROOM);
    for (int i = 0; i < count; i++) {
        snprintf(names[i], 64, "%.63s", found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return count;
}

static void a_long_boot_goes_on_in_another_file_and_the_oldest_go(void **state)
{
    char names[FILES_ROOM][64], text[LINE + 1];
    struct serial_log log;
    struct stat info;
    char *path;
    int count;

    (void)state;
    memset(text, 'x', LINE);
    text[LINE] = 0;
    serial_log_init(&log, place, "../it");
    assert_non_null(strstr(log.directory, "/console/_.._it"));
    for (int i = 0; i <= SERIAL_LOG_FILE_MAX / LINE; i++)
        serial_log_line(&log, text);
    count = list(&log, names);
    assert_int_equal(count, 2);
    assert_int_equal(serial_log_boot_length(names[0]), serial_log_boot_length(names[1]));
    assert_memory_equal(names[0], names[1], serial_log_boot_length(names[0]));
    path = memory_printf("%s/%s", log.directory, names[0]);
    assert_int_equal(stat(path, &info), 0);
    assert_in_range(info.st_size, SERIAL_LOG_FILE_MAX, SERIAL_LOG_FILE_MAX + LINE + 64);
    free(path);
    for (int i = 0; i < SERIAL_LOG_FILES_MAX + 5; i++) {
        serial_log_begin(&log);
        serial_log_line(&log, "a short one");
    }
    assert_int_equal(list(&log, names), SERIAL_LOG_FILES_MAX);
    serial_log_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_boot_goes_on_in_another_file_and_the_oldest_go),
    };

    return cmocka_run_group_tests(tests, make_place, remove_place);
}
