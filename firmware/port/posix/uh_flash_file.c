#define _DEFAULT_SOURCE  // flock
#include "uh_flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#define ERASED 0xff

static int descriptor_of(void* context) {
  return ((const uh_flash_file*)context)->descriptor;
}

static bool read_all(void* context, uint32_t at, void* out, uint32_t size) {
  return pread(descriptor_of(context), out, size, (off_t)at) == (ssize_t)size;
}

static bool write_all(void* context, uint32_t at, const void* data, uint32_t size) {
  return pwrite(descriptor_of(context), data, size, (off_t)at) == (ssize_t)size &&
         fdatasync(descriptor_of(context)) == 0;
}

static bool erase(void* context, uint32_t sector) {
  uint8_t blank[UH_FLASH_FILE_SECTOR];
  memset(blank, ERASED, sizeof blank);
  return write_all(context, sector * UH_FLASH_FILE_SECTOR, blank, sizeof blank);
}

static bool is_blank(void* context, uint32_t at, uint32_t size) {
  uint8_t unit[UH_FLASH_UNIT];
  for (uint32_t done = 0; done < size; done += UH_FLASH_UNIT) {
    if (!read_all(context, at + done, unit, sizeof unit)) {
      return false;
    }
    for (size_t i = 0; i < sizeof unit; ++i) {
      if (unit[i] != ERASED) {
        return false;
      }
    }
  }
  return true;
}

static int fill(uh_flash_file* file) {
  struct stat status;
  if (fstat(file->descriptor, &status) != 0) {
    return errno;
  }
  const uint32_t whole = file->flash.sector_count * UH_FLASH_FILE_SECTOR;
  for (uint32_t at = (uint32_t)status.st_size / UH_FLASH_FILE_SECTOR * UH_FLASH_FILE_SECTOR;
       at < whole; at += UH_FLASH_FILE_SECTOR) {
    if (!erase(file, at / UH_FLASH_FILE_SECTOR)) {
      return errno;
    }
  }
  return 0;
}

int uh_flash_file_open(uh_flash_file* file, const char* path, uint32_t sectors) {
  file->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file->descriptor < 0) {
    return errno;
  }
  file->flash = (uh_flash){.context = file,
                           .sector_size = UH_FLASH_FILE_SECTOR,
                           .sector_count = sectors,
                           .read = read_all,
                           .write = write_all,
                           .erase = erase,
                           .is_blank = is_blank};
  const int failed = flock(file->descriptor, LOCK_EX | LOCK_NB) != 0 ? errno : fill(file);
  if (failed != 0) {
    uh_flash_file_close(file);
  }
  return failed;
}

void uh_flash_file_close(uh_flash_file* file) {
  if (file->descriptor >= 0) {
    (void)close(file->descriptor);
    file->descriptor = -1;
  }
}
