/* Named cases, each in a directory of its own, which is seen locally too: what NFS says of a file
 * is compared with what the system says of it. */
#ifndef BOOTWIRE_TESTS_CASES_H
#define BOOTWIRE_TESTS_CASES_H

#include "client.h"

struct test_case {
    const char *name;
    void (*run)(void);
};

/* A set of cases, for one kind of file system to export: "v3", "v3-readonly" ... */
struct case_set {
    const char *name;
    void (*start)(const struct client *client); /* connects and mounts */
    void (*before)(const char *name);           /* each case: makes its directory */
    const struct test_case *cases[2];           /* two lists, each until one without a name */
};

extern const struct case_set cases_v3, cases_v3_readonly, cases_v3_full;
extern const struct case_set cases_v2, cases_v2_readonly, cases_v2_full;
extern const struct case_set cases_mount;

/* Local path of a name in the case's directory; one of a few buffers that are used in turn. */
const char *case_local(const char *name);
void case_set_local(const char *directory);

#define CHECK_IS(expression, expected)                                                             \
    client_check_is((long long)(expression), (long long)(expected), __FILE__, __LINE__, #expression)
void client_check_is(long long got, long long expected, const char *file, int line,
                     const char *what);

#endif
