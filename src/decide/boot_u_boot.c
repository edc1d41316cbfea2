/* boot.scr: a script for U-Boot's shell, in an image that `source` checks. Single quotes take
 * everything as it is; a quote is written outside of them, behind a backslash. */
#include "decide/boot_parts.h"

#include "wire/uboot_image.h"

static void write_quoted_byte(struct writer *w, uint8_t byte)
{
    if (byte == '\'')
        writer_slice(w, slice_of_string("'\\''"));
    else
        writer_u8(w, byte < 0x20 || byte == 0x7f ? ' ' : byte);
}

static void write_quoted(struct writer *w, const char *text)
{
    writer_u8(w, '\'');
    for (; *text; text++)
        write_quoted_byte(w, (uint8_t)*text);
    writer_u8(w, '\'');
}

/* Loads the file to the address: "tftpboot ADDRESS 'SERVER:path'". A name with its server needs no
 * serverip, which the environment may have for another purpose. */
static void write_load(struct writer *w, const struct boot_site *site, const char *address,
                       const char *path)
{
    char server[IPV4_TEXT_SIZE];

    while (*path == '/')
        path++;
    boot_print(w, "tftpboot %s '%s:", address, ipv4_text(server, site->server));
    for (; *path; path++)
        write_quoted_byte(w, (uint8_t)*path);
    boot_print(w, "'");
}

static bool can_boot(const struct boot_entry *entry)
{
    for (size_t i = 0; i < entry->initrd_count; i++) {
        if (boot_is_url(entry->initrds[i]))
            return false;
    }
    return entry->kind == BOOT_LOCAL ||
           (entry->kind != BOOT_IPXE && entry->file && !boot_is_url(entry->file));
}

static void write_arguments(struct writer *w, const struct boot_site *site,
                            const struct boot_entry *entry)
{
    char words[BOOT_WORDS_SIZE];
    bool console = entry->kind == BOOT_LINUX && boot_linux_console(site, entry) &&
                   !boot_is_arm(site->client.platform);

    if (console) {
        /* On Arm ports have other names; the kernel finds its console in the device tree. */
        boot_print(w, "setenv bw_console console=ttyS%d,%u\n", boot_console_port(site),
                   boot_console_speed(site));
        boot_print(w, "if test \"${arch}\" = arm; then setenv bw_console; fi\n");
    }
    boot_print(w, "setenv bootargs%s", console ? " ${bw_console}" : "");
    words[0] = 0;
    if (entry->kind == BOOT_LINUX)
        boot_linux_root(site, entry, words);
    if (words[0]) {
        boot_print(w, " ");
        write_quoted(w, words + 1);
    }
    if (entry->append && entry->append[0]) {
        boot_print(w, " ");
        write_quoted(w, entry->append);
    }
    boot_print(w, "\n");
}

/* Boards differ in which addresses they name; all have one to load to. The Malta names no other:
 * its kernels unpack and move themselves below 64 MiB, so what is loaded has to lie higher. Its
 * U-Boot can neither reckon (setexpr) nor tell a kernel in an ELF file of the memory; Linux then
 * takes it for 32 MiB, which the initrd is not in. QEMU's has 128 MiB; `append` can say otherwise.
 */
static void write_addresses(struct writer *w, const struct boot_entry *entry)
{
    bool sized = boot_has_word(entry->append, "mem=") || boot_has_word(entry->append, "memsize=");

    boot_print(w,
               "if test -z \"${kernel_addr_r}\"; then\n"
               "if test \"${loadaddr}\" = 0x81000000; then\n"
               "setenv kernel_addr_r 0x83000000\n"
               "setenv ramdisk_addr_r 0x84000000\n%s"
               "else\nsetenv kernel_addr_r ${loadaddr}\nfi\nfi\n",
               sized ? "" : "setenv bw_memory mem=128M\n");
    if (entry->initrd_count > 0)
        boot_print(w, "if test -z \"${ramdisk_addr_r}\"; then "
                      "setexpr ramdisk_addr_r ${kernel_addr_r} + 4000000; fi\n");
}

