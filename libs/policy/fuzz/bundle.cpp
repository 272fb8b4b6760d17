// Any bytes as an archive, and as the files of a bundle that must be signed: refused, or read
// within the bounds.
#include "unhidra/policy/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  const policy::BundleLimits limits{.max_files = 16, .max_bytes = 1 << 20};
  const ByteView bytes(reinterpret_cast<const Byte*>(data), size);
  if (const auto files = policy::unpack_bundle(bytes, limits)) {
    (void)policy::read_bundle(*files, {});
  }
  static const auto key = pki::PublicJwk::parse(
      R"({"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const Bytes content = to_bytes(bytes);
  const policy::BundleFiles files{
      {".manifest", content}, {".signatures.json", content}, {"a/data.json", content}};
  (void)policy::read_bundle(files, {});
  if (policy::read_bundle(files, {.keys = {*key}, .scope = {}})) {
    __builtin_trap();  // nobody has signed
  }
  return 0;
}
