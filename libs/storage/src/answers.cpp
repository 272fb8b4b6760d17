#include "answers.h"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace unhidra::storage {

void Answers::add(Job job, Status status) {
  if (!job.executor) {
    job.done(std::move(status));
    return;
  }
  auto bundle = std::ranges::find(bundles_, job.executor, &Bundle::executor);
  if (bundle == bundles_.end()) {
    bundle = bundles_.insert(bundles_.end(), Bundle{std::move(job.executor), {}});
  }
  bundle->answers.push_back({std::move(job.done), std::move(status)});
}

void Answers::send() {
  for (auto& bundle : bundles_) {
    boost::asio::post(bundle.executor, [answers = std::move(bundle.answers)]() mutable {
      for (auto& answer : answers) {
        answer.done(std::move(answer.status));
      }
    });
  }
  bundles_.clear();
}

}  // namespace unhidra::storage
