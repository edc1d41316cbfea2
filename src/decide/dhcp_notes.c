/* What is kept with a lease besides whose it is: variables, the relay's options, its class. */
#include "decide/dhcp_parts.h"

#include <stdio.h>

/* Whether the lease is this machine's and lasts. */
static bool is_live(const struct decision *d, const struct lease *lease)
{
    return lease && hardware_equal(&lease->hardware, &d->plan->identity.hardware) &&
           (lease->state == LEASE_OFFERED ||
            (lease->state == LEASE_BOUND && lease->expiry > d->question->wall));
}

struct slice dhcp_notes_of(const struct decision *d, uint32_t address)
{
    const struct dhcp_question *q = d->question;
    const struct lease *lease;

    if (!address && d->type == DHCP_RELEASE)
        address = q->message->ciaddr;
    if (address) {
        lease = lease_table_by_address(q->leases, address);
        return is_live(d, lease) ? lease->notes : slice_of(NULL, 0);
    }
    lease = lease_table_by_hardware(q->leases, &d->plan->identity.hardware);
    while (lease && (!is_live(d, lease) || !dhcp_subnet_here(d, lease->address)))
        lease = lease->next_of_machine;
    return lease ? lease->notes : slice_of(NULL, 0);
}

struct slice dhcp_stashed_agent_options(const struct decision *d)
{
    const struct dhcp_message *message = d->question->message;
    const struct lease *lease;
    struct lease_note note;

    if (d->type != DHCP_REQUEST || !message->ciaddr || message->giaddr ||
        message->options[DHCP_OPTION_RELAY_AGENT].data)
        return slice_of(NULL, 0);
    lease = lease_table_by_address(d->question->leases, message->ciaddr);
    if (!is_live(d, lease) || lease->state != LEASE_BOUND ||
        !lease_note_find(lease->notes, NOTE_AGENT, &note))
        return slice_of(NULL, 0);
    return note.value;
}

/* The key under which leases of the class count; empty where the class has no limit. */
static struct slice billing_of(struct evaluation *e, const struct membership *member,
                               uint32_t *limit)
{
    struct slice value = member->subclass ? member->subclass->key : member->spawned;
    struct slice name = slice_of_string(member->class->name);
    uint8_t key[LEASE_NOTE_KEY_MAX], *to;
    struct writer w = writer_of(key, sizeof(key));

    *limit = member->subclass && member->subclass->lease_limit ? member->subclass->lease_limit
                                                               : member->class->lease_limit;
    if (*limit == 0)
        return slice_of(NULL, 0);
    if (name.length > sizeof(key) / 2)
        name.length = sizeof(key) / 2;
    writer_slice(&w, name);
    writer_u8(&w, 0);
    if (value.length > writer_left(&w))
        value.length = writer_left(&w);
    writer_slice(&w, value);
    to = evaluation_bytes(e, w.length);
    if (!to)
        return slice_of(NULL, 0);
    memcpy(to, key, w.length);
    return slice_of(to, w.length);
}

bool dhcp_bill(struct decision *d, uint32_t address)
{
    struct evaluation *e = &d->plan->evaluation;
    const struct lease *lease = lease_table_by_address(d->question->leases, address);
    const struct class *full = NULL;
    uint32_t limit = 0, full_limit = 0;
    struct lease_note present;
    bool billed = is_live(d, lease) && lease->state == LEASE_BOUND &&
                  lease_note_find(lease->notes, NOTE_BILLING, &present);

    d->billing = slice_of(NULL, 0);
    if (address == dhcp_fixed_address(d))
        return true;
    /* As long as the machine is of the class that its lease counts for, it stays so. */
    for (size_t i = 0; i < e->class_count; i++) {
        struct slice key = billing_of(e, &e->classes[i], &limit);

        if (billed && key.length > 0 && slice_equal(key, present.value)) {
            d->billing = key;
            return true;
        }
        if (key.length == 0 || d->billing.length > 0)
            continue;
        if (lease_table_billed(d->question->leases, key) < limit) {
            d->billing = key;
        } else {
            full = e->classes[i].class;
            full_limit = limit;
        }
    }
    if (d->billing.length > 0 || !full)
        return true;
    d->plan->outcome = OUTCOME_REFUSED;
    d->plan->reason = REASON_LEASE_LIMIT;
    dhcp_why(d, "class %s has its %u leases already (lease limit)", full->name, full_limit);
    return false;
}

