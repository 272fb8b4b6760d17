#pragma once
// Lists of extensions (RFC 9420 section 13.4) and the extensions that the protocol itself defines.

#include <optional>
#include <vector>

#include "unhidra/mls_public/credential.h"
#include "unhidra/mls_public/tls.h"
#include "unhidra/mls_public/types.h"

namespace unhidra::mls_public {

struct Extension {
  ExtensionType type;
  Bytes data;
  friend bool operator==(const Extension&, const Extension&) = default;
};

// At most one extension of each type; reading refuses a second one.
class ExtensionList {
 public:
  ExtensionList() = default;
  // Replaces an extension of the same type.
  void set(ExtensionType type, Bytes data);
  void remove(ExtensionType type);
  // Null when absent.
  const Bytes* find(ExtensionType type) const;
  const std::vector<Extension>& items() const { return items_; }
  bool empty() const { return items_.empty(); }

  static ExtensionList read(TlsReader& in);
  void write(TlsWriter& out) const;
  friend bool operator==(const ExtensionList&, const ExtensionList&) = default;

 private:
  std::vector<Extension> items_;
};

// Section 11.1.
struct RequiredCapabilities {
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;

  static RequiredCapabilities read(TlsReader& in);
  void write(TlsWriter& out) const;
};

// Section 12.1.8.1.
struct ExternalSender {
  Bytes signature_key;
  Credential credential;

  static ExternalSender read(TlsReader& in);
  void write(TlsWriter& out) const;
  friend bool operator==(const ExternalSender&, const ExternalSender&) = default;
};
struct ExternalSenders {
  std::vector<ExternalSender> senders;

  static ExternalSenders read(TlsReader& in);
  void write(TlsWriter& out) const;
};

// Section 12.4.3.2.
struct ExternalPub {
  Bytes external_pub;

  static ExternalPub read(TlsReader& in);
  void write(TlsWriter& out) const;
};

// Parsed content of an extension: nothing when absent, an error when malformed.
Result<std::optional<RequiredCapabilities>> required_capabilities(const ExtensionList& extensions);
Result<std::optional<ExternalSenders>> external_senders(const ExtensionList& extensions);
Result<std::optional<ExternalPub>> external_pub(const ExtensionList& extensions);

}  // namespace unhidra::mls_public
