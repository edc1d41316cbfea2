#include "service/boot_means.h"

#include "base/memory.h"
#include "store/boot_files.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOT_TEXT = 4096,
    HTTP_PORT = 80,
};

/* Whether it would be served: as the server opens it, not as anybody else would. */
static bool is_served(const char *root, const char *path)
{
    struct boot_file file;

    if (boot_file_open(&file, root, path, false) != BOOT_FILE_OPEN)
        return false;
    boot_file_close(&file);
    return true;
}

bool boot_loader_is_installed(const struct boot_loader *loader)
{
    for (size_t i = 0; loader && loader->files[i]; i++) {
        if (is_served("/", loader->files[i] + 1))
            return true;
    }
    return false;
}

uint64_t boot_loaders_installed(void)
{
    uint64_t found = 0;

    for (size_t i = 0; i < boot_loader_count; i++) {
        if (boot_loader_is_installed(&boot_loaders[i]))
            found |= boot_loader_bit(&boot_loaders[i]);
    }
    return found;
}

uint64_t boot_loaders_below(const char *directory)
{
    uint64_t found = 0;

    for (size_t i = 0; i < boot_loader_count; i++) {
        if (is_served(directory, boot_loaders[i].name))
            found |= boot_loader_bit(&boot_loaders[i]);
    }
    return found;
}

static void add_root(struct boot_findings *findings, const struct scope_view *view)
{
    struct slice root = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    char *directory;

    for (size_t i = 0; i < findings->root_count; i++) {
        if (slice_equal_string(root, findings->roots[i].directory))
            return;
    }
    if (root.length == 0 || findings->root_count == BOOT_ROOTS_MAX)
        return;
    directory = memory_zeroed(1, root.length + 1);
    memcpy(directory, root.data, root.length);
    findings->roots[findings->root_count++] = (struct boot_root){.directory = directory};
}

static void forget_roots(struct boot_findings *findings)
{
    for (size_t i = 0; i < findings->root_count; i++)
        free((char *)findings->roots[i].directory);
    findings->root_count = 0;
}

/* The tftp-roots that the configuration names without condition. */
static void find_roots(struct boot_findings *findings, const struct snapshot *snapshot)
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);

    forget_roots(findings);
    add_root(findings, &view);
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        view = scope_view_of(snapshot, NULL, &snapshot->subnets[i]);
        add_root(findings, &view);
    }
    for (size_t i = 0; i < snapshot->host_count; i++) {
        view = scope_view_of(snapshot, &snapshot->hosts[i], NULL);
        add_root(findings, &view);
    }
}

static void look(struct boot_findings *findings, const struct snapshot *snapshot)
{
    if (findings->snapshot != snapshot) {
        find_roots(findings, snapshot);
        findings->snapshot = snapshot;
    }
    findings->packaged = boot_loaders_installed();
    for (size_t i = 0; i < findings->root_count; i++)
        findings->roots[i].loaders = boot_loaders_below(findings->roots[i].directory);
}

struct boot_means boot_findings_means(struct boot_findings *findings,
                                      const struct snapshot *snapshot, uint16_t http_port,
                                      uint64_t now_ms)
{
    if (snapshot->recipe_count == 0)
        return (struct boot_means){.http_port = http_port};
    if (findings->snapshot != snapshot || now_ms - findings->looked_at_ms >= BOOT_MEANS_MS) {
        look(findings, snapshot);
        findings->looked_at_ms = now_ms;
    }
    return (struct boot_means){.loaders = findings->packaged,
                               .roots = findings->roots,
                               .root_count = findings->root_count,
                               .http_port = http_port};
}

uint64_t boot_loaders_now(const struct scope_view *view)
{
    struct slice root = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    char directory[ROOT_TEXT];

    if (root.length == 0 || root.length >= sizeof(directory))
        return boot_loaders_installed();
    memcpy(directory, root.data, root.length);
    directory[root.length] = 0;
    return boot_loaders_installed() | boot_loaders_below(directory);
}

uint16_t boot_http_port(const struct snapshot *snapshot)
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);

    return (uint16_t)scope_view_number(&view, PARAMETER_HTTP_PORT, HTTP_PORT);
}

void boot_findings_release(struct boot_findings *findings)
{
    forget_roots(findings);
    *findings = (struct boot_findings){.snapshot = NULL};
}
