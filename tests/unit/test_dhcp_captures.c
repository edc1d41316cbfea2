/* Every DHCP request of the recordings, answered by the decision: each decodes, and the answers
 * obey the rules that real clients made (doc/clients.md). */
#include "test.h"

#include "dhcp_scene.h"
#include "pcap.h"

static const char config[] =
    "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250;"
    " option routers 10.50.1.1; }"
    "next-server 10.50.1.1; filename \"/netbsd-5/pxeboot_ia32.bin\";"
    "option root-path \"/storage/nfs/ia32/netbsd-5.1.2/root\";";

/* No PAD before END: NetBSD's loader takes it for an option with a length. */
static bool has_pad(struct slice packet)
{
    struct reader r = reader_of_slice(packet);

    reader_skip(&r, DHCP_FIXED_SIZE + 4);
    while (reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r);

        if (code == DHCP_OPTION_PAD)
            return true;
        if (code == DHCP_OPTION_END)
            return false;
        reader_skip(&r, reader_u8(&r));
    }
    return true;
}

static void check_reply(const struct scene *scene)
{
    const struct dhcp_message *reply = &scene->reply, *request = &scene->message;
    struct slice file = slice_of_string("/netbsd-5/pxeboot_ia32.bin");
    struct slice option = dhcp_message_bytes(reply, DHCP_OPTION_FILE_NAME);
    uint16_t size = 0;

    dhcp_message_u16(request, DHCP_OPTION_MAXIMUM_SIZE, &size);
    assert_in_range(scene->reply_length, 300, size > 576 ? size - 28 : 548);
    assert_false(has_pad(slice_of(scene->reply_bytes, scene->reply_length)));
    assert_int_equal(reply->xid, request->xid);
    assert_int_equal(reply->siaddr, SCENE_SERVER);
    assert_true(slice_equal(reply->file, file));
    /* The same name as option 67, with a NUL for those who do not look at its length. */
    assert_int_equal(option.length, file.length + 1);
    assert_memory_equal(option.data, file.data, file.length);
    assert_int_equal(option.data[file.length], 0);
    assert_null(dhcp_message_bytes(reply, DHCP_OPTION_OVERLOAD).data);
    assert_true(dhcp_message_bytes(reply, DHCP_OPTION_ROOT_PATH).length > 0);
    assert_true(dhcp_message_bytes(reply, DHCP_OPTION_SUBNET_MASK).length == 4);
    if (scene->plan.stage == STAGE_IPXE)
        assert_memory_equal(dhcp_message_bytes(reply, DHCP_OPTION_IPXE).data, "\xb0\1\1", 3);
    if (request->options[DHCP_OPTION_VENDOR_CLASS].length > 9 &&
        memcmp(request->options[DHCP_OPTION_VENDOR_CLASS].data, "PXEClient", 9) == 0)
        assert_memory_equal(dhcp_message_bytes(reply, DHCP_OPTION_VENDOR_OPTIONS).data, "\6\1\10",
                            3);
    /* A frame to its address, or a broadcast where it asks for one: never an ARP question. */
    if (request->flags & DHCP_FLAG_BROADCAST)
        assert_int_equal(scene->plan.path, PATH_BROADCAST);
    else
        assert_int_equal(scene->plan.path, PATH_LINK);
}

/* Puts our address where the client repeats one that the recorded server gave it. */
static struct slice with_our_address(const uint8_t *original, size_t length, uint8_t *copy,
                                     uint32_t address)
{
    struct reader r = reader_of(original, length);
    struct writer w = writer_of(copy, length);

    writer_slice(&w, reader_bytes(&r, DHCP_FIXED_SIZE + 4));
    while (reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r), size;
        struct slice value;

        writer_u8(&w, code);
        if (code == DHCP_OPTION_PAD)
            continue;
        if (code == DHCP_OPTION_END)
            break;
        size = reader_u8(&r);
        value = reader_bytes(&r, size);
        writer_u8(&w, size);
        if (code == DHCP_OPTION_REQUESTED_ADDRESS)
            writer_be32(&w, address);
        else
            writer_slice(&w, value);
    }
    writer_zeros(&w, length - w.length);
    assert_false(r.failed || w.failed);
    return slice_of(copy, length);
}

