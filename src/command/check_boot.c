#include "command/check_boot.h"

#include "base/map.h"
#include "base/memory.h"
#include "command/file_lines.h"
#include "model/setting_walk.h"
#include "service/boot_means.h"
#include "store/boot_files.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOTS_MAX = 16, ROOT_SIZE = 4096 };

/* The loaders that can be served from below one tftp-root. */
struct root {
    struct slice directory; /* empty: there is none */
    uint64_t loaders;
};

/* One kind of machine. */
struct platform {
    struct boot_client client;
    const char *name;
};

struct check {
    const struct snapshot *snapshot;
    const struct scope **scopes; /* of each recipe: where it stands; NULL: not met */
    struct root roots[ROOTS_MAX];
    size_t root_count;
    uint64_t packaged; /* loaders */
    struct map told;   /* files that a warning is about, with their roots */
    struct file_lines lines;
    FILE *warnings;
    const struct check_boot_listener *listener; /* instead of the two files; or NULL */
    bool rootless;                              /* that there is no tftp-root is said */
};

/* ---- Where each recipe stands ---- */

static void note_setting(void *argument, const struct setting *setting, const struct scope *scope)
{
    struct check *c = argument;
    struct scope one = {.settings = setting, .count = 1};
    struct scope_view view = {.scopes = {&one}, .count = 1};
    uint32_t number = scope_view_number(&view, PARAMETER_BOOT, UINT32_MAX);

    if (number < c->snapshot->recipe_count && !c->scopes[number])
        c->scopes[number] = scope;
}

/* What the scopes around the recipe say, as they stand in the file. */
static struct scope_view view_of(const struct check *c, size_t recipe)
{
    struct scope_view view = {.count = 0};

    for (const struct scope *scope = c->scopes[recipe]; scope && view.count < SCOPE_VIEW_MAX;
         scope = scope->outer)
        view.scopes[view.count++] = scope;
    return view;
}

/* ---- Files ---- */

static enum boot_file_status look(const char *root, const char *path, int *error)
{
    struct boot_file file;
    enum boot_file_status status = boot_file_open(&file, root, path, false);

    *error = file.error;
    if (status == BOOT_FILE_OPEN)
        boot_file_close(&file);
    return status;
}

static void copy_root(char to[ROOT_SIZE], struct slice root)
{
    snprintf(to, ROOT_SIZE, "%.*s", (int)root.length, (const char *)root.data);
}

static uint64_t loaders_of(struct check *c, struct slice directory)
{
    uint64_t loaders = c->packaged;
    char root[ROOT_SIZE];

    for (size_t i = 0; i < c->root_count; i++) {
        if (slice_equal(c->roots[i].directory, directory))
            return c->roots[i].loaders;
    }
    copy_root(root, directory);
    if (directory.length > 0)
        loaders |= boot_loaders_below(root);
    if (c->root_count < ROOTS_MAX)
        c->roots[c->root_count++] = (struct root){directory, loaders};
    return loaders;
}

/* Whether no word was said of the file yet: a thousand hosts may boot one kernel. */
static bool is_new(struct check *c, struct slice directory, const char *path)
{
    char *key = memory_printf("%.*s:%s", (int)directory.length, (const char *)directory.data, path);
    bool fresh = !map_put(&c->told, key, strlen(key), c);

    free(key);
    return fresh;
}

/* A warning in the form of diagnostic_text() (config/config.h), but for the caret. */
static void warn(struct check *c, struct position where, const char *path, const char *root,
                 const char *what)
{
    char text[ROOT_SIZE + 256];

    if (c->listener) {
        snprintf(text, sizeof(text), "%s%s%s", *root ? " below tftp-root " : "", root, what);
        c->listener->file(c->listener->argument, where, path, text);
        return;
    }
    fprintf(c->warnings, "%s:%u:%u: warning: %s%s%s%s\n    %s\n", where.file, where.line,
            where.column, path, *root ? " below tftp-root " : "", root, what,
            file_line(&c->lines, where));
}

/* Whether no file of that name need be there: it comes from elsewhere, or is made. */
static bool is_elsewhere(const char *path)
{
    return strstr(path, "://") || strstr(path, "${") ||
           boot_plan_kind(path) != BOOT_FILE_KIND_NONE ||
           boot_loader_is_installed(boot_loader_by_name(path));
}

