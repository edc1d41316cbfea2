#include "decide/boot_parts.h"

bool boot_write_ipxe(const struct boot_site *site, const struct boot_recipe *recipe,
                     struct writer *w)
{
    (void)site;
    (void)recipe;
    (void)w;
    return false;
}
