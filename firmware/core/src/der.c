#include "der.h"

#include <string.h>

uh_reader uh_der_take(uh_reader* in, uint8_t tag, uh_reader* whole) {
  const uint8_t* start = in->at;
  const bool fits = uh_take_integer(in, 1) == tag;
  uint64_t size = uh_take_integer(in, 1);
  if (size >= 0x80) {
    const size_t bytes = (size_t)size & 0x7f;
    size = bytes >= 1 && bytes <= 4 ? uh_take_integer(in, bytes) : UINT64_MAX;
  }
  const uint8_t* content = fits && size <= in->left ? uh_take(in, (size_t)size) : NULL;
  if (content == NULL) {
    in->failed = true;
    return uh_read_from(NULL, 0);
  }
  if (whole != NULL) {
    *whole = uh_read_from(start, (size_t)(in->at - start));
  }
  return uh_read_from(content, (size_t)size);
}

bool uh_der_is(const uh_reader* in, uint8_t tag) {
  return !in->failed && in->left > 0 && in->at[0] == tag;
}

static const char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

uh_status uh_base64_decode(uint8_t* text, size_t size, size_t* decoded) {
  uint32_t bits = 0;
  unsigned count = 0;
  bool ended = false;
  *decoded = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t character = text[i];
    if (character == '\r' || character == '\n' || character == ' ' || character == '\t') {
      continue;
    }
    if (character == '=') {
      ended = true;
      continue;
    }
    const char* at = character == 0 ? NULL : strchr(kAlphabet, character);
    if (ended || at == NULL) {
      return UH_MALFORMED;
    }
    bits = bits << 6 | (uint32_t)(at - kAlphabet);
    count += 6;
    if (count >= 8) {
      count -= 8;
      text[(*decoded)++] = (uint8_t)(bits >> count);
    }
  }
  return count == 6 ? UH_MALFORMED : UH_OK;
}

size_t uh_base64_encode(const uint8_t* data, size_t size, char* out) {
  size_t used = 0;
  for (size_t i = 0; i < size; i += 3) {
    const size_t left = size - i;
    const uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                          (left > 2 ? data[i + 2] : 0u);
    out[used++] = kAlphabet[bits >> 18];
    out[used++] = kAlphabet[bits >> 12 & 63];
    out[used++] = left > 1 ? kAlphabet[bits >> 6 & 63] : '=';
    out[used++] = left > 2 ? kAlphabet[bits & 63] : '=';
  }
  return used;
}

uh_status uh_first_certificate(const uint8_t* der, size_t size, const uint8_t** certificate,
                               size_t* certificate_size) {
  static const uint8_t kSignedData[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
  uh_reader in = uh_read_from(der, size);
  uh_reader info = uh_der_take(&in, DER_SEQUENCE, NULL);
  const uh_reader type = uh_der_take(&info, DER_OID, NULL);
  uh_reader content = uh_der_take(&info, DER_CONTEXT_0, NULL);
  uh_reader data = uh_der_take(&content, DER_SEQUENCE, NULL);
  (void)uh_der_take(&data, DER_INTEGER, NULL);
  (void)uh_der_take(&data, DER_SET, NULL);
  (void)uh_der_take(&data, DER_SEQUENCE, NULL);
  uh_reader list = uh_der_take(&data, DER_CONTEXT_0, NULL);
  uh_reader whole;
  (void)uh_der_take(&list, DER_SEQUENCE, &whole);
  if (in.failed || info.failed || content.failed || data.failed || list.failed ||
      type.left != sizeof kSignedData || memcmp(type.at, kSignedData, sizeof kSignedData) != 0) {
    return UH_MALFORMED;
  }
  *certificate = whole.at;
  *certificate_size = whole.left;
  return UH_OK;
}

static uint32_t digits(uh_reader* in, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t character = uh_take_integer(in, 1);
    in->failed = in->failed || character < '0' || character > '9';
    value = value * 10 + (uint32_t)(character - '0');
  }
  return value;
}

