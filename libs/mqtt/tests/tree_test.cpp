#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "unhidra/mqtt/retained_tree.h"
#include "unhidra/mqtt/subscription_tree.h"
#include "unhidra/mqtt/topic.h"

namespace unhidra::mqtt {
namespace {

struct Client final : Subscriber {
  Client() { set_available(true); }
};

Subscription subscription(Client& client, QoS qos = QoS::at_most_once,
                          std::uint32_t identifier = 0) {
  Subscription out;
  out.subscriber = &client;
  out.options.qos = qos;
  out.identifier = identifier;
  return out;
}

MessageRef message(std::string_view topic, std::string_view payload,
                   Timestamp expires_at = Timestamp::max()) {
  Message::Fields fields;
  fields.topic = topic;
  fields.payload = as_bytes(payload);
  fields.expires_at = expires_at;
  return MessageRef::make(fields);
}

std::string random_path(std::mt19937& random, bool wild, unsigned deepest = 4) {
  // One of eight bytes, one that just has room in a node, and two that differ behind it.
  static constexpr const char* kNames[] = {"a",
                                           "b",
                                           "",
                                           "$x",
                                           "8 bytes.",
                                           "exactly fifteen",
                                           "more than fifteen: 1",
                                           "more than fifteen: 2",
                                           "+",
                                           "#"};
  std::string out;
  for (auto levels = 1 + random() % deepest; levels > 0; --levels) {
    const std::string level = kNames[random() % (wild ? 10 : 8)];
    out += level;
    if (level == "#") {
      return out;
    }
    if (levels > 1) {
      out += '/';
    }
  }
  return out.empty() ? "a" : out;
}

TEST(SubscriptionTree, OverlappingFiltersAreOneDeliveryWithAllIdentifiers) {
  SubscriptionTree tree(1);
  Client client;
  EXPECT_TRUE(tree.add("a/#", subscription(client, QoS::exactly_once, 1)));
  EXPECT_TRUE(tree.add("a/+", subscription(client, QoS::at_most_once, 2)));
  EXPECT_FALSE(tree.add("a/+", subscription(client, QoS::at_least_once, 3)));
  Matches found;
  tree.match("a/b", nullptr, found);
  ASSERT_EQ(found.deliveries().size(), 1U);
  EXPECT_EQ(found.deliveries()[0].qos, QoS::exactly_once);
  const auto ids = found.identifiers(found.deliveries()[0]);
  EXPECT_EQ(std::set<std::uint32_t>(ids.begin(), ids.end()), (std::set<std::uint32_t>{1, 3}));
}

TEST(SubscriptionTree, NoLocalKeepsTheOriginOut) {
  SubscriptionTree tree(1);
  Client client;
  auto own = subscription(client);
  own.options.no_local = true;
  tree.add("a", own);
  Matches found;
  tree.match("a", &client, found);
  EXPECT_TRUE(found.empty());
  tree.match("a", nullptr, found);
  EXPECT_EQ(found.deliveries().size(), 1U);
}

TEST(SubscriptionTree, OneAvailableMemberOfAGroupGetsTheMessage) {
  SubscriptionTree tree(1);
  Client first;
  Client second;
  Client plain;
  tree.add("$share/g/a", subscription(first));
  tree.add("$share/g/a", subscription(second));
  tree.add("a", subscription(plain));
  first.set_available(false);
  for (int i = 0; i < 10; ++i) {
    Matches found;
    tree.match("a", nullptr, found);
    ASSERT_EQ(found.deliveries().size(), 2U);
    for (const auto& delivery : found.deliveries()) {
      EXPECT_EQ(delivery.subscriber, delivery.shared ? &second : &plain);
    }
  }
  const auto other = tree.pick("$share/g/a", &second);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->subscriber, &first);
}

// Every subscription beside the tree, and what the rule of one filter makes of them.
class Model {
 public:
  explicit Model(std::array<Client, 8>& clients) : clients_(clients) {}

  // False: it was there; its identifier is another one now.
  bool add(const std::string& filter, std::size_t who) {
    return identifiers_.insert_or_assign({filter, who}, ++last_).second;
  }
  bool remove(const std::string& filter, std::size_t who) {
    return identifiers_.erase({filter, who}) == 1;
  }
  std::uint32_t identifier() const { return last_; }
  std::size_t size() const { return identifiers_.size(); }
  const auto& all() const { return identifiers_; }

