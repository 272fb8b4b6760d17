#pragma once
// Bundles of the Open Policy Agent: a tar.gz, or a folder of the same shape, with .rego files,
// data.json and data.yaml in the folders whose names are their place in data, a .manifest
// (revision, roots, rego_version, file_rego_versions) and, signed, a .signatures.json.

#include <map>
#include <span>

#include "unhidra/base/bytes.h"
#include "unhidra/pki/jwk.h"
#include "unhidra/policy/documents.h"

namespace unhidra::policy {

struct BundleLimits {
  std::size_t max_files = 10'000;
  std::size_t max_bytes = 256 << 20;  // of all files, unpacked
};

struct BundleTrust {
  // Keys of which one must have signed; empty: signatures are not looked at.
  std::vector<pki::PublicJwk> keys;
  std::string scope;  // that the signature must name; empty: none is asked for
};

// Public keys from a file with a JWK or a JWK set. Errc::bad_signature: there is none in it.
// Blocks.
Result<BundleTrust> read_bundle_keys(const std::filesystem::path& file);

// File names (a/b/data.json) and their bytes.
using BundleFiles = std::map<std::string, Bytes>;

// Errc::bad_bundle: no tar (plain or gzip), a name that leads outside, a link, too much.
Result<BundleFiles> unpack_bundle(ByteView archive, const BundleLimits& limits = {});
Result<BundleFiles> read_bundle_folder(const std::filesystem::path& folder,
                                       const BundleLimits& limits = {});
// Checks signature and manifest: every file is listed with its hash and none is missing, and what
// the bundle holds stands under its roots. Modules of which the manifest says a version of the
// language have it as their syntax, whatever they are compiled with. Errc::bad_bundle,
// Errc::bad_signature.
Result<Documents> read_bundle(const BundleFiles& files, const BundleTrust& trust);
// A .tar.gz file or a folder. Blocks.
Result<Documents> load_bundle(const std::filesystem::path& path, const BundleTrust& trust,
                              const BundleLimits& limits = {});

// The hash of a file as signatures have it: of JSON files that of their canonical form (sorted
// keys, no space), so that layout does not matter; YAML likewise.
Result<Bytes> bundle_file_hash(std::string_view name, ByteView content, std::string_view algorithm);

}  // namespace unhidra::policy
