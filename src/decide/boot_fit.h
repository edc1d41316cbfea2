/* Whether a machine can run what it loads: its platform, beside what the file's first bytes say. A
 * machine that loads a program of another kind stops without a word to anybody. */
#ifndef BOOTWIRE_DECIDE_BOOT_FIT_H
#define BOOTWIRE_DECIDE_BOOT_FIT_H

#include "decide/boot_client.h"
#include "wire/program.h"

#include <stdbool.h>
#include <stddef.h>

enum { BOOT_UNFIT_SIZE = 160 };

/* Why a firmware or a loader of that platform cannot run the file, as the end of a sentence that
 * begins with the file ("is a UEFI program for 64-bit ARM, and the machine is an x64 UEFI"); NULL
 * where it can, or where nobody knows. `name` is the name that the file was loaded by: a BIOS's
 * loader has no other mark. */
const char *boot_unfit(char text[BOOT_UNFIT_SIZE], enum boot_platform platform, const char *name,
                       struct program program);
/* The same of a program of its operating system, /sbin/init say. */
const char *boot_unfit_system(char text[BOOT_UNFIT_SIZE], enum boot_platform platform,
                              struct program program);

#endif
