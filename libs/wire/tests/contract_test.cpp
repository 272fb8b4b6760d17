// The tables of this room against api/proto, through libprotobuf: every message, field number, name
// and type, and the bytes of random messages both ways.

#include <fstream>
#include <set>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "unhidra/base/text.h"

#include "all_messages.h"

namespace unhidra::wire {
namespace {

namespace pb = google::protobuf;
using Kind = pb::FieldDescriptor::Type;

class Contract : public testing::Test {
 protected:
  Contract() {
    std::ifstream in(UNHIDRA_DESCRIPTOR_SET, std::ios::binary);
    pb::FileDescriptorSet set;
    EXPECT_TRUE(set.ParseFromIstream(&in));
    for (const auto& file : set.file()) {
      files_.push_back(pool_.BuildFile(file));
      EXPECT_NE(files_.back(), nullptr) << file.name();
    }
  }
  const pb::Descriptor* descriptor(std::string_view message) {
    return pool_.FindMessageTypeByName(std::string(message));
  }
  std::unique_ptr<pb::Message> empty(std::string_view message) {
    return std::unique_ptr<pb::Message>(factory_.GetPrototype(descriptor(message))->New());
  }

  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_{&pool_};
  std::vector<const pb::FileDescriptor*> files_;
  SeededRandom random_;
};

template <class T>
constexpr Kind kind_of() {
  if constexpr (is_vector<T> || is_optional<T>) {
    return kind_of<typename T::value_type>();
  } else if constexpr (Message<T>) {
    return pb::FieldDescriptor::TYPE_MESSAGE;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return pb::FieldDescriptor::TYPE_STRING;
  } else if constexpr (std::is_same_v<T, Bytes> || FixedSize<T>) {
    return pb::FieldDescriptor::TYPE_BYTES;
  } else if constexpr (std::is_enum_v<T>) {
    return pb::FieldDescriptor::TYPE_ENUM;
  } else if constexpr (std::is_same_v<T, bool>) {
    return pb::FieldDescriptor::TYPE_BOOL;
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    return pb::FieldDescriptor::TYPE_UINT32;
  } else {
    return pb::FieldDescriptor::TYPE_UINT64;
  }
}

template <class T>
constexpr std::string_view message_name() {
  if constexpr (is_vector<T> || is_optional<T>) {
    return message_name<typename T::value_type>();
  } else if constexpr (Message<T>) {
    return T::kMessage;
  } else {
    return {};
  }
}

struct Expected {
  Kind kind;
  bool repeated;
  std::string_view message;  // of a field that is one
};
template <class T>
constexpr Expected expected() {
  return {kind_of<T>(), is_vector<T>, message_name<T>()};
}

void expect_field(const pb::Descriptor& message, std::uint32_t number, std::string_view name,
                  const Expected& expected) {
  const auto* field = message.FindFieldByNumber(static_cast<int>(number));
  ASSERT_NE(field, nullptr) << message.name() << " has no field " << number << " (" << name << ")";
  EXPECT_EQ(field->name(), name);
  EXPECT_EQ(field->type(), expected.kind) << message.name() << "." << name;
  EXPECT_EQ(field->is_repeated(), expected.repeated) << message.name() << "." << name;
  if (field->message_type() != nullptr) {
    EXPECT_EQ(field->message_type()->full_name(), expected.message);
  }
}
void expect_oneof(const pb::Descriptor& message, std::string_view name, std::size_t choices) {
  const auto* oneof = message.FindOneofByName(std::string(name));
  ASSERT_NE(oneof, nullptr) << message.name() << " has no oneof " << name;
  EXPECT_EQ(static_cast<std::size_t>(oneof->field_count()), choices);
}

template <class Struct, class T>
int expect_row(const pb::Descriptor& message, const Field<Struct, T>& row) {
  expect_field(message, row.number, row.name, expected<T>());
  return 1;
}
template <class Struct, class Variant, std::size_t N>
int expect_row(const pb::Descriptor& message, const OneOf<Struct, Variant, N>& row) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (expect_field(message, row.choices[I].number, row.choices[I].name,
                  expected<std::variant_alternative_t<I + 1, Variant>>()),
     ...);
  }(std::make_index_sequence<N>{});
  expect_oneof(message, row.name, N);
  return static_cast<int>(N);
}

