#include "wire/netascii.h"

size_t netascii_convert(struct netascii *state, struct slice *from, uint8_t *to, size_t room)
{
    size_t written = 0;

    while (written < room) {
        uint8_t byte;

        if (state->pending) {
            to[written++] = state->byte;
            state->pending = false;
            continue;
        }
        if (from->length == 0)
            break;
        byte = *from->data++;
        from->length--;
        if (byte == '\n' || byte == '\r') {
            state->pending = true;
            state->byte = byte == '\n' ? '\n' : 0;
            byte = '\r';
        }
        to[written++] = byte;
    }
    return written;
}

size_t netascii_restore(struct netascii *state, struct slice from, bool last, uint8_t *to)
{
    size_t written = 0;

    for (size_t i = 0; i < from.length; i++) {
        uint8_t byte = from.data[i];

        if (state->pending) {
            state->pending = false;
            if (byte == '\n' || byte == 0) {
                to[written++] = byte == '\n' ? '\n' : '\r';
                continue;
            }
            to[written++] = '\r';
        }
        if (byte == '\r')
            state->pending = true;
        else
            to[written++] = byte;
    }
    if (last && state->pending) {
        state->pending = false;
        to[written++] = '\r';
    }
    return written;
}
