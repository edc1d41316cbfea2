/* The files that are made from a boot recipe. Where the loader's own checker is installed it judges
 * them, too (the system tests run the loaders). */
#include "golden.h"

#include "decide/boot_plan.h"
#include "wire/uboot_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[BOOT_FILE_MAX + 1];

static const struct boot_entry linux_entry = {
    .kind = BOOT_LINUX,
    .file = "debian/vmlinuz",
    .append = "quiet",
    .initrds = {"debian/initrd.gz"},
    .initrd_count = 1,
};
static const struct boot_entry netbsd_entry = {
    .kind = BOOT_NETBSD, .file = "/netbsd", .append = "-s root=wm1"};
static const struct boot_entry local_entry = {.kind = BOOT_LOCAL, .append = ""};
static const struct boot_entry file_entry = {.kind = BOOT_FILE, .file = "memtest.0", .append = ""};
static const struct boot_entry script_entry = {
    .kind = BOOT_IPXE, .file = "http://boot.example/menu.ipxe", .append = ""};

/* Every kind, with titles that each syntax takes for something else. */
static const struct boot_entry all_entries[] = {
    {.kind = BOOT_LINUX,
     .title = "It's \"Linux\" $HOME `id` ${x}; \\ {} ü: #1",
     .file = "a'b $c;d/vmlinuz",
     .append = "init='/bin/sh' x=$HOME; y=${net0/mac} && z \\",
     .initrds = {"one", "two"},
     .initrd_count = 2},
    {.kind = BOOT_NETBSD, .title = "-NetBSD: now", .file = "netbsd", .append = "-s"},
    {.kind = BOOT_IPXE, .file = "x.ipxe", .append = ""},
    {.kind = BOOT_FILE, .title = "line\nmenu=evil:boot evil\n}", .file = "f.0", .append = ""},
    {.kind = BOOT_LOCAL, .title = "\xff\xfe disk", .append = ""},
};
static const struct boot_recipe menu = {
    .title = "Boot 'menu' $x ${y} \"z\"; || exit #",
    .entries = all_entries,
    .entry_count = 5,
    .default_entry = 4,
    .timeout_s = 5,
};

static struct boot_site a_site(void)
{
    return (struct boot_site){
        .server = 0x0a320101, .console = "com0", .console_speed = 9600, .loaders = UINT64_MAX};
}

static struct boot_recipe only(const struct boot_entry *entry)
{
    return (struct boot_recipe){.entries = entry, .entry_count = 1};
}

/* The file's text; NULL where there is none. */
static const char *made(enum boot_file_kind kind, const struct boot_site *site,
                        const struct boot_recipe *recipe)
{
    struct writer w = writer_of(text, BOOT_FILE_MAX);

    if (!boot_plan_write(kind, site, recipe, &w))
        return NULL;
    text[w.length] = 0;
    return text;
}

/* The script in a U-Boot image. */
static const char *script_of(const struct boot_site *site, const struct boot_recipe *recipe)
{
    struct writer w = writer_of(text, BOOT_FILE_MAX);
    static char copy[BOOT_FILE_MAX + 1];
    const size_t begin = UBOOT_IMAGE_HEADER + UBOOT_IMAGE_LIST;

    if (!boot_plan_write(BOOT_FILE_KIND_U_BOOT, site, recipe, &w))
        return NULL;
    assert_true(w.length > begin);
    memcpy(copy, text + begin, w.length - begin);
    copy[w.length - begin] = 0;
    return copy;
}