/* Loads the initrds one behind the other, as Linux takes them: "LOAD && LOAD && ", after which
 * bw_size is the size of all. */
static void write_initrds(struct writer *w, const struct boot_site *site,
                          const struct boot_entry *entry)
{
    for (size_t i = 0; i < entry->initrd_count; i++) {
        write_load(w, site, i == 0 ? "${ramdisk_addr_r}" : "${bw_end}", entry->initrds[i]);
        boot_print(w, " && ");
        if (i == 0)
            boot_print(w, "setenv bw_size ${filesize} && ");
        else
            boot_print(w, "setexpr bw_size ${bw_size} + ${filesize} && ");
        if (i + 1 < entry->initrd_count)
            boot_print(w, "setexpr bw_end ${ramdisk_addr_r} + ${bw_size} && ");
    }
}

/* A kernel. Which command starts it depends on what it is (a 64-bit Image, a zImage, an image with
 * U-Boot's own header, an ELF file): each refuses what it does not know. An ELF file is a MIPS
 * kernel, which is told of its initrd by its command line. */
static void write_kernel(struct writer *w, const struct boot_site *site,
                         const struct boot_entry *entry)
{
    write_addresses(w, entry);
    write_arguments(w, site, entry);
    boot_print(w, "setenv bw_initrd -\nif ");
    write_initrds(w, site, entry);
    write_load(w, site, "${kernel_addr_r}", entry->file);
    boot_print(w, "; then\n");
    if (entry->initrd_count > 0)
        boot_print(w, "setenv bw_initrd ${ramdisk_addr_r}:${bw_size}\n"
                      "setenv bw_rd rd_start=${ramdisk_addr_r} rd_size=0x${bw_size}\n");
    boot_print(w, "booti ${kernel_addr_r} ${bw_initrd} ${fdtcontroladdr}\n"
                  "bootz ${kernel_addr_r} ${bw_initrd} ${fdtcontroladdr}\n"
                  "bootm ${kernel_addr_r} ${bw_initrd} ${fdtcontroladdr}\n");
    /* It starts nothing unless autostart is set; the first word is the program's name to the
     * kernel, in builds that do not take the address for it, where a word with a dot does no harm.
     */
    boot_print(w, "setenv autostart yes\n"
                  "bootelf ${kernel_addr_r} u-boot.elf ${bw_memory} ${bw_rd} ${bootargs}\nfi\n");
}

static void write_file(struct writer *w, const struct boot_site *site,
                       const struct boot_entry *entry)
{
    write_addresses(w, entry);
    write_arguments(w, site, entry);
    boot_print(w, "if ");
    write_load(w, site, "${kernel_addr_r}", entry->file);
    boot_print(w, "; then\nbootefi ${kernel_addr_r} ${fdtcontroladdr}\n"
                  "bootm ${kernel_addr_r}\nfi\n");
}

bool boot_write_u_boot(const struct boot_site *site, const struct boot_recipe *recipe,
                       struct writer *w)
{
    const struct boot_entry *entry = &recipe->entries[recipe->default_entry];
    size_t begun;

    for (size_t i = 0; i < recipe->entry_count && !can_boot(entry); i++)
        entry = &recipe->entries[i];
    if (!can_boot(entry))
        return false;
    begun = uboot_script_begin(w);
    /* Its menus are pxelinux.cfg's; without that command the default is booted. */
    if (recipe->title)
        boot_print(w, "if pxe get; then pxe boot; fi\n");
    if (entry->kind == BOOT_LOCAL)
        boot_print(w, "echo This computer boots from its own disk.\n");
    else if (entry->kind == BOOT_FILE)
        write_file(w, site, entry);
    else
        write_kernel(w, site, entry);
    uboot_script_finish(w, begun, "bootwire");
    return true;
}
