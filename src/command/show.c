/* `bootwire show`: the file that is made for a machine's boot loader, as the server would give it.
 */
#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "command/machine.h"
#include "config/config.h"
#include "decide/boot_plan.h"
#include "decide/recall.h"
#include "decide/tftp_name.h"
#include "service/boot_means.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_AS = 256, OPTION_ADDRESS, OPTION_SERVER, NAME_TEXT = 300 };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"as", required_argument, NULL, OPTION_AS},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"server", required_argument, NULL, OPTION_SERVER},
    {NULL, 0, NULL, 0},
};

struct show {
    const char *configuration, *file, *machine;
    uint32_t address, server; /* the machine's and ours; 0: not said */
    const struct snapshot *snapshot;
    const struct host *host; /* NULL: none is declared */
    struct hardware hardware;
};

static bool read_address(const char *text, uint32_t *address)
{
    if (ipv4_parse(text, strlen(text), address))
        return true;
    fprintf(stderr, "bootwire: \"%s\" is no address, as in 10.50.1.1\n", text);
    return false;
}

static bool read_options(int argc, char **argv, struct show *show)
{
    int option;
    bool good = true;

    while (good && (option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            show->configuration = optarg;
            break;
        case OPTION_AS:
            show->machine = optarg;
            break;
        case OPTION_ADDRESS:
            good = read_address(optarg, &show->address);
            break;
        case OPTION_SERVER:
            good = read_address(optarg, &show->server);
            break;
        default:
            good = false;
        }
    }
    if (!good || !show->configuration || !show->machine || optind + 1 != argc)
        return false;
    show->file = argv[optind];
    return true;
}

/* Where the machine is: the address that was said, else one that it could have. */
static void find_address(struct show *show)
{
    const struct subnet *subnet = show->snapshot->subnets;

    if (show->address)
        return;
    if (show->host && show->host->fixed_address_count > 0)
        show->address = show->host->fixed_addresses[0];
    else if (show->snapshot->subnet_count > 0)
        show->address = subnet->range_count > 0 ? subnet->ranges[0].low : subnet->network + 2;
}

/* Our address as the machine reaches it. Which one that is only a running server knows. */
static void find_server(struct show *show, const struct scope_view *view)
{
    const struct subnet *subnet = snapshot_subnet_of(show->snapshot, show->address);
    char text[IPV4_TEXT_SIZE];

    if (!show->server)
        show->server = scope_view_number(view, PARAMETER_NEXT_SERVER, 0);
    if (show->server)
        return;
    show->server = subnet ? subnet->network + 1 : 0;
    fprintf(stderr,
            "bootwire: shown as if the server were %s: say --server ADDRESS for another one\n",
            ipv4_text(text, show->server));
}

/* Writes the file to standard output; false where there is none, which is said. */
static bool show_made(struct show *show, enum boot_file_kind kind, const char *name)
{
    struct recalled *recalled =
        recall_new(show->snapshot, show->host, &show->hardware, show->address);
    const struct boot_recipe *recipe = scope_view_recipe(show->snapshot, &recalled->view);
    char text[BOOT_SITE_TEXT_SIZE];
    uint8_t *bytes = memory_zeroed(1, BOOT_FILE_MAX);
    struct writer w = writer_of(bytes, BOOT_FILE_MAX);
    struct boot_site site;
    bool made = false;

    if (!recipe) {
        fprintf(stderr,
                "bootwire: no file is made for %s: no `boot` and no `menu` statement of %s holds "
                "for it; see bootwire.conf(5)\n",
                show->machine, show->configuration);
        goto out;
    }
    find_server(show, &recalled->view);
    site = boot_site_of(&recalled->view, show->server, boot_http_port(show->snapshot), text);
    site.hardware = show->hardware;
    site.loaders = boot_plan_needs_loaders(kind) ? boot_loaders_now(&recalled->view) : 0;
    site.name = show->host ? show->host->name : NULL;
    made = boot_plan_write(kind, &site, recipe, &w);
    if (made)
        made = fwrite(bytes, 1, w.length, stdout) == w.length && fflush(stdout) == 0;
    else
        fprintf(stderr,
                "bootwire: %s:%u: nothing here can be booted by who asks for %s (%s): a file of "
                "that name below tftp-root is served, if there is one\n",
                recipe->where.file, recipe->where.line, name, boot_file_kind_in_words(kind));
out:
    free(bytes);
    recall_free(recalled);
    return made;
}

/* What is served under a name that no file is made for. */
static void say_other(const char *name)
{
    const struct boot_loader *loader = boot_loader_by_name(name);

    if (!loader || !loader->files[0])
        fprintf(stderr,
                "bootwire: no file is made under the name %s: boot.ipxe, pxelinux.cfg/default, "
                "grub/grub.cfg, boot.cfg, extlinux/extlinux.conf and boot.scr.uimg are; this one "
                "is served from below tftp-root\n",
                name);
    else
        fprintf(stderr,
                "bootwire: %s is a boot loader: it is served from below tftp-root, or else from "
                "%s (package %s)\n",
                name, loader->files[0], loader->package ? loader->package : "?");
}

static int show_file(struct show *show)
{
    char path[TFTP_NAME_MAX], name[NAME_TEXT];
    char *error = machine_find(show->snapshot, show->configuration, show->machine, &show->host,
                               &show->hardware);
    enum tftp_name verdict = tftp_path(path, slice_of_string(show->file));
    enum boot_file_kind kind;

    if (error) {
        fprintf(stderr, "bootwire: %s\n", error);
        free(error);
        return 1;
    }
    if (verdict != TFTP_NAME_GOOD && verdict != TFTP_NAME_WINDOWS) {
        fprintf(stderr, "bootwire: \"%s\" is no name that is served\n", show->file);
        return 1;
    }
    text_printable(name, sizeof(name), slice_of_string(path));
    kind = boot_plan_kind(path);
    if (kind == BOOT_FILE_KIND_NONE) {
        say_other(name);
        return 1;
    }
    find_address(show);
    return show_made(show, kind, name) ? 0 : 1;
}

int command_show(int argc, char **argv)
{
    struct diagnostics diagnostics = {.count = 0};
    struct show show = {.configuration = NULL};
    struct snapshot *snapshot;
    int result = 1;

    if (!read_options(argc, argv, &show))
        return command_usage(argv[0]);
    snapshot = config_load(show.configuration, &diagnostics);
    show.snapshot = snapshot;
    if (snapshot) {
        result = show_file(&show);
    } else {
        for (size_t i = 0; i < diagnostics.count; i++) {
            char *text = diagnostic_text(&diagnostics.list[i]);

            fputs(text, stderr);
            free(text);
        }
    }
    diagnostics_release(&diagnostics);
    snapshot_free(snapshot);
    return result;
}
