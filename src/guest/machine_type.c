#include "guest/machine_type.h"

#include <stdio.h>
#include <string.h>

/* Without graphics SeaBIOS shows on the serial port what the ROM and the loader print. Where U-Boot
 * is the firmware the card is an e1000: it takes the first byte of virtio's address for all six. */
static const struct guest_machine_type types[] = {
    {.arch = "x86_64",
     .program = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     .board = "pc,graphics=off",
     .nic = "e1000",
     .memory_mib = 512},
    {.arch = "x86_64",
     .uefi = true,
     .program = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     .board = "q35",
     .nic = "virtio-net-pci",
     .memory_mib = 512,
     .firmware = FIRMWARE_FLASH,
     .firmware_path = "/usr/share/OVMF/OVMF_CODE_4M.fd",
     .variables_path = "/usr/share/OVMF/OVMF_VARS_4M.fd",
     .firmware_package = "ovmf"},
    {.arch = "i386",
     .program = "qemu-system-i386",
     .package = "qemu-system-x86",
     .board = "pc,graphics=off",
     .nic = "e1000",
     .memory_mib = 512},
    {.arch = "i386",
     .uefi = true,
     .program = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     .board = "q35",
     .nic = "virtio-net-pci",
     .memory_mib = 512,
     .firmware = FIRMWARE_FLASH,
     .firmware_path = "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd",
     .variables_path = "/usr/share/OVMF/OVMF32_VARS_4M.fd",
     .firmware_package = "ovmf-ia32"},
    {.arch = "aarch64",
     .program = "qemu-system-aarch64",
     .package = "qemu-system-arm",
     .board = "virt",
     .cpu = "cortex-a57",
     .nic = "e1000",
     .memory_mib = 512,
     .firmware = FIRMWARE_BIOS,
     .firmware_path = "/usr/lib/u-boot/qemu_arm64/u-boot.bin",
     .firmware_package = "u-boot-qemu"},
    {.arch = "aarch64",
     .uefi = true,
     .program = "qemu-system-aarch64",
     .package = "qemu-system-arm",
     .board = "virt",
     .cpu = "cortex-a57",
     .nic = "virtio-net-pci",
     .memory_mib = 512,
     .firmware = FIRMWARE_FLASH,
     .firmware_path = "/usr/share/AAVMF/AAVMF_CODE.fd",
     .variables_path = "/usr/share/AAVMF/AAVMF_VARS.fd",
     .firmware_package = "qemu-efi-aarch64"},
    {.arch = "mipsel",
     .program = "qemu-system-mipsel",
     .package = "qemu-system-mips",
     .board = "malta",
     .nic = "pcnet",
     .nic_on_board = true,
     .memory_mib = 256,
     .firmware = FIRMWARE_SWAPPED,
     .firmware_path = "/usr/lib/u-boot/maltael/u-boot.bin",
     .firmware_package = "u-boot-qemu"},
    {.arch = "riscv64",
     .program = "qemu-system-riscv64",
     .package = "qemu-system-misc",
     .board = "virt",
     .nic = "e1000",
     .memory_mib = 512,
     .firmware = FIRMWARE_KERNEL,
     .firmware_path = "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin",
     .firmware_package = "u-boot-qemu"},
};

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

const struct guest_machine_type *guest_machine_type_find(const char *arch, bool uefi)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].arch, arch) == 0 && types[i].uefi == uefi)
            return &types[i];
    }
    return NULL;
}

char *guest_machine_type_list(char *to, size_t size, bool uefi)
{
    to[0] = 0;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        size_t length = strlen(to);

        if (types[i].uefi == uefi)
            snprintf(to + length, size - length, "%s%s", length > 0 ? ", " : "", types[i].arch);
    }
    return to;
}

bool guest_machine_type_fits(const struct guest_machine_type *type, const char *host_machine)
{
    return strcmp(type->arch, host_machine) == 0 ||
           (strcmp(type->arch, "i386") == 0 && strcmp(host_machine, "x86_64") == 0) ||
           (strcmp(type->arch, "i386") == 0 && strcmp(host_machine, "i686") == 0);
}
