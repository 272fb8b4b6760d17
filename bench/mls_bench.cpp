// Large groups, in CPU time: each figure beside the bare primitives of the same process. Built as
// machine code and as WebAssembly (node bench/wasm.mjs build/wasm/bin/mls_bench.wasm [members]).
// mls_bench [members]
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
#ifdef __wasm__
#include <wasi/api.h>
#endif

#include "unhidra/crypto/random.h"
#include "unhidra/mls/group.h"

namespace unhidra::mls {
namespace {

double cpu_ms() {
#ifdef __wasm__  // wasi-libc has no name for this clock
  __wasi_timestamp_t nanoseconds = 0;
  static_cast<void>(__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1000, &nanoseconds));
  return 1e-6 * static_cast<double>(nanoseconds);
#else
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
#endif
}

template <class F>
double measure(const char* what, int times, F&& run) {
  const double start = cpu_ms();
  for (int i = 0; i < times; ++i) {
    run();
  }
  const double each = (cpu_ms() - start) / times;
  std::printf("%-44s %10.4f ms\n", what, each);
  return each;
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::printf("failed: %s\n", result.error().message().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

class Bench {
 public:
  explicit Bench(std::size_t members) {
    for (std::size_t i = 0; i + 1 < members; ++i) {
      packages_.push_back(must(make_key_package(suite_, random_, identity(), kLifetime)));
    }
  }

  void run() {
    primitives();
    Group creator =
        must(Group::create(env_, suite_.id(), to_bytes("bench"), identity(), kLifetime));
    CommitOptions adds{.force_path = false, .tree_in_group_info = false};
    for (const OwnKeyPackage& ours : packages_) {
      adds.proposals.push_back({Add{std::make_shared<const KeyPackage>(ours.key_package)}});
    }
    CommitBundle bundle;
    measure("create by one add commit", 1, [&] { bundle = must(creator.commit(env_, adds)); });
    must(creator.confirm_pending(env_));
    const auto welcome = must(MlsMessage::parse(*bundle.welcome));
    JoinOptions options;
    std::vector<Group> members;
    measure("join from the Welcome, tree beside it", 1, [&] {
      options.tree = must(RatchetTree::parse(*bundle.ratchet_tree));
      members.push_back(must(Group::join(env_, packages_[0], *welcome.as<Welcome>(), options)));
    });
    fill(creator, members, options, *welcome.as<Welcome>());
    commits(creator, members.front(), members.back());
    messages(creator, members.front());
    std::size_t bytes = 0;
    for (const Record& record : members.front().take_changes()) {
      bytes += record.key.size() + (record.value ? record.value->size() : 0);
    }
    std::printf("%-44s %10zu bytes\n", "state of a member", bytes);
    const auto next = must(creator.commit(env_, {.tree_in_group_info = false}));
    must(members.front().receive(env_, must(MlsMessage::parse(next.commit))));
    bytes = 0;
    for (const Record& record : members.front().take_changes()) {
      bytes += record.key.size() + (record.value ? record.value->size() : 0);
    }
    std::printf("%-44s %10zu bytes\n", "written after one commit", bytes);
  }

 private:
  static constexpr Lifetime kLifetime{0, 3600};

  Identity identity() {
    return {must(SignatureKeyPair::generate(suite_, random_)),
            Credential::basic(as_bytes("m")),
            default_capabilities(env_.provider),
            {}};
  }

  void primitives() {
    const auto key = must(SignatureKeyPair::generate(suite_, random_));
    const auto hpke = must(HpkeKeyPair::generate(suite_, random_));
    const auto info = must(encrypt_context(suite_, "bench", {}));
    const Bytes text(64, 1);
    const Bytes signature = must(key.sign(suite_, "bench", text));
    floor_.sign =
        measure("  primitive: sign", 2000, [&] { must(key.sign(suite_, "bench", text)); });
    floor_.verify = measure("  primitive: verify", 2000, [&] {
      static_cast<void>(suite_.verify_with_label(key.public_key(), "bench", text, signature));
    });
    floor_.seal = measure("  primitive: HPKE seal", 1000, [&] {
      must(hpke_seal(suite_, random_, hpke.public_key(), info, {}, text));
    });
    const auto sealed = must(hpke_seal(suite_, random_, hpke.public_key(), info, {}, text));
    floor_.open = measure("  primitive: HPKE open", 1000, [&] {
      must(hpke_open(suite_, hpke, sealed.kem_output, info, {}, sealed.ciphertext));
    });
    floor_.key_pair = measure("  primitive: HPKE key pair", 1000,
                              [&] { must(HpkeKeyPair::derive(suite_, text)); });
  }

  // Commits by many members, so that the parents near the two that are measured have keys.
  void fill(Group& creator, std::vector<Group>& members, const JoinOptions& options,
            const Welcome& welcome) {
    std::vector<std::size_t> who;
    for (std::size_t step = 1; step < packages_.size(); step *= 2) {
      who.push_back(step);
    }
    for (const std::size_t i : who) {
      members.push_back(must(Group::join(env_, packages_[i], welcome, options)));
    }
    for (std::size_t i = members.size(); i-- > 0;) {
      const auto bundle = must(members[i].commit(env_, {.tree_in_group_info = false}));
      if (i + 1 == members.size()) {
        std::printf("%-44s %10zu bytes\n", "the first commit with a path", bundle.commit.size());
      }
      const auto message = must(MlsMessage::parse(bundle.commit));
      must(creator.receive(env_, message));
      for (std::size_t other = 0; other < members.size(); ++other) {
        if (other != i) {
          must(members[other].receive(env_, message));
        }
      }
      must(members[i].confirm_pending(env_));
    }
  }

  // `near` shares every parent of the committer and derives all keys of its path; `far` is in the
  // other half of the tree and derives one, like half of the members.
  void commits(Group& by, Group& near, Group& far) {
    double make = 0;
    double nearest = 0;
    double farthest = 0;
    // What is measured is warm, as the primitives were: as WebAssembly an engine runs code slowly
    // and compiles it in the background, at this process's cost, until it has run often.
    constexpr int kWarm = 150;
    constexpr int kTimes = 100;
    for (int i = -kWarm; i < kTimes; ++i) {
      if (i == 0) {
        make = nearest = farthest = 0;
      }
      const double start = cpu_ms();
      const auto bundle = must(by.commit(env_, {}));
      make += cpu_ms() - start;
      const auto message = must(MlsMessage::parse(bundle.commit));
      const double middle = cpu_ms();
      must(near.receive(env_, message));
      const double late = cpu_ms();
      must(far.receive(env_, message));
      nearest += late - middle;
      farthest += cpu_ms() - late;
      must(by.confirm_pending(env_));
    }
    // The path of a full tree: a key pair and a seal for each parent, a new leaf, two signatures.
    const auto parents = static_cast<double>(std::bit_width(packages_.size()));
    const auto& f = floor_;
    tell("own commit", make / kTimes, parents * f.seal + (parents + 1) * f.key_pair + 2 * f.sign);
    tell("processing it, committer's neighbour", nearest / kTimes,
         f.open + parents * f.key_pair + 2 * f.verify);
    tell("processing it, other half of the tree", farthest / kTimes,
         f.open + f.key_pair + 2 * f.verify);
  }

  static void tell(const char* what, double ms, double floor) {
    std::printf("%-44s %10.4f ms, %4.2f x its primitives\n", what, ms, ms / floor);
  }

  void messages(Group& from, Group& to) {
    std::vector<Bytes> sent;
    const Bytes text(64, 1);
    for (int i = 0; i < 1000; ++i) {  // warm
      must(to.receive(env_, must(MlsMessage::parse(must(from.encrypt(env_, text))))));
    }
    const auto encrypted = measure("application message: encrypt", 1000,
                                   [&] { sent.push_back(must(from.encrypt(env_, text))); });
    std::size_t next = 0;
    const auto decrypted = measure("application message: parse and decrypt", 1000, [&] {
      must(to.receive(env_, must(MlsMessage::parse(sent[next++]))));
    });
    tell("  encrypting, beside one signature", encrypted, floor_.sign);
    tell("  decrypting, beside one verification", decrypted, floor_.verify);
  }

  crypto::SystemRandom random_;
  Environment env_{.provider = crypto::native_provider(), .random = random_};
  Suite suite_ = must(Suite::of(env_.provider, kDefaultCipherSuite));
  std::vector<OwnKeyPackage> packages_;

  struct Floor {  // milliseconds each
    double sign = 0;
    double verify = 0;
    double seal = 0;
    double open = 0;
    double key_pair = 0;
  };
  Floor floor_;
};

}  // namespace
}  // namespace unhidra::mls

int main(int argc, char** argv) {
  const long members = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1000;
  unhidra::mls::Bench(static_cast<std::size_t>(members < 2 ? 2 : members)).run();
}
