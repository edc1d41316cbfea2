#include "decide/boot_plan.h"

#include "decide/boot_parts.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOADER_CHOICES_MAX = 8 };

/* ---- What a machine is told ---- */

static void say(struct boot_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct boot_answer *answer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(answer->why, sizeof(answer->why), format, arguments);
    va_end(arguments);
}

static bool has_kind(const struct boot_recipe *recipe, enum boot_kind kind)
{
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (recipe->entries[i].kind == kind)
            return true;
    }
    return false;
}

/* The one entry of a recipe without menu, where it is of that kind. */
static const struct boot_entry *only_entry(const struct boot_recipe *recipe, enum boot_kind kind)
{
    return !recipe->title && recipe->entries[0].kind == kind ? &recipe->entries[0] : NULL;
}

static bool wants_url(const struct boot_client *client, const struct boot_means *means)
{
    return client->speaks_http && means->http_port != 0;
}

/* Names the file: a URL for who boots by HTTP, else its path for TFTP. False where it is too long,
 * or can be had only by a way that this client does not go. */
static bool name_file(struct boot_answer *answer, const char *path,
                      const struct boot_client *client, const struct boot_means *means)
{
    struct writer w = writer_of(answer->file, sizeof(answer->file) - 1);
    struct boot_site site = {.server = means->server, .http_port = means->http_port};

    answer->is_url = boot_is_url(path);
    if (answer->is_url) {
        if (client->asker != ASKER_IPXE && client->asker != ASKER_HTTP) {
            say(answer, "%s loads no URL, and its boot file is one",
                boot_asker_in_words(client->asker));
            return false;
        }
        writer_slice(&w, slice_of_string(path));
    } else if (wants_url(client, means)) {
        answer->is_url = true;
        boot_write_url(&w, &site, path);
    } else if (client->asker == ASKER_HTTP) {
        say(answer, "it boots by HTTP, and no HTTP is served");
        return false;
    } else {
        writer_slice(&w, slice_of_string(path));
    }
    if (w.failed) {
        say(answer, "its boot file's name is too long");
        answer->file[0] = 0;
        return false;
    }
    answer->file[w.length] = 0;
    answer->outcome = BOOT_OUTCOME_FILE;
    answer->vendor_class = client->asker == ASKER_HTTP ? "HTTPClient" : NULL;
    return true;
}

uint64_t boot_means_loaders(const struct boot_means *means, const struct scope_view *view)
{
    struct slice root = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    uint64_t loaders = means->loaders;

    for (size_t i = 0; i < means->root_count; i++) {
        if (slice_equal_string(root, means->roots[i].directory))
            loaders |= means->roots[i].loaders;
    }
    return loaders;
}

/* The kinds of loaders for the recipe on that machine, the best first. */
static size_t loader_kinds(enum boot_loader_kind kinds[LOADER_CHOICES_MAX],
                           const struct boot_recipe *recipe, const struct boot_client *client,
                           enum boot_loader_kind preferred)
{
    bool bios = client->platform == PLATFORM_BIOS;
    size_t count = 0;

    if (preferred == LOADER_GRUB && !bios)
        kinds[count++] = LOADER_SHIM;
    if (preferred != LOADER_NONE && preferred != LOADER_U_BOOT)
        kinds[count++] = preferred;
    /* NetBSD's own loader needs no other one on UEFI, where no kernel can be loaded directly. */
    if (!bios && only_entry(recipe, BOOT_NETBSD))
        kinds[count++] = LOADER_PXEBOOT;
    /* A GRUB that came by HTTP does not find its network, and so not its configuration. */
    if (client->asker == ASKER_HTTP)
        kinds[count++] = LOADER_IPXE;
    /* Secure Boot takes nothing but shim; where it is off shim does no harm. Only iPXE runs iPXE's
     * scripts. */
    if (!bios && !has_kind(recipe, BOOT_IPXE) && !has_kind(recipe, BOOT_NETBSD))
        kinds[count++] = LOADER_SHIM;
    if (client->asker != ASKER_HTTP)
        kinds[count++] = LOADER_IPXE;
    if (only_entry(recipe, BOOT_IPXE))
        return count;
    if (bios)
        kinds[count++] = only_entry(recipe, BOOT_NETBSD) ? LOADER_PXEBOOT : LOADER_PXELINUX;
    kinds[count++] = LOADER_GRUB;
    if (!bios)
        kinds[count++] = LOADER_SYSLINUX;
    return count;
}

