/* The handles that do not fit into their own bytes: a table in SQLite, from a number to what the
 * handle stands for. Safe from any thread. */
#ifndef BOOTWIRE_STORE_HANDLE_TABLE_H
#define BOOTWIRE_STORE_HANDLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct handle_table;

enum {
    HANDLE_KERNEL_MAX = 128, /* MAX_HANDLE_SZ of name_to_handle_at(2) */
    HANDLE_PATH_MAX = 4096,
};

/* What identifies a file: the kernel's handle of it (`kernel_length` > 0), or its place and inode.
 * `path` is below the export, "" for the export itself; only with kernel_length 0. */
struct handle_entry {
    int kernel_type;
    size_t kernel_length;
    uint8_t kernel[HANDLE_KERNEL_MAX];
    uint64_t device; /* 0: the same as the export's directory */
    uint64_t inode;
    int64_t birth;  /* nanoseconds since 1970; 0: not known */
    unsigned links; /* more than 1: the path is one name of several, which all are kept; only for
                       handle_table_number() */
    char path[HANDLE_PATH_MAX];
};

/* NULL with a message in `error`. */
struct handle_table *handle_table_open(const char *path, char *error, size_t error_size);
void handle_table_free(struct handle_table *table);

/* The number of the entry's file in the export, given to it now where it has none. A file that is
 * known under another path has moved: its path and those below it are changed; or it has several
 * names, and this is one more. Returns 0 or EIO. */
int handle_table_number(struct handle_table *table, const char *export,
                        const struct handle_entry *entry, uint64_t *number);
/* The entry behind a number: 0, ESTALE where there is none of that export, or EIO. */
int handle_table_find(struct handle_table *table, const char *export, uint64_t number,
                      struct handle_entry *entry);
/* Gives another name under which the number's file was known, and forgets that one: false where
 * there is none left. */
bool handle_table_take_name(struct handle_table *table, uint64_t number,
                            char path[HANDLE_PATH_MAX]);
/* The number's file was found under that name: it is the one to look at first from now on. */
void handle_table_settle(struct handle_table *table, uint64_t number, const char *path);
/* Its file is gone. */
void handle_table_remove(struct handle_table *table, uint64_t number);

#endif
