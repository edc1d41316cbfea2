#include "wire/program.h"

#include "base/cursor.h"

#include <stdint.h>

/* Where a number stands, and what it means there. */
struct numbered {
    uint32_t number;
    enum processor processor;
};

static enum processor processor_of(const struct numbered *table, uint32_t number)
{
    for (; table->number; table++) {
        if (table->number == number)
            return table->processor;
    }
    return PROCESSOR_OTHER;
}

/* Reads from `offset` on; fails where the bytes end before. */
static struct reader reader_at(struct slice head, size_t offset)
{
    struct reader r = reader_of_slice(head);

    reader_skip(&r, offset);
    return r;
}

static bool has_at(struct slice head, size_t offset, const char *bytes, size_t length)
{
    return head.length >= offset + length && memcmp(head.data + offset, bytes, length) == 0;
}

/* Microsoft's PE format, section "COFF file header"; a zero ends the table. */
static bool is_efi(struct slice head, struct program *program)
{
    static const struct numbered machines[] = {
        {0x014c, PROCESSOR_I386},    {0x8664, PROCESSOR_X64},     {0x01c0, PROCESSOR_ARM},
        {0x01c2, PROCESSOR_ARM},     {0x01c4, PROCESSOR_ARM},     {0xaa64, PROCESSOR_ARM64},
        {0x5032, PROCESSOR_RISCV32}, {0x5064, PROCESSOR_RISCV64}, {0x6264, PROCESSOR_LOONGARCH64},
        {0, PROCESSOR_OTHER},
    };
    struct reader r = reader_at(head, 0x3c);
    uint32_t at = reader_le32(&r);

    if (!has_at(head, 0, "MZ", 2) || r.failed || at > head.length || !has_at(head, at, "PE\0\0", 4))
        return false;
    r = reader_at(head, at + 4);
    program->kind = PROGRAM_EFI;
    program->processor = processor_of(machines, reader_le16(&r));
    return true;
}

/* Linux's boot protocol for x86 (Documentation/arch/x86/boot.rst): bit 0 of xloadflags says that it
 * has a 64-bit entry. The images of ARM, ARM64 and RISC-V have a word of their own. */
static bool is_linux(struct slice head, struct program *program)
{
    enum { XLOADFLAGS = 0x236, VERSION = 0x206 };
    struct reader version = reader_at(head, VERSION), flags = reader_at(head, XLOADFLAGS);

    program->kind = PROGRAM_LINUX;
    if (has_at(head, 0x202, "HdrS", 4) && has_at(head, 0x1fe, "\x55\xaa", 2)) {
        bool wide = reader_le16(&version) >= 0x020c && (reader_le16(&flags) & 1);

        program->processor = wide ? PROCESSOR_X64 : PROCESSOR_I386;
        return true;
    }
    program->processor = has_at(head, 0x38, "ARM\x64", 4)            ? PROCESSOR_ARM64
                         : has_at(head, 0x38, "RSC\x05", 4)          ? PROCESSOR_RISCV64
                         : has_at(head, 0x24, "\x18\x28\x6f\x01", 4) ? PROCESSOR_ARM
                                                                     : PROCESSOR_ANY;
    return program->processor != PROCESSOR_ANY;
}

/* The System V ABI's ELF header: e_ident says width and byte order, e_machine the processor. */
static bool is_elf(struct slice head, struct program *program)
{
    enum { EI_CLASS = 4, EI_DATA = 5, E_MACHINE = 18, MOST_FIRST = 2, WIDE = 2, RISCV = 243 };
    static const struct numbered machines[] = {
        {3, PROCESSOR_I386},     {62, PROCESSOR_X64},          {40, PROCESSOR_ARM},
        {183, PROCESSOR_ARM64},  {8, PROCESSOR_MIPS},          {20, PROCESSOR_POWERPC},
        {21, PROCESSOR_POWERPC}, {2, PROCESSOR_SPARC},         {18, PROCESSOR_SPARC},
        {43, PROCESSOR_SPARC},   {258, PROCESSOR_LOONGARCH64}, {0, PROCESSOR_OTHER},
    };
    struct reader r = reader_at(head, E_MACHINE);
    uint16_t machine;

    if (!has_at(head, 0, "\177ELF", 4))
        return false;
    machine = head.length > EI_DATA && head.data[EI_DATA] == MOST_FIRST ? reader_be16(&r)
                                                                        : reader_le16(&r);
    if (r.failed)
        return false;
    program->kind = PROGRAM_ELF;
    if (machine == RISCV)
        program->processor = head.data[EI_CLASS] == WIDE ? PROCESSOR_RISCV64 : PROCESSOR_RISCV32;
    else
        program->processor = processor_of(machines, machine);
    return true;
}

struct program program_of(struct slice head)
{
    static const struct {
        const char *begin;
        size_t length;
        enum program_kind kind;
    } begins[] = {
        {"#!ipxe", 6, PROGRAM_IPXE},
        {"#!gpxe", 6, PROGRAM_IPXE},
        {"#!", 2, PROGRAM_SCRIPT},
        {"\x27\x05\x19\x56", 4, PROGRAM_U_BOOT}, /* the old image */
        {"\xd0\x0d\xfe\xed", 4, PROGRAM_U_BOOT}, /* a device tree, which the new image is, too */
        {"\x1f\x8b", 2, PROGRAM_PACKED},
        {"\3757zXZ", 5, PROGRAM_PACKED},
        {"BZh", 3, PROGRAM_PACKED},
        {"\x28\xb5\x2f\xfd", 4, PROGRAM_PACKED},
        {"\x04\x22\x4d\x18", 4, PROGRAM_PACKED},
        {"\x02\x21\x4c\x18", 4, PROGRAM_PACKED}, /* lz4 as Linux packs its initramfs */
    };
    struct program program = {PROGRAM_OTHER, PROCESSOR_ANY};

    /* A kernel that is a UEFI program, too, is a kernel. */
    if (is_linux(head, &program) || is_efi(head, &program) || is_elf(head, &program))
        return program;
    program = (struct program){PROGRAM_OTHER, PROCESSOR_ANY};
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (has_at(head, 0, begins[i].begin, begins[i].length)) {
            program.kind = begins[i].kind;
            break;
        }
    }
    return program;
}

const char *processor_in_words(enum processor processor)
{
    static const char *const words[PROCESSOR_COUNT] = {
        [PROCESSOR_ANY] = "any processor",
        [PROCESSOR_I386] = "32-bit x86",
        [PROCESSOR_X64] = "x64",
        [PROCESSOR_ARM] = "32-bit ARM",
        [PROCESSOR_ARM64] = "64-bit ARM",
        [PROCESSOR_RISCV32] = "32-bit RISC-V",
        [PROCESSOR_RISCV64] = "64-bit RISC-V",
        [PROCESSOR_LOONGARCH64] = "LoongArch",
        [PROCESSOR_MIPS] = "MIPS",
        [PROCESSOR_POWERPC] = "PowerPC",
        [PROCESSOR_SPARC] = "SPARC",
        [PROCESSOR_OTHER] = "another processor",
    };

    return processor < PROCESSOR_COUNT ? words[processor] : words[PROCESSOR_OTHER];
}
