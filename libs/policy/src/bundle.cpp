#include "unhidra/policy/bundle.h"

#include <algorithm>

#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/rego/glob.h"
#include "unhidra/runtime/files.h"

namespace unhidra::policy {
namespace {

using rego::Kind;
using rego::Value;

constexpr std::size_t kMaxKeyFile = 1 << 20;
constexpr std::string_view kManifest = ".manifest";
constexpr std::string_view kSignatures = ".signatures.json";

std::unexpected<Error> bad(const std::string& why) {
  return fail(Errc::bad_bundle, "the bundle is refused: " + printable(why));
}
std::unexpected<Error> unsigned_bundle(const std::string& why) {
  return fail(Errc::bad_signature, "the bundle's signature is refused: " + printable(why));
}

std::string text_of(const Value& object, std::string_view name) {
  const Value* value = object.is(Kind::object) ? object.find(name) : nullptr;
  return value != nullptr && value->is(Kind::string) ? value->text() : std::string();
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (end > at) {
      out.emplace_back(path.substr(at, end - at));
    }
    at = end + 1;
  }
  return out;
}

std::string_view own_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// ---- signatures ----

Result<Value> json_part(std::string_view part) {
  const auto bytes = from_base64url(part);
  auto value =
      bytes ? rego::value_from_json(as_text(*bytes)) : Result<Value>(fail(Errc::bad_signature, ""));
  return value && value->is(Kind::object) ? std::move(value)
                                          : Result<Value>(unsigned_bundle("it is no JWT"));
}

const pki::PublicJwk* pick_key(const BundleTrust& trust, const std::string& id) {
  if (id.empty()) {
    return trust.keys.size() == 1 ? &trust.keys[0] : nullptr;
  }
  const auto found = std::ranges::find_if(
      trust.keys, [&](const pki::PublicJwk& key) { return key.key_id() == id; });
  return found == trust.keys.end() ? nullptr : &*found;
}

// The payload of a token that a trusted key has signed.
Result<Value> verified_payload(const BundleTrust& trust, std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) {
    return unsigned_bundle("it is no JWT");
  }
  UNHIDRA_TRY(const auto header, json_part(token.substr(0, first)));
  UNHIDRA_TRY(auto payload, json_part(token.substr(first + 1, second - first - 1)));
  const auto signature = from_base64url(token.substr(second + 1));
  const std::string named = text_of(header, "kid");
  const auto* key = pick_key(trust, named.empty() ? text_of(payload, "keyid") : named);
  if (key == nullptr) {
    return unsigned_bundle("no trusted key is the one it names");
  }
  // The key's algorithm decides, not the header's (RFC 8725 section 3.1).
  if (text_of(header, "alg") != to_string(key->algorithm()) || header.find("crit") != nullptr) {
    return unsigned_bundle("its algorithm is not that of the key");
  }
  if (!signature || !key->verify(as_bytes(token.substr(0, second)), *signature)) {
    return unsigned_bundle("it does not verify");
  }
  return payload;
}

Status check_signature(const BundleFiles& files, const BundleTrust& trust) {
  const auto found = files.find(std::string(kSignatures));
  if (found == files.end()) {
    return unsigned_bundle("there is none");
  }
  const auto document = rego::value_from_json(as_text(found->second));
  const Value* tokens =
      document && document->is(Kind::object) ? document->find("signatures") : nullptr;
  if (tokens == nullptr || !tokens->is(Kind::array) || tokens->size() != 1 ||
      !tokens->elements()[0].is(Kind::string)) {
    return unsigned_bundle(".signatures.json does not hold one signature");
  }
  UNHIDRA_TRY(const auto payload, verified_payload(trust, tokens->elements()[0].text()));
  if (!trust.scope.empty() && text_of(payload, "scope") != trust.scope) {
    return unsigned_bundle("its scope is another");
  }
  const Value* listed = payload.find("files");
  if (listed == nullptr || !listed->is(Kind::array)) {
    return unsigned_bundle("it lists no files");
  }
  std::map<std::string, bool> seen;
  for (const Value& file : listed->elements()) {
    const std::string name = text_of(file, "name");
    const auto content = files.find(name);
    if (content == files.end()) {
      return unsigned_bundle("the file " + name + " is missing");
    }
    const std::string algorithm = text_of(file, "algorithm");
    UNHIDRA_TRY(const auto hash, bundle_file_hash(name, content->second, algorithm));
    if (to_hex(hash) != text_of(file, "hash")) {
      return unsigned_bundle("the file " + name + " is another");
    }
    seen[name] = true;
  }
  for (const auto& [name, content] : files) {
    if (name != kSignatures && !seen.contains(name)) {
      return unsigned_bundle("the file " + name + " is not listed");
    }
  }
  return {};
}

