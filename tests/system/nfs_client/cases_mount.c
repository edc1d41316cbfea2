/* The mount protocol, versions 1 and 3: every procedure, and each error that can be brought about.
 */
#include "cases.h"

static struct rpc_context *one, *three;
static const char *exported;

static char handle[64];
static u_int handle_length;
static int status, flavor;
static u_int flavors;

static void take_1(const void *data)
{
    const mountres1 *result = data;

    status = (int)result->fhs_status;
    handle_length = sizeof(result->mountres1_u.mountinfo.fhandle);
    if (status == MNT1_OK)
        memcpy(handle, result->mountres1_u.mountinfo.fhandle, handle_length);
}

static void take_3(const void *data)
{
    const mountres3 *result = data;

    status = (int)result->fhs_status;
    if (status != MNT3_OK)
        return;
    handle_length = result->mountres3_u.mountinfo.fhandle.fhandle3_len;
    CHECK(handle_length <= sizeof(handle));
    memcpy(handle, result->mountres3_u.mountinfo.fhandle.fhandle3_val, handle_length);
    flavors = result->mountres3_u.mountinfo.auth_flavors.auth_flavors_len;
    flavor = flavors ? result->mountres3_u.mountinfo.auth_flavors.auth_flavors_val[0] : -1;
}

static int mount_1(const char *path)
{
    client_queued(one, rpc_mount1_mnt_async(one, client_answered, (char *)(uintptr_t)path, NULL));
    client_wait(one, "mount1_mnt", NULL, 0, take_1);
    return status;
}

static int mount_3(const char *path)
{
    client_queued(three,
                  rpc_mount3_mnt_async(three, client_answered, (char *)(uintptr_t)path, NULL));
    client_wait(three, "mount3_mnt", NULL, 0, take_3);
    return status;
}

/* How often the list of mounts has the path. */
static unsigned mounted;

static void take_mounted(const void *data)
{
    mounted = 0;
    for (mountlist each = *(const mountlist *)data; each; each = each->ml_next) {
        if (strcmp(each->ml_directory, exported) == 0)
            mounted++;
    }
}

static unsigned dump(bool with_3)
{
    if (with_3)
        client_queued(three, rpc_mount3_dump_async(three, client_answered, NULL));
    else
        client_queued(one, rpc_mount1_dump_async(one, client_answered, NULL));
    client_wait(with_3 ? three : one, with_3 ? "mount3_dump" : "mount1_dump", NULL, 0,
                take_mounted);
    return mounted;
}

static unsigned exports_seen;

static void take_exports(const void *data)
{
    exports_seen = 0;
    for (exports each = *(const exports *)data; each; each = each->ex_next) {
        if (strcmp(each->ex_dir, exported) == 0) {
            exports_seen++;
            CHECK(each->ex_groups != NULL);
        }
    }
}

static void granted(void)
{
    char first[64];

    CHECK_IS(mount_1(exported), MNT1_OK);
    CHECK_IS(handle_length, 32);
    memcpy(first, handle, sizeof(first));
    CHECK_IS(mount_3(exported), MNT3_OK);
    CHECK_IS(handle_length, 32);
    CHECK(memcmp(first, handle, 32) == 0);
    CHECK(flavors == 1 && flavor == 1);
}

static void refused(void)
{
    char path[1100];

    CHECK_IS(mount_1("/etc"), MNT1ERR_ACCES);
    CHECK_IS(mount_3("/etc"), MNT3ERR_ACCES);
    CHECK_IS(mount_3(""), MNT3ERR_ACCES);
    snprintf(path, sizeof(path), "%s/none", exported);
    CHECK_IS(mount_1(path), MNT1ERR_NOENT);
    CHECK_IS(mount_3(path), MNT3ERR_NOENT);
    snprintf(path, sizeof(path), "%s/file", exported);
    CHECK_IS(mount_1(path), MNT1ERR_NOTDIR);
    CHECK_IS(mount_3(path), MNT3ERR_NOTDIR);
    snprintf(path, sizeof(path), "%s/%0256d", exported, 0);
    CHECK_IS(mount_3(path), MNT3ERR_NAMETOOLONG);
}

static void the_list_of_mounts(void)
{
    CHECK_IS(mount_3(exported), MNT3_OK);
    CHECK_IS(dump(true), 1);
    CHECK_IS(dump(false), 1);
    client_queued(three,
                  rpc_mount3_umnt_async(three, client_answered, (char *)(uintptr_t)exported, NULL));
    client_wait(three, "mount3_umnt", NULL, 0, NULL);
    CHECK_IS(dump(true), 0);
    CHECK_IS(mount_1(exported), MNT1_OK);
    CHECK_IS(dump(false), 1);
    client_queued(one,
                  rpc_mount1_umnt_async(one, client_answered, (char *)(uintptr_t)exported, NULL));
    client_wait(one, "mount1_umnt", NULL, 0, NULL);
    CHECK_IS(dump(false), 0);
    CHECK_IS(mount_3(exported), MNT3_OK);
    client_queued(three, rpc_mount3_umntall_async(three, client_answered, NULL));
    client_wait(three, "mount3_umntall", NULL, 0, NULL);
    CHECK_IS(dump(true), 0);
    client_queued(one, rpc_mount1_umntall_async(one, client_answered, NULL));
    client_wait(one, "mount1_umntall", NULL, 0, NULL);
}

static void the_list_of_exports(void)
{
    client_queued(three, rpc_mount3_export_async(three, client_answered, NULL));
    client_wait(three, "mount3_export", NULL, 0, take_exports);
    CHECK_IS(exports_seen, 1);
    client_queued(one, rpc_mount1_export_async(one, client_answered, NULL));
    client_wait(one, "mount1_export", NULL, 0, take_exports);
    CHECK_IS(exports_seen, 1);
}

static void nothing(void)
{
    client_queued(three, rpc_mount3_null_async(three, client_answered, NULL));
    client_wait(three, "mount3_null", NULL, 0, NULL);
    client_queued(one, rpc_mount1_null_async(one, client_answered, NULL));
    client_wait(one, "mount1_null", NULL, 0, NULL);
}

static void start(const struct client *client)
{
    exported = client->path;
    one = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V1, 0);
    three = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V3, 0);
}

static void before(const char *name)
{
    (void)name;
}

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct test_case cases[] = {
    CASE(nothing),
    CASE(granted),
    CASE(refused),
    CASE(the_list_of_mounts),
    CASE(the_list_of_exports),
    {NULL, NULL},
};

const struct case_set cases_mount = {"mount", start, before, {cases}};
