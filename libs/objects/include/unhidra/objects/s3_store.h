#pragma once
// Objects in a bucket that speaks the S3 protocol: multipart uploads, ranges, AWS Signature
// Version 4. Addresses the bucket in the path, which every server understands.

#include <chrono>
#include <memory>
#include <string>

#include "unhidra/crypto/provider.h"
#include "unhidra/net/http_client.h"
#include "unhidra/storage/object_store.h"

namespace unhidra::objects {

struct S3Settings {
  std::string endpoint;  // "https://s3.example.org", without a path
  std::string bucket;    // exists; 3 to 63 of a-z 0-9 . -
  std::string prefix;    // of the objects' names: a-z 0-9 - _ /
  net::AwsCredentials credentials;
  std::chrono::milliseconds timeout{60'000};  // of one request
  net::TlsClientSettings tls{};
};

// storage::Errc::bad_settings names what cannot be used. Does not talk to the server. Errors of
// requests: those of storage::ObjectStore; what the server refuses or does not answer is
// Errc::unavailable, and the message has its status and code, never a key.
Result<std::unique_ptr<storage::ObjectStore>> open_s3_store(const crypto::Provider& provider,
                                                            S3Settings settings);

}  // namespace unhidra::objects