// ---- the same value, set through libprotobuf's reflection by field name ----

template <Message T>
void reflect(const T& from, pb::Message& to);

std::string as_string(ByteView bytes) {
  return std::string(as_text(bytes));
}

template <class T>
void reflect_value(const T& value, pb::Message& to, const pb::FieldDescriptor* field,
                   bool always = false) {
  const auto* reflection = to.GetReflection();
  const auto set_text = [&](std::string text) {
    if (field->is_repeated()) {
      reflection->AddString(&to, field, std::move(text));
    } else if (always || !text.empty()) {
      reflection->SetString(&to, field, std::move(text));
    }
  };
  if constexpr (is_vector<T>) {
    for (const auto& element : value) {
      reflect_value(element, to, field, true);
    }
  } else if constexpr (is_optional<T>) {
    if (value) {
      reflect_value(*value, to, field, true);
    }
  } else if constexpr (Message<T>) {
    reflect(value, field->is_repeated() ? *reflection->AddMessage(&to, field)
                                        : *reflection->MutableMessage(&to, field));
  } else if constexpr (std::is_same_v<T, std::string>) {
    set_text(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    set_text(as_string(value));
  } else if constexpr (FixedSize<T>) {
    set_text(as_string(fixed_view(value)));
  } else if constexpr (std::is_enum_v<T>) {
    reflection->SetEnumValue(&to, field, static_cast<int>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    reflection->SetBool(&to, field, value);
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    reflection->SetUInt32(&to, field, value);
  } else if (field->is_repeated()) {
    ASSERT_FALSE(field->is_packed()) << field->full_name() << ": the decoder reads no packed ones";
    reflection->AddUInt64(&to, field, as_number(value));
  } else {
    reflection->SetUInt64(&to, field, as_number(value));
  }
}

template <class Struct, class T>
void reflect_row(const Struct& from, pb::Message& to, const Field<Struct, T>& row) {
  reflect_value(from.*row.member, to, to.GetDescriptor()->FindFieldByName(std::string(row.name)));
}
template <class Struct, class Variant, std::size_t N>
void reflect_row(const Struct& from, pb::Message& to, const OneOf<Struct, Variant, N>& row) {
  const auto& chosen = from.*row.member;
  std::visit(
      [&]<class T>(const T& value) {
        if constexpr (!std::is_same_v<T, std::monostate>) {
          const auto name = std::string(row.choices[chosen.index() - 1].name);
          reflect_value(value, to, to.GetDescriptor()->FindFieldByName(name), true);
        }
      },
      chosen);
}

template <Message T>
void reflect(const T& from, pb::Message& to) {
  std::apply([&](const auto&... row) { (reflect_row(from, to, row), ...); }, T::fields());
}

// A message without its type: the tests below are compiled once, not once for each.
struct AnyMessage {
  std::string_view name;
  int (*compare_rows)(const pb::Descriptor& message);  // answers how many there are
  // A random value's encoding; `theirs` gets the same value.
  Bytes (*make)(SeededRandom& random, pb::Message* theirs);
  Result<Bytes> (*reread)(ByteView bytes);  // decoded, and encoded again
};

std::vector<AnyMessage> all_messages() {
  std::vector<AnyMessage> out;
  for_each_message([&]<class T>(std::type_identity<T>) {
    out.push_back({T::kMessage,
                   [](const pb::Descriptor& message) {
                     return std::apply(
                         [&](const auto&... row) { return (0 + ... + expect_row(message, row)); },
                         T::fields());
                   },
                   [](SeededRandom& random, pb::Message* theirs) {
                     T value{};
                     randomize(random, value);
                     if (theirs != nullptr) {
                       reflect(value, *theirs);
                     }
                     return encode(value);
                   },
                   [](ByteView bytes) -> Result<Bytes> {
                     UNHIDRA_TRY(const auto value, decode<T>(bytes));
                     return encode(value);
                   }});
  });
  return out;
}

TEST_F(Contract, EveryTableMatchesItsMessage) {
  ASSERT_EQ(files_.size(), 3U);
  std::set<std::string, std::less<>> known;
  for (const auto& one : all_messages()) {
    known.emplace(one.name);
    const auto* message = descriptor(one.name);
    ASSERT_NE(message, nullptr) << one.name << " is not in api/proto";
    EXPECT_EQ(one.compare_rows(*message), message->field_count()) << one.name << " lacks a row";
  }
  for (const auto* file : files_) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      EXPECT_TRUE(known.contains(file->message_type(i)->full_name()))
          << file->message_type(i)->full_name() << " has no struct, or is not in AllMessages";
    }
  }
}

