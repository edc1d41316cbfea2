/* What boot files are, by their first bytes: heads laid out as each format's specification says. */
#include "golden.h"

#include "wire/program.h"

#include <string.h>

/* A head of zeros with some bytes in it. */
struct head {
    uint8_t bytes[PROGRAM_HEAD];
};

static struct head *put(struct head *head, size_t offset, const void *bytes, size_t length)
{
    memcpy(head->bytes + offset, bytes, length);
    return head;
}

static void is(const struct head *head, enum program_kind kind, enum processor processor)
{
    struct program program = program_of(slice_of(head->bytes, sizeof(head->bytes)));

    assert_int_equal(program.kind, kind);
    assert_int_equal(program.processor, processor);
}

static void uefi_programs(void **state)
{
    static const struct {
        const char *machine;
        enum processor processor;
    } machines[] = {
        {"\x4c\x01", PROCESSOR_I386},    {"\x64\x86", PROCESSOR_X64},
        {"\xc2\x01", PROCESSOR_ARM},     {"\x64\xaa", PROCESSOR_ARM64},
        {"\x64\x50", PROCESSOR_RISCV64}, {"\x34\x12", PROCESSOR_OTHER},
    };
    uint8_t bytes[512];
    struct slice file = golden("program-efi.bin", bytes, sizeof(bytes));
    struct program program = program_of(file);

    (void)state;
    assert_int_equal(program.kind, PROGRAM_EFI);
    assert_int_equal(program.processor, PROCESSOR_X64);
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        struct head head = {{0}};

        put(put(put(&head, 0, "MZ", 2), 0x3c, "\xc0", 1), 0xc0, "PE\0\0", 4);
        is(put(&head, 0xc4, machines[i].machine, 2), PROGRAM_EFI, machines[i].processor);
    }
}

static void linux_kernels(void **state)
{
    struct head old = {{0}}, wide = {{0}}, arm64 = {{0}}, arm = {{0}}, riscv = {{0}};

    (void)state;
    put(put(&old, 0x1fe, "\x55\xaa", 2), 0x202, "HdrS\x0c\x02", 6);
    is(&old, PROGRAM_LINUX, PROCESSOR_I386);
    /* A UEFI program, too. */
    put(put(put(&wide, 0, "MZ", 2), 0x3c, "\x40", 1), 0x40, "PE\0\0\x64\x86", 6);
    put(put(put(&wide, 0x1fe, "\x55\xaa", 2), 0x202, "HdrS\x0f\x02", 6), 0x236, "\x7f", 1);
    is(&wide, PROGRAM_LINUX, PROCESSOR_X64);
    is(put(&arm64, 0x38, "ARM\x64", 4), PROGRAM_LINUX, PROCESSOR_ARM64);
    is(put(&arm, 0x24, "\x18\x28\x6f\x01", 4), PROGRAM_LINUX, PROCESSOR_ARM);
    is(put(&riscv, 0x38, "RSC\x05", 4), PROGRAM_LINUX, PROCESSOR_RISCV64);
}

static void elf_programs(void **state)
{
    static const struct {
        uint8_t ident[6], machine[2];
        enum processor processor;
    } elves[] = {
        {"\177ELF\1\1", {3, 0}, PROCESSOR_I386},
        {"\177ELF\2\1", {62, 0}, PROCESSOR_X64},
        {"\177ELF\2\1", {183, 0}, PROCESSOR_ARM64},
        {"\177ELF\1\2", {0, 8}, PROCESSOR_MIPS},
        {"\177ELF\1\1", {243, 0}, PROCESSOR_RISCV32},
        {"\177ELF\2\1", {243, 0}, PROCESSOR_RISCV64},
        {"\177ELF\2\2", {0, 43}, PROCESSOR_SPARC},
        {"\177ELF\1\1", {0x7f, 0x7f}, PROCESSOR_OTHER},
    };
    uint8_t bytes[512];
    struct program program;

    (void)state;
    program = program_of(golden("program-elf.bin", bytes, sizeof(bytes)));
    assert_int_equal(program.kind, PROGRAM_ELF);
    assert_int_equal(program.processor, PROCESSOR_X64);
    for (size_t i = 0; i < sizeof(elves) / sizeof(elves[0]); i++) {
        struct head head = {{0}};

        put(put(&head, 0, elves[i].ident, 6), 18, elves[i].machine, 2);
        is(&head, PROGRAM_ELF, elves[i].processor);
    }
}

static void other_files(void **state)
{
    struct head ipxe = {"#!ipxe\n"}, shell = {"#!/bin/sh\n"}, packed = {"\x1f\x8b"};
    struct head image = {"\x27\x05\x19\x56"}, nothing = {{0}};

    (void)state;
    is(&ipxe, PROGRAM_IPXE, PROCESSOR_ANY);
    is(&shell, PROGRAM_SCRIPT, PROCESSOR_ANY);
    is(&packed, PROGRAM_PACKED, PROCESSOR_ANY);
    is(&image, PROGRAM_U_BOOT, PROCESSOR_ANY);
    is(&nothing, PROGRAM_OTHER, PROCESSOR_ANY);
}

static void what_is_cut_off_is_nothing(void **state)
{
    struct head head = {{0}};
    struct program program;

    (void)state;
    put(put(&head, 0, "MZ", 2), 0x3c, "\xff\xff\xff\x7f", 4); /* its header would lie far behind */
    is(&head, PROGRAM_OTHER, PROCESSOR_ANY);
    program = program_of(slice_of("\177ELF", 4));
    assert_int_equal(program.kind, PROGRAM_OTHER);
    assert_int_equal(program_of(slice_of(NULL, 0)).kind, PROGRAM_OTHER);
    assert_string_equal(processor_in_words(PROCESSOR_ARM64), "64-bit ARM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uefi_programs),
        cmocka_unit_test(linux_kernels),
        cmocka_unit_test(elf_programs),
        cmocka_unit_test(other_files),
        cmocka_unit_test(what_is_cut_off_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
