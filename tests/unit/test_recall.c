/* The configuration for a machine that is not asking now. */
#include "test.h"

#include "config/config.h"
#include "decide/recall.h"
#include "dhcp_scene.h"

static struct scene scene;

static const struct hardware machine = {1, 6, {0x22, 0x22, 0x22, 0x22, 0, 1}};

/* The boot-timeout of a view; -1: none. */
static int timeout(const struct scope_view *view)
{
    return (int)scope_view_number(view, PARAMETER_BOOT_TIMEOUT, (uint32_t)-1);
}

static void a_lease_tells_of_its_request(void **state)
{
    static struct evaluation evaluation;
    static struct dhcp_message message;
    struct lease lease = {.hardware = machine,
                          .stage = STAGE_IPXE,
                          .client_identifier = "\1id",
                          .client_identifier_length = 3,
                          .vendor_class = "PXEClient",
                          .host_name = "dusty"};
    struct scope_view view;

    (void)state;
    scene_open(&scene, "if option host-name = \"dusty\" and option user-class = \"iPXE\" and "
                       "option vendor-class-identifier = \"PXEClient\" and "
                       "option dhcp-client-identifier = 01:69:64 and "
                       "option dhcp-message-type = 3 and hardware = 1:22:22:22:22:00:01 "
                       "{ boot-timeout 1; } elsif exists host-name { boot-timeout 2; } "
                       "elsif not exists dhcp-message-type { boot-timeout 3; }"
                       "subnet 10.50.1.0 netmask 255.255.255.0 { pool { range 10.50.1.8; "
                       "boot-timeout 4; } }");
    recall_message(&message, &machine, &lease);
    view = recall_view(&evaluation, &message, scene.snapshot, NULL, 0, slice_of(NULL, 0));
    assert_int_equal(timeout(&view), 1);
    lease.stage = STAGE_ROM;
    recall_message(&message, &machine, &lease);
    view = recall_view(&evaluation, &message, scene.snapshot, NULL, 0, slice_of(NULL, 0));
    assert_int_equal(timeout(&view), 2);
    /* Who never asked by DHCP. */
    recall_message(&message, &machine, NULL);
    view = recall_view(&evaluation, &message, scene.snapshot, NULL, 0x0a320107, slice_of(NULL, 0));
    assert_int_equal(timeout(&view), 3);
    view = recall_view(&evaluation, &message, scene.snapshot, NULL, 0x0a320108, slice_of(NULL, 0));
    assert_int_equal(timeout(&view), 4);
    scene_close(&scene);
}

static void only_what_is_not_said_anyway_is_picked(void **state)
{
    struct setting picked[RECALL_PICKED_MAX];
    struct recalled *recalled;
    struct scope_view plain;

    (void)state;
    scene_open(&scene,
               "boot-timeout 1; console com0; option root-path \"/a\"; next-server 10.0.0.1;"
               "if not known { boot-timeout 2; console com0; option root-path \"/b\"; "
               "next-server 10.0.0.2; }");
    plain = scope_view_of(scene.snapshot, NULL, NULL);
    recalled = recall_new(scene.snapshot, NULL, &machine, 0);
    assert_int_equal(recall_pick(picked, &recalled->view, &plain, true), 2);
    assert_int_equal(picked[0].code, DHCP_OPTION_ROOT_PATH);
    assert_true(slice_equal_string(picked[0].value, "/b"));
    assert_int_equal(picked[1].code, PARAMETER_BOOT_TIMEOUT);
    /* What it was not sent is no root of its. */
    assert_int_equal(recall_pick(picked, &recalled->view, &plain, false), 1);
    assert_int_equal(picked[0].code, PARAMETER_BOOT_TIMEOUT);
    recall_free(recalled);
    scene_close(&scene);

    /* A value that lives no longer than its evaluation is nobody's to keep. */
    scene_open(&scene, "option root-path = concat(\"/\", \"b\"); append root-path \"c\";");
    plain = scope_view_of(scene.snapshot, NULL, NULL);
    recalled = recall_new(scene.snapshot, NULL, &machine, 0);
    assert_int_equal(recall_pick(picked, &recalled->view, &plain, true), 0);
    recall_free(recalled);
    scene_close(&scene);
}

static void it_matters_where_something_is_conditional(void **state)
{
    static const struct {
        const char *config;
        bool matters;
    } rows[] = {
        {"subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.8; boot-timeout 1; }", false},
        {"host h { hardware ethernet 1:2:3:4:5:6; boot-timeout 1; }", false},
        {"subnet 10.50.1.0 netmask 255.255.255.0 { pool { range 10.50.1.8; } }", true},
        {"subnet 10.50.1.0 netmask 255.255.255.0 { if known { boot-timeout 1; } }", true},
        {"group { if known { boot-timeout 1; } host h { hardware ethernet 1:2:3:4:5:6; } }", true},
        {"if known { boot-timeout 1; }", true},
        {"class \"c\" { match if known; }", true},
        {"host h { option dhcp-client-identifier \"x\"; }", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_open(&scene, rows[i].config);
        if (recall_matters(scene.snapshot) != rows[i].matters)
            fail_msg("%s", rows[i].config);
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_tells_of_its_request),
        cmocka_unit_test(only_what_is_not_said_anyway_is_picked),
        cmocka_unit_test(it_matters_where_something_is_conditional),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
