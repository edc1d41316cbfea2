#include "config/lease_file.h"

#include "base/cursor.h"
#include "base/text.h"
#include "model/lease_notes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum { STRING_MAX = 1024, SHOWN_MAX = 64, NESTING_MAX = 64 };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_MARK };

struct token {
    enum token_kind kind;
    struct slice text; /* in the file, or in the reader's buffer for a string */
    unsigned line;
};

/* The place in the text, and the token there. */
struct lease_reader {
    struct slice text;
    size_t offset;
    unsigned line;
    struct token token;
    uint8_t string[STRING_MAX]; /* the present token's bytes, if it is a string */
    const struct lease_file_sink *sink;
    bool entry_is_bad;
};

/* One lease declaration while it is read. */
struct entry {
    struct lease lease;
    char state[24];
    bool has_starts, has_ends, abandoned, bootp;
    int64_t starts, ends;
    struct writer notes; /* what is kept with a lease in use; into the next */
    uint8_t note_bytes[LEASE_NOTES_MAX];
};

__attribute__((format(printf, 4, 5))) static void
complain(struct lease_reader *reader, unsigned line, bool entry, const char *format, ...)
{
    char message[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    reader->sink->complain(reader->sink->argument, line, entry, message);
}

static int peek(const struct lease_reader *reader)
{
    return reader->offset < reader->text.length ? reader->text.data[reader->offset] : -1;
}

static int get(struct lease_reader *reader)
{
    int c = peek(reader);

    if (c < 0)
        return c;
    reader->offset++;
    if (c == '\n')
        reader->line++;
    return c;
}

/* What stands behind a backslash: up to three octal digits, x and two hexadecimal ones, or a
 * character. */
static int escaped(struct lease_reader *reader)
{
    static const char letters[] = "t\tr\rn\nb\b";
    int c = get(reader), value = 0;
    const char *letter;

    if (c >= '0' && c <= '7') {
        value = c - '0';
        for (int i = 0; i < 2 && peek(reader) >= '0' && peek(reader) <= '7'; i++)
            value = value * 8 + get(reader) - '0';
        return value & 0xff;
    }
    if (c == 'x') {
        for (int i = 0; i < 2 && isxdigit(peek(reader)); i++) {
            c = tolower(get(reader));
            value = value * 16 + (isdigit(c) ? c - '0' : c - 'a' + 10);
        }
        return value;
    }
    letter = c > 0 ? strchr(letters, c) : NULL;
    return letter && (letter - letters) % 2 == 0 ? letter[1] : c;
}

static void read_string(struct lease_reader *reader)
{
    size_t length = 0;
    int c;

    while ((c = get(reader)) >= 0 && c != '"' && c != '\n') {
        if (c == '\\')
            c = escaped(reader);
        if (c >= 0 && length < sizeof(reader->string))
            reader->string[length++] = (uint8_t)c;
    }
    reader->token.text = slice_of(reader->string, length);
}

static bool is_mark(int c)
{
    return c == ';' || c == '{' || c == '}' || c == ',' || c == '=';
}

static void next(struct lease_reader *reader)
{
    size_t from;
    int c;

    while ((c = peek(reader)) >= 0 && (c <= ' ' || c == '#')) {
        if (c != '#') {
            get(reader);
            continue;
        }
        while (peek(reader) >= 0 && peek(reader) != '\n')
            get(reader);
    }
    reader->token = (struct token){.kind = TOKEN_END, .line = reader->line};
    if (c < 0)
        return;
    if (c == '"') {
        get(reader);
        reader->token.kind = TOKEN_STRING;
        read_string(reader);
        return;
    }
    from = reader->offset;
    get(reader);
    reader->token.kind = is_mark(c) ? TOKEN_MARK : TOKEN_WORD;
    while (!is_mark(c) && peek(reader) > ' ' && !is_mark(peek(reader)) && peek(reader) != '"' &&
           peek(reader) != '#')
        get(reader);
    reader->token.text = slice_of(reader->text.data + from, reader->offset - from);
}

static bool at_mark(const struct lease_reader *reader, char mark)
{
    return reader->token.kind == TOKEN_MARK && reader->token.text.data[0] == mark;
}

static bool at_word(const struct lease_reader *reader, const char *word)
{
    return reader->token.kind == TOKEN_WORD && reader->token.text.length == strlen(word) &&
           strncasecmp((const char *)reader->token.text.data, word, strlen(word)) == 0;
}

static bool take_word(struct lease_reader *reader, const char *word)
{
    if (!at_word(reader, word))
        return false;
    next(reader);
    return true;
}

/* Over the rest of a statement: behind its `;` or its block, but not over a `}` around it. */
static void skip_statement(struct lease_reader *reader)
{
    unsigned depth = 0;

    while (reader->token.kind != TOKEN_END) {
        if (at_mark(reader, '{'))
            depth++;
        if (at_mark(reader, '}')) {
            if (depth == 0)
                return;
            if (--depth == 0) {
                next(reader);
                return;
            }
        }
        if (at_mark(reader, ';') && depth == 0) {
            next(reader);
            return;
        }
        next(reader);
    }
}

static const char *shown(const struct lease_reader *reader, char to[SHOWN_MAX])
{
    if (reader->token.kind == TOKEN_END)
        return "the end of the file";
    return text_printable(to, SHOWN_MAX, reader->token.text);
}

/* The entry is wrong at the present token. */
static bool expected(struct lease_reader *reader, const char *what)
{
    char found[SHOWN_MAX];

    complain(reader, reader->token.line, true, "expected %s, found %s", what, shown(reader, found));
    reader->entry_is_bad = true;
    return false;
}

/* Copies the token as a string of C; false where it is longer. */
static bool copy_token(const struct lease_reader *reader, char *to, size_t size)
{
    struct slice text = reader->token.text;

    if (reader->token.kind == TOKEN_END || reader->token.kind == TOKEN_MARK || text.length >= size)
        return false;
    memcpy(to, text.data, text.length);
    to[text.length] = 0;
    return true;
}

/* The offset from UTC that old files have behind a time, "+3600"; seconds east of it. */
static bool read_offset(struct lease_reader *reader, long *seconds)
{
    char text[16], *end;

    *seconds = 0;
    if (reader->token.kind != TOKEN_WORD)
        return true;
    if (!copy_token(reader, text, sizeof(text)))
        return false;
    *seconds = strtol(text, &end, 10);
    next(reader);
    return *end == 0;
}

/* `epoch SECONDS`, `WEEKDAY YEAR/MONTH/DAY HOUR:MINUTE:SECOND [OFFSET]`, `never`. */
static bool read_date(struct lease_reader *reader, int64_t *seconds)
{
    static const char what[] = "a date, as in \"4 2026/11/26 10:20:30\"";
    char day[24] = "", hour[16] = "", end;
    struct tm tm = {.tm_isdst = 0};
    long offset;
    long long epoch;

    if (take_word(reader, "never")) {
        *seconds = LEASE_FOREVER;
        return true;
    }
    if (take_word(reader, "epoch")) {
        if (!copy_token(reader, day, sizeof(day)) || sscanf(day, "%lld%c", &epoch, &end) != 1)
            return expected(reader, "seconds since 1970");
        next(reader);
        *seconds = epoch;
        return true;
    }
    if (reader->token.kind != TOKEN_WORD)
        return expected(reader, what);
    next(reader); /* the weekday, which says nothing new */
    if (!copy_token(reader, day, sizeof(day)) ||
        sscanf(day, "%d/%d/%d%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &end) != 3 ||
        tm.tm_year < 1970 || tm.tm_year > 9999 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
        tm.tm_mday < 1 || tm.tm_mday > 31)
        return expected(reader, what);
    next(reader);
    if (!copy_token(reader, hour, sizeof(hour)) ||
        sscanf(hour, "%d:%d:%d%c", &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 3 ||
        tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
        tm.tm_sec > 60)
        return expected(reader, what);
    next(reader);
    if (!read_offset(reader, &offset))
        return expected(reader, "an offset from UTC in seconds");
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *seconds = (int64_t)timegm(&tm) - offset;
    return true;
}

/* Bytes in hexadecimal with colons between them; returns their number, 0 where it is none. */
static size_t read_octets(const struct lease_reader *reader, uint8_t *to, size_t most)
{
    struct slice text = reader->token.text;
    size_t count = 0;
    unsigned value = 0, digits = 0;

    for (size_t i = 0; i <= text.length; i++) {
        int c = i < text.length ? tolower(text.data[i]) : ':';

        if (c == ':') {
            if (digits == 0 || count == most)
                return 0;
            to[count++] = (uint8_t)value;
            value = digits = 0;
        } else if (isxdigit(c) && digits < 2) {
            value = value * 16 + (unsigned)(isdigit(c) ? c - '0' : c - 'a' + 10);
            digits++;
        } else {
            return 0;
        }
    }
    return count;
}

static bool read_hardware(struct lease_reader *reader, struct entry *entry)
{
    static const struct {
        const char *name;
        uint8_t type;
    } kinds[] = {{"ethernet", HARDWARE_ETHERNET},
                 {"token-ring", HARDWARE_TOKEN_RING},
                 {"fddi", HARDWARE_FDDI},
                 {"infiniband", HARDWARE_INFINIBAND}};
    struct hardware *hardware = &entry->lease.hardware;
    char unknown[SHOWN_MAX];
    unsigned number;

    *hardware = (struct hardware){.type = 0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !hardware->type; i++) {
        if (take_word(reader, kinds[i].name))
            hardware->type = kinds[i].type;
    }
    /* A type without a name is written as unknown-NUMBER. */
    if (!hardware->type && copy_token(reader, unknown, sizeof(unknown)) &&
        sscanf(unknown, "unknown-%u", &number) == 1 && number > 0 && number < 256) {
        hardware->type = (uint8_t)number;
        next(reader);
    }
    if (!hardware->type)
        return expected(reader, "a kind of hardware: ethernet, token-ring, fddi, infiniband");
    hardware->length = (uint8_t)read_octets(reader, hardware->address, sizeof(hardware->address));
    if (reader->token.kind != TOKEN_WORD || hardware->length == 0)
        return expected(reader, "a hardware address, as in 22:22:22:22:00:00");
    next(reader);
    return true;
}

static bool read_uid(struct lease_reader *reader, struct entry *entry)
{
    struct lease *lease = &entry->lease;
    struct slice text = reader->token.text;
    uint8_t bytes[256];
    size_t length;

    if (reader->token.kind == TOKEN_STRING) {
        length = text.length < sizeof(bytes) ? text.length : sizeof(bytes);
        memcpy(bytes, text.data, length);
    } else {
        length = read_octets(reader, bytes, sizeof(bytes));
        if (reader->token.kind != TOKEN_WORD || length == 0)
            return expected(reader, "a client identifier");
    }
    lease->client_identifier_length = length < LEASE_IDENTIFIER_MAX ? length : LEASE_IDENTIFIER_MAX;
    memcpy(lease->client_identifier, bytes, lease->client_identifier_length);
    next(reader);
    return true;
}

static bool read_state(struct lease_reader *reader, char *state, size_t size)
{
    static const char *const states[] = {"active",  "free",     "backup", "abandoned",
                                         "expired", "released", "reset",  "bootp"};

    if (!take_word(reader, "state"))
        return expected(reader, "state");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (take_word(reader, states[i])) {
            snprintf(state, size, "%s", states[i]);
            return true;
        }
    }
    return expected(reader, "a binding state: active, free, expired, released, abandoned, backup, "
                            "reset or bootp");
}

static bool read_name(struct lease_reader *reader, char to[LEASE_TEXT_SIZE])
{
    if (reader->token.kind != TOKEN_STRING && reader->token.kind != TOKEN_WORD)
        return expected(reader, "a name");
    text_printable(to, LEASE_TEXT_SIZE, reader->token.text);
    next(reader);
    return true;
}

static void keep_note(struct lease_reader *reader, struct entry *entry,
                      const struct lease_note *note)
{
    if (!lease_note_write(&entry->notes, note))
        complain(reader, reader->token.line, false,
                 "more is kept with this lease than there is "
                 "room for: passed over");
}

/* A variable's value at the present token: text, bytes, %NUMBER, true or false. */
static void read_value(struct lease_reader *reader, struct entry *entry, struct slice name)
{
    struct lease_note note = {.kind = NOTE_DATA, .name = name, .value = reader->token.text};
    uint8_t bytes[256];
    struct writer w = writer_of(bytes, sizeof(bytes));
    char text[24];

    if (reader->token.kind == TOKEN_WORD && copy_token(reader, text, sizeof(text)) &&
        text[0] == '%') {
        note.kind = NOTE_NUMBER;
        writer_be64(&w, (uint64_t)strtoll(text + 1, NULL, 10));
        note.value = slice_of(bytes, w.length);
    } else if (at_word(reader, "true") || at_word(reader, "false")) {
        note.kind = NOTE_BOOLEAN;
        bytes[0] = at_word(reader, "true");
        note.value = slice_of(bytes, 1);
    } else if (reader->token.kind == TOKEN_WORD) {
        note.value = slice_of(bytes, read_octets(reader, bytes, sizeof(bytes)));
    }
    if (reader->token.kind != TOKEN_MARK && reader->token.kind != TOKEN_END)
        keep_note(reader, entry, &note);
}

/* `set NAME = VALUE`: a variable; the vendor class has a place of its own, and what dhcpd notes of
 * its DNS updates has none. Leaves the `;`. */
static bool read_set(struct lease_reader *reader, struct entry *entry)
{
    char name[64];

    if (!copy_token(reader, name, sizeof(name)))
        return expected(reader, "the name of a variable");
    next(reader);
    if (!at_mark(reader, '='))
        return expected(reader, "=");
    next(reader);
    if (strcasecmp(name, "vendor-class-identifier") == 0 && reader->token.kind == TOKEN_STRING)
        text_printable(entry->lease.vendor_class, LEASE_TEXT_SIZE, reader->token.text);
    else if (name[0] && strncasecmp(name, "ddns-", 5) != 0)
        read_value(reader, entry, slice_of(name, strlen(name) + 1));
    while (reader->token.kind != TOKEN_END && !at_mark(reader, ';') && !at_mark(reader, '}'))
        next(reader);
    return true;
}

/* `billing class NAME` or `billing subclass NAME VALUE`: which class the lease counts for. */
static bool read_billing(struct lease_reader *reader, struct entry *entry)
{
    uint8_t key[LEASE_NOTE_KEY_MAX], bytes[LEASE_NOTE_KEY_MAX];
    struct writer w = writer_of(key, sizeof(key));
    bool subclass = at_word(reader, "subclass");

    if (!subclass && !at_word(reader, "class"))
        return expected(reader, "class or subclass");
    next(reader);
    if (reader->token.kind != TOKEN_STRING && reader->token.kind != TOKEN_WORD)
        return expected(reader, "the name of a class");
    writer_slice(&w, reader->token.text);
    writer_u8(&w, 0);
    next(reader);
    if (subclass && reader->token.kind == TOKEN_STRING)
        writer_slice(&w, reader->token.text);
    else if (subclass)
        writer_bytes(&w, bytes, read_octets(reader, bytes, sizeof(bytes)));
    if (subclass)
        next(reader);
    if (!w.failed)
        keep_note(reader, entry,
                  &(struct lease_note){.kind = NOTE_BILLING, .value = slice_of(key, w.length)});
    return true;
}

/* Statements that tell nothing that bootwire keeps. */
static bool has_no_use(const struct lease_reader *reader)
{
    static const char *const words[] = {
        "option",        "on",         "ddns-text", "ddns-fwd-name",   "dynamic", "if",
        "ddns-rev-name", "ddns-dhcid", "unset",     "ddns-client-fqdn"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (at_word(reader, words[i]))
            return true;
    }
    return false;
}

/* One statement that begins at the present word, without its `;`. False: it is wrong, or it has
 * been passed over with its `;`; then `*skipped` is set. */
static bool read_lease_statement(struct lease_reader *reader, struct entry *entry, bool *skipped)
{
    char found[SHOWN_MAX], ignored[24];
    int64_t date;

    *skipped = false;
    if (take_word(reader, "starts"))
        return entry->has_starts = read_date(reader, &entry->starts);
    if (take_word(reader, "ends"))
        return entry->has_ends = read_date(reader, &entry->ends);
    if (take_word(reader, "tstp") || take_word(reader, "tsfp") || take_word(reader, "atsfp") ||
        take_word(reader, "cltt"))
        return read_date(reader, &date);
    if (take_word(reader, "binding"))
        return read_state(reader, entry->state, sizeof(entry->state));
    if (take_word(reader, "next") || take_word(reader, "rewind"))
        return take_word(reader, "binding") ? read_state(reader, ignored, sizeof(ignored))
                                            : expected(reader, "binding");
    if (take_word(reader, "hardware"))
        return read_hardware(reader, entry);
    if (take_word(reader, "uid"))
        return read_uid(reader, entry);
    if (take_word(reader, "client-hostname") || take_word(reader, "hostname"))
        return read_name(reader, entry->lease.host_name);
    if (take_word(reader, "set"))
        return read_set(reader, entry);
    if (take_word(reader, "abandoned"))
        return entry->abandoned = true;
    if (take_word(reader, "bootp") || take_word(reader, "dynamic-bootp"))
        return entry->bootp = true;
    if (take_word(reader, "reserved")) {
        keep_note(reader, entry, &(struct lease_note){.kind = NOTE_RESERVED});
        return true;
    }
    if (take_word(reader, "billing"))
        return read_billing(reader, entry);
    *skipped = true;
    if (!has_no_use(reader))
        complain(reader, reader->token.line, false, "%s is no statement of a lease: passed over",
                 shown(reader, found));
    skip_statement(reader);
    return false;
}

/* What the entry says, as a record of ours. */
static void finish_entry(struct entry *entry)
{
    struct lease *lease = &entry->lease;

    lease->start = entry->has_starts ? entry->starts : 0;
    lease->expiry = entry->has_ends ? entry->ends : entry->bootp ? LEASE_FOREVER : lease->start;
    if (entry->abandoned || strcasecmp(entry->state, "abandoned") == 0) {
        lease->state = LEASE_DECLINED;
        lease->expiry = lease->start + LEASE_FILE_ABANDONED_SECONDS;
    } else if (entry->state[0] == 0 || strcasecmp(entry->state, "active") == 0 ||
               strcasecmp(entry->state, "bootp") == 0) {
        lease->state = LEASE_BOUND; /* files older than binding states hold what is in use */
    } else {
        lease->state = LEASE_RELEASED;
    }
    lease->notes = slice_of(entry->note_bytes, entry->notes.length);
    if (lease->state == LEASE_DECLINED)
        lease->notes = slice_of(NULL, 0);
    else if (lease->state != LEASE_BOUND)
        lease->notes = lease_notes_kept(lease->notes);
}

/* Behind `lease`. */
static void read_lease(struct lease_reader *reader, unsigned line)
{
    struct entry entry = {.state = ""};
    struct token token = reader->token;
    bool skipped;

    entry.notes = writer_of(entry.note_bytes, sizeof(entry.note_bytes));
    reader->entry_is_bad = false;
    if (token.kind != TOKEN_WORD ||
        !ipv4_parse((const char *)token.text.data, token.text.length, &entry.lease.address)) {
        expected(reader, "an IPv4 address");
        skip_statement(reader);
        return;
    }
    next(reader);
    if (!at_mark(reader, '{')) {
        expected(reader, "{");
        skip_statement(reader);
        return;
    }
    next(reader);
    while (reader->token.kind != TOKEN_END && !at_mark(reader, '}')) {
        if (at_mark(reader, ';')) {
            next(reader);
            continue;
        }
        if (read_lease_statement(reader, &entry, &skipped) && !at_mark(reader, ';'))
            expected(reader, ";");
        if (!skipped)
            skip_statement(reader);
    }
    if (reader->token.kind == TOKEN_END) {
        complain(reader, line, true, "the entry is cut off by the end of the file");
        return;
    }
    next(reader);
    if (reader->entry_is_bad)
        return;
    finish_entry(&entry);
    reader->sink->take(reader->sink->argument, &entry.lease, line);
}

void lease_file_read(struct slice text, const struct lease_file_sink *sink)
{
    static const char *const without_use[] = {"authoring-byte-order", "server-duid", "failover"};
    static const char *const not_taken[] = {"host",     "group", "subgroup", "class",
                                            "subclass", "ia-na", "ia-ta",    "ia-pd"};
    struct lease_reader reader = {.text = text, .line = 1, .sink = sink};
    char found[SHOWN_MAX];

    next(&reader);
    while (reader.token.kind != TOKEN_END) {
        unsigned line = reader.token.line;
        bool known = false;

        if (take_word(&reader, "lease")) {
            read_lease(&reader, line);
            continue;
        }
        if (at_mark(&reader, ';')) {
            next(&reader);
            continue;
        }
        for (size_t i = 0; i < sizeof(without_use) / sizeof(without_use[0]) && !known; i++)
            known = at_word(&reader, without_use[i]);
        for (size_t i = 0; i < sizeof(not_taken) / sizeof(not_taken[0]) && !known; i++) {
            known = at_word(&reader, not_taken[i]);
            if (known)
                complain(&reader, line, true, "%s is no IPv4 lease: it is not imported",
                         not_taken[i]);
        }
        if (!known)
            complain(&reader, line, true, "expected a lease, found %s", shown(&reader, found));
        if (at_mark(&reader, '}'))
            next(&reader);
        else
            skip_statement(&reader);
    }
}
