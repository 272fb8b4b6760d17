// The stored form of a group.
#include <string.h>

#include "group_internal.h"

// The layout is that of the program that wrote it: the version changes with the struct, and its
// size is stored beside it. Flash is this device's own, encrypted by the platform.
#define STORED_VERSION 2  // 2: the mark of the desired state

static void checksum(const uint8_t* data, size_t size, uint8_t out[8]) {
  uint8_t hash[32];
  const uh_part part = {data, size};
  uh_sha256(hash, &part, 1);
  memcpy(out, hash, 8);
}

uh_status uh_group_store(const uh_group* group, uint8_t* out, size_t capacity, size_t* size) {
  if (capacity < UH_GROUP_STORED_SIZE) {
    return UH_NO_SPACE;
  }
  uh_writer writer = uh_write_to(out, capacity);
  uh_put_integer(&writer, STORED_VERSION, 2);
  uh_put_integer(&writer, sizeof *group, 2);
  uh_put(&writer, group, sizeof *group);
  uint8_t sum[8];
  checksum(out, writer.used, sum);
  uh_put(&writer, sum, sizeof sum);
  *size = writer.used;
  return UH_OK;
}

uh_status uh_group_load(uh_group* group, const uint8_t* stored, size_t size) {
  uh_reader in = uh_read_from(stored, size);
  const uint64_t version = uh_take_integer(&in, 2);
  const uint64_t struct_size = uh_take_integer(&in, 2);
  const uint8_t* content = uh_take(&in, sizeof *group);
  const uint8_t* expected = uh_take(&in, 8);
  if (!uh_read_all(&in) || version != STORED_VERSION || struct_size != sizeof *group) {
    return UH_CORRUPT;
  }
  uint8_t sum[8];
  checksum(stored, size - sizeof sum, sum);
  if (memcmp(sum, expected, sizeof sum) != 0) {
    return UH_CORRUPT;
  }
  memcpy(group, content, sizeof *group);
  uh_chain_skip(&group->own, group->horizon);
  return UH_OK;
}
