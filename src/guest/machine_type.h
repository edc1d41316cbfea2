/* The kinds of machine that a guest can be: which QEMU, which board, which firmware, which network
 * card; and where Debian's packages put what that needs. */
#ifndef BOOTWIRE_GUEST_MACHINE_TYPE_H
#define BOOTWIRE_GUEST_MACHINE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

/* How QEMU takes a firmware. */
enum guest_firmware {
    FIRMWARE_OF_QEMU, /* its own: a BIOS, and iPXE in the network card's ROM */
    FIRMWARE_BIOS,    /* -bios */
    FIRMWARE_SWAPPED, /* -bios, the bytes of each 32-bit word the other way round */
    FIRMWARE_KERNEL,  /* -kernel: what comes behind QEMU's own first stage */
    FIRMWARE_FLASH,   /* a flash chip, and another one for its variables */
};

struct guest_machine_type {
    const char *arch; /* as --arch says it */
    bool uefi;
    const char *program, *package; /* QEMU's, and Debian's package of it */
    const char *board;             /* -machine, without the accelerator */
    const char *cpu;               /* -cpu; NULL: the board's own */
    const char *nic;               /* the network card, if the person names none */
    bool nic_on_board;             /* it is a part of the board: -net nic, not -device */
    unsigned memory_mib;           /* if the person says nothing */
    enum guest_firmware firmware;
    const char *firmware_path, *variables_path, *firmware_package; /* NULL: none */
};

/* The row; NULL where there is none. */
const struct guest_machine_type *guest_machine_type_find(const char *arch, bool uefi);
/* "i386, x86_64, aarch64 ...", or those that have UEFI; into `to`. */
char *guest_machine_type_list(char *to, size_t size, bool uefi);
/* Whether a machine of the kernel's name for it ("x86_64") can run it under KVM. */
bool guest_machine_type_fits(const struct guest_machine_type *type, const char *host_machine);

#endif
