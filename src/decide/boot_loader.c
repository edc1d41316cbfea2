#include "decide/boot_loader.h"

#include <string.h>

#define MODULES "/usr/lib/syslinux/modules/"
#define FROM_MKNETDIR(directory)                                                                   \
    "make it with grub-mknetdir --net-directory=TFTP-ROOT --subdir=grub (package " directory ")"

/* clang-format off */
const struct boot_loader boot_loaders[] = {
    /* A BIOS. */
    {"undionly.kpxe", LOADER_IPXE, PLATFORM_BIOS, LOADER_NONE,
     {"/usr/lib/ipxe/undionly.kpxe"}, "ipxe", NULL},
    {"ipxe.pxe", LOADER_IPXE, PLATFORM_BIOS, LOADER_NONE, {"/usr/lib/ipxe/ipxe.pxe"}, "ipxe", NULL},
    {"lpxelinux.0", LOADER_PXELINUX, PLATFORM_BIOS, LOADER_NONE,
     {"/usr/lib/PXELINUX/lpxelinux.0"}, "pxelinux", NULL},
    {"pxelinux.0", LOADER_PXELINUX, PLATFORM_BIOS, LOADER_NONE,
     {"/usr/lib/PXELINUX/pxelinux.0"}, "pxelinux", NULL},
    {"ldlinux.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/ldlinux.c32"}, "syslinux-common", NULL},
    {"libutil.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/libutil.c32"}, "syslinux-common", NULL},
    {"libcom32.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/libcom32.c32"}, "syslinux-common", NULL},
    {"menu.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/menu.c32"}, "syslinux-common", NULL},
    {"vesamenu.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/vesamenu.c32"}, "syslinux-common", NULL},
    {"mboot.c32", LOADER_PART, PLATFORM_BIOS, LOADER_PXELINUX,
     {MODULES "bios/mboot.c32"}, "syslinux-common", NULL},
    {"grub/i386-pc/core.0", LOADER_GRUB, PLATFORM_BIOS, LOADER_NONE,
     {NULL}, NULL, FROM_MKNETDIR("grub-pc-bin")},
    {"pxeboot_ia32.bin", LOADER_PXEBOOT, PLATFORM_BIOS, LOADER_NONE,
     {NULL}, NULL, "put pxeboot_ia32.bin of NetBSD's base set (usr/mdec) below tftp-root"},

    /* x64 UEFI. */
    {"shimx64.efi", LOADER_SHIM, PLATFORM_EFI_X64, LOADER_NONE,
     {"/usr/lib/shim/shimx64.efi.signed"}, "shim-signed", NULL},
    {"grubx64.efi", LOADER_GRUB, PLATFORM_EFI_X64, LOADER_NONE,
     {"/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
      "/usr/lib/grub/x86_64-efi/monolithic/grubnetx64.efi"},
     "grub-efi-amd64-signed", NULL},
    {"mmx64.efi", LOADER_PART, PLATFORM_EFI_X64, LOADER_SHIM,
     {"/usr/lib/shim/mmx64.efi.signed", "/usr/lib/shim/mmx64.efi"},
     "shim-helpers-amd64-signed", NULL},
    {"ipxe.efi", LOADER_IPXE, PLATFORM_EFI_X64, LOADER_NONE,
     {"/usr/lib/ipxe/ipxe.efi"}, "ipxe", NULL},
    {"snponly.efi", LOADER_IPXE, PLATFORM_EFI_X64, LOADER_NONE,
     {"/usr/lib/ipxe/snponly.efi"}, "ipxe", NULL},
    {"syslinux.efi", LOADER_SYSLINUX, PLATFORM_EFI_X64, LOADER_NONE,
     {"/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi"}, "syslinux-efi", NULL},
    {"ldlinux.e64", LOADER_PART, PLATFORM_EFI_X64, LOADER_SYSLINUX,
     {MODULES "efi64/ldlinux.e64"}, "syslinux-common", NULL},
    {"bootx64.efi", LOADER_PXEBOOT, PLATFORM_EFI_X64, LOADER_NONE,
     {NULL}, NULL, "put bootx64.efi of NetBSD's base set (usr/mdec) below tftp-root"},

    /* ia32 UEFI. */
    {"shimia32.efi", LOADER_SHIM, PLATFORM_EFI_IA32, LOADER_NONE,
     {"/usr/lib/shim/shimia32.efi.signed"}, "shim-signed:i386", NULL},
    {"grubia32.efi", LOADER_GRUB, PLATFORM_EFI_IA32, LOADER_NONE,
     {"/usr/lib/grub/i386-efi-signed/grubnetia32.efi.signed",
      "/usr/lib/grub/i386-efi/monolithic/grubnetia32.efi"},
     "grub-efi-ia32-bin", NULL},
    {"mmia32.efi", LOADER_PART, PLATFORM_EFI_IA32, LOADER_SHIM,
     {"/usr/lib/shim/mmia32.efi.signed", "/usr/lib/shim/mmia32.efi"},
     "shim-helpers-i386-signed", NULL},
    {"ipxe-ia32.efi", LOADER_IPXE, PLATFORM_EFI_IA32, LOADER_NONE,
     {NULL}, NULL, "build it from iPXE's source (make bin-i386-efi/ipxe.efi)"},
    {"syslinux32.efi", LOADER_SYSLINUX, PLATFORM_EFI_IA32, LOADER_NONE,
     {"/usr/lib/SYSLINUX.EFI/efi32/syslinux.efi"}, "syslinux-efi", NULL},
    {"ldlinux.e32", LOADER_PART, PLATFORM_EFI_IA32, LOADER_SYSLINUX,
     {MODULES "efi32/ldlinux.e32"}, "syslinux-common", NULL},
    {"bootia32.efi", LOADER_PXEBOOT, PLATFORM_EFI_IA32, LOADER_NONE,
     {NULL}, NULL, "put bootia32.efi of NetBSD's base set (usr/mdec) below tftp-root"},

    /* arm64 UEFI. */
    {"shimaa64.efi", LOADER_SHIM, PLATFORM_EFI_ARM64, LOADER_NONE,
     {"/usr/lib/shim/shimaa64.efi.signed"}, "shim-signed:arm64", NULL},
    {"grubaa64.efi", LOADER_GRUB, PLATFORM_EFI_ARM64, LOADER_NONE,
     {"/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed",
      "/usr/lib/grub/arm64-efi/monolithic/grubnetaa64.efi"},
     "grub-efi-arm64-bin:arm64", NULL},
    {"mmaa64.efi", LOADER_PART, PLATFORM_EFI_ARM64, LOADER_SHIM,
     {"/usr/lib/shim/mmaa64.efi.signed", "/usr/lib/shim/mmaa64.efi"},
     "shim-helpers-arm64-signed:arm64", NULL},
    {"ipxe-arm64.efi", LOADER_IPXE, PLATFORM_EFI_ARM64, LOADER_NONE,
     {"/usr/lib/ipxe/ipxe-arm64.efi"}, "ipxe", NULL},
    {"grub/arm64-efi/core.efi", LOADER_GRUB, PLATFORM_EFI_ARM64, LOADER_NONE,
     {NULL}, NULL, FROM_MKNETDIR("grub-efi-arm64-bin:arm64")},
    {"bootaa64.efi", LOADER_PXEBOOT, PLATFORM_EFI_ARM64, LOADER_NONE,
     {NULL}, NULL, "put bootaa64.efi of NetBSD's base set (usr/mdec) below tftp-root"},

    /* arm UEFI. */
    {"grubarm.efi", LOADER_GRUB, PLATFORM_EFI_ARM, LOADER_NONE,
     {"/usr/lib/grub/arm-efi/monolithic/grubnetarm.efi"},
     NULL, FROM_MKNETDIR("grub-efi-arm-bin:armhf")},
    {"grub/arm-efi/core.efi", LOADER_GRUB, PLATFORM_EFI_ARM, LOADER_NONE,
     {NULL}, NULL, FROM_MKNETDIR("grub-efi-arm-bin:armhf")},

    /* riscv64 UEFI. */
    {"grubriscv64.efi", LOADER_GRUB, PLATFORM_EFI_RISCV64, LOADER_NONE,
     {"/usr/lib/grub/riscv64-efi/monolithic/grubnetriscv64.efi"},
     NULL, FROM_MKNETDIR("grub-efi-riscv64-bin:riscv64")},
    {"grub/riscv64-efi/core.efi", LOADER_GRUB, PLATFORM_EFI_RISCV64, LOADER_NONE,
     {NULL}, NULL, FROM_MKNETDIR("grub-efi-riscv64-bin:riscv64")},
    {"ipxe-riscv64.efi", LOADER_IPXE, PLATFORM_EFI_RISCV64, LOADER_NONE,
     {NULL}, NULL, "build it from iPXE's source (make bin-riscv64-efi/ipxe.efi)"},

    /* loongarch64 UEFI. */
    {"grub/loongarch64-efi/core.efi", LOADER_GRUB, PLATFORM_EFI_LOONGARCH64, LOADER_NONE,
     {NULL}, NULL, FROM_MKNETDIR("grub-efi-loong64-bin:loong64")},
    {"ipxe-loongarch64.efi", LOADER_IPXE, PLATFORM_EFI_LOONGARCH64, LOADER_NONE,
     {NULL}, NULL, "build it from iPXE's source (make bin-loong64-efi/ipxe.efi)"},
};
/* clang-format on */

