// A token of SoftHSM in a temporary directory.
#include "unhidra/pki/pkcs11.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "unhidra/testkit/process.h"
#include "unhidra/testkit/temp_dir.h"

#include "device_fixtures.h"

namespace unhidra::pki {
namespace {

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";

class Pkcs11 : public DeviceAuthorityTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModule)) {
      GTEST_SKIP() << "softhsm2 is not installed";
    }
    const auto config = directory_.path() / "softhsm2.conf";
    std::filesystem::create_directory(directory_.path() / "tokens");
    std::ofstream(config) << "directories.tokendir = " << (directory_.path() / "tokens").string()
                          << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    setenv("SOFTHSM2_CONF", config.c_str(), 1);
    util({"--init-token", "--free", "--label", "unhidra", "--pin", "1234", "--so-pin", "5678"});
    import("device-ca", generate_signer_key().value(), "a1");
  }
  void util(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "softhsm2-util");
    const auto run = testkit::Process::run({.arguments = arguments});
    ASSERT_TRUE(run) << run.error().message();
    ASSERT_EQ(run->status, 0) << run->output;
  }
  void import(const std::string& label, const SecretBytes& pem, const std::string& id) {
    const auto file = directory_.path() / "key.pem";
    std::ofstream(file) << as_text(pem.expose());
    util({"--import", file.string(), "--token", "unhidra", "--label", label, "--id", id, "--pin",
          "1234"});
    std::filesystem::remove(file);
  }
  static Pkcs11Settings settings(std::string key = "device-ca", std::string pin = "1234") {
    return {.module = kModule,
            .token_label = "unhidra",
            .key_label = std::move(key),
            .pin = SecretBytes::copy_of(as_bytes(pin))};
  }

  testkit::TempDir directory_;
};

TEST_F(Pkcs11, AnAuthorityInATokenIssuesCertificatesAndCrls) {
  auto opened = open_pkcs11_signer(settings());
  ASSERT_TRUE(opened) << opened.error().message();
  const std::shared_ptr<const Signer> signer(std::move(*opened));
  const auto authority = DeviceAuthority::create("In a token", days(365), signer, random_).value();
  const auto made = authority.issue(CertificateRequest::from_der(request_der()).value(), identity_,
                                    days(90), urls_, random_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(made->check_issued_by(authority.certificate()));
  EXPECT_TRUE(authority.make_crl({}, 1, {clock_.time, clock_.time + std::chrono::hours(1)}));

  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        good += signer->sign(ByteArray<32>{1}).has_value() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(good, 80);
}

TEST_F(Pkcs11, AWrongPinTokenKeyOrModuleIsNamed) {
  EXPECT_EQ(open_pkcs11_signer(settings("device-ca", "0000")).error(), Errc::signer_failed);
  EXPECT_EQ(open_pkcs11_signer(settings("other")).error(), Errc::bad_key);
  auto other = settings();
  other.token_label = "other";
  EXPECT_EQ(open_pkcs11_signer(other).error(), Errc::signer_failed);
  other = settings();
  other.module = "/nonexistent.so";
  EXPECT_EQ(open_pkcs11_signer(other).error(), Errc::signer_failed);
  import("device-ca", generate_signer_key().value(), "a2");
  EXPECT_EQ(open_pkcs11_signer(settings()).error(), Errc::bad_key);
}

}  // namespace
}  // namespace unhidra::pki
