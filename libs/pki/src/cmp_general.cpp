#include "cmp_general.h"

#include <algorithm>

#include "openssl_support.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

constexpr const char* kRootCaCert = "1.3.6.1.5.5.7.4.20";  // unknown to OpenSSL 3.0

using OwnedType = Owned<ASN1_TYPE, ASN1_TYPE_free>;
using OwnedItem = Owned<OSSL_CMP_ITAV, OSSL_CMP_ITAV_free>;

void free_items(STACK_OF(OSSL_CMP_ITAV) * items) {
  sk_OSSL_CMP_ITAV_pop_free(items, OSSL_CMP_ITAV_free);
}
using OwnedItems = Owned<STACK_OF(OSSL_CMP_ITAV), free_items>;

Bytes element(int tag, int tag_class, ByteView content) {
  const int size = ASN1_object_size(1, static_cast<int>(content.size()), tag);
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  ASN1_put_object(&at, 1, static_cast<int>(content.size()), tag, tag_class);
  std::ranges::copy(content, at);
  return out;
}

Bytes sequence(ByteView content) {
  return element(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, content);
}

// Null: without a value.
OwnedItem item(ASN1_OBJECT* type, const Bytes* value) {
  OwnedType any;
  if (value != nullptr) {
    const Byte* at = value->data();
    any.reset(d2i_ASN1_TYPE(nullptr, &at, static_cast<long>(value->size())));
    if (!any) {
      return nullptr;
    }
  }
  OwnedItem out(OSSL_CMP_ITAV_create(type, any.get()));
  if (out) {
    static_cast<void>(any.release());
  }
  return out;
}

bool same_key(const Certificate& a, const Certificate& b) {
  return EVP_PKEY_eq(X509_get0_pubkey(CertificateAccess::get(a)),
                     X509_get0_pubkey(CertificateAccess::get(b))) == 1;
}
bool signed_by(const Certificate& certificate, const Certificate& signer) {
  return X509_verify(CertificateAccess::get(certificate),
                     X509_get0_pubkey(CertificateAccess::get(signer))) == 1;
}
const Certificate* link_of(const AuthoritiesTold& told, const Certificate& key,
                           const Certificate& signer) {
  const auto found = std::ranges::find_if(told.links, [&](const Certificate& link) {
    return same_key(link, key) && signed_by(link, signer);
  });
  return found != told.links.end() ? &*found : nullptr;
}

// Section 4.1.1: CAs that devices should know.
Bytes authorities(const AuthoritiesTold& told) {
  Bytes content;
  for (const auto& each : told.chain) {
    append(content, each.to_der());
  }
  return sequence(content);
}

// Section 4.3.2: what follows the root that the device has. RootCaKeyUpdateContent of RFC 9480,
// with explicit tags. Empty: nothing does.
Bytes root_update(const AuthoritiesTold& told, ByteView known) {
  const auto old = std::ranges::find_if(told.chain, [&](const Certificate& each) {
    return std::ranges::equal(each.to_der(), known);
  });
  for (auto fresh = old; fresh != told.chain.end(); ++fresh) {
    const auto* new_with_old = fresh != old ? link_of(told, *fresh, *old) : nullptr;
    if (new_with_old == nullptr) {
      continue;
    }
    Bytes content = fresh->to_der();
    append(content, element(0, V_ASN1_CONTEXT_SPECIFIC, new_with_old->to_der()));
    if (const auto* old_with_new = link_of(told, *old, *fresh)) {
      append(content, element(1, V_ASN1_CONTEXT_SPECIFIC, old_with_new->to_der()));
    }
    return sequence(content);
  }
  return {};
}

// The root that the question names; without one, the oldest that is believed.
Bytes known_root(const AuthoritiesTold& told, OSSL_CMP_ITAV* question) {
  const auto* value = OSSL_CMP_ITAV_get0_value(question);
  if (value == nullptr || value->type == V_ASN1_NULL) {
    return told.chain.empty() ? Bytes() : told.chain.front().to_der();
  }
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_TYPE(value, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

}  // namespace

STACK_OF(OSSL_CMP_ITAV) *
    answers_to(const STACK_OF(OSSL_CMP_ITAV) * questions, const AuthoritiesTold& told) {
  OwnedItems out(sk_OSSL_CMP_ITAV_new_null());
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> root_ca_cert(OBJ_txt2obj(kRootCaCert, 1));
  for (int i = 0; out && root_ca_cert && i < sk_OSSL_CMP_ITAV_num(questions); ++i) {
    auto* const question = sk_OSSL_CMP_ITAV_value(questions, i);
    const auto* type = OSSL_CMP_ITAV_get0_type(question);
    OwnedItem answer;
    if (OBJ_obj2nid(type) == NID_id_it_caCerts) {
      const auto value = authorities(told);
      answer = item(OBJ_nid2obj(NID_id_it_caCerts), &value);
    } else if (OBJ_cmp(type, root_ca_cert.get()) == 0) {
      const auto value = root_update(told, known_root(told, question));
      answer = item(OBJ_nid2obj(NID_id_it_rootCaKeyUpdate), value.empty() ? nullptr : &value);
    } else {
      continue;
    }
    if (!answer || sk_OSSL_CMP_ITAV_push(out.get(), answer.get()) == 0) {
      return nullptr;
    }
    static_cast<void>(answer.release());
  }
  return out.release();
}

}  // namespace unhidra::pki
