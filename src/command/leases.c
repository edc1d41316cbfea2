/* `bootwire leases`: who has which address, and why. */
#include "store/leases.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/text.h"
#include "command/command.h"
#include "command/state.h"
#include "model/lease_notes.h"
#include "model/snapshot.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TIME_SIZE = 32,
    VALUE_SIZE = 4 * LEASE_NOTES_MAX,
    BYTES_SIZE = 3 * LEASE_IDENTIFIER_MAX + 1
};

struct listing {
    const struct snapshot *snapshot; /* or NULL */
    int64_t now;
    json_t *array; /* NULL: text */
    FILE *text;    /* in memory: who reads our output may take his time, and the database waits */
    size_t count;
};

static const char *time_text(char to[TIME_SIZE], int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&time, &tm) || strftime(to, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        to[0] = 0;
    return to;
}

/* "01:22:22" of the bytes. */
static const char *bytes_text(char to[BYTES_SIZE], const uint8_t *bytes, size_t length)
{
    to[0] = 0;
    for (size_t i = 0; i < length && i < LEASE_IDENTIFIER_MAX; i++)
        snprintf(to + strlen(to), BYTES_SIZE - strlen(to), "%s%02x", i > 0 ? ":" : "", bytes[i]);
    return to;
}

static const char *state_name(const struct lease *lease, int64_t now)
{
    switch (lease->state) {
    case LEASE_BOUND:
        return lease->expiry > now ? "bound" : "expired";
    case LEASE_RELEASED:
        return "released";
    case LEASE_DECLINED:
        return lease->expiry > now ? "declined" : "expired";
    case LEASE_OFFERED:
        break;
    }
    return "offered";
}

/* The host declaration that the machine is, as the DHCP service finds it, and how. */
static const struct host *host_of(const struct listing *listing, const struct lease *lease,
                                  const char **how)
{
    const struct host *host;

    if (!listing->snapshot)
        return NULL;
    *how = "its hardware address";
    host = snapshot_host_by_hardware(listing->snapshot, &lease->hardware);
    if (host || lease->client_identifier_length == 0)
        return host;
    *how = "its client identifier";
    return snapshot_host_by_client_identifier(
        listing->snapshot, slice_of(lease->client_identifier, lease->client_identifier_length));
}

/* A variable's value in words: a number, true or false, text, or bytes. */
static const char *value_text(char to[VALUE_SIZE], const struct lease_note *note)
{
    struct reader r = reader_of_slice(note->value);
    bool printable = true;

    if (note->kind == NOTE_NUMBER) {
        snprintf(to, VALUE_SIZE, "%lld", (long long)reader_be64(&r));
        return to;
    }
    if (note->kind == NOTE_BOOLEAN)
        return note->value.data[0] ? "true" : "false";
    for (size_t i = 0; i < note->value.length; i++)
        printable = printable && note->value.data[i] >= ' ' && note->value.data[i] < 0x7f;
    if (printable)
        return text_printable(to, VALUE_SIZE, note->value);
    to[0] = 0;
    for (size_t i = 0; i < note->value.length; i++)
        snprintf(to + 3 * i, VALUE_SIZE - 3 * i, i + 1 < note->value.length ? "%02x:" : "%02x",
                 note->value.data[i]);
    return to;
}

/* "NAME" or "NAME, VALUE" of the class that the lease counts for. */
static const char *billing_text(char to[VALUE_SIZE], const struct lease_note *note)
{
    const uint8_t *end = memchr(note->value.data, 0, note->value.length);
    struct lease_note key = {.kind = NOTE_DATA};
    char value[VALUE_SIZE];
    size_t length;

    to[0] = 0;
    if (!end)
        return to;
    text_printable(to, VALUE_SIZE, slice_of(note->value.data, (size_t)(end - note->value.data)));
    key.value = slice_of(end + 1, note->value.length - (size_t)(end + 1 - note->value.data));
    length = strlen(to);
    if (key.value.length > 0)
        snprintf(to + length, VALUE_SIZE - length, ", %.*s", LEASE_NOTE_KEY_MAX * 4,
                 value_text(value, &key));
    return to;
}

static void print_notes(const struct listing *listing, const struct lease *lease)
{
    struct reader r = reader_of_slice(lease->notes);
    struct lease_note note;
    char name[256], value[VALUE_SIZE];

    while (lease_note_next(&r, &note)) {
        if (lease_note_is_variable(&note))
            fprintf(
                listing->text, "    %s = %s\n",
                text_printable(name, sizeof(name), slice_of(note.name.data, note.name.length - 1)),
                value_text(value, &note));
        if (note.kind == NOTE_BILLING)
            fprintf(listing->text, "    counts for class %s\n", billing_text(value, &note));
        if (note.kind == NOTE_RESERVED)
            fprintf(listing->text, "    reserved: nobody else gets the address\n");
    }
}

