/* The words of the language as libFuzzer's -dict takes them, from the tables that the parser itself
 * reads by: a statement or an option that is new there is new here. */
#include "config/parser.h"

#include <stdio.h>

static void print(const char *before, const char *word, const char *after)
{
    printf("\"%s%s%s\"\n", before, word, after);
}

int main(void)
{
    static const char *const others[] = {
        "{",        "}",         ";",        ",",        "=",          "!=",
        "~=",       "~~",        "(",        ")",        ":",          "/",
        "\\\"",     "\\\\x",     "true",     "false",    "on",         "off",
        "#",        "&",         "|",        "^",        "-1",         "0x1f",
        "10.0.0.1", "255.0.0.0", "01:02:03", "array of", "compressed", "linux {",
        "netbsd {", "ipxe",      "file",     "kernel",   "initrd",     "timeout",
    };
    const struct dhcp_option_definition *options;
    const struct statement *statements;
    size_t count;

    statements = statement_table(&count);
    for (size_t i = 0; i < count; i++)
        print("", statements[i].name, " ");
    options = dhcp_option_table(&count);
    for (size_t i = 0; i < count; i++)
        print("option ", options[i].name, " ");
    for (size_t i = 0; keyword_name(i); i++)
        print("", keyword_name(i), " ");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        print("", others[i], "");
    return 0;
}
