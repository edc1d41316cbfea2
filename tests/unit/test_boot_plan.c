/* Who asks for something to boot, and what it is handed in its DHCP answer. */
#include "test.h"

#include "decide/boot_plan.h"
#include "dhcp_scene.h"

#include <string.h>

#define NET   "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.200; "
#define LINUX "boot linux { kernel \"vmlinuz\"; initrd \"initrd\"; } "

static struct scene scene;

/* A DISCOVER of the vendor class, architecture (option 93; -1: none) and further options. */
static void ask(const char *vendor, int architecture, const char *options, size_t length)
{
    char bytes[256];
    struct writer w = writer_of(bytes, sizeof(bytes));

    if (architecture >= 0) {
        writer_be16(&w, 0x5d02);
        writer_be16(&w, (uint16_t)architecture);
    }
    writer_bytes(&w, options, length);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                    .mac = 1,
                                    .vendor = vendor,
                                    .options = bytes,
                                    .options_length = w.length});
}

static void ask_simply(const char *vendor, int architecture)
{
    ask(vendor, architecture, "", 0);
}

static bool is_told(const char *file)
{
    struct slice option = dhcp_message_bytes(&scene.reply, DHCP_OPTION_FILE_NAME);

    if (slice_equal_string(scene.reply.file, file) && option.length == strlen(file) + 1 &&
        memcmp(option.data, file, option.length) == 0)
        return true;
    print_message("told: \"%.*s\"; %s\n", (int)scene.reply.file.length, scene.reply.file.data,
                  scene.plan.why);
    return false;
}

static uint64_t bit(const char *name)
{
    return boot_loader_bit(boot_loader_by_name(name));
}

static uint64_t packaged(void)
{
    uint64_t loaders = 0;

    for (size_t i = 0; i < boot_loader_count; i++)
        loaders |= boot_loaders[i].files[0] ? boot_loader_bit(&boot_loaders[i]) : 0;
    return loaders;
}

static void open_scene(const char *config)
{
    scene_open(&scene, config);
    scene.boot = (struct boot_means){.loaders = packaged()};
}

#define IPXE_FEATURES "\xaf\x06\x13\x01\x01\x27\x01\x01" /* HTTP, and another */

static void each_client_is_known(void **state)
{
    static const struct {
        const char *vendor;
        int architecture;
        const char *options;
        size_t length;
        enum boot_asker asker;
        enum boot_platform platform;
        bool http;
    } rows[] = {
        {"PXEClient:Arch:00000:UNDI:002001", 0, "", 0, ASKER_PXE, PLATFORM_BIOS, false},
        {"PXEClient", -1, "", 0, ASKER_PXE, PLATFORM_BIOS, false},
        {"PXEClient:Arch:00007:UNDI:003000", -1, "", 0, ASKER_PXE, PLATFORM_EFI_X64, false},
        {"PXEClient:Arch:00009:UNDI:003000", 9, "", 0, ASKER_PXE, PLATFORM_EFI_X64, false},
        {"PXEClient:Arch:00006:UNDI:003000", 6, "", 0, ASKER_PXE, PLATFORM_EFI_IA32, false},
        {"PXEClient:Arch:00011:UNDI:003000", 11, "", 0, ASKER_PXE, PLATFORM_EFI_ARM64, false},
        {"PXEClient:Arch:00027:UNDI:003000", 27, "", 0, ASKER_PXE, PLATFORM_EFI_RISCV64, false},
        {"HTTPClient:Arch:00016:UNDI:003001", 16, "", 0, ASKER_HTTP, PLATFORM_EFI_X64, true},
        {"HTTPClient:Arch:00019:UNDI:003001", 19, "", 0, ASKER_HTTP, PLATFORM_EFI_ARM64, true},
        {"HTTPClient:Arch:00028:UNDI:003001", 28, "", 0, ASKER_HTTP, PLATFORM_EFI_RISCV64, true},
        {"PXEClient:Arch:00028:UNDI:003001", 28, "", 0, ASKER_HTTP, PLATFORM_EFI_RISCV64, true},
        {"PXEClient:Arch:00000:UNDI:002001", 0, "\x4d\x04iPXE", 6, ASKER_IPXE, PLATFORM_BIOS, true},
        {"PXEClient:Arch:00007:UNDI:003010", 7, IPXE_FEATURES, 8, ASKER_IPXE, PLATFORM_EFI_X64,
         true},
        {"PXEClient:Arch:00007:UNDI:003010", 7, "\xaf\x03\x27\x01\x01", 5, ASKER_IPXE,
         PLATFORM_EFI_X64, false},
        {"U-Boot.armv8", 0x16, "", 0, ASKER_U_BOOT, PLATFORM_U_BOOT_ARM64, false},
        {"U-Boot.armv7", -1, "", 0, ASKER_U_BOOT, PLATFORM_U_BOOT_ARM, false},
        {"U-Boot", -1, "", 0, ASKER_U_BOOT, PLATFORM_U_BOOT, false},
        {"PXEClient:Arch:00011:UNDI:003000", 11, "\x5e\x03\x01\x00\x00", 5, ASKER_U_BOOT,
         PLATFORM_EFI_ARM64, false},
        {"NetBSD:i386:libsa", -1, "", 0, ASKER_NETBSD, PLATFORM_BIOS, false},
        {"udhcp 1.35", -1, "", 0, ASKER_OTHER, PLATFORM_OTHER, false},
    };

    (void)state;
    open_scene(NET "}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct boot_client client;

        ask(rows[i].vendor, rows[i].architecture, rows[i].options, rows[i].length);
        client = boot_client_of(&scene.message);
        if (client.asker != rows[i].asker || client.platform != rows[i].platform ||
            client.speaks_http != rows[i].http)
            fail_msg("row %zu (%s): %s on %s%s", i, rows[i].vendor,
                     boot_asker_in_words(client.asker), boot_platform_in_words(client.platform),
                     client.speaks_http ? ", HTTP" : "");
    }
    scene_close(&scene);
}

