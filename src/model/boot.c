#include "model/boot.h"

#include <stdlib.h>
#include <string.h>

const char *boot_reached_name(enum boot_reached reached)
{
    static const char *const names[REACHED_COUNT] = {
        [REACHED_NOTHING] = "nothing",   [REACHED_ASKED] = "asked",
        [REACHED_OFFERED] = "offered",   [REACHED_ADDRESS] = "address",
        [REACHED_LOADING] = "loading",   [REACHED_LOADED] = "loaded",
        [REACHED_MOUNTED] = "mounted",   [REACHED_ROOT] = "root",
        [REACHED_USERLAND] = "userland", [REACHED_LOGIN] = "login",
        [REACHED_PANIC] = "panic",       [REACHED_OFF] = "off",
    };

    return reached < REACHED_COUNT ? names[reached] : "nothing";
}

void boot_release(struct boot *boot)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        free(boot->facts[i].subject);
        free(boot->facts[i].got);
        free(boot->facts[i].hint);
    }
    for (size_t i = 0; i < boot->exchange_count; i++) {
        free(boot->exchanges[i].asked);
        free(boot->exchanges[i].got);
        free(boot->exchanges[i].decided);
    }
    free(boot->exchanges);
    memset(boot->facts, 0, sizeof(boot->facts));
    boot->exchanges = NULL;
    boot->exchange_count = boot->exchange_room = 0;
}

void boot_clear(struct boot *boot)
{
    struct boot kept = {
        .hardware = boot->hardware,
        .address = boot->address,
        .boots = boot->boots,
        .patience = boot->patience,
        .short_boots = boot->short_boots,
    };

    memcpy(kept.host, boot->host, sizeof(kept.host));
    boot_release(boot);
    *boot = kept;
}
