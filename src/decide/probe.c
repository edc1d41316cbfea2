#include "decide/probe.h"

#include "base/cursor.h"

#define MAGIC_COOKIE 0x63825363u /* RFC 2131 section 3 */

enum {
    XID = 0x626f6f74,
    ARCHITECTURE_UEFI_HTTP = 16, /* IANA's list for option 93 */
    UUID_LENGTH = 17,            /* RFC 4578 section 2.3: a type byte and 16 bytes */
};

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                     \
    }

/* What a PXE client asks for (PXE 2.1 table 2-3), as OVMF and others send it. */
#define PXE_WANTED                                                                                 \
    LIST(1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, \
         66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135)
#define IPXE_WANTED                                                                                \
    LIST(1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135,  \
         175, 203)

static const struct probe_stage stages[] = {
    {
        .name = "ROM",
        .key = "rom",
        .is_rom = true,
        .secs = 4,
        .sends_identifier = true,
        .is_pxe = true,
        .interface = {1, 2, 1},
        .largest = 1472,
        .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
        .wanted = PXE_WANTED,
    },
    {
        .name = "iPXE",
        .key = "ipxe",
        .after = "rom",
        .is_rom = true,
        .secs = 4,
        .sends_identifier = true,
        .is_pxe = true,
        .interface = {1, 2, 1},
        .largest = 1472,
        .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
        .user_class = "iPXE",
        /* Its bus, version 1.0.0 and features: PXE extension, iSCSI, HTTP, DNS, bzImage,
         * multiboot, TFTP, ELF. */
        .ipxe = LIST(0xb1, 5, 1, 0x80, 0x86, 0x10, 0x0e, 0xeb, 3, 1, 0, 0, 0x10, 1, 2, 0x11, 1, 1,
                     0x13, 1, 1, 0x17, 1, 1, 0x18, 1, 1, 0x19, 1, 1, 0x15, 1, 1, 0x12, 1, 1),
        .wanted = IPXE_WANTED,
    },
    {
        .name = "UEFI PXE",
        .key = "uefi-pxe",
        .is_rom = true,
        .flags = DHCP_FLAG_BROADCAST,
        .is_pxe = true,
        .architecture = 7,
        .interface = {1, 3, 0},
        .largest = 1472,
        .vendor_class = "PXEClient:Arch:00007:UNDI:003000",
        .wanted = PXE_WANTED,
    },
    {
        .name = "UEFI HTTP",
        .key = "uefi-http",
        .is_rom = true,
        .flags = DHCP_FLAG_BROADCAST,
        .is_pxe = true,
        .architecture = ARCHITECTURE_UEFI_HTTP,
        .interface = {1, 3, 0},
        .largest = 1472,
        .vendor_class = "HTTPClient:Arch:00016:UNDI:003000",
        .wanted = LIST(1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54,
                       58, 59, 60, 241, 67, 97),
    },
    {
        .name = "iPXE (UEFI)",
        .key = "ipxe-uefi",
        .after = "uefi-pxe",
        .is_rom = true,
        .secs = 4,
        .sends_identifier = true,
        .is_pxe = true,
        .architecture = 7,
        .interface = {1, 3, 10},
        .largest = 1472,
        .vendor_class = "PXEClient:Arch:00007:UNDI:003010",
        .user_class = "iPXE",
        .ipxe = LIST(0xb1, 5, 1, 0x1a, 0xf4, 0x10, 0, 0xeb, 3, 1, 0, 0, 0x17, 1, 1, 0x24, 1, 1,
                     0x13, 1, 1, 0x11, 1, 1, 0x27, 1, 1, 0x29, 1, 1, 0x15, 1, 1, 0x12, 1, 1),
        .wanted = IPXE_WANTED,
    },
    {
        .name = "libsa",
        .key = "libsa",
        .after = "rom",
        .is_loader = true,
        .vendor_class = "NetBSD:i386:libsa",
        .wanted = LIST(1, 3, 12, 15, 17, 16),
        .size = DHCP_DEFAULT_LIMIT,
    },
    {
        .name = "NetBSD kernel",
        .key = "kernel-netbsd",
        .after = "rom",
        .vendor_class = "NetBSD:i386:kernel:6.99.16",
        .wanted = LIST(1, 3, 12, 15, 17, 16, 26),
        .size = DHCP_DEFAULT_LIMIT,
    },
    {
        .name = "Linux kernel",
        .key = "kernel-linux",
        .after = "rom",
        .wanted = LIST(1, 3, 6, 12, 15, 17, 26, 40, 42),
    },
};

const struct probe_stage *probe_stages(size_t *count)
{
    *count = sizeof(stages) / sizeof(stages[0]);
    return stages;
}

/* An option; the probe's own one takes the place of what the stage sends. */
static void put(struct writer *w, const struct probe *probe, uint8_t code, struct slice value)
{
    if (probe->extra_space == SPACE_DHCP && probe->extra_code == code && probe->extra.length > 0)
        value = probe->extra;
    if (value.length == 0 || value.length > UINT8_MAX)
        return;
    writer_u8(w, code);
    writer_u8(w, (uint8_t)value.length);
    writer_slice(w, value);
}