static void linux_gets_its_console_in_each_syntax(void **state)
{
    struct boot_recipe recipe = only(&linux_entry);
    struct boot_site site = a_site();

    (void)state;
    assert_string_equal(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                        "#!ipxe\n"
                        "set con console=ttyS0,9600\n"
                        "iseq ${buildarch} arm64 && clear con ||\n"
                        "iseq ${buildarch} arm32 && clear con ||\n"
                        "kernel tftp://10.50.1.1/debian/vmlinuz ${con} initrd=initrd0 quiet"
                        " || goto failed0\n"
                        "initrd --name initrd0 tftp://10.50.1.1/debian/initrd.gz"
                        " || goto failed0\n"
                        "boot || goto failed0\n"
                        ":failed0\n"
                        "echo It could not be booted: ${errno}\n"
                        "prompt --timeout 10000 Press a key for a shell || exit 1\n"
                        "shell\n");
    assert_string_equal(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe),
                        "SERIAL 0 9600\n"
                        "DEFAULT 1\n"
                        "PROMPT 0\n"
                        "LABEL 1\n"
                        "  KERNEL debian/vmlinuz\n"
                        "  INITRD debian/initrd.gz\n"
                        "  APPEND console=ttyS0,9600 quiet\n"
                        "  IPAPPEND 2\n");
    assert_non_null(strstr(made(BOOT_FILE_KIND_PXELINUX_BELOW, &site, &recipe),
                           "KERNEL ::debian/vmlinuz\n  INITRD ::debian/initrd.gz\n"));
    assert_string_equal(made(BOOT_FILE_KIND_GRUB, &site, &recipe),
                        "if serial --unit=0 --speed=9600; then\n"
                        "  terminal_input serial console\n"
                        "  terminal_output serial console\n"
                        "fi\n"
                        "set default=entry0\n"
                        "set timeout=0\n"
                        "menuentry 'Linux debian/vmlinuz' --id entry0 {\n"
                        "  set con=console=ttyS0,9600\n"
                        "  if [ \"$grub_cpu\" = arm64 -o \"$grub_cpu\" = arm ]; then\n"
                        "    set con=\n"
                        "  fi\n"
                        "  linux '(tftp,10.50.1.1)/debian/vmlinuz' $con 'quiet'\n"
                        "  initrd '(tftp,10.50.1.1)/debian/initrd.gz'\n"
                        "}\n");
    assert_null(made(BOOT_FILE_KIND_NETBSD, &site, &recipe));
}

static void a_console_of_the_users_own_stands_alone(void **state)
{
    struct boot_entry entry = linux_entry;
    struct boot_recipe recipe = only(&entry);
    struct boot_site site = a_site();

    (void)state;
    entry.append = "quiet console=ttyS1,115200";
    for (enum boot_file_kind kind = BOOT_FILE_KIND_IPXE; kind < BOOT_FILE_KIND_U_BOOT; kind++) {
        if (kind != BOOT_FILE_KIND_NETBSD)
            assert_null(strstr(made(kind, &site, &recipe), "ttyS0"));
    }
    assert_null(strstr(script_of(&site, &recipe), "ttyS0"));
}

static void a_root_path_becomes_linux_s_root_over_nfs(void **state)
{
    struct boot_entry entry = linux_entry;
    struct boot_recipe recipe = only(&entry);
    struct boot_site site = a_site();

    (void)state;
    site.root_path = "/export/root";
    assert_non_null(strstr(made(BOOT_FILE_KIND_GRUB, &site, &recipe),
                           " 'root=/dev/nfs' 'nfsroot=10.50.1.1:/export/root' 'ip=dhcp' 'quiet'"));
    site.nfs_server = 0x0a320102;
    assert_non_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                           " root=/dev/nfs nfsroot=10.50.1.2:/export/root ip=dhcp "));
    entry.append = "root=/dev/sda1";
    assert_null(strstr(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe), "nfs"));
    entry.append = "";
    site.root_path = "/ex port";
    assert_null(strstr(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe), "nfs"));
}

static void http_is_used_where_it_is_served(void **state)
{
    struct boot_recipe recipe = only(&linux_entry);
    struct boot_site site = a_site();

    (void)state;
    site.http_port = 80;
    assert_non_null(
        strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe), "kernel http://10.50.1.1/debian/"));
    site.http_port = 8080;
    assert_non_null(
        strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe), "kernel http://10.50.1.1:8080/debian/"));
}

