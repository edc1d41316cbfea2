/* Any bytes as the value of any form: the first byte says which option's, or the first eight are a
 * form of their own. What comes out is printable and ends. */
#include "wire/dhcp_value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void check(struct region *region, const struct dhcp_form *form, struct slice value)
{
    for (const char *c = dhcp_value_text(region, form, value); *c; c++) {
        if (*c < ' ' || *c > '~')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    size_t count;
    const struct dhcp_option_definition *table = dhcp_option_table(&count);
    struct dhcp_form form = {.repeat = DHCP_ONCE};
    struct region region;

    if (length < 1 || length > 4096)
        return 0;
    region_init(&region, 0);
    check(&region, &table[data[0] % count].form, slice_of(data + 1, length - 1));
    if (length >= 8) {
        form.repeat = (enum dhcp_repeat)(data[0] % 3);
        form.last_optional = data[0] & 0x80;
        form.atoms[0] = DHCP_ATOM_ADDRESS;
        for (size_t i = 1; i < 8; i++)
            form.atoms[i] = (enum dhcp_atom)(data[i] % DHCP_ATOM_COUNT);
        check(&region, &form, slice_of(data + 8, length - 8));
    }
    region_release(&region);
    return 0;
}
