#pragma once
// A message whose files are encrypted, and not all uploaded yet: it survives the end of the
// program. The ciphertext lies beside the store; what opens it is sealed in the store.

#include <string>
#include <vector>

#include "unhidra/client/files.h"

#include "sealed_store.h"

namespace unhidra::cli {

struct PendingFiles {
  ConversationId conversation;
  std::string text;
  std::vector<e2ee::AttachmentDescriptor> files;  // at least one

  // Of its record in the store.
  std::string name() const;
};

Status save_pending(SealedStore& store, const PendingFiles& pending);
Status remove_pending(SealedStore& store, const PendingFiles& pending);
Result<std::vector<PendingFiles>> load_pending(SealedStore& store);

}  // namespace unhidra::cli
