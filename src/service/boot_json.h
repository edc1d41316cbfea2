/* A machine's boot as the control socket tells it; doc/control-protocol.md says what each field
 * means. The objects are the caller's: json_decref(). */
#ifndef BOOTWIRE_SERVICE_BOOT_JSON_H
#define BOOTWIRE_SERVICE_BOOT_JSON_H

#include "model/boot.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A MACHINE; with its timeline, or without. */
json_t *boot_json(const struct boot *boot, bool timeline, uint64_t now_ms);
/* An EXCHANGE of a boot that began at `began_ms`. */
json_t *boot_exchange_json(const struct boot_exchange *exchange, uint64_t began_ms);
/* What MACHINE.machine holds: the hardware address, or the IPv4 address where that is unknown. */
json_t *boot_name_json(const struct hardware *hardware, uint32_t address);

#endif
