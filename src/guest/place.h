/* What a run has outside of its namespaces: a directory that only it uses, and the name of its
 * control socket, by which other programs find it. */
#ifndef BOOTWIRE_GUEST_PLACE_H
#define BOOTWIRE_GUEST_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { GUEST_PATH_SIZE = 256 };

struct guest_place {
    char directory[GUEST_PATH_SIZE]; /* mode 0700, empty */
    char control[GUEST_PATH_SIZE];   /* where its server shall listen; nothing is there yet */
    int lock; /* the directory, locked while any process lives that has inherited this */
};

/* Both lie in /run/bootwire for root, else in "bootwire" in $XDG_RUNTIME_DIR, else in
 * /tmp/bootwire-UID: the directory as run-PID, the socket as HOST.sock, or HOST-PID.sock where
 * another run has that one; `control` names another socket, NULL: none. What killed runs have left
 * there is removed. Returns 0, or -1 with a message that names the thing and the cure in `error`.
 */
int guest_place_make(struct guest_place *place, const char *host, const char *control, char *error,
                     size_t error_size);

/* Waits, some seconds at most, until no other process holds the lock: a server that ends removes
 * its own socket. Gives the lock up. */
void guest_place_wait(struct guest_place *place);
/* Removes what is left of it: the socket only where nobody listens at it. More than one process of
 * a run may do so: the last one that lives succeeds. */
void guest_place_remove(const struct guest_place *place);

/* The control socket of this user's run of the host (or of the herd that a guest HOST+N belongs to)
 * into `path`; false where there is none that somebody listens at. */
bool guest_place_find(char path[GUEST_PATH_SIZE], const char *host);
/* How many runs of this user's have a control socket that somebody listens at, and one of these
 * sockets into `path` where there are any. Those that --control has named elsewhere do not count.
 */
size_t guest_place_count(char path[GUEST_PATH_SIZE]);

#endif
