/* What the files with version 3's cases share. */
#ifndef BOOTWIRE_TESTS_CASES_V3_H
#define BOOTWIRE_TESTS_CASES_V3_H

#include "calls_v3.h"
#include "cases.h"

/* Connections of root and of user 1000; the export's handle, and that of the case's directory,
 * which both may write to. */
extern struct rpc_context *root, *other;
extern struct handle top, work;

/* Makes something in a directory and gives its handle. */
struct handle new_file(const struct handle *in, const char *name, u_int mode);
struct handle new_directory(const struct handle *in, const char *name, u_int mode);
struct handle handle_at(const struct handle *in, const char *name);
fattr3 attributes_of(const struct handle *of);
bool same_time(nfstime3 a, nfstime3 b);
bool same_handle(const struct handle *a, const struct handle *b);

void v3_start(const struct client *client);

/* In cases_v3_values.c: what is said of what succeeds. */
extern const struct test_case cases_v3_values[];

#endif
