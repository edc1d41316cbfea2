/* Any packet to the DHCP port, three times over: decoder, decision and encoder. What leaves obeys
 * the rules of doc/clients.md, whatever came in. */
#include "../unit/dhcp_scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static const char config[] =
    "option merit-dump = option host-name; option nis-domain = option vendor-class-identifier;"
    "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250;"
    " option routers 10.50.1.1; }"
    "subnet 10.50.2.0 netmask 255.255.255.0 { range dynamic-bootp 10.50.2.1 10.50.2.9; }"
    "host a { hardware ethernet 22:22:22:22:00:00; filename \"/pxeboot\";"
    " option root-path \"/root\"; server-name \"s\"; }"
    "host b { hardware ethernet 22:22:22:22:00:11; fixed-address 10.50.1.7; }"
    "host c { option dhcp-client-identifier \"robot\"; }";

/* Aborts where the reply breaks a rule. */
static void check(const struct scene *scene)
{
    struct reader r = reader_of(scene->reply_bytes, scene->reply_length);
    uint8_t code = 0, last = 0;

    if (scene->reply_length < DHCP_MINIMUM || scene->reply_length > scene->plan.limit)
        abort();
    if (!scene->reply.has_options)
        return;
    reader_skip(&r, DHCP_FIXED_SIZE + 4);
    while ((code = reader_u8(&r)) != DHCP_OPTION_END) {
        if (code == DHCP_OPTION_PAD ||
            (code == DHCP_OPTION_OVERLOAD && !scene->plan.reply.may_overload))
            abort();
        /* RFC 3046 section 2.2: behind all others. */
        if (last == DHCP_OPTION_RELAY_AGENT && code != DHCP_OPTION_RELAY_AGENT)
            abort();
        last = code;
        reader_skip(&r, reader_u8(&r));
        if (r.failed)
            abort();
    }
    while (reader_left(&r) > 0) {
        if (reader_u8(&r) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static struct scene scene;
    static struct snapshot *snapshot;
    struct slice packet = slice_of(data, length);

    if (!snapshot) {
        scene_open(&scene, config);
        snapshot = scene.snapshot;
    }
    memset(&scene, 0, sizeof(scene));
    scene.snapshot = snapshot_hold(snapshot);
    scene.wall = 1800000000;
    scene.now_ms = 1000;
    (void)dhcp_is_discover(packet);
    if (dhcp_decode(&scene.message, packet)) {
        scene_close(&scene);
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        if (scene_receive(&scene, packet, 0, i < 2 ? IPV4_BROADCAST : SCENE_SERVER))
            check(&scene);
        scene_pass(&scene, 1);
    }
    scene_close(&scene);
    return 0;
}
