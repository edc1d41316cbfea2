/* Any file's head is judged, and to something that has a name. */
#include "wire/program.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct program program = program_of(slice_of(data, length));

    if (program.kind >= PROGRAM_KIND_COUNT || program.processor >= PROCESSOR_COUNT ||
        !processor_in_words(program.processor)[0])
        abort();
    return 0;
}
