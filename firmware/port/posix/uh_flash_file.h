// Flash that is a file, for hosts. What a call wrote is on disk when it returns.
#ifndef UH_FLASH_FILE_H
#define UH_FLASH_FILE_H

#include "uh/flash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define UH_FLASH_FILE_SECTOR 4096u

typedef struct uh_flash_file {
  int descriptor;
  uh_flash flash;  // points into this object, which must not move
} uh_flash_file;

// Makes it (readable by its owner alone) or opens it, for this process alone. Answers 0, else an
// errno; EWOULDBLOCK: another process has it.
int uh_flash_file_open(uh_flash_file* file, const char* path, uint32_t sectors);
void uh_flash_file_close(uh_flash_file* file);

#ifdef __cplusplus
}
#endif

#endif
