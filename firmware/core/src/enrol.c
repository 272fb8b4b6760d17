#include "uh/enrol.h"

#include <string.h>

#include "der.h"
#include "request.h"

#define STORED_VERSION 1
#define SECOND 1000u
#define LEAST_WAIT 5u  // seconds
#define MOST_WAIT 86400u
#define DEFAULT_WAIT 60u
#define ANCHORS_PATH "cacerts"
#define FIRST_PATH "simpleenroll"
#define RENEW_PATH "simplereenroll"

// ---- what is kept ----

static void put_certificate(uh_writer* out, const uint8_t* der, size_t size) {
  uh_put_integer(out, size, 2);
  uh_put(out, der, size);
}

static void take_certificate(uh_reader* in, uh_certificate* certificate) {
  certificate->size = (uint16_t)uh_take_integer(in, 2);
  if (certificate->size > UH_MAX_CERTIFICATE) {
    in->failed = true;
    certificate->size = 0;
  }
  uh_take_into(in, certificate->der, certificate->size);
}

#define FIXED_FIELDS 20u

// The authority's certificate stays in flash. It is read into the upper half of the work memory;
// size 0 when there is none.
static uh_status read_anchor(const uh_enrol* enrol, const uint8_t** der, size_t* der_size) {
  uint8_t* stored = enrol->work + UH_ENROL_WORK - UH_ENROL_STORED;
  size_t size = 0;
  *der_size = 0;
  const uh_status status = uh_journal_read(enrol->journal, stored, UH_ENROL_STORED, &size);
  if (status != UH_OK) {
    return status == UH_STATE ? UH_OK : status;
  }
  uh_reader in = uh_read_from(stored, size);
  (void)uh_take(&in, FIXED_FIELDS);
  *der_size = (size_t)uh_take_integer(&in, 2);
  *der = uh_take(&in, *der_size);
  return in.failed ? UH_CORRUPT : UH_OK;
}

static uh_status store(uh_enrol* enrol, const uint8_t* anchor, size_t anchor_size) {
  uh_writer out = uh_write_to(enrol->work, UH_ENROL_STORED);
  uh_put_integer(&out, STORED_VERSION, 1);
  uh_put_integer(&out, enrol->phase, 1);
  uh_put_integer(&out, enrol->slot, 1);
  uh_put_integer(&out, (enrol->key_is_made ? 1u : 0u) | (enrol->code_is_spent ? 2u : 0u), 1);
  uh_put_integer(&out, enrol->renew_at, 8);
  uh_put_integer(&out, enrol->clock->known, 8);
  put_certificate(&out, anchor, anchor_size);
  put_certificate(&out, enrol->certificate.der, enrol->certificate.size);
  return out.failed ? UH_NO_SPACE : uh_journal_write(enrol->journal, enrol->work, out.used);
}

uh_status uh_enrol_store(uh_enrol* enrol) {
  const uint8_t* anchor = NULL;
  size_t size = 0;
  const uh_status status = read_anchor(enrol, &anchor, &size);
  return status == UH_OK ? store(enrol, anchor, size) : status;
}

// The flag that says that there is a certificate is the certificate itself.
static void read_dates(uh_enrol* enrol) {
  uh_validity validity = {0, 0};
  if (enrol->certificate.size > 0) {
    (void)uh_certificate_validity(enrol->certificate.der, enrol->certificate.size, &validity);
  }
  enrol->expires_at = validity.until;
}

uh_status uh_enrol_open(uh_enrol* enrol, uh_journal* journal, const uh_enrol_port* port,
                        uh_clock* clock, uint8_t* work) {
  memset(enrol, 0, sizeof *enrol);
  enrol->journal = journal;
  enrol->port = port;
  enrol->clock = clock;
  enrol->work = work;
  enrol->backoff = (uh_backoff){.least = 2 * SECOND, .most = 600 * SECOND};
  size_t size = 0;
  const uh_status status = uh_journal_read(journal, work, UH_ENROL_STORED, &size);
  if (status == UH_STATE) {
    return UH_OK;
  }
  if (status != UH_OK) {
    return status;
  }
  uh_reader in = uh_read_from(work, size);
  const uint64_t version = uh_take_integer(&in, 1);
  enrol->phase = (uint8_t)uh_take_integer(&in, 1);
  enrol->slot = (uint8_t)uh_take_integer(&in, 1);
  const uint64_t flags = uh_take_integer(&in, 1);
  enrol->key_is_made = (flags & 1) != 0;
  enrol->code_is_spent = (flags & 2) != 0;
  enrol->renew_at = uh_take_integer(&in, 8);
  const uint64_t known = uh_take_integer(&in, 8);
  (void)uh_take(&in, (size_t)uh_take_integer(&in, 2));  // the anchor
  take_certificate(&in, &enrol->certificate);
  if (!uh_read_all(&in) || version != STORED_VERSION || enrol->phase > UH_ENROL_RENEWING ||
      enrol->slot > 1 || (enrol->phase >= UH_ENROL_HOLDS && enrol->certificate.size == 0)) {
    return UH_CORRUPT;
  }
  (void)uh_clock_learn(clock, known, 0);
  read_dates(enrol);
  return UH_OK;
}

