#include "decide/verdict.h"

#include <stdio.h>

enum { FILE_SILENCE_MS = 10000 };

/* The last thing that it asked for is not there. */
static bool file_missing(const struct boot *boot, uint64_t now_ms)
{
    const struct boot_fact *missing = &boot->facts[STEP_FILE_MISSING];

    (void)now_ms;
    return missing->count > 0 && missing->last_ms == boot->last_ms;
}

static void tell_file_missing(const struct boot *boot, struct verdict *verdict)
{
    const struct boot_fact *missing = &boot->facts[STEP_FILE_MISSING];
    const char *name = missing->subject ? missing->subject : "a file";

    snprintf(verdict->waiting, sizeof(verdict->waiting), "the file \"%s\"", name);
    snprintf(verdict->saw, sizeof(verdict->saw), "%s", missing->got ? missing->got : "");
    snprintf(verdict->cure, sizeof(verdict->cure),
             "put the file there, or correct the name in the configuration");
}

const struct verdict_row verdict_file_rows[] = {
    {"file-missing", FILE_SILENCE_MS, file_missing, tell_file_missing},
    {NULL, 0, NULL, NULL},
};