// Days since 1970 of a day of the Gregorian calendar.
static uint64_t days_of(uint32_t year, uint32_t month, uint32_t day) {
  const uint32_t shifted = month > 2 ? year : year - 1;  // a year that begins in March
  const uint32_t since_march = (month + 9) % 12;
  return (uint64_t)shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 +
         (153 * since_march + 2) / 5 + day - 1 - 719468;
}

// RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on, both to the second.
static uint64_t take_time(uh_reader* in) {
  const bool is_utc = uh_der_is(in, DER_UTC_TIME);
  uh_reader text = uh_der_take(in, is_utc ? DER_UTC_TIME : DER_GENERAL_TIME, NULL);
  uint32_t year = digits(&text, is_utc ? 2 : 4);
  year += !is_utc ? 0 : year < 50 ? 2000 : 1900;
  const uint32_t month = digits(&text, 2);
  const uint32_t day = digits(&text, 2);
  const uint64_t hour = digits(&text, 2);
  const uint64_t minute = digits(&text, 2);
  const uint64_t second = digits(&text, 2);
  const bool ends = uh_take_integer(&text, 1) == 'Z' && uh_read_all(&text);
  if (!ends || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
      minute > 59 || second > 60) {
    in->failed = true;
    return 0;
  }
  return (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

// The fields of a certificate from the validity on (RFC 5280 section 4.1).
static uh_reader fields_of(const uint8_t* der, size_t size) {
  uh_reader in = uh_read_from(der, size);
  uh_reader certificate = uh_der_take(&in, DER_SEQUENCE, NULL);
  uh_reader fields = uh_der_take(&certificate, DER_SEQUENCE, NULL);
  if (uh_der_is(&fields, DER_CONTEXT_0)) {
    (void)uh_der_take(&fields, DER_CONTEXT_0, NULL);
  }
  (void)uh_der_take(&fields, DER_INTEGER, NULL);
  (void)uh_der_take(&fields, DER_SEQUENCE, NULL);
  (void)uh_der_take(&fields, DER_SEQUENCE, NULL);
  fields.failed = fields.failed || in.failed || certificate.failed;
  return fields;
}

uh_status uh_certificate_validity(const uint8_t* der, size_t size, uh_validity* validity) {
  uh_reader fields = fields_of(der, size);
  uh_reader dates = uh_der_take(&fields, DER_SEQUENCE, NULL);
  validity->from = take_time(&dates);
  validity->until = take_time(&dates);
  const bool is_sound = !fields.failed && uh_read_all(&dates) && validity->from < validity->until;
  return is_sound ? UH_OK : UH_MALFORMED;
}

static bool find_alternative(uh_reader* extensions, uh_reader* found) {
  static const uint8_t kAlternativeName[] = {0x55, 0x1d, 0x11};
  while (!extensions->failed && extensions->left > 0) {
    uh_reader extension = uh_der_take(extensions, DER_SEQUENCE, found);
    const uh_reader type = uh_der_take(&extension, DER_OID, NULL);
    if (!extension.failed && type.left == sizeof kAlternativeName &&
        memcmp(type.at, kAlternativeName, sizeof kAlternativeName) == 0) {
      return !extensions->failed;
    }
  }
  return false;
}

uh_status uh_certificate_names(const uint8_t* der, size_t size, uh_names* names) {
  uh_reader fields = fields_of(der, size);
  (void)uh_der_take(&fields, DER_SEQUENCE, NULL);  // validity
  (void)uh_der_take(&fields, DER_SEQUENCE, &names->subject);
  (void)uh_der_take(&fields, DER_SEQUENCE, NULL);  // public key
  // The identifiers of 1988 that may stand between are made by nobody.
  uh_reader wrapped = uh_der_take(&fields, DER_CONTEXT_3, NULL);
  uh_reader extensions = uh_der_take(&wrapped, DER_SEQUENCE, NULL);
  const bool found = find_alternative(&extensions, &names->alternative);
  return found && !fields.failed && !wrapped.failed ? UH_OK : UH_MALFORMED;
}
