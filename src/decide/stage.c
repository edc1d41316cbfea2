#include "decide/stage.h"

#include "base/cursor.h"
#include "decide/boot_client.h"

static bool slice_begins(struct slice bytes, const char *text)
{
    size_t length = strlen(text);

    return bytes.length >= length && memcmp(bytes.data, text, length) == 0;
}

static bool slice_holds(struct slice bytes, const char *text)
{
    return bytes.length > 0 && memmem(bytes.data, bytes.length, text, strlen(text)) != NULL;
}

bool stage_vendor_class_begins(const struct dhcp_message *message, const char *text)
{
    return slice_begins(dhcp_message_bytes(message, DHCP_OPTION_VENDOR_CLASS), text);
}

bool stage_is_ipxe(const struct dhcp_message *message)
{
    /* RFC 3004 wants a length byte before each user class; iPXE sends none, others do. */
    return slice_holds(dhcp_message_bytes(message, DHCP_OPTION_USER_CLASS), "iPXE") ||
           dhcp_message_bytes(message, DHCP_OPTION_IPXE).length > 0;
}

bool stage_architecture(const struct dhcp_message *message, unsigned *architecture)
{
    static const char arch[] = "Client:Arch:";
    struct reader r = reader_of_slice(dhcp_message_bytes(message, DHCP_OPTION_ARCHITECTURE));
    struct slice class = dhcp_message_bytes(message, DHCP_OPTION_VENDOR_CLASS);
    const uint8_t *at;
    size_t digits = 0;

    *architecture = reader_be16(&r);
    if (!r.failed)
        return true;
    *architecture = 0;
    at = class.length > 0 ? memmem(class.data, class.length, arch, strlen(arch)) : NULL;
    if (!at)
        return false;
    for (at += strlen(arch); at < class.data + class.length && digits < 5; at++, digits++) {
        if (*at < '0' || *at > '9')
            break;
        *architecture = *architecture * 10 + (unsigned)(*at - '0');
    }
    return digits > 0;
}

/* U-Boot asks as PXEClient with the UNDI version 0.0, which no ROM has. */
static bool is_u_boot_as_pxe(const struct dhcp_message *message)
{
    static const uint8_t no_undi[] = {1, 0, 0};

    return slice_equal(dhcp_message_bytes(message, DHCP_OPTION_INTERFACE),
                       slice_of(no_undi, sizeof(no_undi)));
}

static enum boot_stage stage_of_pxe(const struct dhcp_message *message)
{
    unsigned architecture;
    bool http;

    if (is_u_boot_as_pxe(message))
        return STAGE_U_BOOT;
    if (!stage_architecture(message, &architecture))
        return STAGE_ROM; /* the oldest ROMs name none */
    switch (boot_platform_of(architecture, &http)) {
    case PLATFORM_U_BOOT_ARM:
    case PLATFORM_U_BOOT_ARM64:
        return STAGE_U_BOOT;
    case PLATFORM_BIOS:
        return http ? STAGE_UEFI_HTTP : STAGE_ROM;
    default:
        return http ? STAGE_UEFI_HTTP : STAGE_UEFI_PXE;
    }
}

/* A client that says nothing of itself, by the shape of what it sends. */
static enum boot_stage stage_by_shape(const struct dhcp_message *message)
{
    struct slice identifier = dhcp_message_bytes(message, DHCP_OPTION_CLIENT_IDENTIFIER);

    if (dhcp_message_type(message) == DHCP_BOOTP)
        return STAGE_ROM;
    if (dhcp_message_bytes(message, DHCP_OPTION_UUID).length > 0)
        return STAGE_ROM;
    /* RFC 4361: a DUID says an operating system. So does a host name, or any vendor class of its
     * own: "udhcp 1.35", "dhcpcd-9", "MSFT 5.0". */
    if ((identifier.length > 0 && identifier.data[0] == 0xff) ||
        dhcp_message_bytes(message, DHCP_OPTION_HOST_NAME).length > 0 ||
        dhcp_message_bytes(message, DHCP_OPTION_VENDOR_CLASS).length > 0 ||
        dhcp_message_bytes(message, DHCP_OPTION_PARAMETER_LIST).length > 0)
        return STAGE_USERLAND;
    return STAGE_UNKNOWN;
}

enum boot_stage stage_of(const struct dhcp_message *message)
{
    struct slice class = dhcp_message_bytes(message, DHCP_OPTION_VENDOR_CLASS);

    if (stage_is_ipxe(message))
        return STAGE_IPXE;
    if (slice_begins(class, "HTTPClient"))
        return STAGE_UEFI_HTTP;
    if (slice_begins(class, "PXEClient"))
        return stage_of_pxe(message);
    if (slice_begins(class, "U-Boot"))
        return STAGE_U_BOOT;
    if (slice_begins(class, "NetBSD:") && slice_holds(class, ":libsa"))
        return STAGE_LOADER;
    if (slice_begins(class, "NetBSD:") && slice_holds(class, ":kernel:"))
        return STAGE_KERNEL;
    if (slice_begins(class, "Linux ipconfig"))
        return STAGE_KERNEL;
    return stage_by_shape(message);
}

const char *stage_in_words(enum boot_stage stage)
{
    static const char *const words[STAGE_COUNT] = {
        [STAGE_UNKNOWN] = "the machine",
        [STAGE_ROM] = "its ROM",
        [STAGE_IPXE] = "its iPXE",
        [STAGE_UEFI_PXE] = "its UEFI firmware",
        [STAGE_UEFI_HTTP] = "its UEFI firmware (HTTP boot)",
        [STAGE_U_BOOT] = "its U-Boot",
        [STAGE_LOADER] = "its loader",
        [STAGE_KERNEL] = "its kernel",
        [STAGE_USERLAND] = "its operating system",
    };

    return stage < STAGE_COUNT ? words[stage] : words[STAGE_UNKNOWN];
}
