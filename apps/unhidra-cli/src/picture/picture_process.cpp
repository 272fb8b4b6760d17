#include "picture_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unhidra/base/codec.h"
#include "unhidra/e2ee/attachment_descriptor.h"

#include "confinement.h"
#include "small_picture.h"

namespace unhidra::cli::picture {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMemory = std::size_t{1} << 30;  // of the child: 50 megapixels, interlaced
constexpr unsigned kCpuSeconds = 10;
constexpr std::chrono::seconds kPatience{15};
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;  // of a file
constexpr std::size_t kMostAnswer = e2ee::kMaxThumbnail + 64;
constexpr std::size_t kPiece = 64 * 1024;

// A descriptor, closed with this.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return value_; }
  void close() {
    if (value_ >= 0) {
      ::close(std::exchange(value_, -1));
    }
  }

 private:
  int value_;
};

std::optional<pid_t> start(const std::string& program, std::string argument, int input,
                           int output) {
  posix_spawn_file_actions_t streams{};
  if (::posix_spawn_file_actions_init(&streams) != 0) {
    return std::nullopt;
  }
  ::posix_spawn_file_actions_adddup2(&streams, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&streams, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&streams, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = "unhidra-cli";
  std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, program.c_str(), &streams, nullptr, arguments.data(),
                                    environment.data());
  ::posix_spawn_file_actions_destroy(&streams);
  return failure == 0 ? std::optional(child) : std::nullopt;
}

// All that comes until the end; nothing when that is too much or too late.
std::optional<Bytes> read_answer(int from) {
  const auto end = SteadyClock::now() + kPatience;
  Bytes out;
  std::array<std::uint8_t, kPiece> piece{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now()).count();
    pollfd watched{.fd = from, .events = POLLIN, .revents = 0};
    const int ready = left > 0 ? ::poll(&watched, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    const auto size = ready > 0 ? ::read(from, piece.data(), piece.size()) : -1;
    if (size == 0) {
      return out;
    }
    if (size < 0 || out.size() + static_cast<std::size_t>(size) > kMostAnswer) {
      return std::nullopt;
    }
    out.insert(out.end(), piece.begin(), piece.begin() + size);
  }
}

// Ends the child if it has not ended, and says whether it did so in peace.
bool ended_well(pid_t child, bool answered) {
  if (!answered) {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool sound(const Size& size, std::uint32_t most) {
  return size.width >= 1 && size.height >= 1 && size.width <= most && size.height <= most;
}

Size read_size(ByteReader& reader) {
  const auto width = reader.u32();
  return {.width = width, .height = reader.u32()};
}

// The child may say anything: it has read a stranger's bytes.
std::optional<Picture> understood(ByteView answer) {
  ByteReader reader(answer);
  Picture out{.size = read_size(reader), .preview = std::nullopt};
  SmallCopy preview{.content = {}, .size = read_size(reader)};
  const auto content = reader.bytes(e2ee::kMaxThumbnail);
  if (!reader.finish("a picture's description") || !sound(out.size, kMostSide)) {
    return std::nullopt;
  }
  if (!content.empty() && sound(preview.size, kPreviewSide)) {
    preview.content.assign(content.begin(), content.end());
    out.preview = std::move(preview);
  }
  return out;
}

bool write_all(ByteView bytes) {
  while (!bytes.empty()) {
    const auto size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (size <= 0) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return true;
}

// What the child said, if it ended well.
std::optional<Picture> ask_child(const std::string& program, const char* argument,
                                 const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<int, 2> ends{-1, -1};
  if (file.get() < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::nullopt;
  }
  const Descriptor answer(ends[0]);
  Descriptor question(ends[1]);
  const auto child = start(program, argument, file.get(), question.get());
  question.close();
  if (!child) {
    return std::nullopt;
  }
  const auto told = read_answer(answer.get());
  return ended_well(*child, told.has_value()) && told ? understood(*told) : std::nullopt;
}

// In the child, confined.
int answer_for(ByteView file, bool emoji) {
  const auto picture = shrink(file, emoji ? Copy{.side = kEmojiSide, .transparent = true} : Copy());
  const bool worth_it = emoji || file.size() >= kWorthAPreview;
  ByteWriter writer;
  writer.u32(picture.width).u32(picture.height);
  writer.u32(picture.small.width).u32(picture.small.height);
  writer.bytes(!worth_it ? Bytes() : emoji ? png_of(picture.small) : jpeg_of(picture.small));
  return write_all(writer.view()) ? 0 : 1;
}

}  // namespace

std::optional<Picture> look_at(const std::string& program, const std::string& path) {
  return ask_child(program, kPreviewArgument, path);
}

std::optional<SmallCopy> emoji_of(const std::string& program, const std::string& path) {
  auto picture = ask_child(program, kEmojiArgument, path);
  return picture && picture->preview && sound(picture->preview->size, kEmojiSide)
             ? std::move(picture->preview)
             : std::nullopt;
}

std::optional<int> run_worker(std::string_view argument) {
  if (argument != kPreviewArgument && argument != kEmojiArgument) {
    return std::nullopt;
  }
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
      static_cast<std::uint64_t>(status.st_size) > kMostBytes) {
    return 1;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto* file = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
  if (file == MAP_FAILED || !confine(kMemory, kCpuSeconds)) {
    return 1;
  }
  // Without what runs at a program's end: most of its calls are no longer allowed.
  ::_exit(answer_for({static_cast<const std::uint8_t*>(file), size}, argument == kEmojiArgument));
}

}  // namespace unhidra::cli::picture