/* Writes a note, or says that there was no room for it. */
static void put(struct evaluation *e, struct writer *w, const struct lease_note *note)
{
    if (!lease_note_write(w, note))
        e->exhausted = true;
}

/* Writes the note of a kind that stood there before. */
static void put_again(struct evaluation *e, struct writer *w, enum lease_note_kind kind)
{
    struct lease_note note;

    if (lease_note_find(e->notes, kind, &note))
        put(e, w, &note);
}

static void put_handler(struct evaluation *e, struct writer *w, unsigned event,
                        enum lease_note_kind kind)
{
    const struct action *on = e->on[event];
    uint8_t mark[4];
    struct writer mark_writer = writer_of(mark, sizeof(mark));

    if (!on) {
        put_again(e, w, kind);
        return;
    }
    writer_be32(&mark_writer, on->mark);
    if (on->body)
        put(e, w, &(struct lease_note){.kind = kind, .value = slice_of(mark, sizeof(mark))});
}

static void put_variable(struct evaluation *e, struct writer *w,
                         const struct evaluation_variable *variable)
{
    struct lease_note note = {.name = slice_of(variable->name, strlen(variable->name) + 1)};
    uint8_t bytes[8];
    struct writer number = writer_of(bytes, sizeof(bytes));

    switch (variable->value.kind) {
    case VALUE_DATA:
        note.kind = NOTE_DATA;
        note.value = variable->value.data;
        break;
    case VALUE_NUMBER:
        note.kind = NOTE_NUMBER;
        writer_be64(&number, (uint64_t)variable->value.number);
        note.value = slice_of(bytes, number.length);
        break;
    case VALUE_BOOLEAN:
        note.kind = NOTE_BOOLEAN;
        bytes[0] = variable->value.number != 0;
        note.value = slice_of(bytes, 1);
        break;
    case VALUE_NONE:
        return;
    }
    put(e, w, &note);
}

/* infinite-is-reserved: who asks for ever is never to lose the address, though it must renew. */
static bool is_reserved(const struct decision *d, const struct lease *lease)
{
    struct lease_note note;
    uint32_t asked = 0;

    if (lease_note_find(lease->notes, NOTE_RESERVED, &note))
        return true;
    return d->type == DHCP_REQUEST &&
           dhcp_message_u32(d->question->message, DHCP_OPTION_LEASE_TIME, &asked) &&
           asked == DHCP_SECONDS_FOREVER &&
           scope_view_flag(&d->view, PARAMETER_INFINITE_IS_RESERVED, false);
}

void dhcp_write_notes(struct decision *d, struct lease *lease)
{
    struct evaluation *e = &d->plan->evaluation;
    struct slice agent = d->question->message->options[DHCP_OPTION_RELAY_AGENT];
    uint8_t buffer[LEASE_NOTES_MAX], *to;
    struct writer w = writer_of(buffer, sizeof(buffer));

    if (lease->address == dhcp_fixed_address(d)) {
        lease->notes = slice_of(NULL, 0);
        return;
    }
    if (is_reserved(d, lease))
        put(e, &w, &(struct lease_note){.kind = NOTE_RESERVED});
    if (lease->state == LEASE_OFFERED && d->earlier[0])
        put(e, &w,
            &(struct lease_note){.kind = NOTE_EARLIER, .value = slice_of_string(d->earlier)});
    else if (lease->state == LEASE_OFFERED)
        put_again(e, &w, NOTE_EARLIER);
    /* On offer the lease counts for nobody yet. */
    if (lease->state == LEASE_BOUND && d->billing.length > 0)
        put(e, &w, &(struct lease_note){.kind = NOTE_BILLING, .value = d->billing});
    put_handler(e, &w, 1, NOTE_ON_EXPIRY);
    put_handler(e, &w, 2, NOTE_ON_RELEASE);
    if (agent.length > 0 && scope_view_flag(&d->view, PARAMETER_STASH_AGENT_OPTIONS, true))
        put(e, &w, &(struct lease_note){.kind = NOTE_AGENT, .value = agent});
    else
        put_again(e, &w, NOTE_AGENT);
    for (size_t i = 0; i < e->variable_count; i++)
        put_variable(e, &w, &e->variables[i]);
    lease->notes = slice_of(NULL, 0);
    if (w.length == 0)
        return;
    to = evaluation_bytes(e, w.length);
    if (!to)
        return;
    memcpy(to, buffer, w.length);
    lease->notes = slice_of(to, w.length);
}
