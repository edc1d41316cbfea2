/* What is kept with leases: variables, classes with a limit, the relay's options, reservations, and
 * the statements that wait for a lease's end. */
#include "test.h"

#include "dhcp_scene.h"
#include "model/lease_notes.h"

static struct scene scene;

#define SUBNET(inside) "subnet 10.50.1.0 netmask 255.255.255.0 { " inside " }\n"
#define RANGE          "range 10.50.1.10 10.50.1.20; "

static bool logged(const char *text)
{
    const struct evaluation *e = &scene.plan.evaluation;

    for (size_t i = 0; i < e->log_count; i++) {
        if (slice_equal_string(e->logs[i].text, text))
            return true;
    }
    return false;
}

static struct slice notes_at(uint32_t address)
{
    return lease_table_by_address(&scene.leases, address)->notes;
}

static const char events[] = "default-lease-time 600;\n" SUBNET(
    RANGE "if exists user-class { set kind = option user-class; }\n"
          "set gate = extract-int (option dhcp-message-type, 8);\n"
          "set wild = known;\n"
          "on commit { log (concat (\"commit \", kind)); set done = \"yes\"; }\n"
          "on release { log (concat (\"release \", kind, \" \", done)); }\n"
          "on expiry { log (concat (\"expiry \", kind, \" \","
          " binary-to-ascii (10, 8, \".\", leased-address))); }");

static void variables_stay_with_the_lease(void **state)
{
    struct ask ask = {.mac = 1, .user_class = "iPXE"};
    struct lease_note note;
    uint32_t address;

    (void)state;
    scene_open(&scene, events);
    address = scene_bind(&scene, ask);
    assert_true(logged("commit iPXE"));
    ask.user_class = NULL;
    assert_int_equal(scene_bind(&scene, ask), address);
    assert_true(logged("commit iPXE"));
    assert_true(lease_note_find(notes_at(address), NOTE_NUMBER, &note));
    assert_int_equal(note.value.data[7], DHCP_REQUEST);
    assert_true(lease_note_find(notes_at(address), NOTE_BOOLEAN, &note));
    assert_int_equal(note.value.data[0], 0);
    /* Another machine has none of them. */
    ask.mac = 2;
    assert_int_not_equal(scene_bind(&scene, ask), 0);
    assert_false(logged("commit iPXE"));
    scene_close(&scene);
}

static void release_runs_its_statements(void **state)
{
    struct ask ask = {.mac = 1, .user_class = "iPXE"};
    struct ask release = {.type = DHCP_RELEASE, .mac = 1};

    (void)state;
    scene_open(&scene, events);
    release.ciaddr = scene_bind(&scene, ask);
    scene_ask(&scene, &release);
    assert_int_equal(scene.plan.lease.state, LEASE_RELEASED);
    assert_true(logged("release iPXE yes"));
    assert_int_equal(notes_at(release.ciaddr).length, 0);
    /* What is over is over. */
    scene_pass(&scene, 700);
    assert_null(lease_table_ended(&scene.leases, scene.wall));
    scene_close(&scene);
}

/* A declined lease ends as one whose time is up; what a pool says of it is found as well. */
static void decline_is_an_end(void **state)
{
    static const enum dhcp_type types[] = {DHCP_DECLINE, DHCP_RELEASE};
    static const char *const lines[] = {"pool expiry 10", "pool release 10"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ask ask = {.type = types[i], .mac = 1};

        scene_open(&scene,
                   "on expiry { log (\"outer\"); } on release { log (\"outer\"); }\n" SUBNET(
                       "pool { range 10.50.1.10;"
                       " on expiry { log (concat (\"pool expiry \", binary-to-ascii (10, 8,"
                       " \".\", suffix (leased-address, 1)))); }"
                       " on release { log (concat (\"pool release \", binary-to-ascii (10,"
                       " 8, \".\", suffix (leased-address, 1)))); } }"));
        ask.ciaddr = scene_bind(&scene, (struct ask){.mac = 1});
        if (types[i] == DHCP_DECLINE) {
            ask.requested = ask.ciaddr;
            ask.ciaddr = 0;
        }
        scene_ask(&scene, &ask);
        assert_true(logged(lines[i]));
        assert_int_equal(notes_at(0x0a32010a).length, 0);
        scene_close(&scene);
    }
}