static void check_file(struct check *c, struct slice directory, const char *path,
                       struct position where)
{
    char root[ROOT_SIZE], what[200];
    int error;

    if (!path || is_elsewhere(path) || !is_new(c, directory, path))
        return;
    if (directory.length == 0) {
        /* Where others have one, the machine's may be in a scope that this one does not lie in. */
        if (!c->snapshot->has_tftp_root && !c->rootless)
            warn(c, where, path, "",
                 " is looked for below tftp-root, and no `tftp-root` says where that is");
        c->rootless = true;
        return;
    }
    copy_root(root, directory);
    switch (look(root, path, &error)) {
    case BOOT_FILE_OPEN:
        return;
    case BOOT_FILE_NO_ROOT:
        snprintf(what, sizeof(what), " cannot be looked for: %s", strerror(error));
        break;
    case BOOT_FILE_NOT_FOUND:
        snprintf(what, sizeof(what), " does not exist");
        break;
    case BOOT_FILE_BAD_LINK:
        snprintf(what, sizeof(what), " is a symbolic link that leads to no file there");
        break;
    case BOOT_FILE_DIRECTORY:
        snprintf(what, sizeof(what), " is a directory");
        break;
    case BOOT_FILE_SPECIAL:
        snprintf(what, sizeof(what), " is no regular file");
        break;
    case BOOT_FILE_PRIVATE:
        snprintf(what, sizeof(what), " is not readable by everyone: chmod a+r");
        break;
    case BOOT_FILE_FAILED:
        snprintf(what, sizeof(what), " cannot be read: %s", strerror(error));
        break;
    }
    warn(c, where, path, root, what);
}

static void check_files(struct check *c, size_t number)
{
    const struct boot_recipe *recipe = &c->snapshot->recipes[number];
    struct scope_view view = view_of(c, number);
    struct slice root = scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);

    for (size_t i = 0; i < recipe->entry_count; i++) {
        const struct boot_entry *entry = &recipe->entries[i];

        check_file(c, root, entry->file, entry->file_where);
        for (size_t j = 0; j < entry->initrd_count; j++)
            check_file(c, root, entry->initrds[j], entry->initrd_where[j]);
    }
}

/* ---- Boot loaders ---- */

/* What the recipe hands to a kind of machine. */
static void ask(struct check *c, struct boot_answer *answer, size_t number,
                const struct platform *platform)
{
    struct scope_view view = view_of(c, number);
    const struct setting *loader = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_BOOT_LOADER);
    struct boot_means means = {
        .loaders = loaders_of(c, scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT)),
    };

    /* A NUL stands behind every value. */
    boot_plan_answer(answer, &c->snapshot->recipes[number], &platform->client,
                     loader ? boot_loader_kind_of((const char *)loader->value.data) : LOADER_NONE,
                     &means);
}

/* A file that is not for this firmware is the recipe's own affair. */
static bool needs_loader(const struct boot_recipe *recipe)
{
    return recipe->title ||
           (recipe->entries[0].kind != BOOT_LOCAL && recipe->entries[0].kind != BOOT_FILE);
}

/* Tells what a kind of machine is handed: by the first recipe that has nothing for it, where there
 * is one, else by the first that needs a loader. */
static void tell_platform(struct check *c, const struct platform *platform, FILE *to)
{
    struct boot_answer answer, shown = {.loader = NULL};

    for (size_t i = 0; i < c->snapshot->recipe_count; i++) {
        const struct position *where = &c->snapshot->recipes[i].where;

        if (!c->scopes[i] || !needs_loader(&c->snapshot->recipes[i]))
            continue;
        ask(c, &answer, i, platform);
        if (answer.outcome == BOOT_OUTCOME_NONE && c->listener) {
            c->listener->loader(c->listener->argument, *where, platform->name, answer.why);
            return;
        }
        if (answer.outcome == BOOT_OUTCOME_NONE) {
            fprintf(to, "  %-12s nothing for the recipe of %s:%u: %s\n", platform->name,
                    where->file, where->line, answer.why);
            return;
        }
        if (answer.loader && !shown.loader)
            shown = answer;
    }
    if (!shown.loader || c->listener)
        return;
    fprintf(to, "  %-12s %s", platform->name, shown.loader->name);
    if ((c->packaged & boot_loader_bit(shown.loader)) && shown.loader->package)
        fprintf(to, " (package %s)", shown.loader->package);
    fputs("\n", to);
}

