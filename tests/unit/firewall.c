/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a firewall does with a kernel's first datagram, by the rules as nft and iptables print them.
 */
#include "tests/unit/unit.h"

#include "tools/doctor.h"

enum { PORT = 20025 };

static char line[128];

/* The rules of a table's input chain, after which its policy decides. */
static enum firewall nft(const char *policy, const char *rules)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "table inet filter {\n"
                   "\tchain input {\n"
                   "\t\ttype filter hook input priority filter; policy %s;\n%s"
                   "\t}\n\n"
                   "\tchain allowed {\n"
                   "\t\tudp dport 20025 accept\n"
                   "\t}\n\n"
                   "\tchain nothing {\n"
                   "\t\tudp dport 20025 return\n"
                   "\t\tdrop\n"
                   "\t}\n\n"
                   "\tchain loop {\n"
                   "\t\tjump loop\n"
                   "\t}\n"
                   "}\n",
                   policy, rules);
    return firewall_nft(text, PORT, line, sizeof line);
}

static void the_policy_decides_without_rules(void **state)
{
    (void)state;
    assert_int_equal(nft("accept", ""), FIREWALL_ACCEPTS);
    assert_string_equal(line, "");
    assert_int_equal(nft("drop", ""), FIREWALL_DROPS);
    assert_string_equal(line, "type filter hook input priority filter; policy drop;");
    assert_int_equal(firewall_nft("", PORT, line, sizeof line), FIREWALL_ACCEPTS);
}

static void the_first_rule_that_matches_decides(void **state)
{
    (void)state;
    assert_int_equal(nft("drop", "\t\tudp dport 20025 accept\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("drop", "\t\tudp dport { 53, 20000-20100 } counter packets 1 bytes 2 "
                                 "accept comment \"gdb and drop\"\n"),
                     FIREWALL_ACCEPTS);
    assert_int_equal(nft("drop", "\t\tudp dport { 53, 20026 } accept\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tmeta l4proto { tcp, udp } th dport 20025 drop\n"),
                     FIREWALL_DROPS);
    assert_string_equal(line, "meta l4proto { tcp, udp } th dport 20025 drop");
    assert_int_equal(nft("accept", "\t\tudp dport 20025 accept\n\t\tip protocol udp reject\n"),
                     FIREWALL_ACCEPTS);
    assert_int_equal(nft("accept", "\t\treject with icmp type port-unreachable\n"), FIREWALL_DROPS);
}

static void rules_for_other_traffic_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(nft("drop", "\t\tct state established,related accept\n"
                                 "\t\tiif \"lo\" accept\n"
                                 "\t\ttcp dport 20025 accept\n"
                                 "\t\tip6 nexthdr udp accept\n"),
                     FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tct state invalid drop\n\t\ttcp dport 22 drop\n"),
                     FIREWALL_ACCEPTS);
    assert_int_equal(firewall_nft("table ip6 filter {\n\tchain input {\n\t\ttype filter hook input "
                                  "priority filter; policy drop;\n\t}\n}\n",
                                  PORT, line, sizeof line),
                     FIREWALL_ACCEPTS);
}

static void conditions_are_not_decided(void **state)
{
    (void)state;
    assert_int_equal(nft("drop", "\t\tip saddr 192.0.2.0/24 udp dport 20025 accept\n"),
                     FIREWALL_DEPENDS);
    assert_string_equal(line, "ip saddr 192.0.2.0/24 udp dport 20025 accept");
    assert_int_equal(nft("accept", "\t\tiifname \"eth1\" drop\n"), FIREWALL_DEPENDS);
    assert_int_equal(nft("drop", "\t\tudp dport @open accept\n"), FIREWALL_DEPENDS);
}