const size_t boot_loader_count = sizeof(boot_loaders) / sizeof(boot_loaders[0]);

_Static_assert(sizeof(boot_loaders) / sizeof(boot_loaders[0]) <= BOOT_LOADERS_MAX,
               "a set of loaders is 64 bits");

const struct boot_loader *boot_loader_by_name(const char *name)
{
    for (size_t i = 0; i < boot_loader_count; i++) {
        if (strcmp(boot_loaders[i].name, name) == 0)
            return &boot_loaders[i];
    }
    return NULL;
}

uint64_t boot_loader_bit(const struct boot_loader *loader)
{
    return UINT64_C(1) << (loader - boot_loaders);
}

const struct boot_loader *boot_loader_find(uint64_t present, enum boot_loader_kind kind,
                                           enum boot_platform platform)
{
    for (size_t i = 0; i < boot_loader_count; i++) {
        const struct boot_loader *loader = &boot_loaders[i];

        if (loader->kind == kind && loader->platform == platform &&
            (present & boot_loader_bit(loader)))
            return loader;
    }
    return NULL;
}

static const struct {
    const char *name;
    enum boot_loader_kind kind;
} kinds[] = {
    {"ipxe", LOADER_IPXE},         {"pxelinux", LOADER_PXELINUX}, {"grub", LOADER_GRUB},
    {"syslinux", LOADER_SYSLINUX}, {"uboot", LOADER_U_BOOT},      {"pxeboot", LOADER_PXEBOOT},
};

enum boot_loader_kind boot_loader_kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    }
    return LOADER_NONE;
}