struct replay {
    unsigned requests;
    bool stages[STAGE_COUNT];
};

static struct replay replay(const char *name)
{
    static struct scene scene;
    static uint8_t copy[DHCP_MESSAGE_MAX];
    struct replay result = {.requests = 0};
    struct pcap_datagram datagram;
    uint64_t first_us = 0;
    uint32_t address = 0;
    struct pcap pcap;
    char path[512];

    scene_open(&scene, config);
    snprintf(path, sizeof(path), TEST_DATA "/captures/%s.pcap", name);
    assert_true(pcap_open(&pcap, path));
    while (pcap_next(&pcap, &datagram)) {
        uint32_t source = datagram.source;

        if (datagram.destination_port != DHCP_SERVER_PORT)
            continue;
        if (!first_us)
            first_us = datagram.at_us;
        scene.now_ms = 1000 + (datagram.at_us - first_us) / 1000;
        scene.wall = 1800000000 + (int64_t)(scene.now_ms / 1000);
        assert_true(scene_receive(
            &scene, with_our_address(datagram.payload.data, datagram.payload.length, copy, address),
            source ? address : 0, datagram.destination));
        check_reply(&scene);
        assert_int_not_equal(scene_reply_type(&scene), DHCP_NAK);
        /* One machine, one address, at every stage. */
        if (!address)
            address = scene.reply.yiaddr;
        assert_in_range(scene.reply.yiaddr, 0x0a3201c8, 0x0a3201fa);
        assert_int_equal(scene.reply.yiaddr, address);
        result.requests++;
        result.stages[scene.plan.stage] = true;
    }
    assert_false(pcap.reader.failed);
    pcap_close(&pcap);
    assert_int_equal(scene.leases.count, 1);
    scene_close(&scene);
    return result;
}

static void ipxe_then_netbsd_loader(void **state)
{
    struct replay result = replay("ipxe-bios-then-netbsd-pxeboot-8.99");

    (void)state;
    assert_int_equal(result.requests, 5);
    assert_true(result.stages[STAGE_IPXE] && result.stages[STAGE_LOADER]);
    replay("ipxe-bios-with-router-advert-then-netbsd-pxeboot-5.99");
}

static void loader_gets_the_address_of_its_rom(void **state)
{
    struct replay result = replay("isc-dhcpd-loses-netbsd-pxeboot");

    (void)state;
    assert_true(result.requests > 5);
    assert_true(result.stages[STAGE_IPXE] && result.stages[STAGE_LOADER]);
}

static void netbsd_kernel(void **state)
{
    struct replay result = replay("netbsd-6-pxeboot-tftp-kernel-then-nfs-root");

    (void)state;
    assert_true(result.stages[STAGE_IPXE] && result.stages[STAGE_LOADER] &&
                result.stages[STAGE_KERNEL]);
}

static void uefi(void **state)
{
    struct replay result = replay("ovmf-uefi-pxe-then-ipxe-efi");

    (void)state;
    assert_true(result.stages[STAGE_UEFI_PXE] && result.stages[STAGE_IPXE]);
    result = replay("ovmf-uefi-http-boot");
    assert_true(result.stages[STAGE_UEFI_PXE] && result.stages[STAGE_UEFI_HTTP]);
}

static void u_boot(void **state)
{
    struct replay result = replay("u-boot-arm64");

    (void)state;
    /* Its last request claims to be a PXEClient. */
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
        assert_int_equal(result.stages[stage], stage == STAGE_U_BOOT);
    result = replay("u-boot-mips-malta");
    assert_true(result.stages[STAGE_U_BOOT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipxe_then_netbsd_loader),
        cmocka_unit_test(loader_gets_the_address_of_its_rom),
        cmocka_unit_test(netbsd_kernel),
        cmocka_unit_test(uefi),
        cmocka_unit_test(u_boot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
