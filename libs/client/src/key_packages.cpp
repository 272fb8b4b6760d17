// This device's KeyPackages (RFC 9420 section 10): made, published, counted, and forgotten after
// use.

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxUpload = 100;
constexpr std::chrono::hours kClockSkew{24};

std::uint64_t unix_seconds(Timestamp time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

Status Engine::Impl::pump_key_packages() {
  const Question count{Ask::count_key_packages};
  const Question publish{Ask::publish_key_packages};
  if (!link_.key_packages_counted) {
    if (requests_.may_ask(count)) {
      requests_.ask(count,
                    wire::CountKeyPackages{static_cast<std::uint32_t>(mls::kDefaultCipherSuite)});
    }
    return {};
  }
  const bool refill = link_.key_packages < limits_.key_package_low;
  if ((!refill && link_.last_resort_there) || !requests_.may_ask(publish)) {
    return {};
  }
  wire::PublishKeyPackages body;
  std::uint64_t fresh = 0;
  if (refill) {
    fresh =
        std::min<std::uint64_t>(limits_.key_package_target - link_.key_packages, kMaxUpload - 1);
    for (std::uint64_t i = 0; i < fresh; ++i) {
      UNHIDRA_TRY(auto one, make_key_package(false));
      body.key_packages.push_back(std::move(one));
    }
  }
  if (!link_.last_resort_there) {
    UNHIDRA_TRY(auto one, make_key_package(true));
    body.key_packages.push_back(std::move(one));
  }
  drop_old_key_packages();
  requests_.ask(publish, std::move(body)).number = fresh;
  return {};
}

Result<Bytes> Engine::Impl::make_key_package(bool last_resort) {
  const auto now = clock_.now();
  mls::ExtensionList extensions;
  if (last_resort) {
    extensions.set(mls::ExtensionType::last_resort, {});
  }
  const mls::Lifetime lifetime{unix_seconds(now - kClockSkew),
                               unix_seconds(now + limits_.key_package_lifetime)};
  UNHIDRA_TRY(auto made, mls::make_key_package(suite(), random_, mls_identity(), lifetime,
                                               std::move(extensions)));
  const auto reference = made.key_package.reference(suite()).copy();
  KeyPackageRecord record;
  record.created_at = now;
  record.last_resort = last_resort;
  record.init_key = made.init_key.private_key().clone();
  record.encryption_key = made.encryption_key.private_key().clone();
  record.key_package = mls::encode(mls::MlsMessage{std::move(made.key_package)});
  tx_.put(Table::key_package, reference, record.encode());
  auto message = record.key_package;
  key_packages_.insert_or_assign(reference, std::move(record));
  return message;
}

void Engine::Impl::drop_key_package(const Bytes& reference) {
  tx_.remove(Table::key_package, reference);
  key_packages_.erase(reference);
}

void Engine::Impl::drop_old_key_packages() {
  std::vector<std::pair<Timestamp, Bytes>> kept;
  std::vector<Bytes> over;
  for (const auto& [reference, record] : key_packages_) {
    if (clock_.now() - record.created_at > limits_.key_package_lifetime + kClockSkew) {
      over.push_back(reference);
    } else {
      kept.emplace_back(record.created_at, reference);
    }
  }
  std::ranges::sort(kept);
  for (std::size_t i = 0; i + limits_.max_key_packages < kept.size(); ++i) {
    over.push_back(kept[i].second);
  }
  for (const auto& reference : over) {
    drop_key_package(reference);
  }
}

Result<mls::OwnKeyPackage> Engine::Impl::own_key_package(const KeyPackageRecord& record) const {
  UNHIDRA_TRY(const auto message, mls::MlsMessage::parse(record.key_package));
  const auto* key_package = message.as<mls::KeyPackage>();
  if (key_package == nullptr) {
    return fail(Errc::corrupt_store, "a stored KeyPackage cannot be read");
  }
  UNHIDRA_TRY(auto init, mls::HpkeKeyPair::from_private(suite(), record.init_key.expose()));
  UNHIDRA_TRY(auto encryption,
              mls::HpkeKeyPair::from_private(suite(), record.encryption_key.expose()));
  return mls::OwnKeyPackage{*key_package, std::move(init), std::move(encryption),
                            mls_identity().signature_key.clone()};
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::KeyPackageCount& count) {
  if (request.question.ask != Ask::count_key_packages) {
    return false;
  }
  link_.key_packages_counted = true;
  link_.key_packages = count.one_time;
  link_.last_resort_there = count.last_resort;
  return true;
}

}  // namespace unhidra::client
