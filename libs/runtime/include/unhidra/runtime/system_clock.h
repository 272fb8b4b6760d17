#pragma once

#include "unhidra/base/time.h"

namespace unhidra::runtime {

// The machine's clock: what main() passes where a Clock is asked for. Safe from any thread.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  SteadyTime steady_now() const override;
};

}  // namespace unhidra::runtime
