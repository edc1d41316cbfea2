/* NFS file handles as values. */
#ifndef BOOTWIRE_MODEL_HANDLE_H
#define BOOTWIRE_MODEL_HANDLE_H

#include <stdint.h>

/* 32 bytes in NFS v2 (RFC 1094 section 2.3.3) and in v3 alike: some v3 clients keep no more. */
enum { HANDLE_SIZE = 32 };

/* A handle's bytes as they go over the wire. They mean something to store/handles.h only. Two
 * handles of one file through one export are equal byte for byte. */
struct handle {
    uint8_t bytes[HANDLE_SIZE];
};

#endif