static void each_platform_gets_its_loader(void **state)
{
    static const struct {
        const char *config; /* in the subnet */
        const char *vendor;
        int architecture;
        const char *without; /* a loader that is not there */
        const char *file;
    } rows[] = {
        {LINUX, "PXEClient", 0, NULL, "undionly.kpxe"},
        {LINUX "boot-loader \"pxelinux\";", "PXEClient", 0, NULL, "lpxelinux.0"},
        {LINUX "boot-loader \"pxelinux\";", "PXEClient", 0, "lpxelinux.0", "pxelinux.0"},
        {LINUX "boot-loader \"grub\";", "PXEClient", 0, NULL, "undionly.kpxe"},
        {LINUX, "PXEClient", 7, NULL, "shimx64.efi"},
        {LINUX, "PXEClient", 7, "shimx64.efi", "ipxe.efi"},
        {LINUX, "PXEClient", 7, "grubx64.efi", "ipxe.efi"},
        {LINUX "boot-loader \"ipxe\";", "PXEClient", 7, NULL, "ipxe.efi"},
        {LINUX "boot-loader \"ipxe\";", "PXEClient", 7, "ipxe.efi", "snponly.efi"},
        {LINUX "boot-loader \"grub\";", "PXEClient", 7, "shimx64.efi", "grubx64.efi"},
        {LINUX "boot-loader \"syslinux\";", "PXEClient", 7, NULL, "syslinux.efi"},
        {LINUX, "PXEClient", 6, "shimia32.efi", "grubia32.efi"},
        {LINUX, "PXEClient", 11, NULL, "shimaa64.efi"},
        {LINUX, "PXEClient", 27, NULL, "grubriscv64.efi"},
        {"boot ipxe \"my.ipxe\";", "PXEClient", 7, NULL, "ipxe.efi"},
        {"boot netbsd { kernel \"netbsd\"; }", "PXEClient", 0, NULL, "undionly.kpxe"},
        {"boot file \"old/loader\";", "PXEClient", 0, NULL, "old/loader"},
        {LINUX, "U-Boot.armv8", 22, NULL, "boot.scr.uimg"},
        {"boot netbsd { kernel \"netbsd\"; }", "NetBSD:i386:libsa", -1, NULL, "tftp:netbsd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char config[512];

        snprintf(config, sizeof(config), NET "%s }", rows[i].config);
        open_scene(config);
        if (rows[i].without)
            scene.boot.loaders &= ~bit(rows[i].without);
        ask_simply(rows[i].vendor, rows[i].architecture);
        if (!is_told(rows[i].file))
            fail_msg("row %zu: not %s", i, rows[i].file);
        assert_int_equal(scene.reply.siaddr, SCENE_SERVER);
        scene_close(&scene);
    }
}

static void ipxe_gets_a_script_and_a_url_where_it_can(void **state)
{
    static const char ipxe[] = "\x4d\x04iPXE" IPXE_FEATURES;
    static const char no_http[] = "\x4d\x04iPXE\xaf\x03\x27\x01\x01";

    (void)state;
    open_scene(NET LINUX "}");
    ask("PXEClient", 0, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("boot.ipxe"));
    scene.boot.http_port = 80;
    ask("PXEClient", 0, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("http://10.50.1.1/boot.ipxe"));
    scene.boot.http_port = 8080;
    ask("PXEClient", 7, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("http://10.50.1.1:8080/boot.ipxe"));
    ask("PXEClient", 7, no_http, sizeof(no_http) - 1);
    assert_true(is_told("boot.ipxe"));
    scene_close(&scene);
    open_scene(NET "boot ipxe \"http://boot.example/x.ipxe\"; }");
    ask("PXEClient", 0, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("http://boot.example/x.ipxe"));
    scene_close(&scene);
    /* A ROM that is an iPXE makes way for the loader that the user wants. */
    open_scene(NET LINUX "boot-loader \"pxelinux\"; }");
    scene.boot.http_port = 80;
    ask("PXEClient", 0, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("lpxelinux.0"));
    scene_close(&scene);
}

static void the_script_is_no_loop(void **state)
{
    static const char ipxe[] = "\x4d\x04iPXE" IPXE_FEATURES;

    (void)state;
    open_scene(NET LINUX "}");
    loop_note(&scene.fetched, "boot.ipxe", STAGE_IPXE, 12345, scene.now_ms);
    ask("PXEClient", 0, ipxe, sizeof(ipxe) - 1);
    assert_true(is_told("boot.ipxe"));
    assert_false(scene.plan.loop);
    scene_close(&scene);
}

/* NetBSD's loader names each file that it opens, and looks below its root for what has no "tftp:"
 * in front. */
static void netbsds_loader_is_told_where_each_file_is(void **state)
{
    static const char *const recipes[] = {
        NET "boot netbsd { kernel \"kernels/netbsd\"; } }",
        NET "option root-path \"/root\"; boot netbsd { kernel \"kernels/netbsd\"; } }",
    };
    static const struct {
        const char *wanted;
        const char *file[2]; /* without and with a root */
    } rows[] = {
        {"boot.cfg", {"tftp:boot.cfg", "tftp:boot.cfg"}},
        {"netbsd", {"tftp:kernels/netbsd", "tftp:kernels/netbsd"}},
        {"/kernels/netbsd", {"tftp:kernels/netbsd", "tftp:kernels/netbsd"}},
        {"/stand/nfs.kmod", {"tftp:/stand/nfs.kmod", "/stand/nfs.kmod"}},
    };

    (void)state;
    for (size_t root = 0; root < 2; root++) {
        open_scene(recipes[root]);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                            .mac = 1,
                                            .vendor = "NetBSD:i386:libsa",
                                            .file = rows[i].wanted});
            if (!is_told(rows[i].file[root]))
                fail_msg("%s, not %s", rows[i].wanted, rows[i].file[root]);
        }
        scene_close(&scene);
    }
}

