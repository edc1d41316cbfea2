#include "wire/bootblock.h"

#include "base/cursor.h"

enum {
    BOOTBLOCK_MAGIC = 0x7886b6d0, /* its low four bits tell kinds of boot blocks apart */
    BOOTBLOCK_MAGIC_OFFSET = 4,   /* after a jump */
};

static const struct {
    const char *name;
    int32_t number;
} consoles[] = {
    {"pc", 0},      {"com0", 1},    {"com1", 2},    {"com2", 3},    {"com3", 4},
    {"com0kbd", 5}, {"com1kbd", 6}, {"com2kbd", 7}, {"com3kbd", 8}, {"auto", -1},
};

enum { CONSOLE_COUNT = sizeof(consoles) / sizeof(consoles[0]) };

static enum bootblock_status find(size_t *offset, struct slice head)
{
    for (size_t at = 0; at < BOOTBLOCK_HEAD; at += BOOTBLOCK_SECTOR) {
        struct reader r;

        if (head.length < at + BOOTBLOCK_SECTOR)
            return BOOTBLOCK_SHORT;
        r = reader_of(head.data + at + BOOTBLOCK_MAGIC_OFFSET, 4);
        if ((reader_le32(&r) & ~0xfu) == BOOTBLOCK_MAGIC) {
            *offset = at + BOOTBLOCK_MAGIC_OFFSET + 4;
            return BOOTBLOCK_FOUND;
        }
    }
    return BOOTBLOCK_NO_MAGIC;
}

enum bootblock_status bootblock_decode(struct bootblock *block, struct slice head)
{
    uint8_t known[BOOTBLOCK_SIZE] = {0};
    enum bootblock_status status;
    struct reader r;

    *block = (struct bootblock){.offset = 0};
    status = find(&block->offset, head);
    if (status != BOOTBLOCK_FOUND)
        return status;
    r = reader_of(head.data + block->offset, BOOTBLOCK_SIZE);
    block->stored_length = reader_le32(&r);
    block->length = block->stored_length < BOOTBLOCK_SIZE ? block->stored_length : BOOTBLOCK_SIZE;
    memcpy(known, head.data + block->offset, block->length);
    r = reader_of(known, sizeof(known));
    block->stored_length = reader_le32(&r);
    block->flags = reader_le32(&r);
    block->timeout = reader_le32(&r);
    block->console = (int32_t)reader_le32(&r);
    block->speed = reader_le32(&r);
    reader_copy(&r, block->password, sizeof(block->password));
    reader_copy(&r, block->keymap, sizeof(block->keymap));
    block->ioaddr = reader_le32(&r);
    return BOOTBLOCK_FOUND;
}

bool bootblock_encode(const struct bootblock *block, uint8_t to[BOOTBLOCK_SIZE])
{
    struct writer w = writer_of(to, BOOTBLOCK_SIZE);

    writer_le32(&w, block->stored_length);
    writer_le32(&w, block->flags);
    writer_le32(&w, block->timeout);
    writer_le32(&w, (uint32_t)block->console);
    writer_le32(&w, block->speed);
    writer_bytes(&w, block->password, sizeof(block->password));
    writer_bytes(&w, block->keymap, sizeof(block->keymap));
    writer_le32(&w, block->ioaddr);
    for (size_t i = block->length; i < BOOTBLOCK_SIZE; i++) {
        if (to[i] != 0)
            return false;
    }
    return true;
}

bool bootblock_console(struct slice name, int32_t *console)
{
    for (size_t i = 0; i < CONSOLE_COUNT; i++) {
        if (slice_equal_string(name, consoles[i].name)) {
            *console = consoles[i].number;
            return true;
        }
    }
    return false;
}

const char *bootblock_console_name(int32_t console)
{
    for (size_t i = 0; i < CONSOLE_COUNT; i++) {
        if (consoles[i].number == console)
            return consoles[i].name;
    }
    return NULL;
}

const char *bootblock_console_list(size_t i)
{
    return i < CONSOLE_COUNT ? consoles[i].name : NULL;
}
