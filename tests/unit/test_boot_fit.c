/* Which machine can run which file. */
#include "test.h"

#include "decide/boot_fit.h"

static const char *fit(enum boot_platform platform, const char *name, enum program_kind kind,
                       enum processor processor)
{
    static char text[BOOT_UNFIT_SIZE];

    return boot_unfit(text, platform, name, (struct program){kind, processor});
}

static void firmware_runs_its_own(void **state)
{
    (void)state;
    assert_null(fit(PLATFORM_EFI_X64, "ipxe.efi", PROGRAM_EFI, PROCESSOR_X64));
    assert_null(fit(PLATFORM_BIOS, "pxelinux.0", PROGRAM_OTHER, PROCESSOR_ANY));
    assert_null(fit(PLATFORM_BIOS, "netbsd", PROGRAM_ELF, PROCESSOR_X64));
    assert_null(fit(PLATFORM_EFI_IA32, "vmlinuz", PROGRAM_LINUX, PROCESSOR_X64));
    assert_null(fit(PLATFORM_EFI_X64, "grub.cfg", PROGRAM_OTHER, PROCESSOR_ANY));
    assert_null(fit(PLATFORM_EFI_X64, "ldlinux.c32", PROGRAM_OTHER, PROCESSOR_ANY));
    assert_null(fit(PLATFORM_OTHER, "ipxe.efi", PROGRAM_EFI, PROCESSOR_X64));
    /* U-Boot runs UEFI programs, too. */
    assert_null(fit(PLATFORM_U_BOOT_ARM64, "grubaa64.efi", PROGRAM_EFI, PROCESSOR_ARM64));
}

static void and_no_other(void **state)
{
    (void)state;
    assert_string_equal(fit(PLATFORM_BIOS, "ipxe.efi", PROGRAM_EFI, PROCESSOR_X64),
                        "is a UEFI program for x64, and the machine is a BIOS");
    assert_string_equal(fit(PLATFORM_EFI_IA32, "x", PROGRAM_EFI, PROCESSOR_X64),
                        "is a UEFI program for x64, and the machine is ia32 UEFI");
    assert_string_equal(fit(PLATFORM_EFI_X64, "boot/undionly.kpxe", PROGRAM_OTHER, PROCESSOR_ANY),
                        "is a loader for a BIOS, and the machine is x64 UEFI");
    assert_string_equal(fit(PLATFORM_EFI_X64, "LPXELINUX.0", PROGRAM_OTHER, PROCESSOR_ANY),
                        "is a loader for a BIOS, and the machine is x64 UEFI");
    assert_string_equal(fit(PLATFORM_BIOS, "vmlinuz", PROGRAM_LINUX, PROCESSOR_ARM64),
                        "is for 64-bit ARM, and the machine is a BIOS");
}

static void an_operating_system_is_for_a_processor(void **state)
{
    char text[BOOT_UNFIT_SIZE];
    struct program arm64 = {PROGRAM_ELF, PROCESSOR_ARM64}, i386 = {PROGRAM_ELF, PROCESSOR_I386};
    struct program script = {PROGRAM_SCRIPT, PROCESSOR_ANY};

    (void)state;
    assert_string_equal(boot_unfit_system(text, PLATFORM_EFI_X64, arm64),
                        "is a program for 64-bit ARM, and the machine is x64 UEFI");
    assert_null(boot_unfit_system(text, PLATFORM_EFI_X64, i386));
    assert_null(boot_unfit_system(text, PLATFORM_BIOS, script));
    assert_null(boot_unfit_system(text, PLATFORM_OTHER, arm64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_runs_its_own),
        cmocka_unit_test(and_no_other),
        cmocka_unit_test(an_operating_system_is_for_a_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