static void http_boot_gets_a_url_and_its_class(void **state)
{
    static const char class[] = "HTTPClient:Arch:00016:UNDI:003001";

    (void)state;
    open_scene(NET LINUX "}");
    scene.boot.http_port = 80;
    ask_simply(class, 16);
    /* Not shim: a GRUB that came by HTTP has no network. */
    assert_true(is_told("http://10.50.1.1/ipxe.efi"));
    assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_CLASS),
                                   "HTTPClient"));
    scene.boot.http_port = 0;
    ask_simply(class, 16);
    assert_int_equal(scene.reply.file.length, 0);
    assert_true(scene_why(&scene, "no HTTP is served"));
    scene_close(&scene);
    /* Beside another server, too. */
    open_scene("subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; " LINUX "}");
    scene.boot.http_port = 80;
    ask_simply("HTTPClient:Arch:00019:UNDI:003001", 19);
    assert_true(is_told("http://10.50.1.1/ipxe-arm64.efi"));
    assert_int_equal(scene.reply.yiaddr, 0);
    assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_CLASS),
                                   "HTTPClient"));
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS).data);
    ask_simply("PXEClient:Arch:00000:UNDI:002001", 0);
    assert_true(is_told("undionly.kpxe"));
    assert_true(slice_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS),
                            slice_of("\6\1\10\xff", 4)));
    scene_close(&scene);
}