static void netbsd_is_loaded_by_multiboot_or_its_own_loader(void **state)
{
    struct boot_recipe recipe = only(&netbsd_entry);
    struct boot_site site = a_site();
    const char *file;

    (void)state;
    file = made(BOOT_FILE_KIND_IPXE, &site, &recipe);
    assert_non_null(strstr(file, "kernel tftp://10.50.1.1/netbsd -s root=wm1 console=com"
                                 " console_speed=9600 console_addr=0x3f8 || goto own0\n"));
    assert_non_null(strstr(file, "iseq ${platform} efi && goto own0 ||\n"));
    assert_non_null(strstr(file, "chain tftp://10.50.1.1/${loader} || goto failed0\n"));
    file = made(BOOT_FILE_KIND_GRUB, &site, &recipe);
    assert_non_null(strstr(file, "knetbsd --serial=com0,9600 '-s' --root='wm1'"
                                 " '(tftp,10.50.1.1)/netbsd'\n"));
    assert_string_equal(made(BOOT_FILE_KIND_NETBSD, &site, &recipe),
                        "menu=NetBSD /netbsd:boot /netbsd -s\n"
                        "default=1\n"
                        "timeout=0\n"
                        "consdev=com0,9600\n");
    assert_non_null(strstr(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe),
                           "  KERNEL mboot.c32\n  APPEND netbsd -s root=wm1 console=com "));
    site.client.asker = ASKER_U_BOOT;
    assert_null(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe));
}

/* U-Boot ends at a line without a value: "Expected string literal". */
static void no_line_is_without_its_value(void **state)
{
    const struct boot_entry bare = {.kind = BOOT_LINUX, .file = "vmlinuz"};
    struct boot_recipe recipe = only(&bare);
    struct boot_site site = a_site();

    (void)state;
    site.client = (struct boot_client){.asker = ASKER_U_BOOT, .platform = PLATFORM_U_BOOT_ARM64};
    assert_string_equal(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe),
                        "DEFAULT 1\nPROMPT 0\nLABEL 1\n  KERNEL vmlinuz\n  IPAPPEND 2\n");
}

static void the_card_tells_netbsd_s_root_device(void **state)
{
    struct boot_entry entry = netbsd_entry;
    struct boot_recipe recipe = only(&entry);
    struct boot_site site = a_site();

    (void)state;
    assert_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe), "busid"));
    entry.append = "-s";
    assert_non_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                           "iseq ${netX/busid} 01:80:86:10:0e && set root root=wm0 ||\n"));
}

static void the_disk_is_left_to_the_firmware(void **state)
{
    struct boot_recipe recipe = only(&local_entry);
    struct boot_site site = a_site();

    (void)state;
    site.console = NULL;
    assert_string_equal(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                        "#!ipxe\n"
                        "iseq ${platform} efi && exit 1 ||\n"
                        "sanboot --no-describe --drive 0x80 || exit 1\n");
    assert_string_equal(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe),
                        "DEFAULT 1\nPROMPT 0\nLABEL 1\n  LOCALBOOT 0\n");
    assert_string_equal(script_of(&site, &recipe), "echo This computer boots from its own disk.\n");
}

/* As in every string of the configuration, what is between ${ and } is the client's to replace. */
static void ipxe_s_settings_reach_ipxe(void **state)
{
    struct boot_entry entry = {
        .kind = BOOT_IPXE, .file = "menus/${uuid}.ipxe", .append = "", .title = "${x}"};
    struct boot_recipe recipe = only(&entry);
    struct boot_site site = a_site();

    (void)state;
    assert_non_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                           "chain tftp://10.50.1.1/menus/${uuid}.ipxe ||"));
    entry.file = "http://boot.example/${net0/mac:hexhyp}${ x}.ipxe";
    assert_non_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe),
                           "chain http://boot.example/${net0/mac:hexhyp}%24{%20x}.ipxe ||"));
    recipe.title = "t";
    assert_non_null(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe), "item entry0 $ {x}\n"));
}

