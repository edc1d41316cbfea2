#include "model/lease_notes.h"

bool lease_note_next(struct reader *r, struct lease_note *note)
{
    uint8_t kind;

    if (reader_left(r) == 0)
        return false;
    kind = reader_u8(r);
    note->kind = (enum lease_note_kind)kind;
    note->name = reader_bytes(r, reader_u8(r));
    note->value = reader_bytes(r, reader_be16(r));
    return !r->failed && kind > 0 && kind < NOTE_KIND_COUNT;
}

bool lease_note_write(struct writer *w, const struct lease_note *note)
{
    struct writer before = *w;

    if (note->name.length > UINT8_MAX || note->value.length > UINT16_MAX)
        return false;
    writer_u8(w, (uint8_t)note->kind);
    writer_u8(w, (uint8_t)note->name.length);
    writer_slice(w, note->name);
    writer_be16(w, (uint16_t)note->value.length);
    writer_slice(w, note->value);
    if (!w->failed)
        return true;
    *w = before;
    return false;
}

bool lease_note_find(struct slice notes, enum lease_note_kind kind, struct lease_note *note)
{
    struct reader r = reader_of_slice(notes);

    while (lease_note_next(&r, note)) {
        if (note->kind == kind)
            return true;
    }
    return false;
}

bool lease_note_is_variable(const struct lease_note *note)
{
    size_t length = note->name.length;

    if (length < 2 || memchr(note->name.data, 0, length) != note->name.data + length - 1)
        return false;
    return note->kind == NOTE_DATA || (note->kind == NOTE_NUMBER && note->value.length == 8) ||
           (note->kind == NOTE_BOOLEAN && note->value.length == 1);
}

bool lease_notes_end(struct slice notes)
{
    struct reader r = reader_of_slice(notes);
    struct lease_note note;

    while (lease_note_next(&r, &note)) {
        if (note.kind != NOTE_RESERVED && note.kind != NOTE_AGENT)
            return true;
    }
    return false;
}

struct slice lease_notes_kept(struct slice notes)
{
    static const uint8_t reserved[] = {NOTE_RESERVED, 0, 0, 0};
    struct lease_note note;

    return lease_note_find(notes, NOTE_RESERVED, &note) ? slice_of(reserved, sizeof(reserved))
                                                        : slice_of(NULL, 0);
}
