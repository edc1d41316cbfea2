/* Every change to a genuine handle (the input's bytes, exclusive or) makes it worthless. */
#include "store/handles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static char state[] = "/tmp/bootwire-fuzz-handle-XXXXXX";
static struct handle_store *store;
static struct handle_export *export;
static struct handle genuine;

static void clean_up(void)
{
    static const char *const names[] = {"handle.key", "handles.sqlite"};
    char path[256];

    handle_export_free(export);
    handle_store_free(store);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", state, names[i]);
        unlink(path);
    }
    rmdir(state);
}

static void set_up(void)
{
    char error[512] = "";

    if (!mkdtemp(state))
        abort();
    store = handle_store_open(state, error, sizeof(error));
    if (!store) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    export = handle_export_get(store, state);
    if (!export || handle_of_root(export, &genuine) != 0)
        abort();
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static const struct handle none;
    struct handle handle, change = none;
    int descriptor;

    if (!store)
        set_up();
    memcpy(change.bytes, data, length < HANDLE_SIZE ? length : HANDLE_SIZE);
    handle = genuine;
    for (size_t i = 0; i < HANDLE_SIZE; i++)
        handle.bytes[i] ^= change.bytes[i];
    descriptor = handle_open(export, handle.bytes, HANDLE_SIZE, O_PATH);
    if ((descriptor >= 0) != (memcmp(&change, &none, sizeof(none)) == 0))
        abort();
    if (descriptor >= 0)
        close(descriptor);
    if (length != HANDLE_SIZE && handle_open(export, data, length, O_PATH) != -EBADMSG)
        abort();
    return 0;
}
