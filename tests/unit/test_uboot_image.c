/* U-Boot's script images, beside one that its own mkimage made. */
#include "golden.h"

#include "wire/uboot_image.h"

static const char script[] = "echo hello\nbooti ${kernel_addr_r}\n";

static void image_is_mkimage_s(void **state)
{
    uint8_t bytes[512], own[512];
    struct slice image = golden("uboot-script.bin", bytes, sizeof(bytes));
    struct writer w = writer_of(own, sizeof(own));
    size_t begun;

    (void)state;
    writer_u8(&w, 7); /* an image may begin anywhere in its writer */
    begun = uboot_script_begin(&w);
    writer_bytes(&w, script, strlen(script));
    uboot_script_finish(&w, begun, "bootwire");
    assert_false(w.failed);
    assert_true(slice_equal(slice_of(own + 1, w.length - 1), image));
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
        cmocka_unit_test(image_is_mkimage_s),
        cmocka_unit_test(no_room_is_no_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
