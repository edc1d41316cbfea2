/* The console that a NetBSD boot file carries, by configuration: which bytes of a served file have
 * to change so that the loader talks where the machine's statements say (console, boot-timeout).
 * Whoever serves a file asks with its first bytes and applies the patches to what it reads. */
#ifndef BOOTWIRE_DECIDE_CONSOLE_H
#define BOOTWIRE_DECIDE_CONSOLE_H

#include "base/slice.h"
#include "model/patch.h"
#include "model/snapshot.h"
#include "wire/bootblock.h"

#include <stdbool.h>

enum { CONSOLE_TEXT_SIZE = 160 };

/* Whether these scopes say anything about consoles: where not, no file needs to be looked at. */
bool console_wanted(const struct scope_view *view);

/* The patches for a file that begins with `head` (BOOTBLOCK_HEAD bytes, fewer where the file is
 * shorter); none where it is no boot file. `text` says what they do, for the log ("console com0
 * 9600 and timeout 0 set on the way out"), or why they cannot be made; it is empty where there is
 * nothing to say. */
void console_patches(struct patches *patches, const struct scope_view *view, struct slice head,
                     char text[CONSOLE_TEXT_SIZE]);

#endif