static const struct boot_loader *choose_loader(const struct boot_recipe *recipe,
                                               const struct boot_client *client,
                                               enum boot_loader_kind preferred, uint64_t present)
{
    enum boot_loader_kind kinds[LOADER_CHOICES_MAX];
    size_t count = loader_kinds(kinds, recipe, client, preferred);

    for (size_t i = 0; i < count; i++) {
        const struct boot_loader *loader = boot_loader_find(present, kinds[i], client->platform);

        /* Without a GRUB shim has nothing to load. */
        if (loader &&
            (kinds[i] != LOADER_SHIM || boot_loader_find(present, LOADER_GRUB, client->platform)))
            return loader;
    }
    return NULL;
}

/* Says which loaders would do. */
static void say_missing(struct boot_answer *answer, const struct boot_recipe *recipe,
                        const struct boot_client *client, enum boot_loader_kind preferred)
{
    enum boot_loader_kind kinds[LOADER_CHOICES_MAX];
    size_t count = loader_kinds(kinds, recipe, client, preferred);
    size_t length;

    say(answer, "no loader for %s is there", boot_platform_in_words(client->platform));
    for (size_t i = 0; i < count; i++) {
        const struct boot_loader *loader = boot_loader_find(UINT64_MAX, kinds[i], client->platform);

        length = strlen(answer->why);
        for (size_t j = 0; j < i; j++) {
            /* The preferred one stands among the others, too. */
            if (kinds[j] == kinds[i])
                loader = NULL;
        }
        if (loader && kinds[i] != LOADER_SHIM && loader->package)
            snprintf(answer->why + length, sizeof(answer->why) - length, "; %s: install %s",
                     loader->name, loader->package);
        else if (loader && kinds[i] != LOADER_SHIM && loader->cure)
            snprintf(answer->why + length, sizeof(answer->why) - length, "; %s: %s", loader->name,
                     loader->cure);
    }
}

static void answer_loader(struct boot_answer *answer, const struct boot_recipe *recipe,
                          const struct boot_client *client, enum boot_loader_kind preferred,
                          const struct boot_means *means)
{
    const struct boot_loader *loader = choose_loader(recipe, client, preferred, means->loaders);

    if (!loader) {
        say_missing(answer, recipe, client, preferred);
        return;
    }
    if (name_file(answer, loader->name, client, means)) {
        answer->loader = loader;
        say(answer, "%s for %s", loader->name, boot_platform_in_words(client->platform));
    }
}

/* Whether an iPXE that asks is to make way for another loader: `boot-loader` names one, and it is
 * there. */
static bool ipxe_makes_way(const struct boot_recipe *recipe, const struct boot_client *client,
                           enum boot_loader_kind preferred, const struct boot_means *means)
{
    if (preferred == LOADER_NONE || preferred == LOADER_IPXE || only_entry(recipe, BOOT_IPXE))
        return false;
    return boot_loader_find(means->loaders, preferred, client->platform) != NULL;
}

static void answer_ipxe(struct boot_answer *answer, const struct boot_recipe *recipe,
                        const struct boot_client *client, enum boot_loader_kind preferred,
                        const struct boot_means *means)
{
    const struct boot_entry *script = only_entry(recipe, BOOT_IPXE);
    /* Loaders look for their own files where they came from, most of them by TFTP only. */
    struct boot_client by_tftp = *client;

    by_tftp.speaks_http = false;
    if (ipxe_makes_way(recipe, client, preferred, means)) {
        answer_loader(answer, recipe, &by_tftp, preferred, means);
        return;
    }
    answer->generated = !script;
    if (name_file(answer, script ? script->file : "boot.ipxe", client, means))
        say(answer, "%s for iPXE", script ? "its script" : "boot.ipxe");
}

static void answer_u_boot(struct boot_answer *answer, const struct boot_recipe *recipe,
                          const struct boot_client *client, enum boot_loader_kind preferred,
                          const struct boot_means *means)
{
    /* It asks as a UEFI once its own ways have led nowhere. */
    if (boot_platform_is_efi(client->platform) &&
        choose_loader(recipe, client, preferred, means->loaders)) {
        answer_loader(answer, recipe, client, preferred, means);
        return;
    }
    answer->generated = true;
    if (name_file(answer, "boot.scr.uimg", client, means))
        say(answer, "boot.scr.uimg for U-Boot");
}

