/* What a file is that a machine loads to run it, as far as its first bytes tell: a UEFI program
 * (PE/COFF), a Linux kernel, an ELF program, a script. A BIOS's loader has no mark at all. */
#ifndef BOOTWIRE_WIRE_PROGRAM_H
#define BOOTWIRE_WIRE_PROGRAM_H

#include "base/slice.h"

enum { PROGRAM_HEAD = 1024 /* bytes of a file that are worth looking at */ };

enum program_kind {
    PROGRAM_OTHER,  /* nobody knows */
    PROGRAM_EFI,    /* what a UEFI firmware runs */
    PROGRAM_LINUX,  /* a Linux kernel; most are a UEFI program, too */
    PROGRAM_ELF,    /* a NetBSD kernel, /sbin/init, ... */
    PROGRAM_IPXE,   /* a script for iPXE */
    PROGRAM_SCRIPT, /* a text that begins with #! */
    PROGRAM_U_BOOT, /* U-Boot's image, the old one or the new one */
    PROGRAM_PACKED, /* packed by gzip, xz, bzip2, zstd or lz4 */
    PROGRAM_KIND_COUNT,
};

/* The processor that it is for. */
enum processor {
    PROCESSOR_ANY, /* it does not say */
    PROCESSOR_I386,
    PROCESSOR_X64,
    PROCESSOR_ARM,
    PROCESSOR_ARM64,
    PROCESSOR_RISCV32,
    PROCESSOR_RISCV64,
    PROCESSOR_LOONGARCH64,
    PROCESSOR_MIPS,
    PROCESSOR_POWERPC,
    PROCESSOR_SPARC,
    PROCESSOR_OTHER, /* none of those */
    PROCESSOR_COUNT,
};

struct program {
    enum program_kind kind;
    enum processor processor;
};

/* Judges a file by its first bytes: PROGRAM_HEAD of them, or all that it has. */
struct program program_of(struct slice head);

/* In words, for a sentence: "x64", "32-bit ARM"; PROCESSOR_ANY is "any processor". */
const char *processor_in_words(enum processor processor);

#endif
