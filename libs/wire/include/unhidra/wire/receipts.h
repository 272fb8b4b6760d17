#pragma once
// Messages about receipts that the server counts, in groups that are too large for receipts among
// the members. Source: gateway.proto.

#include "unhidra/wire/conversations.h"

namespace unhidra::wire {

struct ReceiptMark {
  ConversationId conversation_id;
  std::uint64_t delivered_seq = 0;
  std::uint64_t read_seq = 0;  // 0: not told

  friend bool operator==(const ReceiptMark&, const ReceiptMark&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReceiptMark";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &ReceiptMark::conversation_id},
                      Field{2, "delivered_seq", &ReceiptMark::delivered_seq},
                      Field{3, "read_seq", &ReceiptMark::read_seq}};
  }
};

struct ReportReceipts {
  std::vector<ReceiptMark> marks;

  friend bool operator==(const ReportReceipts&, const ReportReceipts&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReportReceipts";
  static constexpr auto fields() { return std::tuple{Field{1, "marks", &ReportReceipts::marks}}; }
};

struct FetchReceiptCounts {
  ConversationId conversation_id;
  std::vector<std::uint64_t> seqs;

  friend bool operator==(const FetchReceiptCounts&, const FetchReceiptCounts&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchReceiptCounts";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &FetchReceiptCounts::conversation_id},
                      Field{2, "seqs", &FetchReceiptCounts::seqs}};
  }
};

struct ReceiptCount {
  std::uint64_t seq = 0;
  std::uint32_t delivered = 0;  // the readers are among them
  std::uint32_t read = 0;
  std::uint32_t people = 0;  // who tell at all

  friend bool operator==(const ReceiptCount&, const ReceiptCount&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReceiptCount";
  static constexpr auto fields() {
    return std::tuple{
        Field{1, "seq", &ReceiptCount::seq}, Field{2, "delivered", &ReceiptCount::delivered},
        Field{3, "read", &ReceiptCount::read}, Field{4, "people", &ReceiptCount::people}};
  }
};

struct ReceiptCounts {
  ConversationId conversation_id;
  std::vector<ReceiptCount> counts;
  std::uint32_t ask_again_after_ms = 0;

  friend bool operator==(const ReceiptCounts&, const ReceiptCounts&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ReceiptCounts";
  static constexpr auto fields() {
    return std::tuple{Field{1, "conversation_id", &ReceiptCounts::conversation_id},
                      Field{2, "counts", &ReceiptCounts::counts},
                      Field{3, "ask_again_after_ms", &ReceiptCounts::ask_again_after_ms}};
  }
};

struct WithdrawReceipts {
  friend bool operator==(const WithdrawReceipts&, const WithdrawReceipts&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.WithdrawReceipts";
  static constexpr auto fields() { return std::tuple{}; }
};

}  // namespace unhidra::wire
