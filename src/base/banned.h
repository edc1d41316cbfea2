/* Functions that no line of bootwire may call. Every source file gets this header through the
 * compiler's command line (-include), so a banned call does not compile.
 *
 * The standard headers come first: a macro must not rewrite their declarations. */
#ifndef BOOTWIRE_BASE_BANNED_H
#define BOOTWIRE_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(function) sorry_##function##_is_banned_see_base_banned_h

/* No length: overflow. Use snprintf, memcpy with a checked length, or a writer (cursor.h). */
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef strncpy
#define strncpy(to, from, n) BANNED(strncpy)
#undef strncat
#define strncat(to, from, n) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)

/* Hidden state shared by threads. Use strtok_r or a cursor; gmtime_r, localtime_r. */
#undef strtok
#define strtok(string, delimiters) BANNED(strtok)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef ctime
#define ctime(t) BANNED(ctime)
#undef asctime
#define asctime(t) BANNED(asctime)

/* No error report, or guessable numbers. Use strtoul with checks, and libsodium's randombytes. */
#undef atoi
#define atoi(string) BANNED(atoi)
#undef atol
#define atol(string) BANNED(atol)
#undef rand
#define rand() BANNED(rand)
#undef random
#define random() BANNED(random)

#endif
