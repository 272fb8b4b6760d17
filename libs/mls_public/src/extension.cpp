#include "unhidra/mls_public/extension.h"

#include <algorithm>

namespace unhidra::mls_public {
namespace {

template <class E>
std::vector<E> read_types(TlsReader& in) {
  std::vector<E> out;
  in.vector([&](TlsReader& item) { out.push_back(static_cast<E>(item.u16())); });
  return out;
}

template <class E>
void write_types(TlsWriter& out, const std::vector<E>& types) {
  out.length(2 * types.size());
  for (const E type : types) {
    out.u16(static_cast<std::uint16_t>(type));
  }
}

template <class T>
Result<std::optional<T>> parsed(const ExtensionList& extensions, ExtensionType type,
                                std::string_view what) {
  const Bytes* data = extensions.find(type);
  if (data == nullptr) {
    return std::nullopt;
  }
  UNHIDRA_TRY(T value, decode<T>(*data, what));
  return value;
}

}  // namespace

Credential Credential::read(TlsReader& in) {
  Credential out;
  out.type = static_cast<CredentialType>(in.u16());
  switch (out.type) {
    case CredentialType::basic:
      out.identity = in.opaque_copy();
      break;
    case CredentialType::x509:
      in.vector([&](TlsReader& item) { out.certificates.push_back(item.opaque_copy()); });
      break;
    default:
      in.set_failed();
  }
  return out;
}

void Credential::write(TlsWriter& out) const {
  out.u16(static_cast<std::uint16_t>(type));
  if (type == CredentialType::basic) {
    out.opaque(identity);
    return;
  }
  out.vector([&](TlsWriter& list) {
    for (const Bytes& certificate : certificates) {
      list.opaque(certificate);
    }
  });
}

void ExtensionList::set(ExtensionType type, Bytes data) {
  const auto found = std::ranges::find(items_, type, &Extension::type);
  if (found != items_.end()) {
    found->data = std::move(data);
  } else {
    items_.push_back({type, std::move(data)});
  }
}

void ExtensionList::remove(ExtensionType type) {
  std::erase_if(items_, [type](const Extension& e) { return e.type == type; });
}

const Bytes* ExtensionList::find(ExtensionType type) const {
  const auto found = std::ranges::find(items_, type, &Extension::type);
  return found == items_.end() ? nullptr : &found->data;
}

ExtensionList ExtensionList::read(TlsReader& in) {
  ExtensionList out;
  in.vector([&](TlsReader& item) {
    const auto type = static_cast<ExtensionType>(item.u16());
    out.items_.push_back({type, item.opaque_copy()});
  });
  // Section 13.4: no type twice. Sorting a copy keeps a long list from costing its square.
  std::vector<ExtensionType> types;
  for (const Extension& extension : out.items_) {
    types.push_back(extension.type);
  }
  std::ranges::sort(types);
  if (std::ranges::adjacent_find(types) != types.end()) {
    in.set_failed();
  }
  return out;
}

void ExtensionList::write(TlsWriter& out) const {
  out.vector([&](TlsWriter& list) {
    for (const Extension& extension : items_) {
      list.u16(static_cast<std::uint16_t>(extension.type)).opaque(extension.data);
    }
  });
}

RequiredCapabilities RequiredCapabilities::read(TlsReader& in) {
  RequiredCapabilities out;
  out.extensions = read_types<ExtensionType>(in);
  out.proposals = read_types<ProposalType>(in);
  out.credentials = read_types<CredentialType>(in);
  return out;
}

void RequiredCapabilities::write(TlsWriter& out) const {
  write_types(out, extensions);
  write_types(out, proposals);
  write_types(out, credentials);
}

ExternalSender ExternalSender::read(TlsReader& in) {
  ExternalSender out;
  out.signature_key = in.opaque_copy();
  out.credential = Credential::read(in);
  return out;
}

void ExternalSender::write(TlsWriter& out) const {
  out.opaque(signature_key);
  credential.write(out);
}

ExternalSenders ExternalSenders::read(TlsReader& in) {
  ExternalSenders out;
  in.vector([&](TlsReader& item) { out.senders.push_back(ExternalSender::read(item)); });
  return out;
}

void ExternalSenders::write(TlsWriter& out) const {
  out.vector([&](TlsWriter& list) {
    for (const ExternalSender& sender : senders) {
      sender.write(list);
    }
  });
}

ExternalPub ExternalPub::read(TlsReader& in) {
  return {in.opaque_copy()};
}

void ExternalPub::write(TlsWriter& out) const {
  out.opaque(external_pub);
}

Result<std::optional<RequiredCapabilities>> required_capabilities(const ExtensionList& extensions) {
  return parsed<RequiredCapabilities>(extensions, ExtensionType::required_capabilities,
                                      "required_capabilities");
}
Result<std::optional<ExternalSenders>> external_senders(const ExtensionList& extensions) {
  return parsed<ExternalSenders>(extensions, ExtensionType::external_senders, "external_senders");
}
Result<std::optional<ExternalPub>> external_pub(const ExtensionList& extensions) {
  return parsed<ExternalPub>(extensions, ExtensionType::external_pub, "external_pub");
}

}  // namespace unhidra::mls_public