TEST_F(Contract, EnumeratorsHaveTheirNumbers) {
  const auto* states = pool_.FindEnumTypeByName("unhidra.v1.PresenceState");
  ASSERT_NE(states, nullptr);
  ASSERT_EQ(states->value_count(), 3);
  EXPECT_EQ(states->FindValueByName("PRESENCE_OFFLINE")->number(),
            static_cast<int>(PresenceState::offline));
  EXPECT_EQ(states->FindValueByName("PRESENCE_ONLINE")->number(),
            static_cast<int>(PresenceState::online));
  EXPECT_EQ(states->FindValueByName("PRESENCE_AWAY")->number(),
            static_cast<int>(PresenceState::away));
}

TEST_F(Contract, RandomMessagesMeanTheSameToLibprotobuf) {
  constexpr int kRounds = 40;
  for (const auto& message : all_messages()) {
    for (int round = 0; round < kRounds; ++round) {
      const auto theirs = empty(message.name);
      const auto ours = message.make(random_, theirs.get());

      const auto parsed = empty(message.name);
      ASSERT_TRUE(parsed->ParseFromString(as_string(ours))) << message.name;
      std::string difference;
      pb::util::MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&difference);
      ASSERT_TRUE(differencer.Compare(*theirs, *parsed)) << message.name << ": " << difference;

      const auto read = message.reread(as_bytes(theirs->SerializeAsString()));
      ASSERT_TRUE(read.has_value()) << read.error().message();
      ASSERT_EQ(*read, ours) << message.name;
    }
  }
}

// Protobuf: of a scalar given twice the last counts, lists are joined, messages are merged.
TEST_F(Contract, ConcatenatedMessagesMergeAsInLibprotobuf) {
  constexpr int kRounds = 40;
  for (const auto& message : all_messages()) {
    for (int round = 0; round < kRounds; ++round) {
      auto bytes = message.make(random_, nullptr);
      append(bytes, message.make(random_, nullptr));
      const auto theirs = empty(message.name);
      ASSERT_TRUE(theirs->ParseFromString(as_string(bytes)));
      const auto merged = message.reread(as_bytes(theirs->SerializeAsString()));
      const auto ours = message.reread(bytes);
      ASSERT_TRUE(merged.has_value()) << merged.error().message();
      ASSERT_TRUE(ours.has_value()) << ours.error().message();
      ASSERT_EQ(*ours, *merged) << message.name;
    }
  }
}

// Whatever we accept, libprotobuf accepts: no bytes mean something to us alone.
TEST_F(Contract, DamagedMessagesAreNeverReadMoreLaxlyThanByLibprotobuf) {
  constexpr int kRounds = 60;
  for (const auto& message : all_messages()) {
    for (int round = 0; round < kRounds; ++round) {
      auto bytes = message.make(random_, nullptr);
      for (auto edits = 1 + random_.below(3); edits > 0 && !bytes.empty(); --edits) {
        bytes[random_.below(bytes.size())] = static_cast<Byte>(random_.next());
      }
      if (random_.below(2) == 0) {
        bytes.resize(random_.below(bytes.size() + 1));
      }
      if (const auto ours = message.reread(bytes)) {
        ASSERT_TRUE(empty(message.name)->ParseFromString(as_string(bytes)))
            << message.name << ": " << unhidra::to_hex(bytes);
        const auto again = message.reread(*ours);
        ASSERT_TRUE(again.has_value() && *again == *ours) << message.name;
      }
    }
  }
}

}  // namespace
}  // namespace unhidra::wire