  // One delivery to each subscriber, with all its identifiers; one to one member of each group.
  void compare(const Matches& found, const std::string& topic) const {
    std::map<const Subscriber*, std::multiset<std::uint32_t>> wanted;
    std::set<std::string> groups;
    for (const auto& [key, identifier] : identifiers_) {
      const auto parsed = parse_filter(key.first);
      if (!matches(parsed->filter, topic)) {
        continue;
      }
      if (parsed->group.empty()) {
        wanted[&clients_[key.second]].insert(identifier);
      } else {
        groups.insert(key.first);
      }
    }
    for (const auto& delivery : found.deliveries()) {
      const auto ids = found.identifiers(delivery);
      const std::multiset<std::uint32_t> got(ids.begin(), ids.end());
      if (!delivery.shared) {
        const auto expected = wanted.extract(delivery.subscriber);
        ASSERT_FALSE(expected.empty()) << "nobody, or twice, for " << topic;
        EXPECT_EQ(got, expected.mapped()) << topic;
        continue;
      }
      ASSERT_EQ(got.size(), 1U);
      const auto of = filter_of(*got.begin(), delivery.subscriber);
      EXPECT_EQ(groups.erase(of), 1U) << of << " for " << topic;
    }
    EXPECT_TRUE(wanted.empty()) << topic;
    EXPECT_TRUE(groups.empty()) << topic;
  }

 private:
  std::string filter_of(std::uint32_t identifier, const Subscriber* subscriber) const {
    for (const auto& [key, other] : identifiers_) {
      if (other == identifier && &clients_[key.second] == subscriber) {
        return key.first;
      }
    }
    return "of nobody";
  }

  std::array<Client, 8>& clients_;
  std::map<std::pair<std::string, std::size_t>, std::uint32_t> identifiers_;
  std::uint32_t last_ = 0;
};

void agrees_with_the_rule_of_one_filter(unsigned deepest) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  SubscriptionTree tree(seed);
  std::array<Client, 8> clients;
  Model model(clients);
  for (int round = 0; round < 3000 && !testing::Test::HasFailure(); ++round) {
    static constexpr const char* kGroups[] = {"", "", "", "$share/g/", "$share/h/"};
    const auto filter = kGroups[random() % 5] + random_path(random, true, deepest);
    const auto who = random() % clients.size();
    if (random() % 3 != 0) {
      const bool fresh = model.add(filter, who);
      const auto one = subscription(clients[who], QoS::at_most_once, model.identifier());
      EXPECT_EQ(tree.add(filter, one), fresh);
    } else {
      EXPECT_EQ(tree.remove(filter, clients[who]), model.remove(filter, who));
    }
    ASSERT_EQ(tree.size(), model.size());
    const auto topic = random_path(random, false, deepest);
    Matches found;
    tree.match(topic, nullptr, found);
    model.compare(found, topic);
  }
  for (const auto& [key, identifier] : model.all()) {
    EXPECT_TRUE(tree.remove(key.first, clients[key.second]));
  }
  EXPECT_EQ(tree.size(), 0U);
  EXPECT_EQ(tree.nodes(), 0U);
}

TEST(SubscriptionTree, AgreesWithTheRuleOfOneFilter) {
  agrees_with_the_rule_of_one_filter(4);
}

// More levels than are asked for at once.
TEST(SubscriptionTree, AgreesWithTheRuleOfOneFilterOnManyLevels) {
  agrees_with_the_rule_of_one_filter(20);
}

TEST(SubscriptionTree, HoldsTheDeepestTopicAndNoDeeperOne) {
  SubscriptionTree tree(1);
  Client client;
  std::string deepest = "a";
  for (std::size_t level = 1; level < kMaxLevels; ++level) {
    deepest += "/a";
  }
  EXPECT_TRUE(tree.add(deepest, subscription(client)));
  EXPECT_FALSE(tree.add(deepest + "/a", subscription(client)));
  EXPECT_TRUE(tree.add("a/#", subscription(client)));
  Matches found;
  tree.match(deepest, nullptr, found);
  EXPECT_EQ(found.deliveries().size(), 1U);
  tree.match(deepest + "/a", nullptr, found);
  EXPECT_TRUE(found.empty());
  EXPECT_TRUE(tree.remove(deepest, client));
  EXPECT_EQ(tree.nodes(), 1U);
}

