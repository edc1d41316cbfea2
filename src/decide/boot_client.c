#include "decide/boot_client.h"

#include "base/cursor.h"
#include "decide/stage.h"

#include <string.h>

/* IANA's "Processor Architecture Types" (RFC 5970 section 3.3), as far as anything here boots them.
 * 7 is x64 and 9 EBC in the registry; RFC 4578 had them the other way round (its erratum 261), and
 * machines that send 9 are x64, too. */
static const struct {
    uint16_t architecture;
    uint8_t platform;
    bool http;
} architectures[] = {
    {0, PLATFORM_BIOS, false},
    {6, PLATFORM_EFI_IA32, false},
    {7, PLATFORM_EFI_X64, false},
    {9, PLATFORM_EFI_X64, false},
    {10, PLATFORM_EFI_ARM, false},
    {11, PLATFORM_EFI_ARM64, false},
    {15, PLATFORM_EFI_IA32, true},
    {16, PLATFORM_EFI_X64, true},
    {17, PLATFORM_EFI_X64, true},
    {18, PLATFORM_EFI_ARM, true},
    {19, PLATFORM_EFI_ARM64, true},
    {20, PLATFORM_BIOS, true},
    {21, PLATFORM_U_BOOT_ARM, false},
    {22, PLATFORM_U_BOOT_ARM64, false},
    {23, PLATFORM_U_BOOT_ARM, true},
    {24, PLATFORM_U_BOOT_ARM64, true},
    {25, PLATFORM_EFI_RISCV32, false},
    {26, PLATFORM_EFI_RISCV32, true},
    {27, PLATFORM_EFI_RISCV64, false},
    {28, PLATFORM_EFI_RISCV64, true},
    {39, PLATFORM_EFI_LOONGARCH64, false},
    {40, PLATFORM_EFI_LOONGARCH64, true},
};

enum boot_platform boot_platform_of(unsigned architecture, bool *http)
{
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
        if (architectures[i].architecture != architecture)
            continue;
        if (http)
            *http = architectures[i].http;
        return (enum boot_platform)architectures[i].platform;
    }
    if (http)
        *http = false;
    return PLATFORM_OTHER;
}

bool boot_platform_is_efi(enum boot_platform platform)
{
    return platform >= PLATFORM_EFI_IA32 && platform <= PLATFORM_EFI_LOONGARCH64;
}

static enum boot_asker asker_of(const struct dhcp_message *message)
{
    switch (stage_of(message)) {
    case STAGE_ROM:
    case STAGE_UEFI_PXE:
        return ASKER_PXE;
    case STAGE_UEFI_HTTP:
        return ASKER_HTTP;
    case STAGE_IPXE:
        return ASKER_IPXE;
    case STAGE_U_BOOT:
        return ASKER_U_BOOT;
    case STAGE_LOADER:
        return ASKER_NETBSD;
    default:
        return ASKER_OTHER;
    }
}

/* iPXE lists in option 175 what was built into it; sub-option 19 is HTTP. One that sends no list is
 * taken for one that has it: all builds in use do. */
static bool ipxe_has_http(const struct dhcp_message *message)
{
    enum { IPXE_HTTP = 19 };
    struct slice features = dhcp_message_bytes(message, DHCP_OPTION_IPXE);
    struct reader r = reader_of_slice(features);

    while (reader_left(&r) > 0) {
        unsigned code = reader_u8(&r);
        struct slice value = reader_bytes(&r, reader_u8(&r));

        if (code == IPXE_HTTP)
            return !r.failed && value.length > 0 && value.data[0] != 0;
    }
    return features.length == 0;
}

/* U-Boot says in its vendor class what it runs on; as a PXE client of a UEFI architecture it looks
 * for a file that UEFI would run. */
static enum boot_platform u_boot_platform(const struct dhcp_message *message,
                                          enum boot_platform named)
{
    if (boot_platform_is_efi(named) && stage_vendor_class_begins(message, "PXEClient"))
        return named;
    if (named == PLATFORM_U_BOOT_ARM || named == PLATFORM_U_BOOT_ARM64)
        return named;
    if (named == PLATFORM_EFI_ARM64 || stage_vendor_class_begins(message, "U-Boot.armv8"))
        return PLATFORM_U_BOOT_ARM64;
    if (named == PLATFORM_EFI_ARM || stage_vendor_class_begins(message, "U-Boot.arm"))
        return PLATFORM_U_BOOT_ARM;
    return PLATFORM_U_BOOT;
}

struct boot_client boot_client_of(const struct dhcp_message *message)
{
    struct boot_client client = {.asker = asker_of(message)};
    unsigned architecture = 0;
    bool named = stage_architecture(message, &architecture);

    if (named)
        client.platform = boot_platform_of(architecture, NULL);
    else if (client.asker == ASKER_PXE || client.asker == ASKER_IPXE ||
             client.asker == ASKER_NETBSD)
        client.platform = PLATFORM_BIOS; /* all others say what they are */
    if (client.asker == ASKER_U_BOOT)
        client.platform = u_boot_platform(message, client.platform);
    if (client.asker == ASKER_NETBSD && message->file.length > 0 &&
        message->file.length < sizeof(client.wanted))
        memcpy(client.wanted, message->file.data, message->file.length);
    client.speaks_http =
        client.asker == ASKER_HTTP || (client.asker == ASKER_IPXE && ipxe_has_http(message));
    return client;
}

const char *boot_platform_in_words(enum boot_platform platform)
{
    static const char *const words[PLATFORM_COUNT] = {
        [PLATFORM_OTHER] = "a machine of a kind that is not known",
        [PLATFORM_BIOS] = "a BIOS",
        [PLATFORM_EFI_IA32] = "ia32 UEFI",
        [PLATFORM_EFI_X64] = "x64 UEFI",
        [PLATFORM_EFI_ARM] = "arm UEFI",
        [PLATFORM_EFI_ARM64] = "arm64 UEFI",
        [PLATFORM_EFI_RISCV32] = "riscv32 UEFI",
        [PLATFORM_EFI_RISCV64] = "riscv64 UEFI",
        [PLATFORM_EFI_LOONGARCH64] = "loongarch64 UEFI",
        [PLATFORM_U_BOOT] = "U-Boot",
        [PLATFORM_U_BOOT_ARM] = "U-Boot on arm",
        [PLATFORM_U_BOOT_ARM64] = "U-Boot on arm64",
    };

    return platform < PLATFORM_COUNT ? words[platform] : words[PLATFORM_OTHER];
}

const char *boot_asker_in_words(enum boot_asker asker)
{
    static const char *const words[ASKER_COUNT] = {
        [ASKER_OTHER] = "an unknown program",
        [ASKER_PXE] = "a PXE ROM",
        [ASKER_HTTP] = "UEFI HTTP boot",
        [ASKER_IPXE] = "iPXE",
        [ASKER_U_BOOT] = "U-Boot",
        [ASKER_NETBSD] = "NetBSD's loader",
    };

    return asker < ASKER_COUNT ? words[asker] : words[ASKER_OTHER];
}
