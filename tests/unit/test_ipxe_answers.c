/* What iPXE is spared: waits, and loops. */
#include "test.h"

#include "decide/loop.h"
#include "dhcp_scene.h"

#define SUBNET "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }\n"

static struct scene scene;

/* Option 175 of two builds: their versions differ. */
static const char rom[] = "\xaf\6\xeb\4\1\1\x15\1", loaded[] = "\xaf\6\xeb\4\1\1\x14\1";

static void ask(const char *options, const char *user_class)
{
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                    .mac = 1,
                                    .vendor = "PXEClient:Arch:00007:UNDI:003010",
                                    .user_class = user_class,
                                    .options = options,
                                    .options_length = options ? 8 : 0});
}

static bool offers_file(void)
{
    struct slice option = dhcp_message_bytes(&scene.reply, DHCP_OPTION_FILE_NAME);

    assert_int_equal(scene_reply_type(&scene), DHCP_OFFER);
    assert_int_equal(scene.reply.file.length > 0, option.length > 0);
    return option.length > 0;
}

static void waits_are_spared_where_wanted(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET);
    ask(rom, "iPXE");
    assert_true(scene.plan.router_wanted);
    assert_non_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_IPXE).data);
    ask(NULL, NULL);
    assert_int_equal(scene.plan.stage, STAGE_UEFI_PXE);
    assert_false(scene.plan.router_wanted);
    scene_close(&scene);
    scene_open(&scene, SUBNET "ipxe-no-pxedhcp off; router-advertisement off;");
    ask(rom, "iPXE");
    assert_false(scene.plan.router_wanted);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_IPXE).data);
    scene_close(&scene);
    scene_open(&scene, SUBNET "host h { hardware ethernet 22:22:22:22:00:01;"
                              " router-advertisement off; }");
    ask(rom, "iPXE");
    assert_false(scene.plan.router_wanted);
    scene_close(&scene);
}

/* The machine fetched the file just now, after its last request. */
static void fetched(const char *file)
{
    loop_note(&scene.fetched, file, scene.plan.stage, loop_fingerprint(&scene.message),
              scene.now_ms);
    scene_pass(&scene, 2);
}

static void firmware_then_ipxe_in_a_loop(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"/snponly.efi\";");
    ask(NULL, NULL);
    assert_true(offers_file());
    fetched("snponly.efi");
    ask(loaded, "iPXE");
    assert_true(scene.plan.loop);
    assert_false(offers_file());
    assert_true(scene_why(&scene, "a boot loop ends here: it loaded \"snponly.efi\""));
    /* A reset: the firmware asks again, and gets its loader. */
    ask(NULL, NULL);
    assert_false(scene.plan.loop);
    assert_true(offers_file());
    /* Later it is another boot. */
    scene_pass(&scene, LOOP_WINDOW_MS / 1000 + 1);
    ask(loaded, "iPXE");
    assert_true(offers_file());
    scene_close(&scene);
}

static void ipxe_rom_then_ipxe_in_a_loop(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"undionly.kpxe\";");
    ask(rom, "iPXE");
    assert_true(offers_file());
    fetched("undionly.kpxe");
    ask(loaded, "iPXE");
    assert_true(scene.plan.loop);
    assert_false(offers_file());
    scene_close(&scene);
    /* One build in the ROM and in the file: the third time round ends it. */
    memset(&scene.fetched, 0, sizeof(scene.fetched));
    scene_open(&scene, SUBNET "filename \"undionly.kpxe\";");
    for (int i = 0; i < 2; i++) {
        ask(rom, "iPXE");
        assert_true(offers_file());
        fetched("undionly.kpxe");
    }
    ask(rom, "iPXE");
    assert_false(offers_file());
    scene_close(&scene);
    /* Somebody who presses reset again and again is in no loop. */
    scene_open(&scene, SUBNET "filename \"pxelinux.0\";");
    for (int i = 0; i < 5; i++) {
        ask(rom, "iPXE");
        assert_true(offers_file());
        fetched("/pxelinux.0");
    }
    assert_int_equal(scene.fetched.count, 5);
    scene_close(&scene);
}