// ---- manifest ----

struct Manifest {
  std::string revision;
  std::optional<rego::Syntax> syntax;  // of files of which no pattern says another
  std::vector<std::pair<std::string, rego::Syntax>> file_syntaxes;  // by pattern, in their order
  std::vector<std::vector<std::string>> roots{{}};
};

Result<rego::Syntax> syntax_of(const Value& version) {
  const auto number = version.small_integer();
  if (!number || (*number != 0 && *number != 1)) {
    return bad(".manifest: a Rego version is 0 or 1");
  }
  return *number == 0 ? rego::Syntax::v0 : rego::Syntax::v1;
}

Status read_versions(const Value& document, Manifest& out) {
  const Value* version = document.find("rego_version");
  if (version != nullptr && !version->is(Kind::null)) {
    UNHIDRA_TRY(out.syntax, syntax_of(*version));
  }
  const Value* patterns = document.find("file_rego_versions");
  if (patterns == nullptr || patterns->is(Kind::null)) {
    return {};
  }
  if (!patterns->is(Kind::object)) {
    return bad(".manifest: file_rego_versions must be an object");
  }
  for (const auto& [pattern, number] : patterns->members()) {
    UNHIDRA_TRY(const auto syntax, syntax_of(number));
    out.file_syntaxes.emplace_back(pattern.text(), syntax);
  }
  return {};
}

// The first pattern that matches decides, in the order of their texts; then the bundle's own
// version; then whoever compiles. A pattern is of the path from the bundle's root, "/a/b.rego".
Status set_syntaxes(const Manifest& manifest, std::vector<rego::ModuleSource>& modules) {
  std::vector<std::string> paths;
  for (const auto& module : modules) {
    paths.push_back("/" + module.file);
  }
  for (const auto& [pattern, syntax] : manifest.file_syntaxes) {
    const auto matches = rego::match_glob(pattern, paths);
    if (!matches) {
      return bad(".manifest: file_rego_versions: " + pattern + ": " + matches.error().message());
    }
    for (std::size_t i = 0; i < modules.size(); ++i) {
      if ((*matches)[i] && !modules[i].syntax) {
        modules[i].syntax = syntax;
      }
    }
  }
  for (auto& module : modules) {
    module.syntax = module.syntax ? module.syntax : manifest.syntax;
  }
  return {};
}

Result<Manifest> read_manifest(const BundleFiles& files) {
  Manifest out;
  const auto found = files.find(std::string(kManifest));
  if (found == files.end()) {
    return out;
  }
  const auto document = rego::value_from_json(as_text(found->second));
  if (!document || !document->is(Kind::object)) {
    return bad(".manifest is no JSON object");
  }
  out.revision = text_of(*document, "revision");
  UNHIDRA_TRY_VOID(read_versions(*document, out));
  const Value* roots = document->find("roots");
  if (roots == nullptr) {
    return out;
  }
  if (!roots->is(Kind::array)) {
    return bad(".manifest: roots must be a list");
  }
  out.roots.clear();
  for (const Value& root : roots->elements()) {
    if (!root.is(Kind::string)) {
      return bad(".manifest: a root must be a string");
    }
    out.roots.push_back(split(root.text()));
  }
  return out;
}

bool is_under(const std::vector<std::string>& path, const std::vector<std::string>& root) {
  return path.size() >= root.size() && std::equal(root.begin(), root.end(), path.begin());
}

