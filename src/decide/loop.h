/* Boot loops: a loader that asks for its own boot file, and is told to load itself. */
#ifndef BOOTWIRE_DECIDE_LOOP_H
#define BOOTWIRE_DECIDE_LOOP_H

#include "base/slice.h"
#include "model/fetch.h"
#include "wire/dhcp.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOOP_WINDOW_MS = 120000 }; /* a fetch longer ago belongs to an earlier boot */

/* A number that tells an iPXE in a ROM from one that was loaded: they differ in version, features
 * or driver. Of other clients it means nothing. */
uint32_t loop_fingerprint(const struct dhcp_message *message);

/* Whether a machine that fetched `fetch` and asks again at `stage` would be sent round once more by
 * `file`. Only iPXE is looked at: no other loader asks for a boot file of its own by DHCP. A ROM
 * that is an iPXE itself may ask twice in one window because somebody reset the machine; so where
 * nothing tells the two apart, it takes two fetches of a file named as iPXE's builds are. */
bool loop_closes(const struct boot_fetch *fetch, const struct dhcp_message *message,
                 enum boot_stage stage, struct slice file, uint64_t now_ms);

/* Notes that the machine fetched the file. */
void loop_note(struct boot_fetch *fetch, const char *file, enum boot_stage stage,
               uint32_t fingerprint, uint64_t now_ms);

/* Makes an iPXE that sends no user class (FlexBoot, VirtualBox) say what it is, so that what the
 * configuration has for "iPXE" reaches it. False where it says so already. */
bool loop_name_ipxe(struct dhcp_message *message);

#endif
