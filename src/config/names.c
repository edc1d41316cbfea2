#include "config/names.h"

#include "base/memory.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct host_name *host_names_get(struct host_names *names, struct slice name)
{
    char *key = region_string_of_slice(names->region, name);
    struct host_name *made;

    for (size_t i = 0; i < name.length; i++)
        key[i] = (char)tolower((unsigned char)key[i]);
    made = map_get(&names->by_name, key, name.length);
    if (made || names->count == HOST_NAMES_MAX)
        return made;
    made = region_allocate(names->region, sizeof(*made));
    made->name = key;
    map_put(&names->by_name, key, name.length, made);
    if (names->last)
        names->last->next = made;
    else
        names->first = made;
    names->last = made;
    names->count++;
    return made;
}

void host_names_release(struct host_names *names)
{
    map_release(&names->by_name);
}

bool host_names_wait(const struct host_names *names)
{
    for (const struct host_name *at = names->first; at; at = at->next) {
        if (!at->asked)
            return true;
    }
    return false;
}

void host_name_add(struct host_name *name, uint32_t address)
{
    if (name->address_count < HOST_NAME_ADDRESSES_MAX)
        name->addresses[name->address_count++] = address;
}

static void take_answer(struct host_name *name, struct addrinfo *found)
{
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        struct sockaddr_in address;

        memcpy(&address, at->ai_addr, sizeof(address));
        host_name_add(name, ntohl(address.sin_addr.s_addr));
    }
    if (found)
        freeaddrinfo(found);
}

#ifndef __SANITIZE_THREAD__
/* One question to the library's threads. It has its own memory, because a lookup that cannot be
 * called off goes on writing to it. */
struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    struct host_name *name;
    char text[];
};

static struct lookup *lookup_new(struct host_name *name)
{
    size_t size = strlen(name->name) + 1;
    struct lookup *made = memory_zeroed(1, sizeof(*made) + size);

    memcpy(made->text, name->name, size);
    made->name = name;
    /* One kind of socket, or each address would come once for each. */
    made->hints = (struct addrinfo){.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    made->request.ar_name = made->text;
    made->request.ar_request = &made->hints;
    return made;
}

static int64_t milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until every lookup is done, or the time is up. */
static void wait_for_all(struct gaicb *const *requests, size_t count)
{
    int64_t end = milliseconds_now() + HOST_NAMES_MILLISECONDS, left;

    for (size_t i = 0; i < count; i++) {
        while (gai_error(requests[i]) == EAI_INPROGRESS && (left = end - milliseconds_now()) > 0) {
            const struct gaicb *one = requests[i];
            struct timespec time = {left / 1000, left % 1000 * 1000000};

            gai_suspend(&one, 1, &time);
        }
    }
}

/* Takes the answer over and frees the question, unless a thread still works on it. */
static void lookup_end(struct lookup *lookup)
{
    if (gai_error(&lookup->request) == EAI_INPROGRESS &&
        gai_cancel(&lookup->request) == EAI_NOTCANCELED)
        return;
    take_answer(lookup->name, gai_error(&lookup->request) == 0 ? lookup->request.ar_result : NULL);
    free(lookup);
}

void host_names_ask_system(struct host_names *names)
{
    struct lookup **lookups = memory_zeroed(names->count + 1, sizeof(struct lookup *));
    struct gaicb **requests = memory_zeroed(names->count + 1, sizeof(struct gaicb *));
    size_t count = 0;

    for (struct host_name *at = names->first; at; at = at->next) {
        if (at->asked)
            continue;
        at->asked = true;
        lookups[count] = lookup_new(at);
        requests[count] = &lookups[count]->request;
        count++;
    }
    /* What the system has no thread for fails by itself: its name has no address. */
    getaddrinfo_a(GAI_NOWAIT, requests, (int)count, NULL);
    wait_for_all(requests, count);
    for (size_t i = 0; i < count; i++)
        lookup_end(lookups[i]);
    free(requests);
    free(lookups);
}
#else
/* The sanitizer dies of threads that the C library starts behind its back. */
void host_names_ask_system(struct host_names *names)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};

    for (struct host_name *at = names->first; at; at = at->next) {
        struct addrinfo *found = NULL;

        if (!at->asked && getaddrinfo(at->name, NULL, &hints, &found) == 0)
            take_answer(at, found);
        at->asked = true;
    }
}
#endif
