#include "decide/boot_parts.h"

bool boot_write_pxelinux(enum boot_file_kind kind, const struct boot_site *site,
                         const struct boot_recipe *recipe, struct writer *w)
{
    (void)kind;
    (void)site;
    (void)recipe;
    (void)w;
    return false;
}
