// A member, a newcomer and a delivery service meet any message: of every type, as it came, and with
// contents that a real member signed and encrypted, so that what lies behind signatures is reached
// too. Whatever is refused leaves no trace; nothing aborts.
//
// An input: the kind of message (one byte), which honest content it starts from (one byte), then
// edits of three bytes: what and where, where, value. Kinds are letters in the corpus.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>

#include "unhidra/mls_public/public_group.h"
#include "unhidra/testkit/seeded_random.h"

#include "group_inside.h"
#include "opened_welcome.h"

namespace {

using namespace unhidra;
using namespace unhidra::mls;

void require(bool good) {
  if (!good) {
    std::abort();
  }
}

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
  std::uint8_t next() {
    const std::uint8_t out = rest_.empty() ? 0 : rest_[0];
    rest_ = rest_.subspan(rest_.empty() ? 0 : 1);
    return out;
  }
  ByteView rest() const { return rest_; }
  Bytes edit(Bytes bytes) {
    while (!rest_.empty()) {
      const std::uint8_t head = next();
      const std::size_t at = ((head & 0x3fU) << 8 | next()) % (bytes.size() + 1);
      const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      const std::uint8_t value = next();
      switch (head >> 6) {
        case 0:
          if (at < bytes.size()) {
            *place = value;
          }
          break;
        case 1:
          if (at < bytes.size()) {
            *place ^= static_cast<std::uint8_t>(1U << (value & 7));
          }
          break;
        case 2:
          bytes.insert(place, value & 15, value);
          break;
        default:
          bytes.erase(place, place + std::min<std::ptrdiff_t>(value & 15, bytes.end() - place));
      }
    }
    return bytes;
  }

 private:
  ByteView rest_;
};

class Scene {
 public:
  Scene() {
    bob_ = add("bob");
    carol_ = add("carol");
    stored_ = bob_->take_changes();
    prepare();
  }

  void run(Script script) {
    static const std::map<std::uint8_t, void (Scene::*)(Script&)> kKinds{
        {'r', &Scene::raw},        {'p', &Scene::public_message}, {'c', &Scene::private_message},
        {'e', &Scene::external},   {'s', &Scene::group_secrets},  {'i', &Scene::welcome_info},
        {'g', &Scene::group_info}, {'w', &Scene::welcome},        {'d', &Scene::stored},
        {'f', &Scene::path_fault},
    };
    const auto kind = kKinds.find(script.next());
    if (kind != kKinds.end()) {
      (this->*kind->second)(script);
    }
  }

 private:
  static constexpr Lifetime kLifetime{0, 3600};

  Identity identity(std::string_view name) {
    return {SignatureKeyPair::generate(suite_, random_).value(),
            Credential::basic(as_bytes(name)),
            default_capabilities(env_.provider),
            {}};
  }
  OwnKeyPackage key_package(std::string_view name) {
    return make_key_package(suite_, random_, identity(name), kLifetime).value();
  }
  static Proposal add_of(const OwnKeyPackage& ours) {
    return {Add{std::make_shared<const KeyPackage>(ours.key_package)}};
  }
  static MlsMessage parsed(const Bytes& bytes) { return MlsMessage::parse(bytes).value(); }

  std::optional<Group> add(std::string_view name) {
    const OwnKeyPackage ours = key_package(name);
    const CommitBundle bundle =
        alice_.commit(env_, {.proposals = {add_of(ours)}, .make_group_info = true}).value();
    if (bob_) {
      require(bob_->receive(env_, parsed(bundle.commit)).has_value());
    }
    require(alice_.confirm_pending(env_).has_value());
    return Group::join(env_, ours, *parsed(*bundle.welcome).as<Welcome>()).value();
  }

