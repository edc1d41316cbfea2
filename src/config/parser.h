/* What the files of the parser share: its state, the readers of values and the table of statements.
 *
 * A reader takes tokens and returns false once it has reported what it expected instead; the
 * statement then gives up, and parse_block() goes on behind its `;`. */
#ifndef BOOTWIRE_CONFIG_PARSER_H
#define BOOTWIRE_CONFIG_PARSER_H

#include "base/cursor.h"
#include "config/block.h"
#include "config/lexer.h"
#include "config/names.h"
#include "config/nearest.h"
#include "wire/dhcp_option_table.h"

enum {
    NESTING_MAX = SCOPE_NESTING_MAX, /* braces in braces */
    BLOCKS_MAX = 500000,             /* declarations with braces */
    INCLUDE_DEPTH_MAX = 16,          /* files in files */
    OPTION_VALUE_MAX = UINT16_MAX,   /* bytes of one value: no packet carries more */
};

struct parser {
    struct lexer lexer;
    struct token token;        /* the next one, not taken yet */
    struct position last_end;  /* just behind the token taken last */
    struct region *region;     /* the tree's */
    struct snapshot *snapshot; /* its region holds values and names */
    struct sources *sources;
    struct block *block;     /* the one being read */
    struct block *outermost; /* the one that the current file began in */
    size_t last_offset;      /* in the file: just behind the token taken last */
    bool closed_block;       /* the token taken last was a `}` */
    bool unclosed_string;    /* it was a string without an end */
    unsigned include_depth;
    size_t block_count;
    struct action_list *list;          /* where statements go: the block's, or an if's */
    unsigned bodies;                   /* braces of if, switch and on around the place */
    unsigned switches;                 /* of those, the switches */
    bool numbered;                     /* the innermost switch is over a number */
    enum setting_operation operation;  /* of the setting being read */
    struct option_definition *options; /* those that the file defines, the last first */
    struct option_space_block *spaces; /* in the order written */
    struct option_space_block *last_space;
    size_t space_count;
    struct space_mention *mentions; /* of spaces that were not defined yet, the last first */
    struct ignored *ignored;        /* statements without effect */
    bool may_include;               /* false where the text is no file */
    struct host_names *names;       /* those that stand where addresses may */
    bool unknown_name;              /* the value being read holds one without an address */
    bool incomplete;                /* and is none without it */
    bool first_address_only;        /* of a name in the value being read */
    struct failover_peer *peers;    /* those declared, the last first (failover.c) */
    struct token omapi_key;         /* the name of the one that the server uses, or TOKEN_END */
    size_t recipe_room;             /* how many the snapshot's array of recipes has place for */
    struct map defined;             /* what the file gives names to (defined.c) */
};

/* Names that the file gives (defined.c); `space` is an option's, else 0. A later one hides an
 * earlier one. */
enum name_kind { NAME_OPTION, NAME_CLASS, NAME_KEY, NAME_PEER };
void names_put(struct parser *parser, enum name_kind kind, unsigned space, struct slice name,
               void *value);
void *names_get(const struct parser *parser, enum name_kind kind, unsigned space,
                struct slice name);

enum { OPTION_CODE_MAX = 254 }; /* of what a packet carries itself */

/* An option that the file defines. */
struct option_definition {
    struct option_definition *next;
    const char *name; /* without its space */
    enum setting_space space;
    unsigned code;
    struct dhcp_form form;
    enum setting_space inner; /* where it encapsulates a space; SPACE_PARAMETER: none */
};

/* A space of options that the file defines. */
struct option_space_block {
    struct option_space_block *next;
    struct option_space space;
};

/* A statement that names a space of options which no line before it defines. */
struct space_mention {
    struct space_mention *next;
    struct token name;
    uint8_t *number; /* of its value: 4 bytes, filled in at the end of the file */
};

/* An option as a statement or an expression names it. */
struct option_reference {
    const char *name;
    enum setting_space space;
    unsigned code;
    struct dhcp_form form;
};

/* One statement of the language. */
struct statement {
    const char *name;
    unsigned contexts; /* ALLOWED_IN(kind) bits: where it may stand */
    /* Reads what follows the name, up to what ends the statement, and carries it out. The keyword
     * is taken already. */
    bool (*read)(struct parser *parser, const struct statement *statement, struct token keyword);
    enum parameter parameter; /* what the simple forms set */
};

#define ALLOWED_IN(kind) (1u << (kind))

/* Whether a text, or a token, is one word to dhcpd: it has a letter, and no dot (statement.c). */
bool is_identifier_text(struct slice text);
bool is_identifier(const struct token *token);
/* Whether it is such words with dots between them, and perhaps one behind; numbers count as words
 * (value.c). */
bool is_dotted_name(const struct token *token);
/* Whether the language keeps this word for itself, though it begins no statement (keyword.c). */
bool is_keyword(struct slice word);
/* All of these words, ordered; NULL behind the last (keyword.c). */
const char *keyword_name(size_t index);
/* The same, or one that begins a statement: no variable can have its name (keyword.c). */
bool is_reserved(struct slice word);
/* The same, but for those that an expression may have (keyword.c). */
bool is_keyword_without_value(struct slice word);

