#include "test.h"

#include "store/handle_cache.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define NOW    (INT64_C(1700000000) * SECOND)

static struct handle handle_number(unsigned number)
{
    struct handle handle;

    memset(&handle, 0, sizeof(handle));
    memcpy(handle.bytes, &number, sizeof(number));
    return handle;
}

static bool has(struct handle_cache *cache, struct handle_cache_key key, unsigned number)
{
    struct handle found, expected = handle_number(number);

    return handle_cache_get(cache, &key, &found) && memcmp(&found, &expected, sizeof(found)) == 0;
}

static void files_are_told_apart(void **state)
{
    struct handle_cache *cache = handle_cache_new();
    struct handle_cache_key key = {1, 7, 10, NOW - 100 * SECOND}, other = key;
    struct handle handle = handle_number(1);

    (void)state;
    assert_false(handle_cache_get(cache, &key, &handle));
    handle_cache_put(cache, &key, NOW, &handle);
    assert_true(has(cache, key, 1));
    other.birth++;
    assert_false(handle_cache_get(cache, &other, &handle));
    other = key;
    other.inode++;
    assert_false(handle_cache_get(cache, &other, &handle));
    other = key;
    other.device++;
    assert_false(handle_cache_get(cache, &other, &handle));
    other = key;
    other.export ++;
    assert_false(handle_cache_get(cache, &other, &handle));
    handle = handle_number(2);
    handle_cache_put(cache, &other, NOW, &handle);
    assert_true(has(cache, key, 1));
    assert_true(has(cache, other, 2));
    handle_cache_free(cache);
}

/* Its number may go to another file within the same tick. */
static void who_was_just_born_is_not_kept(void **state)
{
    struct handle_cache *cache = handle_cache_new();
    struct handle_cache_key key = {1, 7, 10, NOW - HANDLE_CACHE_AGE_MS * (SECOND / 1000) + 1};
    struct handle handle = handle_number(1);

    (void)state;
    handle_cache_put(cache, &key, NOW, &handle);
    assert_false(handle_cache_get(cache, &key, &handle));
    key.birth = NOW + SECOND; /* the clock was set back */
    handle_cache_put(cache, &key, NOW, &handle);
    assert_false(handle_cache_get(cache, &key, &handle));
    key.birth = NOW - HANDLE_CACHE_AGE_MS * (SECOND / 1000);
    handle_cache_put(cache, &key, NOW, &handle);
    assert_true(has(cache, key, 1));
    handle_cache_free(cache);
}

static void whoever_asks_it_stays_as_large(void **state)
{
    struct handle_cache *cache = handle_cache_new();
    unsigned kept = 0;

    (void)state;
    for (unsigned i = 0; i < 4 * HANDLE_CACHE_ENTRIES; i++) {
        struct handle_cache_key key = {1, 7, i, NOW - 100 * SECOND};
        struct handle handle = handle_number(i);

        handle_cache_put(cache, &key, NOW, &handle);
        assert_true(has(cache, key, i));
    }
    for (unsigned i = 0; i < 4 * HANDLE_CACHE_ENTRIES; i++)
        kept += has(cache, (struct handle_cache_key){1, 7, i, NOW - 100 * SECOND}, i);
    assert_true(kept > HANDLE_CACHE_ENTRIES / 2 && kept <= HANDLE_CACHE_ENTRIES);
    handle_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_told_apart),
        cmocka_unit_test(who_was_just_born_is_not_kept),
        cmocka_unit_test(whoever_asks_it_stays_as_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
