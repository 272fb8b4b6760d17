// The head of a CMP message: OpenSSL 3.0 has no accessors for most of it.
#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "unhidra/base/text.h"
#include "unhidra/pki/cmp.h"

#include "der_walk.h"
#include "openssl_support.h"

namespace unhidra::pki {
namespace {

using OwnedAlgorithm = Owned<X509_ALGOR, X509_ALGOR_free>;

constexpr std::size_t kMaxReference = 128;
constexpr std::size_t kMaxTransactionId = 32;
// PKIHeader, RFC 4210 section 5.1.1.
constexpr int kProtectionAlgorithm = 1;
constexpr int kSenderKeyId = 2;
constexpr int kTransactionId = 4;
// PKIMessage, section 5.1.
constexpr int kExtraCertificates = 1;

std::unexpected<Error> bad() {
  return fail(Errc::bad_request, "not a protected CMP message");
}

bool is_shared_secret(ByteView algorithm) {
  const Byte* at = algorithm.data();
  const OwnedAlgorithm parsed(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm.size())));
  const ASN1_OBJECT* name = nullptr;
  if (parsed) {
    X509_ALGOR_get0(&name, nullptr, nullptr, parsed.get());
  }
  return name != nullptr && OBJ_obj2nid(name) == NID_id_PasswordBasedMAC;
}

bool is_known(int tag) {
  switch (static_cast<CmpBody>(tag)) {
    case CmpBody::initialization_request:
    case CmpBody::certification_request:
    case CmpBody::pkcs10_request:
    case CmpBody::key_update_request:
    case CmpBody::revocation_request:
    case CmpBody::general_message:
    case CmpBody::error:
    case CmpBody::certificate_confirmation:
    case CmpBody::poll_request:
      return true;
  }
  return false;
}

Status read_header(ByteView header, CmpEnvelope& out) {
  bool is_protected = false;
  // pvno, sender, recipient: GeneralName has context-specific tags of its own.
  for (int i = 0; i < 3; ++i) {
    if (!next_element(header)) {
      return bad();
    }
  }
  while (const auto field = next_element(header)) {
    if (!field->context) {
      continue;
    }
    if (field->tag == kProtectionAlgorithm) {
      is_protected = true;
      out.shared_secret = is_shared_secret(field->content);
    } else if (field->tag == kSenderKeyId || field->tag == kTransactionId) {
      const auto octets = unwrap(field->content, V_ASN1_OCTET_STRING);
      const bool id = field->tag == kTransactionId;
      if (!octets || octets->size() > (id ? kMaxTransactionId : kMaxReference)) {
        return bad();
      }
      if (id) {
        out.transaction_id = to_bytes(*octets);
      } else {
        out.reference = printable(as_text(*octets));
      }
    }
  }
  if (!header.empty() || !is_protected || out.transaction_id.empty()) {
    return bad();
  }
  return {};
}

}  // namespace

std::optional<DerElement> next_element(ByteView& rest) {
  const unsigned char* at = rest.data();
  long size = 0;
  int tag = 0;
  int kind = 0;
  if (rest.empty()) {
    return std::nullopt;
  }
  const ErrorScope errors;
  const int flags = ASN1_get_object(&at, &size, &tag, &kind, static_cast<long>(rest.size()));
  if ((flags & 0x80) != 0 || (flags & 0x01) != 0) {  // an error; an indefinite length
    return std::nullopt;
  }
  const auto head = static_cast<std::size_t>(at - rest.data());
  const auto length = static_cast<std::size_t>(size);
  DerElement out{tag, kind == V_ASN1_CONTEXT_SPECIFIC, rest.subspan(head, length),
                 rest.first(head + length)};
  rest = rest.subspan(head + length);
  return out;
}

std::optional<ByteView> unwrap(ByteView bytes, int universal_tag) {
  const auto element = next_element(bytes);
  if (!element || element->context || element->tag != universal_tag || !bytes.empty()) {
    return std::nullopt;
  }
  return element->content;
}

std::optional<CmpBody> cmp_body(ByteView message) {
  auto rest = unwrap(message, V_ASN1_SEQUENCE);
  const auto header = rest ? next_element(*rest) : std::nullopt;
  const auto body = header ? next_element(*rest) : std::nullopt;
  return body && body->context && is_known(body->tag)
             ? std::optional(static_cast<CmpBody>(body->tag))
             : std::nullopt;
}

Result<CmpEnvelope> read_cmp_envelope(ByteView message) {
  const ErrorScope errors;
  if (message.size() > kMaxCmpMessage) {
    return fail(Errc::bad_request, "a CMP message has at most 16 kB");
  }
  auto rest = unwrap(message, V_ASN1_SEQUENCE);
  const auto header = rest ? next_element(*rest) : std::nullopt;
  const auto body = rest ? next_element(*rest) : std::nullopt;
  const auto kind = cmp_body(message);
  if (!kind || header->context || header->tag != V_ASN1_SEQUENCE || !body) {
    return bad();
  }
  CmpEnvelope out;
  out.body = *kind;
  UNHIDRA_TRY_VOID(read_header(header->content, out));
  while (const auto field = next_element(*rest)) {
    if (!field->context || field->tag != kExtraCertificates) {
      continue;
    }
    auto certificates = unwrap(field->content, V_ASN1_SEQUENCE);
    const auto first = certificates ? next_element(*certificates) : std::nullopt;
    if (first && !out.shared_secret) {
      UNHIDRA_TRY(out.signer, Certificate::from_der(first->whole));
    }
  }
  return rest->empty() ? Result<CmpEnvelope>(std::move(out)) : bad();
}

}  // namespace unhidra::pki