static bool has_run_out(const uh_enrol* enrol, uint64_t uptime) {
  return uh_clock_now(enrol->clock, uptime) >= enrol->expires_at;
}

bool uh_enrol_has_certificate(const uh_enrol* enrol, uint64_t uptime) {
  return enrol->phase >= UH_ENROL_HOLDS && !has_run_out(enrol, uptime);
}

uh_status uh_enrol_discard(uh_enrol* enrol) {
  enrol->phase = UH_ENROL_FIRST;
  enrol->key_is_made = false;
  enrol->code_is_spent = true;
  enrol->certificate.size = 0;
  return uh_enrol_store(enrol);
}

uh_status uh_enrol_new_code(uh_enrol* enrol) {
  enrol->code_is_spent = false;
  enrol->wait_until = 0;
  return uh_enrol_store(enrol);
}

// ---- what is to be done ----

static bool is_renewing(const uh_enrol* enrol) {
  return enrol->phase == UH_ENROL_RENEWING;
}

static uint8_t slot_of_request(const uh_enrol* enrol) {
  return is_renewing(enrol) ? enrol->slot ^ 1 : enrol->slot;
}

// A key of its own for each certificate; asked again, the request has the same one (RFC 7030
// section 4.2.3: whoever approves has seen that key).
static uh_status prepare_key(uh_enrol* enrol) {
  if (enrol->key_is_made) {
    return UH_OK;
  }
  if (!enrol->port->make_key(enrol->port->context, slot_of_request(enrol))) {
    return UH_STORAGE;
  }
  enrol->key_is_made = true;
  const uh_status status = uh_enrol_store(enrol);
  enrol->key_is_made = status == UH_OK;
  return status;
}

static bool wants_to_post(const uh_enrol* enrol) {
  return enrol->key_is_made && (is_renewing(enrol) || enrol->phase == UH_ENROL_FIRST);
}

uh_status uh_enrol_request(uh_enrol* enrol, const uint8_t* binding, uh_enrol_body* body) {
  if (!wants_to_post(enrol)) {
    return UH_STATE;
  }
  const uint8_t* der = NULL;
  size_t size = 0;
  const uh_status status = uh_request_make(
      enrol->port, slot_of_request(enrol), is_renewing(enrol) ? &enrol->certificate : NULL, binding,
      enrol->work + UH_ENROL_WORK - 2 * UH_MAX_REQUEST, &der, &size);
  if (status != UH_OK) {
    return status;
  }
  body->text = (const char*)enrol->work;
  body->size = uh_base64_encode(der, size, (char*)enrol->work);
  return UH_OK;
}

// Moves to the phase that the time asks for.
static uh_status follow_time(uh_enrol* enrol, uint64_t uptime) {
  if (enrol->phase < UH_ENROL_HOLDS) {
    return UH_OK;
  }
  if (has_run_out(enrol, uptime)) {
    return uh_enrol_discard(enrol);
  }
  if (enrol->phase == UH_ENROL_HOLDS && uh_clock_now(enrol->clock, uptime) >= enrol->renew_at) {
    enrol->phase = UH_ENROL_RENEWING;
    enrol->key_is_made = false;
    const uh_status status = uh_enrol_store(enrol);
    enrol->phase = status == UH_OK ? UH_ENROL_RENEWING : UH_ENROL_HOLDS;
    return status;
  }
  return UH_OK;
}

uh_status uh_enrol_next(uh_enrol* enrol, bool has_code, uint64_t uptime,
                        uh_enrol_exchange* exchange) {
  *exchange = (uh_enrol_exchange){.wish = UH_WISH_NOTHING, .at = enrol->wait_until};
  const uh_status status = follow_time(enrol, uptime);
  if (status != UH_OK || uptime < enrol->wait_until) {
    return status;
  }
  if (enrol->phase == UH_ENROL_HOLDS) {
    const uint64_t now = uh_clock_now(enrol->clock, uptime);
    exchange->at = uptime + (enrol->renew_at - now);
    return UH_OK;
  }
  if (enrol->phase == UH_ENROL_ANCHORS) {
    exchange->wish = UH_WISH_GET;
    exchange->path = ANCHORS_PATH;
    return UH_OK;
  }
  if (enrol->phase == UH_ENROL_FIRST && (!has_code || enrol->code_is_spent)) {
    exchange->wish = UH_WISH_CODE;
    return UH_OK;
  }
  const uh_status prepared = prepare_key(enrol);
  if (prepared == UH_OK) {
    const bool renews = is_renewing(enrol);
    exchange->wish = renews ? UH_WISH_POST_WITH_CERTIFICATE : UH_WISH_POST;
    exchange->path = renews ? RENEW_PATH : FIRST_PATH;
  }
  return prepared;
}