static void the_machine_is_named(void **state)
{
    struct boot_recipe recipe = only(&local_entry);
    struct boot_site site = a_site();

    (void)state;
    site.name = "alpha";
    site.hardware = (struct hardware){.type = 1, .length = 6, .address = {0x52, 0x54, 0, 1, 2, 3}};
    site.console = NULL;
    assert_ptr_equal(strstr(made(BOOT_FILE_KIND_IPXE, &site, &recipe), "#!ipxe\n# alpha\n"), text);
    assert_ptr_equal(strstr(made(BOOT_FILE_KIND_GRUB, &site, &recipe), "# alpha\n"), text);
    assert_ptr_equal(strstr(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe), "# alpha\n"), text);
}

static void what_a_loader_cannot_boot_is_left_out(void **state)
{
    struct boot_recipe script = only(&script_entry), file = only(&file_entry);
    struct boot_site site = a_site();

    (void)state;
    assert_non_null(
        strstr(made(BOOT_FILE_KIND_IPXE, &site, &script), "chain http://boot.example/menu.ipxe "));
    assert_null(made(BOOT_FILE_KIND_PXELINUX, &site, &script));
    assert_null(made(BOOT_FILE_KIND_GRUB, &site, &script));
    assert_null(made(BOOT_FILE_KIND_U_BOOT, &site, &script));
    assert_non_null(strstr(made(BOOT_FILE_KIND_PXELINUX, &site, &file), "  PXE memtest.0\n"));
    assert_null(made(BOOT_FILE_KIND_EXTLINUX, &site, &file));
    assert_null(made(BOOT_FILE_KIND_NONE, &site, &file));
}

/* No line of the file is begun by a title, a path or an argument. */
static void check_lines(const char *file, const char *const *allowed, size_t count)
{
    for (const char *line = file; line && *line; line = strchr(line, '\n')) {
        bool known = false;

        line += *line == '\n';
        line += strspn(line, " ");
        for (size_t i = 0; i < count && *line && *line != '\n'; i++)
            known = known || strncmp(line, allowed[i], strlen(allowed[i])) == 0;
        if (*line && *line != '\n' && !known)
            fail_msg("a line that nobody meant: %.60s", line);
    }
}

static void titles_and_arguments_break_out_of_no_syntax(void **state)
{
    static const char *const ipxe[] = {
        "#!ipxe",  ":",       "menu ", "item ", "choose ", "goto ",   "set ",   "iseq ",   "clear ",
        "kernel ", "initrd ", "boot ", "echo ", "prompt ", "imgfree", "chain ", "sanboot "};
    static const char *const pxelinux[] = {
        "SERIAL ", "DEFAULT ", "UI ",     "MENU ",     "TIMEOUT ",   "PROMPT ", "LABEL ",
        "KERNEL ", "INITRD ",  "APPEND ", "IPAPPEND ", "LOCALBOOT ", "PXE ",    "SAY "};
    static const char *const netbsd[] = {"menu=-NetBSD  now:boot netbsd -s",
                                         "default=", "timeout=", "consdev="};
    struct boot_site site = a_site();
    const char *file;

    (void)state;
    file = made(BOOT_FILE_KIND_IPXE, &site, &menu);
    check_lines(file, ipxe, sizeof(ipxe) / sizeof(ipxe[0]));
    assert_non_null(strstr(file, "menu Boot 'menu' $x $ {y} \"z\"; ${bw}|| exit ${bw}#\n"));
    assert_non_null(strstr(file, "item entry1 ${bw} -NetBSD: now\n"));
    assert_non_null(strstr(file, " y=${net0/mac} ${bw}&& z \\ ${bw} || goto failed0\n"));
    assert_non_null(strstr(file, "kernel tftp://10.50.1.1/a%27b%20%24c%3Bd/vmlinuz "));
    assert_non_null(strstr(file, "choose --default entry4 --timeout 5000 selected"));
    file = made(BOOT_FILE_KIND_PXELINUX, &site, &menu);
    check_lines(file, pxelinux, sizeof(pxelinux) / sizeof(pxelinux[0]));
    assert_non_null(strstr(file, "TIMEOUT 50\n"));
    assert_non_null(strstr(file, "UI menu.c32\n"));
    assert_null(strstr(file, "LABEL 1\n")); /* a path with blanks */
    site.loaders = 0;
    file = made(BOOT_FILE_KIND_PXELINUX, &site, &menu);
    check_lines(file, pxelinux, sizeof(pxelinux) / sizeof(pxelinux[0]));
    assert_null(strstr(file, "menu.c32"));
    assert_non_null(strstr(file, "PROMPT 1\n"));
    assert_non_null(strstr(file, "SAY 5: ?? disk\n"));
    file = made(BOOT_FILE_KIND_NETBSD, &site, &menu);
    check_lines(file, netbsd, sizeof(netbsd) / sizeof(netbsd[0]));
}

