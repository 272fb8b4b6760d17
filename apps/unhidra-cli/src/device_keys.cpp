// Keys of device groups on their way to the members: of epochs that a person has made, and of those
// that are due by time.

#include <boost/asio/io_context.hpp>

#include "unhidra/base/text.h"

#include "app.h"
#include "device_post.h"

namespace unhidra::cli {

namespace {

std::vector<DeviceId> devices_of(const identity::DeviceGroup& roster) {
  std::vector<DeviceId> out;
  for (const auto& member : roster.members) {
    if (member.role == identity::GroupRole::device) {
      out.push_back(member.keys.device_id);
    }
  }
  return out;
}

Result<client::DeviceGroupView> group_of(const client::Engine& engine, DeviceGroupId id) {
  UNHIDRA_TRY(const auto all, engine.device_groups());
  const auto found =
      std::ranges::find_if(all, [&](const auto& group) { return group.roster.group_id == id; });
  return found != all.end() ? Result<client::DeviceGroupView>(*found)
                            : fail(client::Errc::not_found, "there is no such device group here");
}

}  // namespace

// The present epoch for every member.
Status App::tell_epoch(DevicePost& post, DeviceGroupId id) {
  UNHIDRA_TRY(const auto group, group_of(*engine_, id));
  UNHIDRA_TRY_VOID(post.collect(devices_of(group.roster)));
  UNHIDRA_TRY(const auto deliveries, engine_->device_group_deliveries(id));
  driver_->flush();
  UNHIDRA_TRY_VOID(post.deliver(id, deliveries));
  UNHIDRA_TRY_VOID(engine_->device_group_told(id, group.roster.epoch));
  driver_->flush();
  for (const auto& delivery : deliveries) {
    if (delivery.bytes.empty()) {
      output_.remark(delivery.member.to_string() +
                     " is told nothing now: its session must begin anew, and it has published no "
                     "keys for that since.");
    }
  }
  return {};
}

// And nothing more for whoever is none any longer.
Status App::tell_members(const client::DeviceGroupView& before) {
  const auto id = before.roster.group_id;
  boost::asio::io_context context{1};
  UNHIDRA_TRY(const auto link, open_broker(context));
  DevicePost post(*engine_, *driver_, *link);
  UNHIDRA_TRY_VOID(post.connect());
  UNHIDRA_TRY_VOID(tell_epoch(post, id));
  UNHIDRA_TRY(const auto now, group_of(*engine_, id));
  std::vector<std::pair<std::string, Bytes>> gone;
  for (const auto& member : before.roster.members) {
    const auto was = member.keys.device_id;
    if (now.roster.find(was) == nullptr) {
      gone.emplace_back(client::delivery_topic(was, id), Bytes());
      gone.emplace_back(client::channel_topic(was, engine_->account()->device), Bytes());
    }
  }
  return post.keep(gone);
}

// The present epochs, over a session that has just been begun.
Status App::tell_anew(DevicePost& post, DeviceId device) {
  UNHIDRA_TRY(const auto groups, engine_->device_groups());
  for (const auto& group : groups) {
    if (!group.controller || group.roster.find(device) == nullptr) {
      continue;
    }
    UNHIDRA_TRY(auto deliveries, engine_->device_group_deliveries(group.roster.group_id));
    std::erase_if(deliveries, [&](const auto& delivery) { return delivery.member != device; });
    driver_->flush();
    UNHIDRA_TRY_VOID(post.deliver(group.roster.group_id, deliveries));
  }
  return {};
}

Status App::look_after_groups() {
  UNHIDRA_TRY(const auto waiting, engine_->device_groups_wait());
  if (!waiting) {
    return {};
  }
  boost::asio::io_context context{1};
  UNHIDRA_TRY(const auto link, open_broker(context));
  DevicePost post(*engine_, *driver_, *link);
  UNHIDRA_TRY_VOID(post.connect());
  UNHIDRA_TRY_VOID(post.catch_up());
  UNHIDRA_TRY(const auto groups, engine_->renew_device_groups());
  driver_->flush();
  for (const auto id : groups) {
    UNHIDRA_TRY_VOID(tell_epoch(post, id));
    UNHIDRA_TRY(const auto group, group_of(*engine_, id));
    output_.remark(printable(group.name) + " has new keys: epoch " +
                   std::to_string(group.roster.epoch));
  }
  return {};
}

}  // namespace unhidra::cli
