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
  template <Message T>
  const pb::Descriptor* descriptor() {
    return pool_.FindMessageTypeByName(std::string(T::kMessage));
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
std::string_view message_name() {
  if constexpr (is_vector<T> || is_optional<T>) {
    return message_name<typename T::value_type>();
  } else if constexpr (Message<T>) {
    return T::kMessage;
  } else {
    return {};
  }
}

template <class T>
void expect_field(const pb::Descriptor& message, std::uint32_t number, std::string_view name) {
  const auto* field = message.FindFieldByNumber(static_cast<int>(number));
  ASSERT_NE(field, nullptr) << message.name() << " has no field " << number << " (" << name << ")";
  EXPECT_EQ(field->name(), name);
  EXPECT_EQ(field->type(), kind_of<T>()) << message.name() << "." << name;
  EXPECT_EQ(field->is_repeated(), is_vector<T>) << message.name() << "." << name;
  if (field->message_type() != nullptr) {
    EXPECT_EQ(field->message_type()->full_name(), message_name<T>());
  }
}

template <class Struct, class T>
int expect_row(const pb::Descriptor& message, const Field<Struct, T>& row) {
  expect_field<T>(message, row.number, row.name);
  return 1;
}
template <class Struct, class Variant, std::size_t N>
int expect_row(const pb::Descriptor& message, const OneOf<Struct, Variant, N>& row) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (expect_field<std::variant_alternative_t<I + 1, Variant>>(message, row.choices[I].number,
                                                              row.choices[I].name),
     ...);
  }(std::make_index_sequence<N>{});
  const auto* oneof = message.FindOneofByName(std::string(row.name));
  EXPECT_NE(oneof, nullptr) << message.name() << " has no oneof " << row.name;
  if (oneof != nullptr) {
    EXPECT_EQ(static_cast<std::size_t>(oneof->field_count()), N);
  }
  return static_cast<int>(N);
}

TEST_F(Contract, EveryTableMatchesItsMessage) {
  ASSERT_EQ(files_.size(), 3U);
  std::set<std::string> known;
  for_each_message([&]<class T>(std::type_identity<T>) {
    known.emplace(T::kMessage);
    const auto* message = descriptor<T>();
    ASSERT_NE(message, nullptr) << T::kMessage << " is not in api/proto";
    const int rows = std::apply(
        [&](const auto&... row) { return (0 + ... + expect_row(*message, row)); }, T::fields());
    EXPECT_EQ(rows, message->field_count()) << T::kMessage << " lacks a row";
  });
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

TEST_F(Contract, RandomMessagesMeanTheSameToLibprotobuf) {
  constexpr int kRounds = 40;
  for_each_message([&]<class T>(std::type_identity<T>) {
    const auto* prototype = factory_.GetPrototype(descriptor<T>());
    for (int round = 0; round < kRounds; ++round) {
      T ours{};
      randomize(random_, ours);
      const std::unique_ptr<pb::Message> theirs(prototype->New());
      reflect(ours, *theirs);

      const std::unique_ptr<pb::Message> parsed(prototype->New());
      ASSERT_TRUE(parsed->ParseFromString(as_string(encode(ours)))) << T::kMessage;
      std::string difference;
      pb::util::MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&difference);
      ASSERT_TRUE(differencer.Compare(*theirs, *parsed)) << T::kMessage << ": " << difference;

      const auto read = decode<T>(as_bytes(theirs->SerializeAsString()));
      ASSERT_TRUE(read.has_value()) << read.error().message();
      ASSERT_TRUE(*read == ours) << T::kMessage;
    }
  });
}

// Protobuf: of a scalar given twice the last counts, lists are joined, messages are merged.
TEST_F(Contract, ConcatenatedMessagesMergeAsInLibprotobuf) {
  constexpr int kRounds = 40;
  for_each_message([&]<class T>(std::type_identity<T>) {
    const auto* prototype = factory_.GetPrototype(descriptor<T>());
    for (int round = 0; round < kRounds; ++round) {
      T first{};
      T second{};
      randomize(random_, first);
      randomize(random_, second);
      auto bytes = encode(first);
      append(bytes, encode(second));
      const std::unique_ptr<pb::Message> theirs(prototype->New());
      ASSERT_TRUE(theirs->ParseFromString(as_string(bytes)));
      const auto merged = decode<T>(as_bytes(theirs->SerializeAsString()));
      const auto ours = decode<T>(bytes);
      ASSERT_TRUE(merged.has_value()) << merged.error().message();
      ASSERT_TRUE(ours.has_value()) << ours.error().message();
      ASSERT_TRUE(*ours == *merged) << T::kMessage;
    }
  });
}

// Whatever we accept, libprotobuf accepts: no bytes mean something to us alone.
TEST_F(Contract, DamagedMessagesAreNeverReadMoreLaxlyThanByLibprotobuf) {
  constexpr int kRounds = 60;
  for_each_message([&]<class T>(std::type_identity<T>) {
    const auto* prototype = factory_.GetPrototype(descriptor<T>());
    for (int round = 0; round < kRounds; ++round) {
      T original{};
      randomize(random_, original);
      auto bytes = encode(original);
      for (auto edits = 1 + random_.below(3); edits > 0 && !bytes.empty(); --edits) {
        bytes[random_.below(bytes.size())] = static_cast<Byte>(random_.next());
      }
      if (random_.below(2) == 0) {
        bytes.resize(random_.below(bytes.size() + 1));
      }
      const auto ours = decode<T>(bytes);
      if (ours) {
        const std::unique_ptr<pb::Message> theirs(prototype->New());
        ASSERT_TRUE(theirs->ParseFromString(as_string(bytes)))
            << T::kMessage << ": " << unhidra::to_hex(bytes);
        const auto again = decode<T>(encode(*ours));
        ASSERT_TRUE(again.has_value() && *again == *ours) << T::kMessage;
      }
    }
  });
}

}  // namespace
}  // namespace unhidra::wire
