#include "unhidra/pki/pkcs11.h"

#include <array>
#include <dlfcn.h>
#include <vector>

#include <p11-kit/pkcs11.h>

#include "unhidra/base/text.h"

#include "signer_key.h"

namespace unhidra::pki {
namespace {

constexpr CK_ULONG kMaxSlots = 64;
constexpr CK_ULONG kMaxPoint = 128;
// SubjectPublicKeyInfo of an uncompressed point on P-256 up to the point itself (RFC 5480).
constexpr std::array<Byte, 26> kP256Header{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
constexpr std::array<Byte, 10> kP256Parameters{0x06, 0x08, 0x2a, 0x86, 0x48,
                                               0xce, 0x3d, 0x03, 0x01, 0x07};

std::unexpected<Error> failed(std::string_view what, CK_RV code) {
  std::array<Byte, 4> number{static_cast<Byte>(code >> 24), static_cast<Byte>(code >> 16),
                             static_cast<Byte>(code >> 8), static_cast<Byte>(code)};
  return fail(Errc::signer_failed, std::string(what) + ": PKCS#11 error 0x" + to_hex(number));
}

struct LibraryCloser {
  void operator()(void* handle) const { ::dlclose(handle); }
};

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
  return {type, const_cast<void*>(value), static_cast<CK_ULONG>(size)};
}

// A loaded and initialised module. Stays loaded as long as the process uses it.
class Module {
 public:
  static Result<std::shared_ptr<Module>> load(const std::string& path) {
    std::unique_ptr<void, LibraryCloser> library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
    auto* const list =
        library
            ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library.get(), "C_GetFunctionList"))
            : nullptr;
    CK_FUNCTION_LIST_PTR functions = nullptr;
    if (list == nullptr || list(&functions) != CKR_OK || functions == nullptr) {
      return fail(Errc::signer_failed, path + " is no PKCS#11 module");
    }
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV status = functions->C_Initialize(&arguments);
    const bool first = status == CKR_OK;
    if (!first && status != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
      return failed("the module does not start", status);
    }
    return std::make_shared<Module>(std::move(library), functions, first);
  }

  Module(std::unique_ptr<void, LibraryCloser> library, CK_FUNCTION_LIST_PTR functions, bool first)
      : library_(std::move(library)), functions_(functions), initialised_here_(first) {}
  ~Module() {
    if (initialised_here_) {
      functions_->C_Finalize(nullptr);
    }
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  const CK_FUNCTION_LIST* operator->() const { return functions_; }

  Result<CK_SLOT_ID> find_token(std::string_view label) const {
    std::array<CK_SLOT_ID, kMaxSlots> slots{};
    CK_ULONG count = kMaxSlots;
    if (const CK_RV status = functions_->C_GetSlotList(CK_TRUE, slots.data(), &count);
        status != CKR_OK) {
      return failed("no list of tokens", status);
    }
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO info{};
      if (functions_->C_GetTokenInfo(slots[i], &info) != CKR_OK) {
        continue;
      }
      std::string_view name(reinterpret_cast<const char*>(info.label), sizeof(info.label));
      name = name.substr(0, name.find_last_not_of(' ') + 1);  // padded with spaces
      if (name == label) {
        return slots[i];
      }
    }
    return fail(Errc::signer_failed, "there is no token '" + printable(label) + "'");
  }

 private:
  std::unique_ptr<void, LibraryCloser> library_;
  CK_FUNCTION_LIST_PTR functions_;
  bool initialised_here_;
};

class Session {
 public:
  static Result<Session> open(std::shared_ptr<Module> module, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE handle = 0;
    const CK_RV status =
        (*module)->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &handle);
    if (status != CKR_OK) {
      return failed("no session", status);
    }
    return Session(std::move(module), handle);
  }
  Session(Session&& other) noexcept
      : module_(std::move(other.module_)), handle_(std::exchange(other.handle_, 0)) {}
  Session& operator=(Session&&) = delete;
  ~Session() {
    if (module_) {
      (*module_)->C_CloseSession(handle_);
    }
  }
  const CK_FUNCTION_LIST* operator->() const { return module_->operator->(); }
  CK_SESSION_HANDLE handle() const { return handle_; }

  // The one object of this class, label and curve kind.
  Result<CK_OBJECT_HANDLE> find(CK_OBJECT_CLASS kind, const std::string& label) const {
    const CK_KEY_TYPE type = CKK_EC;
    std::array search{attribute(CKA_CLASS, &kind, sizeof(kind)),
                      attribute(CKA_KEY_TYPE, &type, sizeof(type)),
                      attribute(CKA_LABEL, label.data(), label.size())};
    std::array<CK_OBJECT_HANDLE, 2> found{};
    CK_ULONG count = 0;
    CK_RV status = (*module_)->C_FindObjectsInit(handle_, search.data(), search.size());
    if (status == CKR_OK) {
      status = (*module_)->C_FindObjects(handle_, found.data(), found.size(), &count);
      (*module_)->C_FindObjectsFinal(handle_);
    }
    if (status != CKR_OK) {
      return failed("no search for the key", status);
    }
    if (count != 1) {
      return fail(Errc::bad_key, "the token holds " +
                                     std::string(count == 0 ? "no" : "more than one") +
                                     " EC key '" + printable(label) + "'");
    }
    return found[0];
  }

 private:
  Session(std::shared_ptr<Module> module, CK_SESSION_HANDLE handle)
      : module_(std::move(module)), handle_(handle) {}
  std::shared_ptr<Module> module_;
  CK_SESSION_HANDLE handle_;
};

