#include "unhidra/gateway/web_client.h"

#include <fstream>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/gateway/errc.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::gateway {
namespace {

class WebClientTest : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << content;
  }
  std::optional<net::HttpResponse> ask(std::string path, net::Headers headers = {},
                                       std::string method = "GET") const {
    net::RequestHead head;
    head.method = std::move(method);
    head.path = std::move(path);
    head.headers = std::move(headers);
    head.tls = true;
    return client_->answer(head);
  }
  static std::string text(const std::optional<net::HttpResponse>& response) {
    return response ? std::string(as_text(response->body)) : "nothing";
  }
  void load() {
    auto loaded = WebClient::load(folder_.path());
    ASSERT_TRUE(loaded) << loaded.error().message();
    client_ = std::move(*loaded);
  }
  void SetUp() override {
    put("index.html", "<!doctype html>");
    put("assets/app-1a2b.js", "plain");
    put("assets/app-1a2b.js.br", "brotli");
    put("assets/app-1a2b.js.gz", "gzip");
    put("sw.js", "worker");
    put("v1/login", "not the interface");
    load();
  }

  testkit::TempDir folder_;
  std::optional<WebClient> client_;
};

const net::Headers kBrowser{{"Accept", "text/html,*/*;q=0.8"}};

TEST_F(WebClientTest, AnswersItsFilesAndTheApplicationsOwnPages) {
  EXPECT_EQ(text(ask("/")), "<!doctype html>");
  EXPECT_EQ(text(ask("/sw.js")), "worker");
  EXPECT_EQ(text(ask("/c/0191d3f0", kBrowser)), "<!doctype html>");
  EXPECT_EQ(text(ask("/", {}, "HEAD")), "<!doctype html>");
}

TEST_F(WebClientTest, LeavesEverythingElseToOthers) {
  EXPECT_FALSE(ask("/v1/login", kBrowser));
  EXPECT_FALSE(ask("/v1", kBrowser));
  EXPECT_FALSE(ask("/", {}, "POST"));
  EXPECT_FALSE(ask("/c/0191d3f0"));                  // no browser that wants a page
  EXPECT_FALSE(ask("/assets/gone-9.js", kBrowser));  // a file of another build is missing, not HTML
  EXPECT_FALSE(ask("/../index.html"));
  EXPECT_FALSE(ask("/%2e%2e/index.html"));
  EXPECT_FALSE(ask("/assets/app-1a2b.js.br"));
}

TEST_F(WebClientTest, SendsTheSmallestFormThatTheClientTakes) {
  const auto form = [&](const char* accepted) {
    return text(ask("/assets/app-1a2b.js", {{"Accept-Encoding", accepted}}));
  };
  EXPECT_EQ(form("gzip, deflate, br"), "brotli");
  EXPECT_EQ(form("gzip"), "gzip");
  EXPECT_EQ(form("br;q=0, gzip;q=0.5"), "gzip");
  EXPECT_EQ(form("identity"), "plain");
  EXPECT_EQ(ask("/assets/app-1a2b.js", {{"Accept-Encoding", "br"}})->headers.get("Vary"),
            "Accept-Encoding");
}

TEST_F(WebClientTest, KeepsHashedFilesForEverAndAsksAgainForTheRest) {
  EXPECT_EQ(ask("/assets/app-1a2b.js")->headers.get("Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(ask("/sw.js")->headers.get("Cache-Control"), "no-cache");
  const auto first = ask("/");
  const std::string etag(*first->headers.get("ETag"));
  const auto again = ask("/", {{"If-None-Match", etag}});
  EXPECT_EQ(again->status, 304);
  EXPECT_TRUE(again->body.empty());
  EXPECT_EQ(ask("/", {{"If-None-Match", "\"another\""}})->status, 200);
}

TEST_F(WebClientTest, AllowsNoScriptBesideItsOwnFiles) {
  const auto response = ask("/");
  const auto policy = std::string(*response->headers.get("Content-Security-Policy"));
  for (const auto* part :
       {"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "base-uri 'none'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'"}) {
    EXPECT_NE(policy.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(policy.find("unsafe-inline"), std::string::npos);
  EXPECT_EQ(policy.find("'unsafe-eval'"), std::string::npos);
  EXPECT_EQ(response->headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(response->headers.get("Strict-Transport-Security"));
}

TEST_F(WebClientTest, RefusesAFolderWithoutAnApplication) {
  std::filesystem::remove(folder_ / "index.html");
  const auto loaded = WebClient::load(folder_.path());
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error() == Errc::no_web_client);
  EXPECT_FALSE(WebClient::load(folder_ / "missing"));
}

}  // namespace
}  // namespace unhidra::gateway