static void expiry_runs_its_statements(void **state)
{
    struct ask ask = {.mac = 1, .user_class = "iPXE"};
    uint32_t address;

    (void)state;
    scene_open(&scene, events);
    address = scene_bind(&scene, ask);
    scene_pass(&scene, 300);
    assert_int_equal(scene_bind(&scene, (struct ask){.mac = 1}), address);
    scene_pass(&scene, 599);
    scene_end_leases(&scene);
    assert_int_not_equal(notes_at(address).length, 0);
    scene_pass(&scene, 1);
    scene_end_leases(&scene);
    assert_int_equal(scene.plan.evaluation.log_count, 1);
    assert_int_equal(
        strncmp((const char *)scene.plan.evaluation.logs[0].text.data, "expiry iPXE 10.50.1.", 20),
        0);
    assert_int_equal(notes_at(address).length, 0);
    assert_int_equal(lease_table_by_address(&scene.leases, address)->state, LEASE_BOUND);
    scene.plan.evaluation.log_count = 0;
    scene_end_leases(&scene);
    assert_int_equal(scene.plan.evaluation.log_count, 0);
    scene_close(&scene);
}

/* The last one that is carried out counts; what a lease awaits was settled at its commit. */
static void the_handler_is_the_commits(void **state)
{
    static const char before[] =
        "default-lease-time 600; on expiry { log (\"outer\"); }\n"
        "class \"c\" { match if option user-class = \"c\"; on expiry { log (\"class\"); } "
        "}\n" SUBNET(
            RANGE "if known { } elsif option user-class = \"a\" { on expiry { log (\"a\"); } }"
                  "else { switch (option user-class) { case \"b\": on expiry { log (\"b\"); } } }");
    static const char *const kinds[] = {"a", "b", "c", "d"};
    static const char *const lines[] = {"a", "b", "class", "outer"};
    static const char after[] = "# all has moved by a line\n"
                                "default-lease-time 600; on expiry { log (\"edited\"); }\n" SUBNET(
                                    RANGE "if option user-class = \"x\" {"
                                          " on expiry { log (\"a\"); } }");
    struct snapshot *old;
    struct scene other;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        scene_open(&scene, before);
        assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 1, .user_class = kinds[i]}), 0);
        scene_pass(&scene, 600);
        scene_end_leases(&scene);
        assert_true(logged(lines[i]));
        scene_close(&scene);
    }
    /* After an edit: found where it is now, or the innermost of the event. */
    for (size_t i = 0; i < 4; i += 3) {
        scene_open(&scene, before);
        scene_open(&other, after);
        assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 1, .user_class = kinds[i]}), 0);
        old = scene.snapshot;
        scene.snapshot = other.snapshot;
        scene_pass(&scene, 600);
        scene_end_leases(&scene);
        assert_true(logged("a"));
        scene.snapshot = old;
        scene_close(&other);
        scene_close(&scene);
    }
}

static void fixed_addresses_keep_nothing(void **state)
{
    (void)state;
    scene_open(&scene, "host h { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.5; }\n"
                       "set x = \"1\"; on commit { log (\"commit\"); }\n"
                       "on expiry { log (\"expiry\"); }\n" SUBNET(RANGE));
    assert_int_equal(scene_bind(&scene, (struct ask){.mac = 1}), 0x0a320105);
    assert_true(logged("commit"));
    assert_int_equal(notes_at(0x0a320105).length, 0);
    scene_close(&scene);
}

static void classes_have_their_limits(void **state)
{
    struct ask ask = {.mac = 1, .user_class = "x"};
    uint32_t first;

    (void)state;
    scene_open(
        &scene,
        "default-lease-time 600;\n"
        "class \"few\" { match if option user-class = \"x\"; lease limit 2; }\n" SUBNET(RANGE));
    first = scene_bind(&scene, ask);
    assert_int_not_equal(first, 0);
    ask.mac = 2;
    assert_int_not_equal(scene_bind(&scene, ask), 0);
    ask.mac = 3;
    assert_int_equal(scene_bind(&scene, ask), 0);
    assert_true(scene_why(&scene, "class few has its 2 leases already"));
    assert_int_equal(scene.plan.outcome, OUTCOME_REFUSED);
    /* Who has one keeps it. */
    ask.mac = 1;
    assert_int_equal(scene_bind(&scene, ask), first);
    /* Out of the class, it counts no more. */
    ask.user_class = "y";
    assert_int_equal(scene_bind(&scene, ask), first);
    ask = (struct ask){.mac = 3, .user_class = "x"};
    assert_int_not_equal(scene_bind(&scene, ask), 0);
    /* And what has ended does not either. */
    scene_pass(&scene, 600);
    ask.mac = 4;
    assert_int_not_equal(scene_bind(&scene, ask), 0);
    ask.mac = 5;
    assert_int_not_equal(scene_bind(&scene, ask), 0);
    ask.mac = 6;
    assert_int_equal(scene_bind(&scene, ask), 0);
    scene_close(&scene);
}

