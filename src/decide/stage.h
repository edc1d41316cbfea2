/* Which stage of a machine's boot sent a DHCP or BOOTP request. */
#ifndef BOOTWIRE_DECIDE_STAGE_H
#define BOOTWIRE_DECIDE_STAGE_H

#include "model/step.h"
#include "wire/dhcp.h"

/* Reads options 60, 61, 77, 93, 94 and 175 and the shape of the message; doc/clients.md has the
 * table. */
enum boot_stage stage_of(const struct dhcp_message *message);
/* Whether the request shows that iPXE sent it (user class "iPXE", or option 175: some builds of it
 * send no user class). */
bool stage_is_ipxe(const struct dhcp_message *message);
/* Whether the vendor class begins with the text. */
bool stage_vendor_class_begins(const struct dhcp_message *message, const char *text);
/* The first architecture that option 93 names, else the one in the vendor class ("PXEClient:Arch:
 * 00007:...", "HTTPClient:Arch:00016:..."); false where it names none, or nothing of the kind. */
bool stage_architecture(const struct dhcp_message *message, unsigned *architecture);
/* The stage in words, for a sentence: "its ROM", "its kernel". */
const char *stage_in_words(enum boot_stage stage);

#endif