static void the_disk_is_a_menu_of_one(void **state)
{
    static const char menu[] = "\6\1\3\11\15\0\0\12Local boot\12\13\0Local boot\xff";
    static const char ipxe[] = "\x4d\x04iPXE";

    (void)state;
    open_scene("filename \"x\"; " NET "boot local; }");
    ask_simply("PXEClient:Arch:00007:UNDI:003000", 7);
    assert_int_equal(scene.reply.file.length, 0);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_FILE_NAME).data);
    assert_true(slice_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS),
                            slice_of(menu, sizeof(menu) - 1)));
    assert_true(scene_why(&scene, "its own disk"));
    ask("PXEClient:Arch:00000:UNDI:002001", 0, ipxe, sizeof(ipxe) - 1);
    assert_int_equal(scene.reply.file.length, 0);
    assert_true(slice_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS),
                            slice_of("\6\1\10\xff", 4)));
    scene_close(&scene);
}

static void a_missing_loader_is_told_with_its_cure(void **state)
{
    (void)state;
    open_scene(NET LINUX "}");
    scene.boot.loaders = 0;
    ask_simply("PXEClient:Arch:00007:UNDI:003000", 7);
    assert_int_equal(scene_reply_type(&scene), DHCP_OFFER);
    assert_int_equal(scene.reply.file.length, 0);
    assert_true(scene_why(&scene, "no loader for x64 UEFI is there; ipxe.efi: install ipxe"));
    assert_true(scene_why(&scene, "boot at scene:1"));
    scene_close(&scene);
}

static void loaders_below_tftp_root_count(void **state)
{
    const struct boot_root roots[] = {{"/other", 0}, {"/srv", bit("grub/i386-pc/core.0")}};

    (void)state;
    open_scene("tftp-root \"/srv\"; " NET LINUX "boot-loader \"grub\"; }");
    scene.boot.roots = roots;
    scene.boot.root_count = 2;
    ask_simply("PXEClient:Arch:00000:UNDI:002001", 0);
    assert_true(is_told("grub/i386-pc/core.0"));
    scene_close(&scene);
}

static void the_recipe_s_file_goes_before_other_options(void **state)
{
    (void)state;
    open_scene("next-server 10.50.1.9; option bootfile-name \"other\"; " NET LINUX
               "host h { hardware ethernet 22:22:22:22:00:02; filename \"own\"; } }");
    ask_simply("PXEClient:Arch:00000:UNDI:002001", 0);
    assert_true(is_told("undionly.kpxe"));
    assert_int_equal(scene.reply.siaddr, SCENE_SERVER); /* next-server has the root */
    ask_simply("udhcp 1.35", -1);
    assert_int_equal(scene.reply.file.length, 0);
    scene_close(&scene);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < boot_loader_count; i++) {
        const struct boot_loader *loader = &boot_loaders[i];

        assert_ptr_equal(boot_loader_by_name(loader->name), loader);
        assert_true(loader->package || loader->cure);
        assert_true((loader->kind == LOADER_PART) == (loader->part_of != LOADER_NONE));
        assert_int_equal(boot_plan_kind(loader->name), BOOT_FILE_KIND_NONE);
        for (size_t j = 0; loader->files[j]; j++)
            assert_int_equal(loader->files[j][0], '/');
    }
    assert_null(boot_loader_by_name("vmlinuz"));
    assert_int_equal(boot_loader_kind_of("grub"), LOADER_GRUB);
    assert_int_equal(boot_loader_kind_of("lilo"), LOADER_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_is_known),
        cmocka_unit_test(each_platform_gets_its_loader),
        cmocka_unit_test(ipxe_gets_a_script_and_a_url_where_it_can),
        cmocka_unit_test(the_script_is_no_loop),
        cmocka_unit_test(netbsds_loader_is_told_where_each_file_is),
        cmocka_unit_test(http_boot_gets_a_url_and_its_class),
        cmocka_unit_test(the_disk_is_a_menu_of_one),
        cmocka_unit_test(a_missing_loader_is_told_with_its_cure),
        cmocka_unit_test(loaders_below_tftp_root_count),
        cmocka_unit_test(the_recipe_s_file_goes_before_other_options),
        cmocka_unit_test(the_table_is_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
