#include "watch/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A server that has too many clients says so and hangs up before it is asked anything. */
static void what_a_server_said_before_it_hung_up_is_read(void **state)
{
    static const char refusal[] = "{\"error\":\"64 programs are connected already\"}\n";
    struct client client = {.descriptor = -1};
    json_t *line;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], refusal, strlen(refusal)), (ssize_t)strlen(refusal));
    close(ends[1]);
    client.descriptor = ends[0];
    assert_int_equal(client_send(&client, json_pack("{s:s}", "request", "watch")), 0);
    assert_int_equal(client_receive(&client), 0);
    line = client_next(&client);
    assert_string_equal(json_string_value(json_object_get(line, "error")),
                        "64 programs are connected already");
    json_decref(line);
    assert_int_equal(client_receive(&client), -1);
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_said_before_it_hung_up_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