  // The honest contents that scripts start from.
  void prepare() {
    const auto content = [](const Bytes& message) {
      return parsed(message).as<PublicMessage>()->content;
    };
    const auto commit = [&](std::vector<Proposal> proposals) {
      const CommitBundle bundle =
          alice_.commit(env_, {.proposals = std::move(proposals), .make_group_info = true}).value();
      alice_.discard_pending();
      raw_.push_back(bundle.commit);
      raw_.push_back(bundle.welcome.value_or(*bundle.group_info));
      contents_.push_back(content(bundle.commit));
    };
    const ReInit reinit{to_bytes("next"), ProtocolVersion::mls10, suite_.id(), {}};
    commit({});
    commit({{Remove{carol_->self()}}});
    commit({{Remove{bob_->self()}}});
    commit({add_of(key_package("eve"))});
    commit({{GroupContextExtensions{}}});
    commit({{reinit}});
    followed_ = parsed(raw_[0]);
    const auto& honest = *followed_->as<PublicMessage>();
    fault_ = bob_->path_fault(env_, honest).value();
    judge_ = Group::restore(env_.provider, stored_).value();
    require(judge_->receive(env_, *followed_).has_value());
    require(judge_->judge(honest, *fault_).verdict == PathVerdict::unfounded);
    info_ = alice_.group_info(true).value();
    const auto joined = Group::join_external(env_, *info_, outsider_).value();
    raw_.push_back(joined.commit);
    external_ = content(joined.commit);
    const Bytes secret_commit =
        alice_.commit(env_, {.wire_format = WireFormat::mls_private_message}).value().commit;
    alice_.discard_pending();
    raw_.push_back(secret_commit);
    raw_.push_back(alice_.encrypt(env_, as_bytes("text"), {}, 8).value());
    raw_.push_back(encode(MlsMessage{*info_}));
    raw_.push_back(encode(MlsMessage{newcomer_.key_package}));
    const CommitBundle bundle = alice_.commit(env_, {.proposals = {add_of(newcomer_)}}).value();
    alice_.discard_pending();
    welcome_bytes_ = *bundle.welcome;
    welcome_ = OpenedWelcome::open(suite_, newcomer_, *parsed(welcome_bytes_).as<Welcome>());
    service_ =
        PublicGroup::from_group_info(env_.provider, *info_, std::nullopt, env_.rules).value();
  }

  // bob gets it; a refusal leaves him as he was, otherwise he starts again.
  void receive(const MlsMessage& message) {
    const Bytes before = GroupInside::snapshot(*bob_);
    if (bob_->receive(env_, message)) {
      bob_ = Group::restore(env_.provider, stored_).value();
    } else {
      require(GroupInside::snapshot(*bob_) == before);
    }
    if (const auto* handshake = message.as<PublicMessage>()) {
      static_cast<void>(service_->check_commit(*handshake, env_.rules));
      PublicGroup copy = *service_;
      static_cast<void>(copy.add_proposal(*handshake, env_.rules));
    }
  }
  void receive_bytes(const Bytes& bytes) {
    if (const auto message = MlsMessage::parse(bytes)) {
      receive(*message);
    }
  }