// Whether all of the data stands under roots: down to where each begins.
bool stands_under(const Value& data, std::vector<std::string>& path, const Manifest& manifest) {
  if (std::ranges::any_of(manifest.roots, [&](const auto& root) { return is_under(path, root); })) {
    return true;
  }
  const bool on_the_way =
      std::ranges::any_of(manifest.roots, [&](const auto& root) { return is_under(root, path); });
  if (!on_the_way || !data.is(Kind::object)) {
    return false;
  }
  return std::ranges::all_of(data.members(), [&](const Value::Member& member) {
    path.push_back(member.first.text());
    const bool good = stands_under(member.second, path, manifest);
    path.pop_back();
    return good;
  });
}

Status check_packages(const Documents& documents, const Manifest& manifest) {
  for (const auto& module : documents.modules) {
    auto package = rego::package_of(module);
    if (!package && !module.syntax) {
      package = rego::package_of(module, rego::Syntax::v0);
    }
    if (!package) {
      continue;  // the compiler says what is wrong with it
    }
    if (std::ranges::none_of(manifest.roots,
                             [&](const auto& root) { return is_under(*package, root); })) {
      return bad("the package of " + module.file + " stands outside the roots");
    }
  }
  return {};
}

}  // namespace

Result<Bytes> bundle_file_hash(std::string_view name, ByteView content,
                               std::string_view algorithm) {
  crypto::Hash hash = crypto::Hash::sha256;
  if (algorithm == "SHA-512") {
    hash = crypto::Hash::sha512;
  } else if (algorithm == "SHA-384") {
    hash = crypto::Hash::sha384;
  } else if (algorithm != "SHA-256") {
    return unsigned_bundle("the hash " + std::string(algorithm) + " is not used");
  }
  std::string canonical;
  const auto own = own_name(name);
  if (own == kManifest || own.ends_with(".json") || own.ends_with(".yaml") ||
      own.ends_with(".yml")) {
    UNHIDRA_TRY(const auto value,
                parse_document(own == kManifest ? "manifest.json" : name, as_text(content)));
    canonical = rego::value_to_json(value);
    content = as_bytes(canonical);
  }
  Bytes out(crypto::digest_size(hash));
  const ByteView parts[] = {content};
  UNHIDRA_TRY_VOID(crypto::native_provider().hash(hash, parts, out));
  return out;
}

Result<BundleTrust> read_bundle_keys(const std::filesystem::path& file) {
  BundleTrust out;
  UNHIDRA_TRY(const auto content, runtime::read_file(file, kMaxKeyFile));
  UNHIDRA_TRY(const auto document, parse_document(file.string() + ".json", as_text(content)));
  if (document.is(Kind::object) && document.find("keys") != nullptr) {
    UNHIDRA_TRY(out.keys, pki::parse_jwks(as_text(content)));
  } else {
    UNHIDRA_TRY(auto key, pki::PublicJwk::parse(as_text(content)));
    out.keys.push_back(std::move(key));
  }
  if (out.keys.empty()) {
    return fail(Errc::bad_signature, printable(file.string()) + ": there is no key in it");
  }
  return out;
}

Result<Documents> read_bundle(const BundleFiles& files, const BundleTrust& trust) {
  if (!trust.keys.empty()) {
    UNHIDRA_TRY_VOID(check_signature(files, trust));
  }
  UNHIDRA_TRY(const auto manifest, read_manifest(files));
  Documents out;
  out.revision = manifest.revision;
  for (const auto& [name, content] : files) {
    const auto own = own_name(name);
    if (own.ends_with(".rego")) {
      out.modules.push_back({name, std::string(as_text(content))});
    } else if (own == "data.json" || own == "data.yaml" || own == "data.yml") {
      UNHIDRA_TRY(auto value, parse_document(name, as_text(content)));
      auto keys = split(name);
      keys.pop_back();
      auto merged = merge(out.data, nest(keys, std::move(value)));
      if (!merged) {
        return fail(std::move(merged).error().in(printable(name)));
      }
      out.data = std::move(*merged);
    }
  }
  UNHIDRA_TRY_VOID(set_syntaxes(manifest, out.modules));
  std::vector<std::string> path;
  if (!out.data.is(Kind::object) ||
      (out.data.size() != 0 && !stands_under(out.data, path, manifest))) {
    return bad("data stands outside the roots of the manifest");
  }
  UNHIDRA_TRY_VOID(check_packages(out, manifest));
  return out;
}

}  // namespace unhidra::policy
