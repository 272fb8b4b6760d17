#pragma once
// Tells a tracer what the evaluator does, when there is one.

#include "unhidra/rego/trace.h"

#include "engine/policy.h"

namespace unhidra::rego {

inline Place place_of(const Location& location) {
  return {location.file ? std::string_view(*location.file) : std::string_view(), location.row,
          location.column};
}

// Lives while an expression is evaluated.
class TracedExpr {
 public:
  TracedExpr(Tracer* tracer, const Location& location) : tracer_(tracer), location_(location) {
    if (tracer_ != nullptr) {
      tracer_->expression_tried(place_of(location_));
    }
  }
  ~TracedExpr() {
    if (tracer_ != nullptr && !held_) {
      tracer_->expression_failed(place_of(location_));
    }
  }
  TracedExpr(const TracedExpr&) = delete;
  TracedExpr& operator=(const TracedExpr&) = delete;

  void held() {
    if (tracer_ != nullptr) {
      held_ = true;
      tracer_->expression_held(place_of(location_));
    }
  }
  bool has_failed() const { return tracer_ != nullptr && !held_; }
  void redone() {
    if (tracer_ != nullptr) {
      tracer_->expression_redone(place_of(location_));
    }
  }

 private:
  Tracer* tracer_;
  const Location& location_;
  bool held_ = false;
};

// Lives while a rule is evaluated; reads at its end whether it matched.
class TracedRule {
 public:
  TracedRule(Tracer* tracer, const Rule& rule, const bool& matched)
      : tracer_(tracer), rule_(rule), matched_(matched) {
    if (tracer_ != nullptr) {
      tracer_->rule_entered(rule_.node->name(), place_of(rule_.location));
    }
  }
  ~TracedRule() {
    if (tracer_ != nullptr) {
      tracer_->rule_left(rule_.node->name(), place_of(rule_.location), matched_);
    }
  }
  TracedRule(const TracedRule&) = delete;
  TracedRule& operator=(const TracedRule&) = delete;

 private:
  Tracer* tracer_;
  const Rule& rule_;
  const bool& matched_;
};

std::vector<RuleInfo> list_rules(const Policy& policy);

}  // namespace unhidra::rego