/* A script is fetched at each boot, whatever its name, and however often somebody resets. */
static void scripts_are_no_loop(void **state)
{
    static const char *const scripts[] = {"boot.ipxe", "ipxe/menu.php", "ipxe", "undionly.ipxe",
                                          "ipxe.efi/boot.cfg"};

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        char config[256];

        snprintf(config, sizeof(config), SUBNET "filename \"%s\";", scripts[i]);
        memset(&scene.fetched, 0, sizeof(scene.fetched));
        scene_open(&scene, config);
        for (int round = 0; round < 5; round++) {
            ask(rom, "iPXE");
            assert_true(offers_file());
            fetched(scripts[i]);
        }
        scene_close(&scene);
    }
}

static void another_file_is_no_loop(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"boot.ipxe\";");
    ask(NULL, NULL);
    fetched("ipxe.efi");
    ask(loaded, "iPXE");
    assert_true(offers_file());
    scene_close(&scene);
}

static void bootfile_name_is_held_back_too(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "option bootfile-name \"ipxe.efi\";");
    ask(NULL, NULL);
    fetched("ipxe.efi");
    ask(loaded, "iPXE");
    assert_true(scene.plan.loop);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_FILE_NAME).data);
    scene_close(&scene);
}

static void ipxe_that_does_not_say_so(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"ipxe.efi\";");
    ask(loaded, NULL);
    assert_int_equal(scene.plan.stage, STAGE_IPXE);
    assert_true(loop_name_ipxe(&scene.message));
    assert_true(
        slice_equal_string(dhcp_message_bytes(&scene.message, DHCP_OPTION_USER_CLASS), "iPXE"));
    assert_false(loop_name_ipxe(&scene.message));
    scene_close(&scene);
}

/* FlexBoot's kind: the configuration has a file for "iPXE", which it does not call itself. */
static void nameless_ipxe_gets_what_ipxe_gets(void **state)
{
    static const struct expression user_class = {
        .kind = EXPRESSION_OPTION, .space = SPACE_DHCP, .code = DHCP_OPTION_USER_CLASS};
    static const struct expression wanted = {.kind = EXPRESSION_CONSTANT,
                                             .constant = {(const uint8_t *)"iPXE", 4}};
    static const struct expression *const pair[] = {&user_class, &wanted};
    static const struct expression equal = {
        .kind = EXPRESSION_EQUAL, .operands = pair, .operand_count = 2};
    static const struct action body = {.kind = ACTION_SETTING,
                                       .setting = {.space = SPACE_PARAMETER,
                                                   .code = PARAMETER_FILENAME,
                                                   .value = {(const uint8_t *)"boot.ipxe", 9}}};
    static const struct action condition = {.kind = ACTION_IF, .value = &equal, .body = &body};
    static const struct action first = {.kind = ACTION_SETTING,
                                        .setting = {.space = SPACE_PARAMETER,
                                                    .code = PARAMETER_FILENAME,
                                                    .value = {(const uint8_t *)"ipxe.efi", 8}},
                                        .next = &condition};

    (void)state;
    scene_open(&scene, SUBNET);
    scene.snapshot->global.actions = &first;
    ask(NULL, NULL);
    assert_true(slice_equal_string(scene.reply.file, "ipxe.efi"));
    fetched("ipxe.efi");
    ask(loaded, NULL);
    assert_true(slice_equal_string(scene.reply.file, "boot.ipxe"));
    assert_true(scene_why(&scene, "it loaded \"ipxe.efi\" already, so it is answered as iPXE"));
    scene_close(&scene);
}

static int forget(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(waits_are_spared_where_wanted, forget),
        cmocka_unit_test_setup(firmware_then_ipxe_in_a_loop, forget),
        cmocka_unit_test_setup(ipxe_rom_then_ipxe_in_a_loop, forget),
        cmocka_unit_test_setup(scripts_are_no_loop, forget),
        cmocka_unit_test_setup(another_file_is_no_loop, forget),
        cmocka_unit_test_setup(bootfile_name_is_held_back_too, forget),
        cmocka_unit_test_setup(ipxe_that_does_not_say_so, forget),
        cmocka_unit_test_setup(nameless_ipxe_gets_what_ipxe_gets, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