static void print_text(const struct listing *listing, const struct lease *lease, const char *reason)
{
    char address[IPV4_TEXT_SIZE], hardware[HARDWARE_TEXT_SIZE], time[TIME_SIZE];
    char bytes[BYTES_SIZE];
    const char *how = "";
    const struct host *host = host_of(listing, lease, &how);

    fprintf(listing->text, "%-15s  %-8s  %s", ipv4_text(address, lease->address),
            state_name(lease, listing->now), hardware_text(hardware, &lease->hardware));
    if (lease->expiry == LEASE_FOREVER)
        fprintf(listing->text, "  for ever");
    else
        fprintf(listing->text, "  until %s", time_text(time, lease->expiry));
    fprintf(listing->text, "  last asked: %s\n", boot_stage_name(lease->stage));
    if (host)
        fprintf(listing->text, "    host %s, known by %s\n", host->name, how);
    if (lease->client_identifier_length > 0)
        fprintf(listing->text, "    client identifier %s, sent by stage %s\n",
                bytes_text(bytes, lease->client_identifier, lease->client_identifier_length),
                boot_stage_name(lease->identifier_stage));
    if (lease->uuid_length > 0)
        fprintf(listing->text, "    UUID %s\n", bytes_text(bytes, lease->uuid, lease->uuid_length));
    if (lease->host_name[0])
        fprintf(listing->text, "    calls itself %s\n", lease->host_name);
    if (lease->vendor_class[0])
        fprintf(listing->text, "    vendor class %s\n", lease->vendor_class);
    print_notes(listing, lease);
    if (reason[0])
        fprintf(listing->text, "    why: %s\n", reason);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0])
        json_object_set_new(object, key, json_string(text));
}

static void add_notes(json_t *object, const struct lease *lease)
{
    struct reader r = reader_of_slice(lease->notes);
    json_t *variables = NULL;
    struct lease_note note;
    char name[256], value[VALUE_SIZE];

    while (lease_note_next(&r, &note)) {
        if (lease_note_is_variable(&note)) {
            if (!variables)
                json_object_set_new(object, "variables", variables = json_object());
            text_printable(name, sizeof(name), slice_of(note.name.data, note.name.length - 1));
            json_object_set_new(variables, name, json_string(value_text(value, &note)));
        }
        if (note.kind == NOTE_BILLING)
            set_text(object, "class", billing_text(value, &note));
        if (note.kind == NOTE_RESERVED)
            json_object_set_new(object, "reserved", json_true());
    }
}

static void add_json(const struct listing *listing, const struct lease *lease, const char *reason)
{
    char address[IPV4_TEXT_SIZE], hardware[HARDWARE_TEXT_SIZE], time[TIME_SIZE];
    char bytes[BYTES_SIZE];
    const char *how = "";
    const struct host *host = host_of(listing, lease, &how);
    json_t *object = json_object();

    set_text(object, "address", ipv4_text(address, lease->address));
    set_text(object, "state", state_name(lease, listing->now));
    set_text(object, "hardware", hardware_text(hardware, &lease->hardware));
    set_text(object, "start", time_text(time, lease->start));
    json_object_set_new(
        object, "expiry",
        lease->expiry == LEASE_FOREVER ? json_null() : json_string(time_text(time, lease->expiry)));
    set_text(object, "stage", boot_stage_name(lease->stage));
    if (host) {
        set_text(object, "host", host->name);
        set_text(object, "host_known_by", how);
    }
    set_text(object, "client_identifier",
             bytes_text(bytes, lease->client_identifier, lease->client_identifier_length));
    if (lease->client_identifier_length > 0)
        set_text(object, "client_identifier_stage", boot_stage_name(lease->identifier_stage));
    set_text(object, "uuid", bytes_text(bytes, lease->uuid, lease->uuid_length));
    set_text(object, "host_name", lease->host_name);
    set_text(object, "vendor_class", lease->vendor_class);
    add_notes(object, lease);
    set_text(object, "reason", reason);
    json_array_append_new(listing->array, object);
}

static void list_one(void *argument, const struct lease *lease, const char *reason)
{
    struct listing *listing = argument;

    listing->count++;
    if (listing->array)
        add_json(listing, lease, reason);
    else
        print_text(listing, lease, reason);
}

static int list(const struct state_place *place, bool as_json)
{
    struct listing listing = {.snapshot = place->snapshot, .now = clock_wall_seconds()};
    char error[1024], *text = NULL;
    size_t length = 0;
    int result = 0;

    listing.text = open_memstream(&text, &length);
    if (!listing.text)
        abort();
    if (as_json)
        listing.array = json_array();
    if (leases_read(place->directory, list_one, &listing, error, sizeof(error)) < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        result = 1;
    } else if (as_json) {
        json_dumpf(listing.array, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (listing.count == 0) {
        printf("no leases\n");
    }
    fclose(listing.text);
    if (length > 0)
        fwrite(text, 1, length, stdout);
    free(text);
    json_decref(listing.array);
    return result;
}

int command_leases(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct state_place place = {.config_path = NULL};
    bool as_json = false;
    int option, result = 1;

    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        if (option == 'j')
            as_json = true;
        else if (!state_take_option(&place, option))
            return command_usage(argv[0]);
    }
    if (optind < argc)
        return command_usage(argv[0]);
    if (state_find(&place) == 0)
        result = list(&place, as_json);
    state_release(&place);
    return result;
}
