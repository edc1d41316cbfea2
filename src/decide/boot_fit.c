#include "decide/boot_fit.h"

#include "decide/boot_loader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The processor that a platform's firmware runs programs of. */
static enum processor processor_of(enum boot_platform platform)
{
    static const enum processor processors[PLATFORM_COUNT] = {
        [PLATFORM_BIOS] = PROCESSOR_I386,
        [PLATFORM_EFI_IA32] = PROCESSOR_I386,
        [PLATFORM_EFI_X64] = PROCESSOR_X64,
        [PLATFORM_EFI_ARM] = PROCESSOR_ARM,
        [PLATFORM_EFI_ARM64] = PROCESSOR_ARM64,
        [PLATFORM_EFI_RISCV32] = PROCESSOR_RISCV32,
        [PLATFORM_EFI_RISCV64] = PROCESSOR_RISCV64,
        [PLATFORM_EFI_LOONGARCH64] = PROCESSOR_LOONGARCH64,
        [PLATFORM_U_BOOT_ARM] = PROCESSOR_ARM,
        [PLATFORM_U_BOOT_ARM64] = PROCESSOR_ARM64,
    };

    return platform < PLATFORM_COUNT ? processors[platform] : PROCESSOR_ANY;
}

static bool is_x86(enum processor processor)
{
    return processor == PROCESSOR_I386 || processor == PROCESSOR_X64;
}

/* Whether an operating system for that processor may run on the platform: a 32-bit firmware may
 * stand on a 64-bit processor, which runs programs of 32 bits, too. */
static bool may_run(enum boot_platform platform, enum processor processor)
{
    enum processor own = processor_of(platform);

    if (own == PROCESSOR_ANY || processor == PROCESSOR_ANY || own == processor)
        return true;
    return (is_x86(own) && is_x86(processor)) ||
           (own == PROCESSOR_ARM64 && processor == PROCESSOR_ARM);
}

/* Whether it is named as loaders for a BIOS are. */
static bool is_named_for_bios(const char *name)
{
    static const char *const ends[] = {".0", ".kpxe", ".kkpxe", ".kkkpxe", ".pxe"};
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    const struct boot_loader *loader = boot_loader_by_name(last);
    size_t length = strlen(last);

    if (loader)
        return loader->platform == PLATFORM_BIOS && loader->part_of == LOADER_NONE;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t end = strlen(ends[i]);

        if (length > end && strcasecmp(last + length - end, ends[i]) == 0)
            return true;
    }
    return false;
}

const char *boot_unfit(char text[BOOT_UNFIT_SIZE], enum boot_platform platform, const char *name,
                       struct program program)
{
    const char *machine = boot_platform_in_words(platform);
    bool efi = boot_platform_is_efi(platform);

    switch (program.kind) {
    case PROGRAM_EFI:
        if (efi ? program.processor == processor_of(platform) : platform != PLATFORM_BIOS)
            return NULL;
        snprintf(text, BOOT_UNFIT_SIZE, "is a UEFI program for %s, and the machine is %s",
                 processor_in_words(program.processor), machine);
        return text;
    case PROGRAM_LINUX:
    case PROGRAM_ELF:
        if (may_run(platform, program.processor))
            return NULL;
        snprintf(text, BOOT_UNFIT_SIZE, "is for %s, and the machine is %s",
                 processor_in_words(program.processor), machine);
        return text;
    case PROGRAM_OTHER:
        if (!efi || !is_named_for_bios(name))
            return NULL;
        snprintf(text, BOOT_UNFIT_SIZE, "is a loader for a BIOS, and the machine is %s", machine);
        return text;
    default:
        return NULL;
    }
}

const char *boot_unfit_system(char text[BOOT_UNFIT_SIZE], enum boot_platform platform,
                              struct program program)
{
    if (program.kind != PROGRAM_ELF || may_run(platform, program.processor))
        return NULL;
    snprintf(text, BOOT_UNFIT_SIZE, "is a program for %s, and the machine is %s",
             processor_in_words(program.processor), boot_platform_in_words(platform));
    return text;
}