/* Has a program read the file on its standard input; skipped where it is not installed. */
static void judge(const char *program, const char *file, size_t length)
{
    char command[256];
    FILE *pipe;

    snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
    if (system(command) != 0)
        return;
    snprintf(command, sizeof(command), "%s >/dev/null", program);
    pipe = popen(command, "w");
    assert_non_null(pipe);
    assert_int_equal(fwrite(file, 1, length, pipe), length);
    assert_int_equal(pclose(pipe), 0);
}

static void grub_s_own_checker_reads_it(void **state)
{
    struct boot_site site = a_site();
    const char *file = made(BOOT_FILE_KIND_GRUB, &site, &menu);

    (void)state;
    assert_non_null(strstr(file, "menuentry 'It'\\''s \"Linux\" $HOME `id` ${x}; \\ {} "));
    assert_non_null(strstr(file, " 'init='\\''/bin/sh'\\''' 'x=$HOME;' "));
    assert_non_null(strstr(file, "menuentry 'line menu=evil:boot evil }' "));
    judge("grub-script-check", file, strlen(file));
    /* Where serial ports have no numbers, `serial` would complain on the screen. */
    assert_non_null(strstr(file, "if serial "));
    site.client.platform = PLATFORM_EFI_X64;
    assert_non_null(strstr(made(BOOT_FILE_KIND_GRUB, &site, &menu), "if serial "));
    site.client.platform = PLATFORM_EFI_ARM64;
    assert_null(strstr(made(BOOT_FILE_KIND_GRUB, &site, &menu), "if serial "));
}

static void u_boot_s_script_is_a_shell_s(void **state)
{
    struct boot_recipe recipe = only(&all_entries[0]);
    struct boot_site site = a_site();
    const char *script = script_of(&site, &recipe);

    (void)state;
    judge("sh -n", script, strlen(script));
    assert_non_null(strstr(script, "tftpboot ${kernel_addr_r} '10.50.1.1:a'\\''b $c;d/vmlinuz'"));
    assert_non_null(strstr(script, " 'init='\\''/bin/sh'\\'' x=$HOME; y=${net0/mac} && z \\'\n"));
    assert_non_null(strstr(script, "setenv bootargs ${bw_console} "));
    /* An ELF kernel learns from its command line where its initrd is, and how much memory there is:
     * on the Malta nothing else tells it. */
    assert_non_null(strstr(script, "setenv bw_memory mem=128M\n"));
    assert_non_null(strstr(script, "rd_start=${ramdisk_addr_r} rd_size=0x${bw_size}\n"));
    assert_non_null(strstr(script, "setenv autostart yes\nbootelf ${kernel_addr_r} u-boot.elf "
                                   "${bw_memory} ${bw_rd} ${bootargs}\n"));
    site.client.platform = PLATFORM_U_BOOT_ARM64;
    assert_null(strstr(script_of(&site, &recipe), "console=ttyS"));
    script = script_of(&site, &menu);
    assert_non_null(strstr(script, "if pxe get; then pxe boot; fi\n"));
    judge("sh -n", script, strlen(script));
}

/* Titles, kernels' paths and command lines of the greatest length, in as many entries as there may
 * be. */
