/* U-Boot's script images, beside one that its own mkimage made. */
#include "golden.h"

#include "wire/uboot_image.h"

static const char script[] = "echo hello\nbooti ${kernel_addr_r}\n";

static void the_checksum_is_everybody_s(void **state)
{
    (void)state;
    assert_int_equal(uboot_crc32(slice_of_string("123456789")), 0xcbf43926);
    assert_int_equal(uboot_crc32(slice_of(NULL, 0)), 0);
}

static void mkimage_s_image_is_read_and_written_alike(void **state)
{
    uint8_t bytes[512], own[512];
    struct slice image = golden("uboot-script.bin", bytes, sizeof(bytes));
    struct writer w = writer_of(own, sizeof(own));
    struct uboot_script read;
    size_t begun;

    (void)state;
    assert_true(uboot_script_decode(&read, image));
    assert_true(slice_equal_string(read.text, script));
    assert_memory_equal(read.name, "bootwire\0", 9);
    writer_u8(&w, 7); /* an image may begin anywhere in its writer */
    begun = uboot_script_begin(&w);
    writer_bytes(&w, script, strlen(script));
    uboot_script_finish(&w, begun, "bootwire");
    assert_false(w.failed);
    assert_true(slice_equal(slice_of(own + 1, w.length - 1), image));
}

static void damage_is_seen(void **state)
{
    uint8_t bytes[512];
    struct slice image = golden("uboot-script.bin", bytes, sizeof(bytes));
    struct uboot_script read;

    (void)state;
    for (size_t i = 0; i < image.length; i++) {
        bytes[i] ^= 0x10;
        assert_false(uboot_script_decode(&read, image));
        bytes[i] ^= 0x10;
    }
    for (size_t length = 0; length < image.length; length++)
        assert_false(uboot_script_decode(&read, slice_of(bytes, length)));
}

static void no_room_is_no_image(void **state)
{
    uint8_t small[80];
    struct writer w = writer_of(small, sizeof(small));
    size_t begun = uboot_script_begin(&w);

    (void)state;
    writer_bytes(&w, script, strlen(script));
    uboot_script_finish(&w, begun, "a name that is longer than thirty-two bytes");
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_everybody_s),
        cmocka_unit_test(mkimage_s_image_is_read_and_written_alike),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(no_room_is_no_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
