/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as text, and their comparison. */
#include "proto/addr.h"
#include "tests/unit/unit.h"

static void every_address_fits_its_text(void **state)
{
    char text[NET_ADDR_TEXT];
    (void)state;
    assert_string_equal(net_ip_text(0xc0000201, text), "192.0.2.1");
    assert_string_equal(net_ip_text(0, text), "0.0.0.0");
    assert_string_equal(net_ip_text(UINT32_MAX, text), "255.255.255.255");
    assert_ptr_equal(net_ip_text(0, text), text);
}

static void addresses_are_equal_if_host_and_port_are(void **state)
{
    const struct net_addr a = {1, 2}, same = {1, 2}, host = {3, 2}, port = {1, 3};
    (void)state;
    assert_true(net_addr_equal(&a, &same));
    assert_false(net_addr_equal(&a, &host));
    assert_false(net_addr_equal(&a, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_fits_its_text),
        cmocka_unit_test(addresses_are_equal_if_host_and_port_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