static void the_longest_recipe_fits(void **state)
{
    static struct boot_entry entries[BOOT_ENTRIES_MAX];
    static char title[BOOT_STRING_MAX], append[BOOT_STRING_MAX], file[BOOT_STRING_MAX];
    struct boot_recipe recipe = {.title = title,
                                 .entries = entries,
                                 .entry_count = BOOT_ENTRIES_MAX,
                                 .timeout_s = UINT32_MAX};
    struct boot_site site = a_site();

    (void)state;
    memset(title, '\'', sizeof(title) - 1);
    memset(file, '\'', sizeof(file) - 1);
    memset(append, '\'', sizeof(append) - 1);
    for (size_t i = 0; i < BOOT_ENTRIES_MAX; i++) {
        entries[i] = (struct boot_entry){.kind = BOOT_LINUX,
                                         .title = title,
                                         .file = file,
                                         .append = append,
                                         .initrds = {"initrd"},
                                         .initrd_count = 1};
    }
    assert_non_null(made(BOOT_FILE_KIND_IPXE, &site, &recipe));
    assert_non_null(made(BOOT_FILE_KIND_GRUB, &site, &recipe));
    assert_non_null(made(BOOT_FILE_KIND_PXELINUX, &site, &recipe));
    assert_non_null(script_of(&site, &recipe));
}

static void what_does_not_fit_is_no_file(void **state)
{
    struct boot_site site = a_site();
    uint8_t small[64];

    (void)state;
    for (enum boot_file_kind kind = BOOT_FILE_KIND_IPXE; kind < BOOT_FILE_KIND_COUNT; kind++) {
        struct writer w = writer_of(small, sizeof(small));

        assert_false(boot_plan_write(kind, &site, &menu, &w));
    }
}