/* Whether the package is for PCs, whose loaders Debian has ready on every machine. */
static bool is_for_pcs(const struct boot_loader *loader)
{
    if (!loader->package ||
        (loader->platform != PLATFORM_BIOS && loader->platform != PLATFORM_EFI_X64))
        return false;
    return loader->kind == LOADER_IPXE || loader->kind == LOADER_PXELINUX ||
           loader->kind == LOADER_GRUB || loader->kind == LOADER_SHIM ||
           (loader->kind == LOADER_PART && loader->part_of == LOADER_PXELINUX);
}

/* Whether a row before this one, or a file of any row, speaks for the package. */
static bool is_told_or_there(const struct check *c, size_t row)
{
    const char *package = boot_loaders[row].package;

    for (size_t i = 0; i < boot_loader_count; i++) {
        const struct boot_loader *other = &boot_loaders[i];

        if (!other->package || strcmp(other->package, package) != 0)
            continue;
        if ((c->packaged & boot_loader_bit(other)) || (i < row && is_for_pcs(other)))
            return true;
    }
    return false;
}

/* What would bring the loaders that are not there. */
static void tell_packages(const struct check *c, FILE *to)
{
    const char *before = "  not installed, to be had with: apt install";

    for (size_t i = 0; i < boot_loader_count; i++) {
        if (!is_for_pcs(&boot_loaders[i]) || is_told_or_there(c, i))
            continue;
        fprintf(to, "%s %s", before, boot_loaders[i].package);
        before = "";
    }
    if (!*before)
        fputs("\n", to);
}

/* The most common first. */
static const struct platform platforms[] = {
    {{.asker = ASKER_PXE, .platform = PLATFORM_BIOS}, "a BIOS"},
    {{.asker = ASKER_PXE, .platform = PLATFORM_EFI_X64}, "x64 UEFI"},
    {{.asker = ASKER_PXE, .platform = PLATFORM_EFI_IA32}, "ia32 UEFI"},
    {{.asker = ASKER_PXE, .platform = PLATFORM_EFI_ARM64}, "arm64 UEFI"},
    {{.asker = ASKER_PXE, .platform = PLATFORM_EFI_RISCV64}, "riscv64 UEFI"},
};
enum { COMMON_PLATFORMS = 2 };

static void tell_loaders(struct check *c, FILE *to)
{
    bool needed = false;

    for (size_t i = 0; i < c->snapshot->recipe_count; i++)
        needed = needed || (c->scopes[i] && needs_loader(&c->snapshot->recipes[i]));
    if (!needed)
        return;
    fputs("what is handed to carry out the boot recipes:\n", to);
    for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++)
        tell_platform(c, &platforms[i], to);
    fputs("  iPXE and U-Boot need no boot loader\n", to);
    tell_packages(c, to);
}

static void run(struct check *c, FILE *to)
{
    if (c->snapshot->recipe_count == 0)
        return;
    c->scopes = memory_zeroed(c->snapshot->recipe_count, sizeof(const struct scope *));
    snapshot_each_setting(c->snapshot, note_setting, c);
    c->packaged = boot_loaders_installed();
    for (size_t i = 0; i < c->snapshot->recipe_count; i++) {
        if (c->scopes[i])
            check_files(c, i);
    }
    if (to)
        tell_loaders(c, to);
    for (size_t i = 0; c->listener && i < COMMON_PLATFORMS; i++)
        tell_platform(c, &platforms[i], NULL);
    map_release(&c->told);
    file_lines_release(&c->lines);
    free(c->scopes);
}

void check_boot(const struct snapshot *snapshot, FILE *warnings, FILE *to)
{
    struct check c = {.snapshot = snapshot, .warnings = warnings};

    run(&c, to);
}

void check_boot_tell(const struct snapshot *snapshot, const struct check_boot_listener *listener)
{
    struct check c = {.snapshot = snapshot, .listener = listener};

    run(&c, NULL);
}