static void put_text(struct writer *w, const struct probe *probe, uint8_t code, const char *text)
{
    if (text)
        put(w, probe, code, slice_of_string(text));
}

static void put_u16(struct writer *w, const struct probe *probe, uint8_t code, uint16_t number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};

    put(w, probe, code, slice_of(bytes, sizeof(bytes)));
}

static void put_identifier(struct writer *w, const struct probe *probe)
{
    const struct hardware *hardware = &probe->hardware;
    uint8_t bytes[1 + HARDWARE_ADDRESS_MAX] = {hardware->type};

    memcpy(bytes + 1, hardware->address, hardware->length);
    if (probe->identifier.length > 0)
        put(w, probe, DHCP_OPTION_CLIENT_IDENTIFIER, probe->identifier);
    else if (probe->stage->sends_identifier)
        put(w, probe, DHCP_OPTION_CLIENT_IDENTIFIER, slice_of(bytes, 1u + hardware->length));
}

static void put_pxe(struct writer *w, const struct probe *probe)
{
    const struct probe_stage *stage = probe->stage;
    const uint8_t uuid[UUID_LENGTH] = {0};

    put_u16(w, probe, DHCP_OPTION_ARCHITECTURE, stage->architecture);
    put(w, probe, DHCP_OPTION_INTERFACE, slice_of(stage->interface, sizeof(stage->interface)));
    put(w, probe, DHCP_OPTION_UUID, slice_of(uuid, sizeof(uuid)));
}

/* The probe's own option where the stage sends none of that code. */
static void put_extra(struct writer *w, const struct probe *probe, size_t options_at)
{
    struct reader r = reader_of(w->data + options_at, w->length - options_at);

    if (probe->extra.length == 0 || probe->extra.length > UINT8_MAX - 2)
        return;
    if (probe->extra_space == SPACE_AGENT) {
        writer_u8(w, DHCP_OPTION_RELAY_AGENT);
        writer_u8(w, (uint8_t)(probe->extra.length + 2));
        put(w, probe, (uint8_t)probe->extra_code, probe->extra);
        return;
    }
    while (reader_left(&r) > 0) {
        if (reader_u8(&r) == probe->extra_code)
            return;
        reader_skip(&r, reader_u8(&r));
    }
    put(w, probe, (uint8_t)probe->extra_code, probe->extra);
}

size_t probe_write(const struct probe *probe, uint8_t to[DHCP_MESSAGE_MAX])
{
    const struct probe_stage *stage = probe->stage;
    const char *file = !stage->is_loader ? "" : probe->file ? probe->file : "netbsd";
    size_t file_length = strnlen(file, DHCP_FILE_SIZE - 1);
    size_t least = stage->size ? stage->size : DHCP_MINIMUM;
    struct writer w = writer_of(to, DHCP_MESSAGE_MAX);
    const uint8_t type = DHCP_DISCOVER;
    size_t options_at;

    writer_u8(&w, BOOTP_REQUEST);
    writer_u8(&w, probe->hardware.type);
    writer_u8(&w, probe->hardware.length);
    writer_u8(&w, probe->relay ? 1 : 0);
    writer_be32(&w, XID);
    writer_be16(&w, probe->secs > stage->secs ? probe->secs : stage->secs);
    writer_be16(&w, stage->flags);
    writer_zeros(&w, 3 * sizeof(uint32_t)); /* ciaddr, yiaddr, siaddr */
    writer_be32(&w, probe->relay);
    writer_bytes(&w, probe->hardware.address, DHCP_CHADDR_SIZE);
    writer_zeros(&w, DHCP_SNAME_SIZE);
    writer_bytes(&w, file, file_length);
    writer_zeros(&w, DHCP_FILE_SIZE - file_length);
    writer_be32(&w, MAGIC_COOKIE);
    options_at = w.length;
    put(&w, probe, DHCP_OPTION_MESSAGE_TYPE, slice_of(&type, 1));
    if (stage->largest)
        put_u16(&w, probe, DHCP_OPTION_MAXIMUM_SIZE, stage->largest);
    if (stage->is_pxe)
        put_pxe(&w, probe);
    put_text(&w, probe, DHCP_OPTION_VENDOR_CLASS, stage->vendor_class);
    put_text(&w, probe, DHCP_OPTION_USER_CLASS, stage->user_class);
    put(&w, probe, DHCP_OPTION_PARAMETER_LIST, stage->wanted);
    put(&w, probe, DHCP_OPTION_IPXE, stage->ipxe);
    put_identifier(&w, probe);
    put_extra(&w, probe, options_at);
    writer_u8(&w, DHCP_OPTION_END);
    if (w.length < least)
        writer_zeros(&w, least - w.length);
    return w.failed ? 0 : w.length;
}
