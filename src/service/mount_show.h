/* What mount tells about exports and mounts: DUMP and EXPORT. */
#ifndef BOOTWIRE_SERVICE_MOUNT_SHOW_H
#define BOOTWIRE_SERVICE_MOUNT_SHOW_H

#include "service/rpc.h"

/* Who mounted what, as far as the caller may know (enum export_viewer): of others only what an
 * `export` statement is about. The youngest come first. */
rpc_handler mount_dump;

/* The `export` statements with whom they name (nobody: everybody), and the caller's own roots. */
rpc_handler mount_export;

#endif