// CKA_EC_POINT is the point in an OCTET STRING: 04 41 04 x y.
Result<Bytes> read_public_key(const Session& session, CK_OBJECT_HANDLE key) {
  std::array<Byte, kMaxPoint> point{};
  std::array<Byte, kMaxPoint> parameters{};
  std::array wanted{attribute(CKA_EC_POINT, point.data(), point.size()),
                    attribute(CKA_EC_PARAMS, parameters.data(), parameters.size())};
  if (const CK_RV status =
          session->C_GetAttributeValue(session.handle(), key, wanted.data(), wanted.size());
      status != CKR_OK) {
    return failed("the public key cannot be read", status);
  }
  const ByteView curve(parameters.data(), wanted[1].ulValueLen);
  const ByteView octets(point.data(), wanted[0].ulValueLen);
  if (!std::ranges::equal(curve, kP256Parameters) || octets.size() != 67 || octets[0] != 0x04 ||
      octets[1] != 0x41) {
    return fail(Errc::bad_key, "the token's key is not on the curve P-256");
  }
  Bytes out(kP256Header.begin(), kP256Header.end());
  append(out, octets.subspan(2));
  const ErrorScope errors;
  if (!p256_public_key(out)) {
    return fail(Errc::bad_key, "the token's key is not on the curve P-256");
  }
  return out;
}

class Pkcs11Signer final : public Signer {
 public:
  Pkcs11Signer(std::shared_ptr<Module> module, CK_SLOT_ID slot, Session login, CK_OBJECT_HANDLE key,
               Bytes public_key)
      : module_(std::move(module)),
        slot_(slot),
        login_(std::move(login)),
        key_(key),
        public_key_(std::move(public_key)) {}

  const Bytes& public_key_der() const override { return public_key_; }

  Result<ByteArray<kEcdsaP256Size>> sign(const ByteArray<32>& digest) const override {
    // A session signs one thing at a time, so each call has one of its own; the login is the
    // token's and lasts as long as login_ is open.
    UNHIDRA_TRY(const auto session, Session::open(module_, slot_));
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    ByteArray<kEcdsaP256Size> out{};
    CK_ULONG size = out.size();
    auto input = digest;
    CK_RV status = session->C_SignInit(session.handle(), &mechanism, key_);
    if (status == CKR_OK) {
      status = session->C_Sign(session.handle(), input.data(), input.size(), out.data(), &size);
    }
    if (status != CKR_OK || size != out.size()) {
      return failed("the token does not sign", status);
    }
    return out;
  }

 private:
  std::shared_ptr<Module> module_;
  CK_SLOT_ID slot_;
  Session login_;
  CK_OBJECT_HANDLE key_;
  Bytes public_key_;
};

}  // namespace

Result<std::unique_ptr<Signer>> open_pkcs11_signer(const Pkcs11Settings& settings) {
  UNHIDRA_TRY(auto module, Module::load(settings.module));
  UNHIDRA_TRY(const auto slot, module->find_token(settings.token_label));
  UNHIDRA_TRY(auto login, Session::open(module, slot));
  auto pin = settings.pin.clone();
  const CK_RV status = login->C_Login(login.handle(), CKU_USER, pin.expose_mutable().data(),
                                      static_cast<CK_ULONG>(pin.size()));
  if (status != CKR_OK && status != CKR_USER_ALREADY_LOGGED_IN) {
    return failed("the token refuses the PIN", status);
  }
  UNHIDRA_TRY(const auto key, login.find(CKO_PRIVATE_KEY, settings.key_label));
  UNHIDRA_TRY(const auto public_key, login.find(CKO_PUBLIC_KEY, settings.key_label));
  UNHIDRA_TRY(auto der, read_public_key(login, public_key));
  return std::make_unique<Pkcs11Signer>(std::move(module), slot, std::move(login), key,
                                        std::move(der));
}

}  // namespace unhidra::pki
