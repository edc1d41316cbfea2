#include "test.h"

#include "store/listing_cache.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define WALL   (INT64_C(1700000000) * SECOND)

enum { NOW = 5000, INODE = 77 };

static struct listing_filling filling;

static struct listing_key key_of(uint64_t inode)
{
    struct listing_key key;

    memset(&key, 0, sizeof(key));
    key.export = 1;
    key.device = 7;
    key.inode = inode;
    key.changed = key.modified = WALL - 100 * SECOND;
    key.count = 4096;
    key.plus = key.searchable = 1;
    return key;
}

/* A piece about the file INODE. */
static void fill(struct listing_cache *cache, const struct listing_key *key, const char *text)
{
    listing_filling_begin(&filling, cache, NOW);
    listing_filling_add(&filling, INODE);
    listing_cache_put(cache, &filling, key, NOW, WALL, slice_of_string(text));
}

static bool has(struct listing_cache *cache, const struct listing_key *key, uint64_t now,
                const char *text)
{
    uint8_t bytes[64];
    size_t length = listing_cache_get(cache, key, now, bytes, sizeof(bytes));

    return slice_equal_string(slice_of(bytes, length), text);
}

static void pieces_are_told_apart(void **state)
{
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);
    uint64_t *const parts[] = {&key.export, &key.device,   &key.inode, &key.cookie,
                               &key.count,  &key.dircount, &key.plus,  &key.searchable};

    (void)state;
    assert_true(has(cache, &key, NOW, ""));
    fill(cache, &key, "one");
    assert_true(has(cache, &key, NOW, "one"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ++*parts[i];
        assert_true(has(cache, &key, NOW, ""));
        --*parts[i];
    }
    key.changed++;
    assert_true(has(cache, &key, NOW, ""));
    key.changed--;
    key.modified++;
    assert_true(has(cache, &key, NOW, ""));
    key.modified--;
    fill(cache, &key, "other");
    assert_true(has(cache, &key, NOW, "other"));
    /* What does not fit is not there. */
    assert_int_equal(listing_cache_get(cache, &key, NOW, (uint8_t[4]){0}, 4), 0);
    listing_cache_free(cache);
}

static void a_piece_has_its_time(void **state)
{
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);

    (void)state;
    fill(cache, &key, "one");
    assert_true(has(cache, &key, NOW + LISTING_CACHE_MS - 1, "one"));
    listing_cache_sweep(cache, NOW + LISTING_CACHE_MS - 1);
    assert_true(has(cache, &key, NOW, "one"));
    assert_true(has(cache, &key, NOW + LISTING_CACHE_MS, ""));
    fill(cache, &key, "two");
    listing_cache_sweep(cache, NOW + LISTING_CACHE_MS);
    assert_true(has(cache, &key, NOW, ""));
    /* Another thread's clock was read a moment before. */
    fill(cache, &key, "three");
    assert_true(has(cache, &key, NOW - 1, "three"));
    /* What takes long to fill is no younger for that. */
    listing_filling_begin(&filling, cache, NOW);
    listing_cache_put(cache, &filling, &key, NOW + LISTING_CACHE_MS / 2, WALL,
                      slice_of_string("slow"));
    assert_true(has(cache, &key, NOW + LISTING_CACHE_MS - 1, "slow"));
    assert_true(has(cache, &key, NOW + LISTING_CACHE_MS, ""));
    listing_filling_begin(&filling, cache, NOW);
    listing_cache_put(cache, &filling, &key, NOW + LISTING_CACHE_MS, WALL,
                      slice_of_string("too slow"));
    assert_true(has(cache, &key, NOW, ""));
    listing_cache_free(cache);
}

static void a_change_is_seen(void **state)
{
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);
    unsigned kept = 0;

    (void)state;
    /* A stranger or two may share its place, not many. */
    for (uint64_t stranger = INODE + 1; kept < 10; stranger++) {
        assert_true(stranger < INODE + 20);
        fill(cache, &key, "one");
        listing_cache_changed(cache, stranger);
        kept += has(cache, &key, NOW, "one");
    }
    fill(cache, &key, "one");
    listing_cache_changed(cache, INODE);
    assert_true(has(cache, &key, NOW, ""));
    fill(cache, &key, "two");
    assert_true(has(cache, &key, NOW, "two"));
    listing_cache_clear(cache);
    assert_true(has(cache, &key, NOW, ""));
    listing_cache_free(cache);
}

static void a_change_meanwhile_is_seen(void **state)
{
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        listing_filling_begin(&filling, cache, NOW);
        listing_filling_add(&filling, INODE);
        if (kind == 0)
            listing_cache_changed(cache, INODE);
        else if (kind == 1)
            listing_cache_clear(cache);
        else
            listing_cache_changed(cache, INODE + 1);
        listing_cache_put(cache, &filling, &key, NOW, WALL, slice_of_string("one"));
        assert_true(has(cache, &key, NOW, kind < 2 ? "" : "one"));
    }
    listing_cache_free(cache);
}

/* Its times may not tell the next change from the one before. */
static void what_was_just_changed_is_not_kept(void **state)
{
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);

    (void)state;
    key.changed = WALL - LISTING_CACHE_AGE_MS * (SECOND / 1000) + 1;
    fill(cache, &key, "one");
    assert_true(has(cache, &key, NOW, ""));
    key = key_of(1);
    key.modified = WALL + 100 * SECOND;
    fill(cache, &key, "one");
    assert_true(has(cache, &key, NOW, ""));
    key.modified = key.changed = WALL - LISTING_CACHE_AGE_MS * (SECOND / 1000);
    fill(cache, &key, "one");
    assert_true(has(cache, &key, NOW, "one"));
    listing_cache_free(cache);
}

static void there_is_an_end_to_what_is_kept(void **state)
{
    static uint8_t bytes[LISTING_CACHE_BYTES_MAX + 1];
    struct listing_cache *cache = listing_cache_new();
    struct listing_key key = key_of(1);
    unsigned kept = 0;

    (void)state;
    listing_filling_begin(&filling, cache, NOW);
    listing_cache_put(cache, &filling, &key, NOW, WALL, slice_of(bytes, sizeof(bytes)));
    assert_int_equal(listing_cache_get(cache, &key, NOW, bytes, sizeof(bytes)), 0);
    for (unsigned i = 0; i <= LISTING_CACHE_INODES_MAX; i++)
        listing_filling_add(&filling, i);
    listing_cache_put(cache, &filling, &key, NOW, WALL, slice_of_string("one"));
    assert_true(has(cache, &key, NOW, ""));
    for (unsigned i = 0; i < 10 * LISTING_CACHE_PIECES; i++) {
        key = key_of(i);
        fill(cache, &key, "one");
        assert_true(has(cache, &key, NOW, "one"));
    }
    for (unsigned i = 0; i < 10 * LISTING_CACHE_PIECES; i++) {
        key = key_of(i);
        kept += has(cache, &key, NOW, "one");
    }
    assert_true(kept > LISTING_CACHE_PIECES / 2 && kept <= LISTING_CACHE_PIECES);
    listing_cache_free(cache);
    listing_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_told_apart),
        cmocka_unit_test(a_piece_has_its_time),
        cmocka_unit_test(a_change_is_seen),
        cmocka_unit_test(a_change_meanwhile_is_seen),
        cmocka_unit_test(what_was_just_changed_is_not_kept),
        cmocka_unit_test(there_is_an_end_to_what_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