/* The entry whose kernel the loader is about to open. It tries "netbsd" where nobody told it of
 * another name: then it is the one that is booted when nobody chooses. */
static const struct boot_entry *netbsd_entry(const struct boot_recipe *recipe, const char *wanted)
{
    const struct boot_entry *usual = &recipe->entries[recipe->default_entry];

    while (*wanted == '/')
        wanted++;
    for (size_t i = 0; i < recipe->entry_count; i++) {
        if (recipe->entries[i].kind == BOOT_NETBSD && strcmp(recipe->entries[i].file, wanted) == 0)
            return &recipe->entries[i];
    }
    return usual->kind == BOOT_NETBSD && (*wanted == 0 || strcmp(wanted, "netbsd") == 0) ? usual
                                                                                         : NULL;
}

/* NetBSD's loader asks for each file that it opens. It opens it by NFS, below the root-path, unless
 * the name in the answer begins with "tftp:": what a recipe names, and what is made from it, lies
 * with TFTP. */
static void answer_netbsd(struct boot_answer *answer, const struct boot_recipe *recipe,
                          const struct boot_client *client, const struct boot_means *means)
{
    const struct boot_entry *entry = netbsd_entry(recipe, client->wanted);
    const char *path = entry ? entry->file : client->wanted;
    char name[BOOT_ANSWER_FILE_SIZE];

    answer->generated = boot_plan_kind(client->wanted) == BOOT_FILE_KIND_NETBSD;
    if (!has_kind(recipe, BOOT_NETBSD))
        say(answer, "NetBSD's loader boots NetBSD alone");
    else if (boot_is_url(path))
        say(answer, "NetBSD's loader loads no URL, and its kernel is one");
    else if (!entry && !answer->generated && means->nfs_root &&
             name_file(answer, path, client, means))
        say(answer, "what lies below its root");
    else if (snprintf(name, sizeof(name), "tftp:%s", path) < (int)sizeof(name) &&
             name_file(answer, name, client, means))
        say(answer, "%s for NetBSD's loader",
            entry               ? "the kernel"
            : answer->generated ? "boot.cfg"
                                : "a file");
}

void boot_plan_answer(struct boot_answer *answer, const struct boot_recipe *recipe,
                      const struct boot_client *client, enum boot_loader_kind preferred,
                      const struct boot_means *means)
{
    const struct boot_entry *file = only_entry(recipe, BOOT_FILE);

    *answer = (struct boot_answer){.outcome = BOOT_OUTCOME_NONE};
    if (file) {
        /* Whoever asks: machines that nobody here knows say nothing of themselves. */
        if (name_file(answer, file->file, client, means))
            say(answer, "the file itself");
    } else if (client->asker == ASKER_OTHER) {
        say(answer, "it asks for nothing to boot");
    } else if (only_entry(recipe, BOOT_LOCAL)) {
        answer->outcome = BOOT_OUTCOME_LOCAL;
        say(answer, "its own disk");
    } else if (client->asker == ASKER_IPXE) {
        answer_ipxe(answer, recipe, client, preferred, means);
    } else if (client->asker == ASKER_U_BOOT) {
        answer_u_boot(answer, recipe, client, preferred, means);
    } else if (client->asker == ASKER_NETBSD) {
        answer_netbsd(answer, recipe, client, means);
    } else {
        answer_loader(answer, recipe, client, preferred, means);
    }
}

/* ---- Which generated file a name asks for ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The text behind the directory's name: "DIRECTORY/REST" or ".../DIRECTORY/REST"; NULL where it
 * is not in such a directory. The last one counts. */
static const char *behind(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    const char *found = NULL;

    for (const char *at = path; at; at = strchr(at, '/')) {
        if (*at == '/')
            at++;
        if (begins(at, directory) && at[length] == '/' && at[length + 1] != 0)
            found = at + length + 1;
    }
    return found && !strchr(found, '/') ? found : NULL;
}

/* What pxelinux and U-Boot ask for in pxelinux.cfg: "default", U-Boot's "default-arm-...", or
 * hexadecimal digits and hyphens (an address, its beginnings, 01-MAC, a UUID). Anything else there
 * is a file of the user's own. */
