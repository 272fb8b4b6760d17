#define _POSIX_C_SOURCE 200809L  // open, fsync, rename
#include "uh_enrol_openssl.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define MAX_PATH 1024

bool uh_openssl_key_path(const uh_openssl_keys* keys, uint8_t slot, char* out, size_t capacity) {
  const int size = snprintf(out, capacity, "%s/key.%u.pem", keys->folder, slot);
  return size > 0 && (size_t)size < capacity;
}

// On disk before it counts: a new name for a file that is there as a whole.
static bool write_key(const char* path, EVP_PKEY* key) {
  char part[MAX_PATH + 8];
  (void)snprintf(part, sizeof part, "%s.part", path);
  const int descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FILE* file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
  if (file == NULL) {
    if (descriptor >= 0) {
      (void)close(descriptor);
    }
    return false;
  }
  const bool written = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                       fflush(file) == 0 && fsync(descriptor) == 0;
  return fclose(file) == 0 && written && rename(part, path) == 0;
}

static bool make_key(void* context, uint8_t slot) {
  char path[MAX_PATH];
  if (!uh_openssl_key_path(context, slot, path, sizeof path)) {
    return false;
  }
  EVP_PKEY* key = EVP_EC_gen("P-256");
  const bool made = key != NULL && write_key(path, key);
  EVP_PKEY_free(key);
  return made;
}

static EVP_PKEY* read_key(const uh_openssl_keys* keys, uint8_t slot) {
  char path[MAX_PATH];
  FILE* file = uh_openssl_key_path(keys, slot, path, sizeof path) ? fopen(path, "r") : NULL;
  EVP_PKEY* key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
  if (file != NULL) {
    (void)fclose(file);
  }
  return key;
}

static bool public_key(void* context, uint8_t slot, uint8_t point[UH_P256_POINT]) {
  EVP_PKEY* key = read_key(context, slot);
  size_t size = 0;
  const bool done = key != NULL &&
                    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                    UH_P256_POINT, &size) == 1 &&
                    size == UH_P256_POINT;
  EVP_PKEY_free(key);
  return done;
}

static bool sign(void* context, uint8_t slot, const uint8_t* message, size_t message_size,
                 uint8_t* signature, size_t capacity, size_t* size) {
  EVP_PKEY* key = read_key(context, slot);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  *size = capacity;
  const bool done = key != NULL && digest != NULL &&
                    EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
                    EVP_DigestSign(digest, signature, size, message, message_size) == 1;
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);
  return done;
}

static bool is_ours(void* context, uint8_t slot, const uint8_t* certificate, size_t size,
                    const uint8_t* anchor, size_t anchor_size) {
  EVP_PKEY* key = read_key(context, slot);
  X509* own = d2i_X509(NULL, &certificate, (long)size);
  X509* issuer = d2i_X509(NULL, &anchor, (long)anchor_size);
  const bool fits = key != NULL && own != NULL && issuer != NULL &&
                    X509_check_private_key(own, key) == 1 &&
                    X509_check_issued(issuer, own) == X509_V_OK &&
                    X509_verify(own, X509_get0_pubkey(issuer)) == 1;
  X509_free(issuer);
  X509_free(own);
  EVP_PKEY_free(key);
  return fits;
}

uh_enrol_port uh_enrol_openssl(uh_openssl_keys* keys) {
  return (uh_enrol_port){.context = keys,
                         .subject = keys->subject,
                         .make_key = make_key,
                         .public_key = public_key,
                         .sign = sign,
                         .is_ours = is_ours};
}

size_t uh_openssl_pem(const uint8_t* certificate, size_t size, char* out, size_t capacity) {
  X509* parsed = d2i_X509(NULL, &certificate, (long)size);
  BIO* memory = BIO_new(BIO_s_mem());
  char* text = NULL;
  size_t length = 0;
  if (parsed != NULL && memory != NULL && PEM_write_bio_X509(memory, parsed) == 1) {
    length = (size_t)BIO_get_mem_data(memory, &text);
  }
  if (length >= capacity) {
    length = 0;
  }
  if (length > 0) {
    memcpy(out, text, length);
    out[length] = 0;
  }
  BIO_free(memory);
  X509_free(parsed);
  return length;
}