static void names_tell_the_kind(void **state)
{
    static const struct {
        const char *path;
        enum boot_file_kind kind;
    } names[] = {
        {"boot.ipxe", BOOT_FILE_KIND_IPXE},
        {"sub/boot.ipxe", BOOT_FILE_KIND_NONE},
        {"pxelinux.cfg/default", BOOT_FILE_KIND_PXELINUX},
        {"pxelinux.cfg/default-arm-bcm283x", BOOT_FILE_KIND_PXELINUX},
        {"pxelinux.cfg/01-52-54-00-12-34-56", BOOT_FILE_KIND_PXELINUX},
        {"pxelinux.cfg/0A320164", BOOT_FILE_KIND_PXELINUX},
        {"pxelinux.cfg/0", BOOT_FILE_KIND_PXELINUX},
        {"pxelinux.cfg/b8945908-d6a6-41a9-611d-74a6ab80b83d", BOOT_FILE_KIND_PXELINUX},
        {"a/b/pxelinux.cfg/0A32", BOOT_FILE_KIND_PXELINUX_BELOW},
        {"pxelinux.cfg/", BOOT_FILE_KIND_NONE},
        {"pxelinux.cfg", BOOT_FILE_KIND_NONE},
        {"pxelinux.cfg/splash.png", BOOT_FILE_KIND_NONE},
        {"pxelinux.cfg/default/x", BOOT_FILE_KIND_NONE},
        {"notpxelinux.cfg/default", BOOT_FILE_KIND_NONE},
        {"grub.cfg", BOOT_FILE_KIND_GRUB},
        {"grub/grub.cfg", BOOT_FILE_KIND_GRUB},
        {"boot/grub/grub.cfg-01-52-54-00-12-34-56", BOOT_FILE_KIND_GRUB},
        {"grub/grub.cfg-0A3201", BOOT_FILE_KIND_GRUB},
        {"grub/grub.cfg-", BOOT_FILE_KIND_NONE},
        {"grub/grub.cfg~", BOOT_FILE_KIND_NONE},
        {"grub/x86_64-efi/grub.cfg", BOOT_FILE_KIND_NONE},
        {"mygrub/grub.cfg", BOOT_FILE_KIND_NONE},
        {"boot.cfg", BOOT_FILE_KIND_NETBSD},
        {"EFI/NetBSD/boot.cfg", BOOT_FILE_KIND_NETBSD},
        {"extlinux/extlinux.conf", BOOT_FILE_KIND_EXTLINUX},
        {"boot.scr.uimg", BOOT_FILE_KIND_U_BOOT},
        {"boot.scr", BOOT_FILE_KIND_U_BOOT},
        {"", BOOT_FILE_KIND_NONE},
        {"/", BOOT_FILE_KIND_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (boot_plan_kind(names[i].path) != names[i].kind)
            fail_msg("%s is a %s", names[i].path,
                     boot_file_kind_in_words(boot_plan_kind(names[i].path)));
    }
}

/* A kind that needs no loaders is the same file whichever there are; one that needs them is not. */
static void files_depend_on_loaders_where_they_say_so(void **state)
{
    static char without[BOOT_FILE_MAX + 1];

    (void)state;
    for (int kind = BOOT_FILE_KIND_NONE + 1; kind < BOOT_FILE_KIND_COUNT; kind++) {
        struct boot_site site = a_site();
        struct writer w = writer_of(without, BOOT_FILE_MAX), all = writer_of(text, BOOT_FILE_MAX);

        site.loaders = 0;
        assert_true(boot_plan_write(kind, &site, &menu, &w));
        site.loaders = UINT64_MAX;
        assert_true(boot_plan_write(kind, &site, &menu, &all));
        if (slice_equal(slice_of(without, w.length), slice_of(text, all.length)) ==
            boot_plan_needs_loaders(kind))
            fail_msg("%s", boot_file_kind_in_words(kind));
    }
}

static void a_site_is_read_from_the_settings(void **state)
{
    const struct setting settings[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE,
         .value = {(const uint8_t *)"com1", 4}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE_SPEED,
         .value = {(const uint8_t *)"\0\1\xc2\0", 4}},
        {.space = SPACE_DHCP,
         .code = DHCP_OPTION_ROOT_PATH,
         .value = {(const uint8_t *)"10.50.1.9:/export/a", 19}},
    };
    struct scope scope = {.settings = settings, .count = 3};
    struct scope_view view = {.scopes = {&scope}, .count = 1};
    char room[BOOT_SITE_TEXT_SIZE];
    struct boot_site site = boot_site_of(&view, 0x0a320101, 80, room);

    (void)state;
    assert_string_equal(site.console, "com1");
    assert_int_equal(site.console_speed, 115200);
    assert_string_equal(site.root_path, "/export/a");
    assert_int_equal(site.nfs_server, 0x0a320109);
    scope.count = 2;
    site = boot_site_of(&view, 0x0a320101, 80, room);
    assert_null(site.root_path);
    assert_int_equal(site.nfs_server, 0x0a320101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_gets_its_console_in_each_syntax),
        cmocka_unit_test(a_console_of_the_users_own_stands_alone),
        cmocka_unit_test(a_root_path_becomes_linux_s_root_over_nfs),
        cmocka_unit_test(http_is_used_where_it_is_served),
        cmocka_unit_test(netbsd_is_loaded_by_multiboot_or_its_own_loader),
        cmocka_unit_test(no_line_is_without_its_value),
        cmocka_unit_test(the_card_tells_netbsd_s_root_device),
        cmocka_unit_test(the_disk_is_left_to_the_firmware),
        cmocka_unit_test(ipxe_s_settings_reach_ipxe),
        cmocka_unit_test(the_machine_is_named),
        cmocka_unit_test(what_a_loader_cannot_boot_is_left_out),
        cmocka_unit_test(titles_and_arguments_break_out_of_no_syntax),
        cmocka_unit_test(grub_s_own_checker_reads_it),
        cmocka_unit_test(u_boot_s_script_is_a_shell_s),
        cmocka_unit_test(the_longest_recipe_fits),
        cmocka_unit_test(what_does_not_fit_is_no_file),
        cmocka_unit_test(names_tell_the_kind),
        cmocka_unit_test(a_site_is_read_from_the_settings),
        cmocka_unit_test(files_depend_on_loaders_where_they_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
