/* Why a machine's boot stands still, in plain words: what it waited for, what was seen of it, what
 * to do. A pure function of its boot and the time. */
#ifndef BOOTWIRE_DECIDE_VERDICT_H
#define BOOTWIRE_DECIDE_VERDICT_H

#include "model/boot.h"

#include <stdbool.h>
#include <stdint.h>

enum { VERDICT_TEXT_SIZE = 400 };

/* The words are printable text. */
struct verdict {
    const char *id; /* "file-missing": a constant */
    char waiting[VERDICT_TEXT_SIZE];
    char saw[VERDICT_TEXT_SIZE];
    char cure[VERDICT_TEXT_SIZE];
};

/* One kind of verdict. */
struct verdict_row {
    const char *id;      /* NULL ends a table */
    uint32_t silence_ms; /* how long nothing more must have come of the machine */
    bool (*holds)(const struct boot *boot, uint64_t now_ms);
    void (*tell)(const struct boot *boot, struct verdict *verdict);
};

/* From the first question for an address to the answer that names a boot file ... */
extern const struct verdict_row verdict_address_rows[];
/* ... from the first file to the kernel ... */
extern const struct verdict_row verdict_file_rows[];
/* ... and from its root on. */
extern const struct verdict_row verdict_root_rows[];

/* The verdict of a boot that stands still; false where it goes on, or has come to its end. Of two
 * that hold, the one about the later stage is told. `now_ms` is monotonic. */
bool verdict_find(const struct boot *boot, uint64_t now_ms, struct verdict *verdict);

#endif
