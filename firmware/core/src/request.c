#include "request.h"

#include <string.h>

#include "der.h"

#define MAX_SIGNATURE 72u  // two integers of 33 bytes, as a sequence
#define BINDING_TEXT 44u   // 32 bytes in base64

// DER from its end to its beginning, since a length stands before what it counts.
typedef struct back_writer {
  uint8_t* first;  // of the memory
  uint8_t* at;     // what is written begins here
  bool failed;
} back_writer;

static void put(back_writer* out, const void* data, size_t size) {
  if (out->failed || size > (size_t)(out->at - out->first)) {
    out->failed = true;
    return;
  }
  out->at -= size;
  memcpy(out->at, data, size);
}

static void put_byte(back_writer* out, uint8_t byte) {
  put(out, &byte, 1);
}

// Makes an element of all that stands before `end`.
static void wrap(back_writer* out, uint8_t tag, const uint8_t* end) {
  const size_t size = (size_t)(end - out->at);
  put_byte(out, (uint8_t)size);
  if (size > 0xff) {
    put_byte(out, (uint8_t)(size >> 8));
    put_byte(out, 0x82);
  } else if (size > 0x7f) {
    put_byte(out, 0x81);
  }
  put_byte(out, tag);
}

static void put_element(back_writer* out, uint8_t tag, const void* content, size_t size) {
  const uint8_t* end = out->at;
  put(out, content, size);
  wrap(out, tag, end);
}

// Attribute ::= SEQUENCE { type, SET OF value } of the one value that stands before `end`.
static void wrap_attribute(back_writer* out, const uint8_t* type, size_t size, const uint8_t* end) {
  wrap(out, DER_SET, end);
  put_element(out, DER_OID, type, size);
  wrap(out, DER_SEQUENCE, end);
}

// RFC 7030 section 3.5: the binding in base64. Base64 has no letter that a PrintableString lacks.
static void put_binding(back_writer* out, const uint8_t* binding) {
  static const uint8_t kType[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07};
  const uint8_t* end = out->at;
  char text[BINDING_TEXT];
  put_element(out, DER_PRINTABLE, text, uh_base64_encode(binding, UH_BINDING_SIZE, text));
  wrap_attribute(out, kType, sizeof kType, end);
}

static void put_extension(back_writer* out, const uh_reader* extension) {
  static const uint8_t kType[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};
  const uint8_t* end = out->at;
  put(out, extension->at, extension->left);
  wrap(out, DER_SEQUENCE, end);
  wrap_attribute(out, kType, sizeof kType, end);
}

static void put_public_key(back_writer* out, const uint8_t point[UH_P256_POINT]) {
  static const uint8_t kBefore[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  put(out, point, UH_P256_POINT);
  put(out, kBefore, sizeof kBefore);
}

static void put_common_name(back_writer* out, const char* name) {
  static const uint8_t kCommonName[] = {0x55, 0x04, 0x03};
  const uint8_t* end = out->at;
  put_element(out, DER_UTF8, name, strlen(name));
  put_element(out, DER_OID, kCommonName, sizeof kCommonName);
  wrap(out, DER_SEQUENCE, end);
  wrap(out, DER_SET, end);
  wrap(out, DER_SEQUENCE, end);
}

// CertificationRequestInfo (section 4.1). Attributes are ordered as DER wants a set: the binding's
// is the shorter one.
static void put_info(back_writer* out, const char* name, const uh_names* names,
                     const uint8_t* point, const uint8_t* binding) {
  const uint8_t* end = out->at;
  if (names != NULL) {
    put_extension(out, &names->alternative);
  }
  if (binding != NULL) {
    put_binding(out, binding);
  }
  wrap(out, DER_CONTEXT_0, end);
  put_public_key(out, point);
  if (names != NULL) {
    put(out, names->subject.at, names->subject.left);
  } else {
    put_common_name(out, name);
  }
  put_element(out, DER_INTEGER, "", 1);  // version 0
  wrap(out, DER_SEQUENCE, end);
}

// The whole of it: what is signed, ecdsa-with-SHA256, signature.
static void put_signed(back_writer* out, const uint8_t* info, size_t info_size,
                       const uint8_t* signature, size_t signature_size) {
  static const uint8_t kAlgorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  const uint8_t* end = out->at;
  put(out, signature, signature_size);
  put_byte(out, 0);  // no unused bits
  wrap(out, DER_BIT_STRING, end);
  put(out, kAlgorithm, sizeof kAlgorithm);
  put(out, info, info_size);
  wrap(out, DER_SEQUENCE, end);
}

uh_status uh_request_make(const uh_enrol_port* port, uint8_t slot, const uh_certificate* current,
                          const uint8_t* binding, uint8_t memory[2 * UH_MAX_REQUEST],
                          const uint8_t** der, size_t* size) {
  uint8_t point[UH_P256_POINT];
  uint8_t signature[MAX_SIGNATURE];
  size_t signature_size = 0;
  uh_names names;
  if (current != NULL && uh_certificate_names(current->der, current->size, &names) != UH_OK) {
    return UH_MALFORMED;
  }
  if (!port->public_key(port->context, slot, point)) {
    return UH_STORAGE;
  }
  back_writer info = {.first = memory, .at = memory + UH_MAX_REQUEST};
  put_info(&info, port->subject, current != NULL ? &names : NULL, point, binding);
  const size_t info_size = (size_t)(memory + UH_MAX_REQUEST - info.at);
  if (info.failed) {
    return UH_NO_SPACE;
  }
  if (!port->sign(port->context, slot, info.at, info_size, signature, sizeof signature,
                  &signature_size)) {
    return UH_STORAGE;
  }
  back_writer out = {.first = memory + UH_MAX_REQUEST, .at = memory + 2 * UH_MAX_REQUEST};
  put_signed(&out, info.at, info_size, signature, signature_size);
  *der = out.at;
  *size = (size_t)(memory + 2 * UH_MAX_REQUEST - out.at);
  return out.failed ? UH_NO_SPACE : UH_OK;
}
