/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_files.h: main() of a fuzz target that is not built for libFuzzer: it
 * runs the files that it is given.
 */
#ifndef SLUICE_FUZZ_FILES_H
#define SLUICE_FUZZ_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        long size = -1;
        if (file && fseek(file, 0, SEEK_END) == 0)
            size = ftell(file);
        uint8_t *data = size < 0 ? NULL : malloc((size_t)size + 1);
        if (!data || fseek(file, 0, SEEK_SET) != 0 ||
            fread(data, 1, (size_t)size, file) != (size_t)size) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
        fclose(file);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        free(data);
    }
    printf("%d inputs replayed\n", argc - 1);
    return 0;
}

#endif
