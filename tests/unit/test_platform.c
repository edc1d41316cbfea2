#include "test.h"

#include "platform/linux/cores.h"
#include "platform/linux/port_holder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
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

static void refused_port_has_its_reason_and_cure(void **state)
{
    char text[256], wanted[256];
    uint16_t port;
    int descriptor = bound_socket(SOCK_DGRAM, &port);

    (void)state;
    snprintf(wanted, sizeof(wanted),
             "udp port %u cannot be opened: Address already in use; udp port %u is held by "
             "test_platform (pid %d); end it",
             port, port, (int)getpid());
    assert_string_equal(port_refusal_text("udp", port, EADDRINUSE, "end it", text, sizeof(text)),
                        wanted);
    wanted[strlen(wanted) - strlen("; end it")] = 0;
    assert_string_equal(port_refusal_text("udp", port, EADDRINUSE, NULL, text, sizeof(text)),
                        wanted);
    close(descriptor);
    assert_string_equal(port_refusal_text("tcp", 80, EACCES, "end it", text, sizeof(text)),
                        "tcp port 80 cannot be opened: Permission denied; run as root, or with "
                        "CAP_NET_BIND_SERVICE");
    assert_string_equal(port_refusal_text("tcp", 80, EMFILE, "end it", text, sizeof(text)),
                        "tcp port 80 cannot be opened: Too many open files");
    assert_string_equal(port_refusal_text("tcp", 80, EACCES, NULL, text, 12), "tcp port 80");
}

/* Those that are kept from this process are none of its. */
static void cores_are_those_it_may_use(void **state)
{
    cpu_set_t before, one;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(cores_usable(), CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    }
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(cores_usable(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holder_of_a_port_is_named),
        cmocka_unit_test(refused_port_has_its_reason_and_cure),
        cmocka_unit_test(cores_are_those_it_may_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