// Tables grow and shrink, and every entry is found while they do.
TEST(SubscriptionTree, FindsEachOfManyWhileTheyComeAndGo) {
  constexpr int kMany = 200'000;
  SubscriptionTree tree(3);
  std::array<Client, 3> clients;
  const auto filter = [](int i) {
    return "d/" + std::to_string(i % 1000) + "/" + std::to_string(i);
  };
  const auto found_at = [&](int i) {
    Matches found;
    tree.match(filter(i), nullptr, found);
    return found.deliveries().size() == 1 && found.deliveries()[0].subscriber == &clients[i % 3];
  };
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(tree.add(filter(i), subscription(clients[i % 3])));
    ASSERT_TRUE(found_at(i / 2)) << i;
  }
  EXPECT_EQ(tree.nodes(), kMany + 1001U);
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(tree.remove(filter(i), clients[i % 3]));
    ASSERT_FALSE(found_at(i));
    ASSERT_TRUE(i + 1 == kMany || found_at(i + (kMany - i) / 2)) << i;
  }
  EXPECT_EQ(tree.nodes(), 0U);
}

TEST(RetainedTree, AgreesWithTheRuleOfOneFilter) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  RetainedTree tree(seed);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 3000; ++round) {
    const auto topic = random_path(random, false);
    if (random() % 3 != 0) {
      const auto payload = std::to_string(round);
      EXPECT_EQ(static_cast<bool>(tree.set(message(topic, payload))), model.contains(topic));
      model[topic] = payload;
    } else {
      EXPECT_EQ(static_cast<bool>(tree.remove(topic)), model.erase(topic) == 1);
    }
    ASSERT_EQ(tree.size(), model.size());
    const auto filter = random_path(random, true);
    std::map<std::string, std::string> wanted;
    for (const auto& [name, payload] : model) {
      if (matches(filter, name)) {
        wanted.emplace(name, payload);
      }
    }
    std::map<std::string, std::string> got;
    tree.match(filter, [&](const MessageRef& found) {
      EXPECT_TRUE(got.emplace(found->topic(), as_text(found->payload())).second);
      return true;
    });
    ASSERT_EQ(got, wanted) << filter;
  }
  for (const auto& [name, payload] : model) {
    EXPECT_TRUE(tree.remove(name));
  }
  EXPECT_EQ(tree.bytes(), 0U);
}

TEST(RetainedTree, DropsWhatHasExpired) {
  RetainedTree tree(1);
  tree.set(message("a", "1", from_unix_micros(10)));
  tree.set(message("a/b", "2"));
  EXPECT_EQ(tree.expire(from_unix_micros(9), 10), 0U);
  EXPECT_EQ(tree.expire(from_unix_micros(10), 10), 1U);
  EXPECT_FALSE(tree.find("a"));
  EXPECT_TRUE(tree.find("a/b"));
}

TEST(RetainedTree, LooksForExpiredOnesAFewAtATime) {
  RetainedTree tree(1);
  for (int i = 0; i < 100; ++i) {
    tree.set(message("t/" + std::to_string(i), "x", from_unix_micros(i % 2 == 0 ? 10 : 99)));
  }
  std::size_t gone = 0;
  for (int i = 0; i < 25; ++i) {
    gone += tree.expire(from_unix_micros(50), 5);
  }
  EXPECT_EQ(gone, 50U);
  EXPECT_EQ(tree.size(), 50U);
}

// What a visit shows is the tree as it was when it began, whatever happens meanwhile.
TEST(RetainedTree, AVisitShowsOneMoment) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  RetainedTree tree(seed);
  std::map<std::string, std::string> model;
  const auto change = [&](int number) {
    const auto topic = random_path(random, false);
    if (random() % 2 == 0) {
      model[topic] = std::to_string(number);
      tree.set(message(topic, model[topic]));
    } else {
      tree.remove(topic);
      model.erase(topic);
    }
  };
  for (int round = 0; round < 300; ++round) {
    const auto wanted = model;
    std::map<std::string, std::string> shown;
    tree.begin_visit([&shown](const MessageRef& one, std::string_view) {
      EXPECT_TRUE(shown.emplace(one->topic(), as_text(one->payload())).second) << one->topic();
    });
    do {
      for (auto changes = random() % 20; changes > 0; --changes) {
        change(round);
      }
    } while (tree.visit(3) == 3);
    ASSERT_EQ(shown, wanted);
  }
}

}  // namespace
}  // namespace unhidra::mqtt
