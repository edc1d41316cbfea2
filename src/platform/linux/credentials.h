/* Whose file operations a thread makes: the caller's user and groups, for this thread alone. */
#ifndef BOOTWIRE_PLATFORM_LINUX_CREDENTIALS_H
#define BOOTWIRE_PLATFORM_LINUX_CREDENTIALS_H

#include "model/credentials.h"

#include <stdbool.h>

/* From now on this thread's file operations are made as the caller: with its permissions, and what
 * they create is its own. Nothing else of the process changes. The present caller is remembered, so
 * asking for the same one again costs nothing. The first call in a thread also gives it an umask of
 * its own, 0: modes are the client's to choose. Returns 0, or an errno where the process may not do
 * this (it lacks CAP_SETUID or CAP_SETGID); then the thread is whoever it was. */
int credentials_assume(const struct credentials *caller);

/* Whether this process may act as anybody: it has every capability that working on files as others
 * takes, and is in no user namespace, where they do not reach every user and no device. */
bool credentials_available(void);

/* The thread's file operations are root's again. Does nothing where credentials_assume() was never
 * called in it. */
void credentials_restore(void);

#endif