static bool is_pxelinux_name(const char *name)
{
    return strcmp(name, "default") == 0 || begins(name, "default-") ||
           name[strspn(name, "0123456789abcdefABCDEF-")] == 0;
}

/* GRUB asks for grub.cfg with "-01-MAC" or the beginnings of "-HEXADDRESS" behind it first. */
static bool is_grub_name(const char *name)
{
    static const char grub[] = "grub.cfg";
    const char *rest = name + strlen(grub);

    if (!begins(name, grub))
        return false;
    return *rest == 0 ||
           (rest[0] == '-' && rest[1] != 0 && rest[strspn(rest, "0123456789abcdefABCDEF-")] == 0);
}

enum boot_file_kind boot_plan_kind(const char *path)
{
    const char *name = behind(path, "pxelinux.cfg");
    const char *slash = strrchr(path, '/');

    if (name)
        return !is_pxelinux_name(name)                  ? BOOT_FILE_KIND_NONE
               : name == path + strlen("pxelinux.cfg/") ? BOOT_FILE_KIND_PXELINUX
                                                        : BOOT_FILE_KIND_PXELINUX_BELOW;
    name = behind(path, "grub");
    if (name && is_grub_name(name))
        return BOOT_FILE_KIND_GRUB;
    if (!slash && is_grub_name(path))
        return BOOT_FILE_KIND_GRUB;
    if (strcmp(path, "boot.ipxe") == 0)
        return BOOT_FILE_KIND_IPXE;
    if (strcmp(path, "boot.cfg") == 0 || strcasecmp(path, "EFI/NetBSD/boot.cfg") == 0)
        return BOOT_FILE_KIND_NETBSD;
    if (strcmp(path, "extlinux/extlinux.conf") == 0)
        return BOOT_FILE_KIND_EXTLINUX;
    if (strcmp(path, "boot.scr.uimg") == 0 || strcmp(path, "boot.scr") == 0)
        return BOOT_FILE_KIND_U_BOOT;
    return BOOT_FILE_KIND_NONE;
}

bool boot_plan_needs_loaders(enum boot_file_kind kind)
{
    return kind == BOOT_FILE_KIND_PXELINUX || kind == BOOT_FILE_KIND_PXELINUX_BELOW;
}

const char *boot_file_kind_in_words(enum boot_file_kind kind)
{
    static const char *const words[BOOT_FILE_KIND_COUNT] = {
        [BOOT_FILE_KIND_NONE] = "no generated file",
        [BOOT_FILE_KIND_IPXE] = "iPXE script",
        [BOOT_FILE_KIND_PXELINUX] = "pxelinux configuration",
        [BOOT_FILE_KIND_PXELINUX_BELOW] = "pxelinux configuration",
        [BOOT_FILE_KIND_EXTLINUX] = "extlinux configuration",
        [BOOT_FILE_KIND_GRUB] = "GRUB configuration",
        [BOOT_FILE_KIND_NETBSD] = "NetBSD boot configuration",
        [BOOT_FILE_KIND_U_BOOT] = "U-Boot script",
    };

    return kind < BOOT_FILE_KIND_COUNT ? words[kind] : words[BOOT_FILE_KIND_NONE];
}

bool boot_plan_write(enum boot_file_kind kind, const struct boot_site *site,
                     const struct boot_recipe *recipe, struct writer *w)
{
    bool done = false;

    switch (kind) {
    case BOOT_FILE_KIND_IPXE:
        done = boot_write_ipxe(site, recipe, w);
        break;
    case BOOT_FILE_KIND_PXELINUX:
    case BOOT_FILE_KIND_PXELINUX_BELOW:
    case BOOT_FILE_KIND_EXTLINUX:
        done = boot_write_pxelinux(kind, site, recipe, w);
        break;
    case BOOT_FILE_KIND_GRUB:
        done = boot_write_grub(site, recipe, w);
        break;
    case BOOT_FILE_KIND_NETBSD:
        done = boot_write_netbsd(site, recipe, w);
        break;
    case BOOT_FILE_KIND_U_BOOT:
        done = boot_write_u_boot(site, recipe, w);
        break;
    default:
        break;
    }
    return done && !w->failed;
}
