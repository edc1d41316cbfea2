#include "guest/trouble.h"

#include <stddef.h>
#include <string.h>

static const struct guest_trouble troubles[] = {
    {"KVM internal error. Suberror: 1",
     "KVM met an instruction that it cannot emulate: iPXE's ROM has some, and virtual machines in "
     "virtual machines cannot run them",
     true},
    {"KVM internal error", "KVM gave up", true},
    {"KVM: entry failed", "the processor refuses the guest's state", true},
    {"kvm run failed", "KVM cannot run the guest", true},
    {"Could not access KVM",
     "there is no /dev/kvm, or it is not yours to open: its group, kvm, may", true},
    {"failed to initialize kvm", "KVM does not start", true},
    {"invalid accelerator kvm", "this QEMU was built without KVM", true},
    {"kvm: No such device", "the processor has no virtualisation, or the firmware turned it off",
     true},
    {"does not support guest PMU", "KVM's processor model does not fit this host", true},
    {"-accel kvm: not supported", "this QEMU has no KVM for that architecture", true},
    {"Cannot allocate memory", "there is not enough memory for the guest: --memory gives it less",
     false},
    {"cannot set up guest memory",
     "there is not enough memory for the guest: --memory gives it less", false},
    {"is not a valid device model name",
     "this QEMU has no such network card for that machine: --nic names another", false},
    {"Unsupported NIC model", "that machine has no such network card: --nic names another", false},
    {"Invalid SMP CPUs", "that machine has fewer processors: --cpus asks for less", false},
    {"Could not open option rom",
     "the network card's ROM is missing: Debian's package ipxe-qemu has it", false},
    {"failed to find romfile",
     "the network card's ROM is missing: Debian's package ipxe-qemu has it", false},
    {"device requires", "QEMU and its ROMs are of different versions: install both anew", false},
};

const struct guest_trouble *guest_trouble_find(const char *line)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (strcasestr(line, troubles[i].sign))
            return &troubles[i];
    }
    return NULL;
}