// ---- answers ----

void uh_enrol_failed(uh_enrol* enrol, uint64_t uptime) {
  enrol->wait_until = uptime + uh_backoff_next(&enrol->backoff);
}

static void wait_as_told(uh_enrol* enrol, uint32_t seconds, uint64_t uptime) {
  seconds = seconds == 0 ? DEFAULT_WAIT : seconds < LEAST_WAIT ? LEAST_WAIT : seconds;
  seconds = seconds > MOST_WAIT ? MOST_WAIT : seconds;
  enrol->wait_until = uptime + (uint64_t)seconds * SECOND + uh_random_below(SECOND);
}

static uh_status find_certificate(uint8_t* body, size_t size, const uint8_t** der,
                                  size_t* der_size) {
  size_t decoded = 0;
  const uh_status status = uh_base64_decode(body, size, &decoded);
  return status == UH_OK ? uh_first_certificate(body, decoded, der, der_size) : status;
}

static uh_status take_anchor(uh_enrol* enrol, const uint8_t* der, size_t size) {
  enrol->phase = UH_ENROL_FIRST;
  const uh_status status = store(enrol, der, size);
  enrol->phase = status == UH_OK ? UH_ENROL_FIRST : UH_ENROL_ANCHORS;
  return status;
}

// Two thirds of its life, and up to a twentieth of it earlier: not all devices of a delivery at
// once. In steps of 1,024 milliseconds, so that a processor of 32 bits needs no long division.
static uint64_t renewal_of(const uh_validity* validity) {
  const uint64_t steps = (validity->until - validity->from) >> 10;
  const uint32_t life = steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps;
  const uint32_t wait = life / 3 * 2 - uh_random_below(life / 20);
  return validity->from + ((uint64_t)wait << 10);
}

static uh_status take_issued(uh_enrol* enrol, const uint8_t* der, size_t size, uint64_t uptime) {
  uh_validity validity;
  const uint8_t slot = slot_of_request(enrol);
  if (uh_certificate_validity(der, size, &validity) != UH_OK) {
    return UH_MALFORMED;
  }
  const uint8_t* anchor = NULL;
  size_t anchor_size = 0;
  const uh_status status = read_anchor(enrol, &anchor, &anchor_size);
  if (status != UH_OK) {
    return status;
  }
  if (!enrol->port->is_ours(enrol->port->context, slot, der, size, anchor, anchor_size)) {
    return UH_WRONG_DEVICE;
  }
  (void)uh_clock_learn(enrol->clock, validity.from, uptime);
  memcpy(enrol->certificate.der, der, size);
  enrol->certificate.size = (uint16_t)size;
  enrol->slot = slot;
  enrol->phase = UH_ENROL_HOLDS;
  enrol->key_is_made = false;
  enrol->code_is_spent = true;
  enrol->renew_at = renewal_of(&validity);
  enrol->expires_at = validity.until;
  // Should flash not take it: the certificate of before is still good, and so is this one until the
  // next start.
  return uh_enrol_store(enrol);
}

static uh_status on_success(uh_enrol* enrol, uint8_t* body, size_t size, uint64_t uptime) {
  const uint8_t* der = NULL;
  size_t der_size = 0;
  uh_status status = find_certificate(body, size, &der, &der_size);
  if (status == UH_OK && der_size > UH_MAX_CERTIFICATE) {
    status = UH_NO_SPACE;
  }
  if (status == UH_OK) {
    status = enrol->phase == UH_ENROL_ANCHORS ? take_anchor(enrol, der, der_size)
                                              : take_issued(enrol, der, der_size, uptime);
  }
  if (status != UH_OK) {
    uh_enrol_failed(enrol, uptime);
    return status;
  }
  uh_backoff_reset(&enrol->backoff);
  enrol->wait_until = uptime;
  return UH_OK;
}

uh_status uh_enrol_answer(uh_enrol* enrol, uint16_t status, uint32_t retry_after, uint8_t* body,
                          size_t size, uint64_t uptime) {
  if (enrol->phase == UH_ENROL_HOLDS) {
    return UH_STATE;
  }
  if (status == 200) {
    return on_success(enrol, body, size, uptime);
  }
  if (status == 202 || status == 429 || status == 503) {
    wait_as_told(enrol, retry_after, uptime);
    return UH_OK;
  }
  // A code is good once; a certificate that was refused will be refused again.
  if (status == 401 && enrol->phase == UH_ENROL_FIRST) {
    enrol->code_is_spent = true;
    enrol->wait_until = uptime;
    return uh_enrol_store(enrol);
  }
  uh_enrol_failed(enrol, uptime);
  return UH_OK;
}
