// The key chain of one sender in one epoch: two levels, so that a counter that jumps to the next
// block costs one step (docs/security.md, "Device groups").
#include "group_internal.h"

static const char kSenderLabel[] = "unhidra udg sender 1";

static void step(uint8_t out[32], const uint8_t key[32], uint8_t constant) {
  const uh_part part = {&constant, 1};
  uh_hmac(out, key, &part, 1);
}

static void enter_block(uh_chain* chain) {
  step(chain->chain_key, chain->block_key, 0x01);
  step(chain->block_key, chain->block_key, 0x02);
}

void uh_chain_start(uh_chain* chain, const uint8_t secret[32], const uint8_t roster_hash[32],
                    const uint8_t device[UH_ID_SIZE]) {
  uint8_t info[4 + sizeof kSenderLabel - 1 + 32 + UH_ID_SIZE];
  uh_writer out = uh_write_to(info, sizeof info);
  uh_put_prefixed(&out, kSenderLabel, sizeof kSenderLabel - 1);
  uh_put(&out, roster_hash, 32);
  uh_put(&out, device, UH_ID_SIZE);
  chain->next = 0;
  uh_hkdf_expand(chain->block_key, 32, secret, info, out.used);
  enter_block(chain);
}

void uh_chain_take(uh_chain* chain, uint8_t key[32]) {
  step(key, chain->chain_key, 0x01);
  ++chain->next;
  if (chain->next % UH_COUNTER_BLOCK == 0) {
    enter_block(chain);
  } else {
    step(chain->chain_key, chain->chain_key, 0x02);
  }
}

void uh_chain_skip(uh_chain* chain, uint32_t counter) {
  while (chain->next / UH_COUNTER_BLOCK < counter / UH_COUNTER_BLOCK) {
    chain->next = (chain->next / UH_COUNTER_BLOCK + 1) * UH_COUNTER_BLOCK;
    enter_block(chain);
  }
  for (; chain->next < counter; ++chain->next) {
    step(chain->chain_key, chain->chain_key, 0x02);
  }
}