/* Every statement, ordered by name; `*count` takes their number. */
const struct statement *statement_table(size_t *count);
const struct statement *statement_by_name(struct slice name);

/* Reads statements up to the `}` that ends the parser's block, or to the end of the file where the
 * block is the file's outermost; takes neither. */
void parse_block(struct parser *parser);
/* Reads one text: the file itself, or what it includes into the parser's block. */
void parse_source(struct parser *parser, const struct source *source);

/* Takes the next token and returns it. */
struct token parser_take(struct parser *parser);
/* Takes the next token if it is this mark or word. */
bool parser_take_mark(struct parser *parser, char mark);
bool parser_take_word(struct parser *parser, const char *word);
/* Whether the next token looks like the start of another statement, whatever came before it: a
 * statement's name at the beginning of a line. */
bool parser_begins_statement(const struct parser *parser);
/* Whether nothing stands between the token taken last and the next one. */
bool parser_touches_last(const struct parser *parser);
/* Takes the `=` that may stand before a value; false where there are two of them. */
bool parser_take_equals(struct parser *parser);
void parser_error(struct parser *parser, struct position where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void parser_warning(struct parser *parser, struct position where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Notes a statement that has no effect (ignored.c); the name is copied. */
void parser_ignore(struct parser *parser, const char *name, struct position where);
/* Reports every kind of them, once. */
void parser_report_ignored(struct parser *parser);
/* Reports "expected WHAT, found TOKEN" at the next token; returns false. */
bool parser_expected(struct parser *parser, const char *what);
/* Takes the `;` that ends a statement, or says where it is missing. */
bool parser_end_statement(struct parser *parser);
/* Passes over the rest of a statement: up to its `;`, or over its block, but not over the `}` of
 * the block around it, nor over what looks like another statement on a new line. Returns whether it
 * met the statement's end. */
bool parser_skip_statement(struct parser *parser);

/* Reads the braces of a declaration and what stands in them into `block`. After a header with
 * errors the block is read all the same, for the errors in it, and marked broken. */
bool parser_read_block(struct parser *parser, struct block *block, bool header_is_good);

/* Reads braces with items of a few kinds in them, each with its `;`: `read` takes one, or says what
 * is wrong with it. Returns false where no `{` follows. */
bool parser_read_items(struct parser *parser, bool (*read)(struct parser *parser, void *context),
                       void *context);

/* Reads the braces of an `if` and of its like into a list of statements, also after a header with
 * errors. */
bool parser_read_body(struct parser *parser, struct action_list *list, bool header_is_good);

/* A number as the language writes it. */
bool number_of(struct slice text, int64_t *number);
/* Readers of single values (value.c). */
bool read_address(struct parser *parser, uint32_t *address);
/* `ADDRESS` or `ADDRESS/BITS` (network.c); sets `*broken` where the address has bits outside. */
bool read_network(struct parser *parser, uint32_t *network, uint32_t *netmask, bool *broken);
/* An address, or a host name, which stands for all its addresses: they live as long as the load.
 * A name without one sets parser->unknown_name and `*count` to 0, with a warning. */
bool read_addresses(struct parser *parser, const uint32_t **addresses, size_t *count);
/* An address or a host name that nobody will need: it is not looked up. */
bool pass_place(struct parser *parser);
/* What is known of a host name; NULL, with a warning at `where` and parser->unknown_name set, where
 * it has no address. */
const struct host_name *find_host_name(struct parser *parser, struct slice text,
                                       struct position where);
bool read_number(struct parser *parser, const char *what, int64_t least, int64_t greatest,
                 int64_t *number);
/* As read_number() for 32 bits; where `greatest` is all of them, more than that loses its upper
 * bits, with a warning, as in dhcpd. */
bool read_bits(struct parser *parser, const char *what, int64_t least, int64_t greatest,
               int64_t *number);
/* Digits alone, from 0 on: definitions and limits have no `0x`. */
bool read_plain_number(struct parser *parser, const char *what, int64_t greatest, int64_t *number);
/* The same with a sign or without, and with zeros before it. */
bool read_digits(struct parser *parser, const char *what, int64_t *number);
bool read_string(struct parser *parser, const char *what, struct slice *text);
bool read_flag(struct parser *parser, bool *flag);
/* `WEEKDAY YEAR/MONTH/DAY HOUR:MINUTE:SECOND [OFFSET]`, `epoch SECONDS` or `never` (INT64_MAX), as
 * seconds since 1970. */
bool read_date(struct parser *parser, int64_t *seconds);
bool read_hardware(struct parser *parser, struct hardware *hardware);
/* One byte in hexadecimal digits. */
bool read_octet(struct parser *parser, const char *what, uint8_t *octet);
/* The name of a variable, which is no word of the language (execute.c). */
bool read_variable(struct parser *parser, const char **name);
/* A name: words, or a string; it is copied into the snapshot's region. */
bool read_name(struct parser *parser, const char *what, const char **name);
/* Text in quotes, or bytes in hexadecimal with colons between them (option.c). */
bool read_data(struct parser *parser, struct writer *w);
/* A whole value of an option's form, to its end (option.c). */
bool read_option_value(struct parser *parser, const struct dhcp_form *form, struct writer *w);

/* The space of a name, false where there is none; the file's own hide what is built in. */
bool find_space(const struct parser *parser, struct slice name, enum setting_space *space);
/* `space NAME ...;` and `code N = TYPE;`, behind `option` and behind the name (definition.c). */
bool read_space_definition(struct parser *parser);
bool read_option_definition(struct parser *parser, const struct token *name);

/* Spaces and options that are built in (space.c): false where nothing of the name is. `server`
 * holds the statements by their names; of it and the others that are unused, nothing reaches a
 * packet. */
bool built_in_space(struct slice name, enum setting_space *space);
bool built_in_option(struct slice name, struct option_reference *option);
bool space_is_unused(enum setting_space space);
bool space_is_server(enum setting_space space);
/* The statement that `option server.NAME` is another spelling of, or NULL; and its reading. */
const struct statement *server_option(struct slice name);
bool read_server_option(struct parser *parser, const char *name, struct token keyword);

/* Reads SPACE.NAME or NAME (option.c). */
bool read_option_name(struct parser *parser, struct option_reference *option);
/* Gives the statements that name a space of options its number, where the file defines it further
 * down; else reports that it does not (option.c). */
void find_mentioned_spaces(struct parser *parser);
/* Makes the snapshot's spaces, encapsulations and names of options of what the file defines
 * (definition.c). */
void fill_option_spaces(struct parser *parser);
/* Expressions (expression.c): of any kind, data, or a condition. */
bool read_expression(struct parser *parser, const struct expression **expression);
/* The same, where a word of digits is a decimal number and no byte in hexadecimal. */
bool read_numeric_expression(struct parser *parser, const struct expression **expression);
bool read_data_expression(struct parser *parser, const struct expression **expression);
bool read_condition(struct parser *parser, const struct expression **expression);
/* Whether a constant may stand on the right of `~=`; reports what is wrong with it (pattern.c). */
bool check_pattern(struct parser *parser, const struct expression *pattern);
/* Appends a statement that is carried out for each packet, and returns it. */
struct action *add_action(struct parser *parser, enum action_kind kind, struct position where);
/* Sets what no packet gives a value: it hides the same setting of the scopes around. */
void add_nothing(struct parser *parser, enum setting_space space, unsigned code,
                 struct position where);
/* As add_setting(), with a value that is computed for each packet; a constant is set at once. */
void add_expression(struct parser *parser, enum setting_space space, unsigned code,
                    const struct expression *expression, struct position where);

/* Adds a setting to the block being read; the value is copied, with a NUL behind it that does not
 * count. */
void add_setting(struct parser *parser, enum setting_space space, unsigned code, struct slice value,
                 struct position where);
void add_number(struct parser *parser, enum parameter parameter, uint32_t number,
                struct position where);
/* The same, of a number that is known at the end of the file only: whoever calls writes its four
 * bytes, in network order, into what comes back. */
uint8_t *add_late_number(struct parser *parser, enum parameter parameter, struct position where);

/* Statements that have their own files. */
typedef bool read_statement(struct parser *parser, const struct statement *statement,
                            struct token keyword);
read_statement read_option, read_vendor_option_space, read_site_option_space, read_host_identifier,
    read_uid; /* option.c */
read_statement read_if, read_switch, read_case, read_default, read_break, read_set, read_unset,
    read_eval, read_log, read_on, read_add, read_operation;                         /* execute.c */
read_statement read_class, read_subclass, read_match, read_spawn, read_lease_limit; /* class.c */
/* Takes the name of a class that stands before this line; NULL, with an error, for another. */
struct block *known_class(struct parser *parser); /* class.c */
/* `allow` or `deny` in a pool (class.c). */
bool read_permit(struct parser *parser, bool allow);
read_statement read_failover, read_no; /* failover.c */
/* At the file's end: each peer must stand in a pool. */
void check_failover_peers(struct parser *parser);
read_statement read_key, read_zone, read_omapi_key; /* key.c */
/* At the file's end: the key that `omapi-key` names must be there. */
void check_omapi_key(struct parser *parser);
read_statement read_without_effect, read_server_duid, read_interface, read_fixed_address6,
    read_fixed_prefix6; /* ignored.c */
/* number.c */
read_statement read_lease_time, read_seconds, read_bandwidth, read_moment, read_byte, read_port;
read_statement read_port_range, read_bounded_number;
read_statement read_boot, read_menu, read_boot_loader; /* boot.c */
read_statement read_bootparam;                         /* bootparam.c */
read_statement read_export;                            /* export.c */
read_statement read_networks;                          /* network.c */
read_statement read_mtree;                             /* mtree.c */
read_statement read_pxe_menu, read_pxe_prompt;         /* pxe.c */
read_statement read_serial;                            /* serial.c */
read_statement read_shared_network, read_subnet, read_pool, read_group, read_host, read_range,
    read_hardware_statement, read_fixed_address, read_include; /* declaration.c */

#endif