  void raw(Script& script) {
    const std::uint8_t which = script.next();
    receive_bytes(which < 0x80 ? script.edit(raw_[which % raw_.size()]) : to_bytes(script.rest()));
  }
  // The part of a FramedContent that says what it is, edited.
  std::optional<FramedContent> edited(Script& script, const FramedContent& from) {
    TlsWriter out;
    out.u8(static_cast<std::uint8_t>(from.type()));
    from.write_content(out);
    const Bytes bytes = script.edit(out.view());
    TlsReader in(bytes);
    FramedContent made = from;
    const auto type = static_cast<ContentType>(in.u8());
    if (type < ContentType::application || type > ContentType::commit) {
      return std::nullopt;
    }
    made.read_content(type, in);
    return in.finish("x") ? std::optional(made) : std::nullopt;
  }
  void public_message(Script& script) {
    const FramedContent& base = contents_[script.next() % contents_.size()];
    if (auto content = edited(script, base)) {
      receive({GroupInside::protect(alice_, std::move(*content), Bytes(32, 1))});
    }
  }
  void external(Script& script) {
    if (auto content = edited(script, *external_)) {
      AuthenticatedContent made =
          sign_content(suite_, outsider_.signature_key, WireFormat::mls_public_message,
                       std::move(*content), alice_.state().encoded_context)
              .value();
      receive({PublicMessage{std::move(made.content), std::move(made.auth), {}}});
    }
  }
  void private_message(Script& script) {
    const FramedContent& base = contents_[script.next() % contents_.size()];
    TlsWriter text;
    base.write_content(text);
    const bool application = (script.next() & 1) != 0;
    const Bytes plain = script.edit(text.view());
    receive({GroupInside::seal(
        alice_, random_, application ? ContentType::application : ContentType::commit, plain)});
  }
  void join(const Welcome& welcome) { static_cast<void>(Group::join(env_, newcomer_, welcome)); }
  void group_secrets(Script& script) {
    const Bytes plain = script.edit(to_bytes(welcome_->secrets.encode().expose()));
    join(welcome_->seal(random_, encode(welcome_->info), plain));
  }
  // Signed by alice again when it still is a GroupInfo.
  std::optional<GroupInfo> edited_info(Script& script, const GroupInfo& from) {
    auto info = mls_public::decode<GroupInfo>(script.edit(encode(from)), "x");
    if (!info) {
      return std::nullopt;
    }
    if (const Bytes* encoded = info->extensions.find(ExtensionType::ratchet_tree)) {
      if (auto tree = RatchetTree::parse(*encoded)) {
        info->group_context.tree_hash = tree->root_hash(suite_).copy();
      }
    }
    TlsWriter content;
    info->write_content(content);
    info->signature =
        GroupInside::signer(alice_).sign(suite_, "GroupInfoTBS", content.view()).value();
    return *info;
  }
  void welcome_info(Script& script) {
    if (const auto info = edited_info(script, welcome_->info)) {
      join(welcome_->seal(random_, encode(*info), welcome_->secrets.encode().expose()));
    }
  }
  void group_info(Script& script) {
    if (const auto info = edited_info(script, *info_)) {
      static_cast<void>(Group::join_external(env_, *info, outsider_));
      static_cast<void>(
          PublicGroup::from_group_info(env_.provider, *info, std::nullopt, env_.rules));
    }
  }
  void welcome(Script& script) {
    if (const auto message = MlsMessage::parse(script.edit(welcome_bytes_))) {
      if (const auto* as_welcome = message->as<Welcome>()) {
        join(*as_welcome);
      }
    }
  }
  // Somebody accuses the author of a commit with nothing wrong in it, perhaps of another commit.
  void path_fault(Script& script) {
    const bool another = (script.next() & 1) != 0;
    Bytes commit = encode(*followed_);
    Bytes fault = encode(*fault_);
    (another ? commit : fault) = script.edit(another ? std::move(commit) : std::move(fault));
    const auto accusation = mls_public::decode<PathFault>(fault, "x");
    const auto message = MlsMessage::parse(commit);
    const auto* accused = message ? message->as<PublicMessage>() : nullptr;
    if (accusation && accused != nullptr) {
      require(judge_->judge(*accused, *accusation).verdict != PathVerdict::proven);
    }
  }
  // A stored group that was damaged.
  void stored(Script& script) {
    const std::size_t which = script.next() % stored_.size();
    std::vector<Record> records;
    for (std::size_t i = 0; i < stored_.size(); ++i) {
      Bytes value = to_bytes(stored_[i].value->expose());
      records.push_back({stored_[i].key,
                         SecretBytes::copy_of(i == which ? script.edit(std::move(value)) : value)});
    }
    if (auto group = Group::restore(env_.provider, records)) {
      static_cast<void>(group->receive(env_, parsed(raw_[0])));
      static_cast<void>(group->encrypt(env_, as_bytes("x")));
    }
  }

  testkit::SeededRandom random_{9420};
  Environment env_{.provider = crypto::native_provider(), .random = random_, .rules = {}};
  Suite suite_ = Suite::of(env_.provider, kDefaultCipherSuite).value();
  Group alice_ =
      Group::create(env_, suite_.id(), to_bytes("group"), identity("alice"), kLifetime).value();
  std::optional<Group> bob_;
  std::optional<Group> carol_;
  Identity outsider_ = identity("dora");
  OwnKeyPackage newcomer_ = key_package("frank");
  std::vector<Record> stored_;
  std::vector<Bytes> raw_;
  std::vector<FramedContent> contents_;
  std::optional<FramedContent> external_;
  std::optional<MlsMessage> followed_;  // a commit, by who judges accusations of it
  std::optional<PathFault> fault_;
  std::optional<Group> judge_;
  std::optional<GroupInfo> info_;
  std::optional<OpenedWelcome> welcome_;
  Bytes welcome_bytes_;
  std::optional<PublicGroup> service_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scene scene;
  scene.run(Script(data, size));
  return 0;
}
