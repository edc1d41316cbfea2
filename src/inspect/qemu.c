/* What `bootwire run` needs: QEMU, and KVM where there is one. Serving needs neither, so nothing
 * that is missing here is a problem. */
#include "inspect/inspect.h"

#include "guest/trouble.h"
#include "platform/linux/program_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "qemu-system-x86_64"
/* What the ROM's iPXE prints once it runs: the ROM's first lines come before the part that hosts
 * are known to fail in. */
#define SIGN_OF_LIFE "initialising devices...ok"

enum { PATIENCE_MS = 10000, LINE_SIZE = 512 };

/* False where there is none to go on with. */
static bool look_at_program(const struct inspection *inspection)
{
    static const char *const argv[] = {PROGRAM, "--version", NULL};
    const struct program_request request = {
        .argv = argv, .patience_ms = PATIENCE_MS, .errors = true};
    char *text;
    int status = program_output(&request, &text);
    bool good = status == 0 && text && strstr(text, "QEMU");

    if (status == -ENOENT)
        findings_add(
            inspection->findings, FINDING_NOTE, "qemu-missing", PROGRAM,
            "nothing, where no guest is wanted; else apt install qemu-system-x86 ipxe-qemu",
            "there is no such program: `bootwire run` needs it, serving does not");
    else if (!good)
        findings_add(inspection->findings, FINDING_WARNING, "qemu-broken", PROGRAM,
                     "install it anew: apt install --reinstall qemu-system-x86",
                     "it does not start, and so `bootwire run` has no guest: %.*s",
                     (int)strcspn(text && *text ? text : "?", "\n"), text && *text ? text : "?");
    free(text);
    return good;
}

/* Whether KVM can be tried. */
static bool look_at_device(const struct inspection *inspection)
{
    int descriptor = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    bool denied = descriptor < 0 && errno == EACCES;

    if (descriptor >= 0) {
        close(descriptor);
        return true;
    }
    findings_add(inspection->findings, FINDING_NOTE, "kvm-missing", "/dev/kvm",
                 denied ? "adduser USER kvm, and log in anew"
                        : "turn virtualisation on in the firmware (in a virtual machine: in its "
                          "host), then modprobe kvm_intel or kvm_amd",
                 "KVM cannot be used (%s): guests of `bootwire run` are emulated, which is slower",
                 strerror(errno));
    return false;
}

/* The first line of QEMU's that is known to mean trouble. */
static const struct guest_trouble *trouble_in(const char *text)
{
    const struct guest_trouble *trouble = NULL;
    char line[LINE_SIZE];

    while (text && *text && !trouble) {
        size_t length = strcspn(text, "\n");

        snprintf(line, sizeof(line), "%.*s", (int)(length < LINE_SIZE ? length : LINE_SIZE - 1),
                 text);
        trouble = guest_trouble_find(line);
        text += length + (text[length] == '\n');
    }
    return trouble;
}

/* A guest of the kind that run starts, with a network card whose cable leads nowhere. */
static void try_guest(const struct inspection *inspection, bool kvm)
{
    const char *const argv[] = {PROGRAM,
                                "-nodefaults",
                                "-no-user-config",
                                "-machine",
                                kvm ? "pc,accel=kvm,graphics=off" : "pc,accel=tcg,graphics=off",
                                "-m",
                                "64",
                                "-display",
                                "none",
                                "-vga",
                                "none",
                                "-serial",
                                "stdio",
                                "-netdev",
                                "hubport,hubid=0,id=network",
                                "-device",
                                "e1000,netdev=network,bootindex=1",
                                "-no-reboot",
                                NULL};
    const struct program_request request = {
        .argv = argv, .patience_ms = inspection->wait_ms, .errors = true, .until = SIGN_OF_LIFE};
    char *text;
    int status = program_output(&request, &text);
    const struct guest_trouble *trouble = status == 0 ? NULL : trouble_in(text);

    if (trouble)
        findings_add(inspection->findings, FINDING_WARNING,
                     trouble->emulate ? "kvm-broken" : "qemu-broken",
                     trouble->emulate ? "/dev/kvm" : PROGRAM,
                     trouble->emulate ? "nothing: `bootwire run` starts such a guest again without "
                                        "KVM; --no-kvm does so from the start"
                                      : "install what the text names",
                     "a guest on trial does not live: %s", trouble->name);
    else if (kvm && status != 0)
        findings_add(
            inspection->findings, FINDING_WARNING, "kvm-broken", "/dev/kvm",
            "nothing: `bootwire run` starts such a guest again without KVM; --no-kvm does "
            "so from the start, and --wait gives the trial more time",
            "under KVM the ROM of a guest on trial did not come to life in %u s: hosts that "
            "are virtual machines themselves are known for that",
            inspection->wait_ms / 1000);
    free(text);
}

void inspect_qemu(const struct inspection *inspection)
{
    if (look_at_program(inspection)) {
        bool kvm = look_at_device(inspection);

        if (inspection->wait_ms > 0)
            try_guest(inspection, kvm);
    }
}