static void renewals_past_the_relay_know_it(void **state)
{
    struct ask ask = {
        .mac = 1, .giaddr = 0x0a320102, .options = "\x52\6\1\4eth0", .options_length = 8};
    struct ask renew = {.type = DHCP_REQUEST, .mac = 1};

    (void)state;
    scene_open(
        &scene,
        "class \"port\" { match if option agent.circuit-id = \"eth0\"; filename \"p\"; }\n" SUBNET(
            RANGE));
    renew.ciaddr = scene_bind(&scene, ask);
    assert_int_equal(scene_ask(&scene, &renew), renew.ciaddr);
    assert_true(slice_equal_string(scene.reply.file, "p"));
    assert_null(scene.reply.options[DHCP_OPTION_RELAY_AGENT].data);
    /* Still there after it. */
    assert_int_equal(scene_ask(&scene, &renew), renew.ciaddr);
    assert_true(slice_equal_string(scene.reply.file, "p"));
    scene_close(&scene);
}

static void reservations_outlive_the_lease(void **state)
{
    struct ask ask = {.mac = 1, .seconds = 0xffffffff};
    struct ask release = {.type = DHCP_RELEASE, .mac = 1};

    (void)state;
    scene_open(&scene,
               "infinite-is-reserved true; max-lease-time 600;\n" SUBNET("range 10.50.1.10;"));
    release.ciaddr = scene_bind(&scene, ask);
    assert_int_equal(scene.plan.lease.expiry, scene.wall + 600);
    scene_ask(&scene, &release);
    assert_int_equal(scene_bind(&scene, (struct ask){.mac = 2}), 0);
    ask.seconds = 0;
    assert_int_equal(scene_bind(&scene, ask), release.ciaddr);
    scene_pass(&scene, 100000);
    assert_int_equal(scene_bind(&scene, (struct ask){.mac = 2}), 0);
    assert_int_equal(scene_bind(&scene, ask), release.ciaddr);
    scene_close(&scene);
}

/* one-lease-per-client releases the lease in the other network: its statements are carried out. */
static void freed_leases_are_released(void **state)
{
    struct ask here = {.mac = 1, .user_class = "here"};
    struct ask there = {.mac = 1, .user_class = "there", .giaddr = 0x0a3c0001};
    struct lease_note note;
    uint32_t address;

    (void)state;
    scene_open(&scene, "one-lease-per-client true; set kind = option user-class;\n"
                       "on release { log (concat (\"release \", kind)); }\n" SUBNET(
                           RANGE) "subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.10; }\n");
    assert_int_not_equal(scene_bind(&scene, here), 0);
    address = scene_bind(&scene, there);
    assert_int_equal(address, 0x0a3c000a);
    assert_int_equal(scene.plan.freed_count, 1);
    assert_true(logged("release here"));
    assert_true(lease_note_find(notes_at(address), NOTE_DATA, &note));
    assert_true(slice_equal_string(note.value, "there"));
    scene_close(&scene);
}

/* Whatever the configuration sets, a lease keeps so much and no more. */
static void notes_are_bounded(void **state)
{
    char config[4096];
    size_t length;
    uint32_t address;

    (void)state;
    length =
        (size_t)snprintf(config, sizeof(config), "set a = \"%0900d\"; set b = \"%0900d\";", 1, 2);
    snprintf(config + length, sizeof(config) - length, "%s", SUBNET(RANGE));
    scene_open(&scene, config);
    address = scene_bind(&scene, (struct ask){.mac = 1});
    assert_int_not_equal(address, 0);
    assert_in_range(notes_at(address).length, 900, LEASE_NOTES_MAX);
    assert_true(scene.plan.evaluation.exhausted);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_stay_with_the_lease),
        cmocka_unit_test(release_runs_its_statements),
        cmocka_unit_test(decline_is_an_end),
        cmocka_unit_test(expiry_runs_its_statements),
        cmocka_unit_test(the_handler_is_the_commits),
        cmocka_unit_test(fixed_addresses_keep_nothing),
        cmocka_unit_test(classes_have_their_limits),
        cmocka_unit_test(renewals_past_the_relay_know_it),
        cmocka_unit_test(reservations_outlive_the_lease),
        cmocka_unit_test(freed_leases_are_released),
        cmocka_unit_test(notes_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
