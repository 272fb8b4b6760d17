#pragma once
// CMP transactions that are open between two requests: a certificate that is to be confirmed, or a
// request that waits for approval. They are this process's alone; a device whose transaction is
// gone begins anew, with the same code where that waits.

#include <list>
#include <memory>
#include <mutex>

#include "unhidra/base/time.h"
#include "unhidra/pki/cmp.h"

namespace unhidra::automation {

// Who has proved itself, and by what.
struct CmpSender {
  pki::DeviceIdentity who;
  std::optional<SecretBytes> code;
  std::optional<pki::Certificate> certificate;
};

struct OpenTransaction {
  pki::CmpTransaction transaction;
  CmpSender sender;
  std::optional<pki::Certificate> issued;
};

// Safe from any thread.
class CmpDesk {
 public:
  static constexpr std::size_t kMaxOpen = 1024;  // beyond, the oldest is dropped
  static constexpr std::chrono::minutes kLifetime{15};

  void put(Bytes id, std::unique_ptr<OpenTransaction> open, Timestamp now);
  // Nobody else has it then. Null: there is none.
  std::unique_ptr<OpenTransaction> take(const Bytes& id, Timestamp now);
  bool knows(const Bytes& id, Timestamp now);

 private:
  struct Entry {
    Bytes id;
    std::unique_ptr<OpenTransaction> open;
    Timestamp until;
  };
  // Without those whose time is over; the lock is held.
  std::list<Entry>::iterator find(const Bytes& id, Timestamp now);

  std::mutex mutex_;
  std::list<Entry> entries_;  // oldest first
};

}  // namespace unhidra::automation
