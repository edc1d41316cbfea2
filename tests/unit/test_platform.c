#include "test.h"

#include "platform/linux/port_holder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket of ours on a port that the system chose. */
static int bound_socket(int type, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return descriptor;
}

static void holder_of_a_port_is_named(void **state)
{
    char text[256], wanted[256];
    uint16_t port;
    int descriptor = bound_socket(SOCK_DGRAM, &port);

    (void)state;
    snprintf(wanted, sizeof(wanted), "udp port %u is held by test_platform (pid %d)", port,
             (int)getpid());
    assert_string_equal(port_holder_text("udp", port, text, sizeof(text)), wanted);
    close(descriptor);

    descriptor = bound_socket(SOCK_STREAM, &port);
    snprintf(wanted, sizeof(wanted), "tcp port %u is free now", port);
    assert_string_equal(port_holder_text("tcp", port, text, sizeof(text)), wanted);
    assert_int_equal(listen(descriptor, 1), 0);
    snprintf(wanted, sizeof(wanted), "tcp port %u is held by test_platform (pid %d)", port,
             (int)getpid());
    assert_string_equal(port_holder_text("tcp", port, text, sizeof(text)), wanted);
    close(descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holder_of_a_port_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
