#include "connection.h"
namespace unhidra::storage {
Result<std::unique_ptr<Backend>> make_postgres_backend(const Settings&) {
  return fail(Errc::bad_settings, "this release carries no PostgreSQL yet");
}
}  // namespace unhidra::storage
