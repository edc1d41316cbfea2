/* Random trees over random packets: the first byte says how many bytes the tree is made from, the
 * rest is the packet. Whatever comes, the limits hold. */
#include "base/cursor.h"
#include "decide/evaluation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

enum { NODES = 256, OPERANDS = 4 };

static struct expression nodes[NODES];
static const struct expression *operands[NODES][OPERANDS];
static size_t node_count;

static const struct expression *grow(struct reader *r, unsigned depth)
{
    struct expression *x;
    size_t index = node_count, most, least;

    if (node_count == NODES || depth > EXPRESSION_DEPTH_MAX + 8 || reader_left(r) == 0)
        return NULL;
    node_count++;
    x = &nodes[index];
    *x = (struct expression){.kind = reader_u8(r) % EXPRESSION_KIND_COUNT, .name = "v"};
    least = expression_operands(x->kind, &most);
    x->operands = operands[index];
    x->operand_count = least;
    if (most > OPERANDS && reader_left(r) > 0)
        x->operand_count = 1 + (size_t)reader_u8(r) % OPERANDS;
    x->width = (unsigned)(8u << (reader_u8(r) % 3));
    x->code = reader_u8(r);
    x->number = (int32_t)reader_be32(r);
    x->space = x->number & 1 ? SPACE_DHCP : x->number & 2 ? SPACE_AGENT : SPACE_USER;
    x->constant = reader_bytes(r, x->number & 7);
    for (size_t i = 0; i < x->operand_count; i++)
        operands[index][i] = grow(r, depth + 1);
    return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static const struct option_space spaces[] = {{"inner", 1, 1, true}};
    static const struct encapsulation rows[] = {{SPACE_DHCP, 175, SPACE_USER}};
    static struct evaluation e;
    static struct dhcp_message message;
    static struct snapshot *snapshot;
    struct reader r = reader_of(data, length), tree;
    struct action actions[2] = {{.kind = ACTION_SETTING, .next = &actions[1]},
                                {.kind = ACTION_SET, .name = "v"}};
    struct scope_view view;

    tree = reader_of_slice(reader_bytes(&r, 4 * (size_t)reader_u8(&r)));
    if (r.failed || dhcp_decode(&message, slice_of(data + r.offset, length - r.offset)))
        return 0;
    if (!snapshot)
        snapshot = snapshot_new();
    snapshot->spaces = spaces;
    snapshot->space_count = 1;
    snapshot->encapsulations = rows;
    snapshot->encapsulation_count = 1;
    node_count = 0;
    memset(&e, 0, sizeof(e));
    e.snapshot = snapshot;
    e.message = &message;
    e.packet = slice_of(data + r.offset, length - r.offset);
    actions[0].setting.space = SPACE_USER;
    actions[0].setting.code = 1;
    actions[0].setting.expression = grow(&tree, 0);
    actions[1].value = actions[0].setting.expression;
    snapshot->global = (struct scope){.actions = actions};
    view = evaluation_run(&e);
    if (e.bytes_used > EVALUATION_BYTES || e.steps > EVALUATION_STEPS || e.depth != 0)
        abort();
    if (scope_view_bytes(&view, SPACE_DHCP, 175).length > EVALUATION_VALUE_MAX)
        abort();
    return 0;
}
