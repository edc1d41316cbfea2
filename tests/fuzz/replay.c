/* Runs a fuzz target over files and over every file of directories: the seeds as a regression test,
 * and AFL++'s one file per run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static int replay(const char *path, unsigned *count)
{
    enum { INPUT_MAX = 1 << 20 };
    uint8_t *data;
    size_t length;
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        return -1;
    }
    data = malloc(INPUT_MAX);
    length = data ? fread(data, 1, INPUT_MAX, file) : 0;
    fclose(file);
    LLVMFuzzerTestOneInput(data, length);
    free(data);
    ++*count;
    return 0;
}

static int replay_directory(const char *path, unsigned *count)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int result = 0;

    if (!directory) {
        perror(path);
        return -1;
    }
    while ((entry = readdir(directory)) != NULL) {
        char *file = NULL;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
            abort();
        result |= replay(file, count);
        free(file);
    }
    closedir(directory);
    return result;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    int result = 0;

    for (int i = 1; i < argc; i++) {
        struct stat info;

        if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode))
            result |= replay_directory(argv[i], &count);
        else
            result |= replay(argv[i], &count);
    }
    printf("%u inputs\n", count);
    return result || count == 0;
}
