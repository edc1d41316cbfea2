/* Values of options as text: as a person would write them in ISC dhcpd's configuration language
 * (dhcp-options(5)), so that what is read there comes out again. */
#ifndef BOOTWIRE_WIRE_DHCP_VALUE_H
#define BOOTWIRE_WIRE_DHCP_VALUE_H

#include "base/region.h"
#include "wire/dhcp_option_table.h"

/* The value in its form: 10.50.1.1, 10.50.1.2 or "/root" or true or 01:a0:ff. A value that does not
 * have the form is written as bytes. Printable ASCII, in the region. */
const char *dhcp_value_text(struct region *region, const struct dhcp_form *form,
                            struct slice value);
/* The bytes as text in quotes, with escapes. */
const char *dhcp_quoted_text(struct region *region, struct slice value);
/* The bytes in hexadecimal, with colons between them. */
const char *dhcp_hex_text(struct region *region, struct slice value);

#endif
