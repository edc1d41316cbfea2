#include "decide/console_event.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What a machine says last. */
static const struct {
    const char *text;
    bool begins; /* the line begins with it, behind the time or the processor */
} panics[] = {
    {"Kernel panic - not syncing", false}, /* Linux */
    {"panic: ", true},                     /* the BSDs */
    {"panic[cpu", true},                   /* illumos */
    {"fatal trap ", true},                 /* FreeBSD */
    {"fatal page fault in ", true},        /* NetBSD */
    {"fatal protection fault in ", true},
    {"fatal privileged instruction fault in ", true},
    {"fatal integer divide fault in ", true},
    {"!!!! X64 Exception Type", true}, /* UEFI (edk2) */
    {"!!!! IA32 Exception Type", true},
    {"Synchronous Exception at ", true},                /* the same on Arm */
    {"### ERROR ### Please RESET the board ###", true}, /* U-Boot */
};

/* "[   12.345678] " (Linux, NetBSD) and "cpu0: " stand before what is said. */
static const char *without_prefix(const char *text)
{
    const char *at = text;

    if (*at == '[') {
        at++;
        at += strspn(at, " 0123456789.");
        at = *at == ']' ? at + 1 : text;
        at += strspn(at, " ");
    }
    if (strncmp(at, "cpu", 3) == 0) {
        const char *number = at + 3;
        size_t digits = strspn(number, "0123456789");

        if (digits > 0 && strncmp(number + digits, ": ", 2) == 0)
            at = number + digits + 2;
    }
    return at;
}

static bool is_panic(const char *text)
{
    const char *said = without_prefix(text);

    for (size_t i = 0; i < sizeof(panics) / sizeof(panics[0]); i++) {
        const char *wanted = panics[i].text;

        if (panics[i].begins ? strncasecmp(said, wanted, strlen(wanted)) == 0
                             : strstr(said, wanted) != NULL)
            return true;
    }
    return false;
}

/* "debian login: ", and nothing behind it yet. "Last login: Tue" is another thing. */
static bool is_login(const char *text)
{
    static const char prompt[] = "login:";
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length < strlen(prompt) ||
        strncasecmp(text + length - strlen(prompt), prompt, strlen(prompt)) != 0)
        return false;
    length -= strlen(prompt);
    return (length < 5 || strncasecmp(text + length - 5, "last ", 5) != 0) &&
           (length == 0 || !isalnum((unsigned char)text[length - 1]));
}

enum step_event console_event_find(const char *text, bool whole)
{
    if (is_panic(text))
        return STEP_CONSOLE_PANIC;
    return !whole && is_login(text) ? STEP_CONSOLE_LOGIN : STEP_NOTED;
}
