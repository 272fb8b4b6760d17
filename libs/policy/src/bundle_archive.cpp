// Archives, untrusted: libarchive reads them, this sets the bounds.
#include <archive.h>
#include <archive_entry.h>
#include <memory>

#include "unhidra/base/text.h"
#include "unhidra/policy/bundle.h"
#include "unhidra/runtime/files.h"

namespace unhidra::policy {
namespace {

namespace fs = std::filesystem;

struct Closing {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Closing>;

std::unexpected<Error> bad(const std::string& why) {
  return fail(Errc::bad_bundle, "the bundle is refused: " + printable(why));
}

// "./a/b" is a/b; what leads out of the bundle is refused.
Result<std::string> clean_name(std::string_view name) {
  while (name.starts_with("./") || name.starts_with('/')) {
    name.remove_prefix(name.starts_with('/') ? 1 : 2);
  }
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") {
      return bad("the name " + std::string(name) + " leads outside");
    }
    at = end + 1;
  }
  return std::string(name);
}

class Sum {
 public:
  explicit Sum(const BundleLimits& limits) : limits_(limits) {}
  Status add(BundleFiles& files, std::string name, Bytes content) {
    total_ += content.size();
    if (files.size() >= limits_.max_files || total_ > limits_.max_bytes) {
      return bad("it is too large");
    }
    if (!files.emplace(std::move(name), std::move(content)).second) {
      return bad("a file stands in it twice");
    }
    return {};
  }
  std::size_t left() const { return limits_.max_bytes - std::min(total_, limits_.max_bytes); }

 private:
  const BundleLimits& limits_;
  std::size_t total_ = 0;
};

Result<Bytes> read_entry(archive* reader, std::size_t most) {
  Bytes out;
  Byte buffer[65'536];
  for (;;) {
    const auto got = archive_read_data(reader, buffer, sizeof buffer);
    if (got < 0) {
      return bad(archive_error_string(reader) != nullptr ? archive_error_string(reader)
                                                         : "it is damaged");
    }
    if (got == 0) {
      return out;
    }
    if (out.size() + static_cast<std::size_t>(got) > most) {
      return bad("it is too large");
    }
    out.insert(out.end(), buffer, buffer + got);
  }
}

Status read_folder(const fs::path& root, const fs::path& folder, BundleFiles& out, Sum& sum,
                   int depth) {
  std::error_code error;
  if (depth > 64) {
    return bad("folders are nested too deeply");
  }
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory()) {
      UNHIDRA_TRY_VOID(read_folder(root, entry->path(), out, sum, depth + 1));
    } else if (entry->is_regular_file()) {
      auto content = runtime::read_file(entry->path(), sum.left());
      if (!content) {
        return bad(content.error().message());
      }
      UNHIDRA_TRY_VOID(
          sum.add(out, fs::relative(entry->path(), root).string(), std::move(*content)));
    }
  }
  return error ? Status(bad(error.message())) : Status();
}

}  // namespace

Result<BundleFiles> unpack_bundle(ByteView bytes, const BundleLimits& limits) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return bad("it is no tar.gz");
  }
  BundleFiles out;
  Sum sum(limits);
  archive_entry* entry = nullptr;
  for (;;) {
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) {
      return out;
    }
    if (code != ARCHIVE_OK) {
      return bad("it is no tar.gz, or damaged");
    }
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) {
      continue;
    }
    const char* name = archive_entry_pathname(entry);
    if (type != AE_IFREG || name == nullptr || archive_entry_hardlink(entry) != nullptr) {
      return bad("it holds something that is no file");
    }
    UNHIDRA_TRY(auto clean, clean_name(name));
    UNHIDRA_TRY(auto content, read_entry(reader.get(), sum.left()));
    UNHIDRA_TRY_VOID(sum.add(out, std::move(clean), std::move(content)));
  }
}

Result<BundleFiles> read_bundle_folder(const fs::path& folder, const BundleLimits& limits) {
  BundleFiles out;
  Sum sum(limits);
  UNHIDRA_TRY_VOID(read_folder(folder, folder, out, sum, 0));
  return out;
}

Result<Documents> load_bundle(const fs::path& path, const BundleTrust& trust,
                              const BundleLimits& limits) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    UNHIDRA_TRY(const auto files, read_bundle_folder(path, limits));
    return read_bundle(files, trust);
  }
  auto content = runtime::read_file(path, limits.max_bytes);
  if (!content) {
    return fail(Errc::bad_file, content.error().message());
  }
  UNHIDRA_TRY(const auto files, unpack_bundle(*content, limits));
  return read_bundle(files, trust);
}

}  // namespace unhidra::policy
