/* What else is kept with a lease, as bytes: the variables that the configuration sets, the options
 * of the relay agent, the class that the lease counts for, what is to be done at its end. It is as
 * durable as the lease and ends with it; only a reservation stays.
 *
 * A note is: a kind (1 byte), the length of its name (1 byte), the name, the length of its value (2
 * bytes, network order), the value. */
#ifndef BOOTWIRE_MODEL_LEASE_NOTES_H
#define BOOTWIRE_MODEL_LEASE_NOTES_H

#include "base/cursor.h"
#include "base/slice.h"

#include <stdbool.h>

enum { LEASE_NOTES_MAX = 1024, LEASE_NOTE_KEY_MAX = 255 };

/* The kinds, as they stand on the disk: none changes its number. */
enum lease_note_kind {
    NOTE_DATA = 1,   /* a variable; the name with a NUL behind it, as of the next two */
    NOTE_NUMBER,     /* a variable: 8 bytes, network order, in two's complement */
    NOTE_BOOLEAN,    /* a variable: 1 byte, 0 or 1 */
    NOTE_AGENT,      /* no name; option 82 as the relay sent it */
    NOTE_BILLING,    /* no name; the class's, a NUL, and the value that made the subclass, if any */
    NOTE_RESERVED,   /* neither: nobody else ever gets the address */
    NOTE_ON_EXPIRY,  /* no name; 4 bytes: the mark of the statements (struct action) */
    NOTE_ON_RELEASE, /* the same */
    NOTE_EARLIER,    /* no name; of an offer: as whom the machine had the address, in words */
    NOTE_KIND_COUNT,
};

/* Its slices point into what it was read from. */
struct lease_note {
    enum lease_note_kind kind;
    struct slice name, value;
};

/* Reads the next note; false at the end, and where the bytes are none. */
bool lease_note_next(struct reader *r, struct lease_note *note);
/* Writes one; where there is no room for it nothing is written and false comes back. */
bool lease_note_write(struct writer *w, const struct lease_note *note);
/* The first note of a kind; false where there is none. */
bool lease_note_find(struct slice notes, enum lease_note_kind kind, struct lease_note *note);
/* Whether it is a variable that is read right. */
bool lease_note_is_variable(const struct lease_note *note);
/* Whether they hold anything by reason of which the lease's end is to be acted upon. The relay's
 * options are not: nobody reads them from a lease that has ended. */
bool lease_notes_end(struct slice notes);
/* What stays of them after the lease has ended. It lives as long as the program. */
struct slice lease_notes_kept(struct slice notes);

#endif
