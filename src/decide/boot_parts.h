/* What the writers of generated boot files share; nobody else includes it. */
#ifndef BOOTWIRE_DECIDE_BOOT_PARTS_H
#define BOOTWIRE_DECIDE_BOOT_PARTS_H

#include "decide/boot_plan.h"

/* Each writes one kind of file; false where the recipe has nothing for that loader. */
bool boot_write_ipxe(const struct boot_site *site, const struct boot_recipe *recipe,
                     struct writer *w);
bool boot_write_pxelinux(enum boot_file_kind kind, const struct boot_site *site,
                         const struct boot_recipe *recipe, struct writer *w);
bool boot_write_grub(const struct boot_site *site, const struct boot_recipe *recipe,
                     struct writer *w);
bool boot_write_netbsd(const struct boot_site *site, const struct boot_recipe *recipe,
                       struct writer *w);
bool boot_write_u_boot(const struct boot_site *site, const struct boot_recipe *recipe,
                       struct writer *w);

/* Whether a recipe's path is a URL ("http://...", "tftp://..."). */
bool boot_is_url(const char *path);
/* The length of iPXE's "${SETTING}" at `at`; 0: none stands there. */
size_t boot_setting_length(const char *at);
/* The URL of a path below tftp-root: by HTTP where it is served, else by TFTP. Bytes that a URL
 * has no room for are written as %NN (RFC 3986 section 2.1), but for iPXE's settings, which are for
 * iPXE to replace. */
void boot_write_url(struct writer *w, const struct boot_site *site, const char *path);
/* Writes formatted text without its NUL; fails where it does not fit. */
void boot_print(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes a comment that names the machine, or its address where it has no name. */
void boot_write_owner(struct writer *w, const struct boot_site *site);
/* Writes the text with every control character and byte of a multi-byte character that is not
 * UTF-8 left out or replaced by a space: for titles, which people read. */
void boot_write_plain(struct writer *w, const char *text);
/* The title of an entry: its own, else its kind and file. In `to`, NUL-terminated. */
enum { BOOT_TITLE_SIZE = 256 };
const char *boot_title(const struct boot_entry *entry, char to[BOOT_TITLE_SIZE]);

/* The console's serial port (0 is com0), or -1 where it is none. */
int boot_console_port(const struct boot_site *site);
/* Its speed; 9600 where none was said. */
uint32_t boot_console_speed(const struct boot_site *site);
/* Its I/O address; the PC's usual one of that port where none was said. */
uint32_t boot_console_address(const struct boot_site *site);

/* Whether the machine is one where serial ports are not ttyS of Linux: Arm, as far as is known. */
bool boot_is_arm(enum boot_platform platform);
/* Whether one of the command line's words begins with the text: "root=". */
bool boot_has_word(const char *append, const char *begins);
/* The words that a Linux kernel gets behind its own command line for a root over NFS: where the
 * scope has a root-path and the command line names no root. Begins with a space; empty otherwise.
 * `to` is NUL-terminated. */
enum { BOOT_WORDS_SIZE = 512 };
const char *boot_linux_root(const struct boot_site *site, const struct boot_entry *entry,
                            char to[BOOT_WORDS_SIZE]);
/* Whether a Linux kernel is to be told of the serial console: there is one, and the command line
 * names none. */
bool boot_linux_console(const struct boot_site *site, const struct boot_entry *entry);

#endif
