#include "service/nfs_change.h"

#include "base/map.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/stat.h>

enum { PLACES = 1024 };

struct nfs_change_place {
    pthread_mutex_t lock;    /* guards the next two, for an instant */
    uint64_t number;         /* of changes begun so far */
    unsigned under_way;      /* of them */
    pthread_mutex_t setting; /* held by the SETATTR that is made */
};

static struct nfs_change_place places[PLACES];
static pthread_once_t places_once = PTHREAD_ONCE_INIT;

static void make_places(void)
{
    for (size_t i = 0; i < PLACES; i++) {
        pthread_mutex_init(&places[i].lock, NULL);
        pthread_mutex_init(&places[i].setting, NULL);
    }
}

static struct nfs_change_place *place_of(int file)
{
    struct stat status;
    uint64_t key[2];

    pthread_once(&places_once, make_places);
    if (file < 0 || fstat(file, &status) < 0)
        return NULL;
    key[0] = status.st_dev;
    key[1] = status.st_ino;
    return &places[map_hash(key, sizeof(key)) % PLACES];
}

void nfs_change_begin(struct nfs_change *change, int file, bool changes)
{
    struct nfs_change_place *place = place_of(file);

    *change = (struct nfs_change){.place = place, .changes = changes};
    if (!place)
        return;
    pthread_mutex_lock(&place->lock);
    change->alone = place->under_way == 0;
    if (changes) {
        place->under_way++;
        place->number++;
    }
    change->number = place->number;
    pthread_mutex_unlock(&place->lock);
}

bool nfs_change_end(struct nfs_change *change)
{
    struct nfs_change_place *place = change->place;
    bool alone;

    if (!place)
        return true;
    pthread_mutex_lock(&place->lock);
    alone = change->alone && place->number == change->number;
    if (change->changes)
        place->under_way--;
    pthread_mutex_unlock(&place->lock);
    change->place = NULL;
    return alone;
}

struct nfs_change_place *nfs_change_lock(int file)
{
    struct nfs_change_place *place = place_of(file);

    if (place)
        pthread_mutex_lock(&place->setting);
    return place;
}

void nfs_change_unlock(struct nfs_change_place *place)
{
    if (place)
        pthread_mutex_unlock(&place->setting);
}
