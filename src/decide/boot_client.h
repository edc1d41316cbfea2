/* What asks for something to boot: which program, on which kind of machine. The answer's file, its
 * form (a name or a URL) and the generated files follow from both (decide/boot_plan.h). */
#ifndef BOOTWIRE_DECIDE_BOOT_CLIENT_H
#define BOOTWIRE_DECIDE_BOOT_CLIENT_H

#include "wire/dhcp.h"

#include <stdbool.h>

/* The program that asks. */
enum boot_asker {
    ASKER_OTHER,  /* an operating system, or nobody knows */
    ASKER_PXE,    /* a PXE or BOOTP ROM, or UEFI's PXE: it loads a file by TFTP and runs it */
    ASKER_HTTP,   /* UEFI's HTTP boot: it wants a URL, and its class in the answer */
    ASKER_IPXE,   /* iPXE, in a ROM or loaded: it runs a script */
    ASKER_U_BOOT, /* U-Boot: it runs a script image, or asks for pxelinux.cfg */
    ASKER_NETBSD, /* NetBSD's pxeboot: it wants the kernel's name, and boot.cfg */
    ASKER_COUNT,
};

/* What the machine runs without a loader in between. */
enum boot_platform {
    PLATFORM_OTHER,
    PLATFORM_BIOS, /* an x86 PC's */
    PLATFORM_EFI_IA32,
    PLATFORM_EFI_X64,
    PLATFORM_EFI_ARM,
    PLATFORM_EFI_ARM64,
    PLATFORM_EFI_RISCV32,
    PLATFORM_EFI_RISCV64,
    PLATFORM_EFI_LOONGARCH64,
    PLATFORM_U_BOOT,       /* of an architecture that it did not say */
    PLATFORM_U_BOOT_ARM,   /* 32 bits */
    PLATFORM_U_BOOT_ARM64, /* 64 bits */
    PLATFORM_COUNT,
};

enum { BOOT_WANTED_SIZE = 128 }; /* BOOTP's file field */

struct boot_client {
    enum boot_asker asker;
    enum boot_platform platform;
    bool speaks_http; /* it can load a file by HTTP; iPXE says so in option 175 */
    /* The file that NetBSD's loader is about to open, which it names in its request's file field;
     * NUL-terminated, empty where nothing was named. */
    char wanted[BOOT_WANTED_SIZE];
};

/* Who sent the message: by the user class and option 175 (iPXE), by the vendor class (PXEClient,
 * HTTPClient, U-Boot, NetBSD's loader), and by the architecture that option 93 or the vendor class
 * names (RFC 4578 section 2.1; RFC 5970's list at IANA). */
struct boot_client boot_client_of(const struct dhcp_message *message);

/* The platform of an architecture number of option 93; `http` (which may be NULL) tells whether the
 * number says that the machine boots by HTTP. PLATFORM_OTHER where nothing here boots it. */
enum boot_platform boot_platform_of(unsigned architecture, bool *http);

/* Whether it is a UEFI's. */
bool boot_platform_is_efi(enum boot_platform platform);

/* In words, for a sentence: "x64 UEFI", "a BIOS"; "iPXE", "a PXE ROM". */
const char *boot_platform_in_words(enum boot_platform platform);
const char *boot_asker_in_words(enum boot_asker asker);

#endif