static void negated_conditions(void **state)
{
    (void)state;
    assert_int_equal(nft("accept", "\t\tct state != established,related drop\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tct state != { established, related } drop\n"),
                     FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tct state != new drop\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("accept", "\t\tmeta l4proto != tcp drop\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tip protocol != udp drop\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("accept", "\t\tudp dport != 20025 drop\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("accept", "\t\tudp dport != 53 drop\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tiifname != \"lo\" drop\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tiifname != \"eth0\" drop\n"), FIREWALL_DEPENDS);
}

static void what_is_not_understood_is_a_condition(void **state)
{
    char rule[1400] = "\t\tip saddr { 192.0.2.1";
    (void)state;
    assert_int_equal(nft("accept", "\t\tudp dport vmap { 53 : accept, 20025 : drop }\n"),
                     FIREWALL_DEPENDS);
    assert_string_equal(line, "udp dport vmap { 53 : accept, 20025 : drop }");
    assert_int_equal(nft("accept", "\t\tct state vmap { established : accept, new : drop }\n"),
                     FIREWALL_DEPENDS);
    assert_int_equal(nft("accept", "\t\tiifname vmap { \"eth0\" : jump allowed }\n"),
                     FIREWALL_DEPENDS);
    assert_int_equal(nft("accept", "\t\ttcp dport vmap { 20025 : drop }\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("accept", "\t\tudp dport 20025 queue to 0\n"), FIREWALL_DEPENDS);
    while (strlen(rule) < sizeof rule - 64)
        (void)strcat(rule, ", 192.0.2.1");
    (void)strcat(rule, " } drop\n");
    assert_int_equal(nft("accept", rule), FIREWALL_DEPENDS);
}

static void return_and_goto_end_a_chain(void **state)
{
    (void)state;
    assert_int_equal(nft("accept", "\t\tudp dport 20025 return\n\t\tdrop\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("drop", "\t\tudp dport 20025 return\n\t\taccept\n"), FIREWALL_DROPS);
    assert_int_equal(nft("accept", "\t\tip saddr 192.0.2.0/24 return\n\t\tdrop\n"),
                     FIREWALL_DEPENDS);
    assert_int_equal(nft("drop", "\t\tgoto nothing\n\t\taccept\n"), FIREWALL_DROPS);
    assert_int_equal(nft("drop", "\t\tjump nothing\n\t\taccept\n"), FIREWALL_ACCEPTS);
}

static void jumps_are_followed(void **state)
{
    (void)state;
    assert_int_equal(nft("drop", "\t\tjump allowed\n"), FIREWALL_ACCEPTS);
    assert_int_equal(nft("drop", "\t\ttcp dport 1 jump allowed\n"), FIREWALL_DROPS);
    assert_int_equal(nft("drop", "\t\tjump nowhere\n"), FIREWALL_DEPENDS);
    assert_int_equal(nft("accept", "\t\tjump loop\n"), FIREWALL_DEPENDS);
}

static void every_table_must_accept(void **state)
{
    static const char rules[] = "table ip one {\n\tchain input {\n"
                                "\t\ttype filter hook input priority 0; policy accept;\n"
                                "\t\tudp dport 20025 accept\n\t}\n}\n"
                                "table ip two {\n\tchain input {\n"
                                "\t\ttype filter hook input priority 1; policy drop;\n\t}\n}\n";
    (void)state;
    assert_int_equal(firewall_nft(rules, PORT, line, sizeof line), FIREWALL_DROPS);
}

static enum firewall tables(const char *rules)
{
    return firewall_iptables(rules, PORT, line, sizeof line);
}

static void iptables_rules(void **state)
{
    static const char ufw[] = "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N user-input\n"
                              "-A INPUT -i lo -j ACCEPT\n"
                              "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                              "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
                              "-A INPUT -j user-input\n"
                              "-A user-input -p udp -m udp --dport 20025 -j ACCEPT\n";
    (void)state;
    assert_int_equal(tables("-P INPUT ACCEPT\n"), FIREWALL_ACCEPTS);
    assert_int_equal(tables("-P INPUT DROP\n-P FORWARD DROP\n"), FIREWALL_DROPS);
    assert_string_equal(line, "-P INPUT DROP");
    assert_int_equal(tables(ufw), FIREWALL_ACCEPTS);
    assert_int_equal(tables("-P INPUT ACCEPT\n-A INPUT -p udp -m multiport --dports 53,20000:20100 "
                            "-m comment --comment \"no gdb\" -j DROP\n"),
                     FIREWALL_DROPS);
    assert_int_equal(tables("-P INPUT DROP\n-A INPUT ! -p tcp -j ACCEPT\n"), FIREWALL_ACCEPTS);
    assert_int_equal(tables("-P INPUT DROP\n-A INPUT ! -p udp -j ACCEPT\n"), FIREWALL_DROPS);
    assert_int_equal(tables("-P INPUT ACCEPT\n-A INPUT -p udp -j RETURN\n-A INPUT -j DROP\n"),
                     FIREWALL_ACCEPTS);
    assert_int_equal(tables("-P INPUT ACCEPT\n-A INPUT -m set --match-set banned src -j DROP\n"),
                     FIREWALL_DEPENDS);
    assert_int_equal(tables("-P INPUT ACCEPT\n-A INPUT -m recent --rcheck --rsource -j DROP\n"),
                     FIREWALL_DEPENDS);
    assert_int_equal(tables("-P INPUT DROP\n-A INPUT -s 192.0.2.0/24 -j ACCEPT\n"),
                     FIREWALL_DEPENDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_decides_without_rules),
        cmocka_unit_test(the_first_rule_that_matches_decides),
        cmocka_unit_test(rules_for_other_traffic_do_not_count),
        cmocka_unit_test(conditions_are_not_decided),
        cmocka_unit_test(negated_conditions),
        cmocka_unit_test(what_is_not_understood_is_a_condition),
        cmocka_unit_test(return_and_goto_end_a_chain),
        cmocka_unit_test(jumps_are_followed),
        cmocka_unit_test(every_table_must_accept),
        cmocka_unit_test(iptables_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
