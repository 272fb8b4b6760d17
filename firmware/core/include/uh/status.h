// What can go wrong in the device core. Whatever the answer: a call that failed has changed
// nothing.
#ifndef UH_STATUS_H
#define UH_STATUS_H

typedef enum uh_status {
  UH_OK = 0,
  UH_MALFORMED,      // not in the format, or over a limit
  UH_NO_SPACE,       // the caller's buffer is too small
  UH_UNDECRYPTABLE,  // tag or signature do not fit
  UH_DUPLICATE,      // opened before, or so late that its key is gone
  UH_TOO_FAR_AHEAD,  // more is missing than may be skipped
  UH_STALE,          // older than what is known, or past its deadline
  UH_UNKNOWN_EPOCH,  // sealed with keys that this device does not hold
  UH_WRONG_DEVICE,   // the sender is nobody that this device listens to
  UH_NOT_AN_OWNER,   // signed by a key that owns the group no longer, or never did
  UH_FORKED,         // does not continue what is known
  UH_EXHAUSTED,      // no counter is left: reserve, or rotate
  UH_DENIED,         // the owner's policy on this device does not allow it
  UH_STORAGE,        // flash did not take or give a record
  UH_CORRUPT,        // what flash gave is damaged
  UH_STATE,          // not at this point of the protocol
  UH_BUSY,           // as much is under way as there is room for: try again later
} uh_status;

#endif
