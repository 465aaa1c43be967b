// The verifier of Wufu: envelopes in, verdicts out. README.md beside this folder says how to link
// it.
// Licence: MIT OR Apache-2.0.


#ifndef WUFU_VERIFIER_H
#define WUFU_VERIFIER_H

// Written by cbindgen from bindings/c/src. Do not edit: bash .ci/c header

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The envelope is verified, or the call succeeded.
#define WUFU_ACCEPTED 0

// The caller's mistake: a null pointer, a text that is not UTF-8, a question that cannot be asked.
#define WUFU_MISUSE 1

// This library's mistake. Nothing is verified. Do not use again what was passed to be changed.
#define WUFU_INTERNAL 2

// Five Fu: all five cards, no earlier claim, a payee.
#define WUFU_FIVE_FU 1

// Donation: a donation within the verifier's bounds.
#define WUFU_DONATION 2

// Gift: a card handed on.
#define WUFU_GIFT 3

// The largest amount, in minor units: a bound that accepts every amount.
#define WUFU_MAX_AMOUNT 281474976710655

// The latest time, in Unix seconds: a bound that accepts every time.
#define WUFU_MAX_TIME 1099511627775

// The largest number of nullifiers of a statement.
#define WUFU_NULLIFIERS 6

// The longest file of an envelope or a request, in bytes.
#define WUFU_MAX_ENVELOPE 204800

// Remembers floods of bad proofs between batches.
typedef struct WufuBatch WufuBatch;

// Bytes that this library made. They belong to the caller.
typedef struct WufuBuffer WufuBuffer;

// A verifying key that was checked. Pin it.
typedef struct WufuKey WufuKey;

// The checkpoints of one log that this verifier holds.
typedef struct WufuLog WufuLog;

// A signed request whose signature was checked.
typedef struct WufuRequest WufuRequest;

// Borrowed bytes. `data` may be null if `len` is 0. Texts are UTF-8, without a terminating zero.
typedef struct {
  // The first byte.
  const uint8_t *data;
  // The number of bytes.
  size_t len;
} WufuBytes;

// The amounts and times that a policy accepts, including all four bounds.
typedef struct {
  // The smallest amount, in minor units.
  uint64_t amount_min;
  // The largest amount, in minor units.
  uint64_t amount_max;
  // The earliest time, in Unix seconds.
  uint64_t time_min;
  // The latest time, in Unix seconds.
  uint64_t time_max;
} WufuBounds;

// What this verifier asked, and what it holds. Take none of it from the envelope. Fill it with
// zeros first.
typedef struct {
  // `WUFU_FIVE_FU`, `WUFU_DONATION` or `WUFU_GIFT`.
  uint32_t circuit;
  // The pinned key.
  const WufuKey *key;
  // For a donation: the donation log. Otherwise: the campaign's card log.
  const WufuLog *log;
  // For Five Fu: the campaign's person log. Otherwise: null.
  const WufuLog *persons;
  // The time of the check, in Unix seconds.
  uint64_t now;
  // How long a root counts after it was replaced, in seconds. 3600 is usual.
  uint64_t window;
  // When the question expires, in Unix seconds.
  uint64_t expiry;
  // For a donation: the 32 bytes of the Ed25519 key that signed the request. Otherwise: the name
  // of the campaign, a text.
  WufuBytes verifier;
  // For a donation: the challenge, 32 bytes. For Five Fu: the payout. For a gift: the payload.
  WufuBytes payload;
  // For a donation: what the answer is for, a text.
  WufuBytes purpose;
  // For a donation: the name of the log, a text.
  WufuBytes origin;
  // For a donation: the policy, in canonical bytes.
  WufuBytes policy;
  // For a donation: the ids of the accepted keys, 32 bytes each, one after the other.
  WufuBytes key_ids;
} WufuQuestion;

// The verdict on an envelope.
typedef struct {
  // `WUFU_ACCEPTED`, or the reason of the refusal.
  uint16_t reason;
  // The number of `nullifiers`: 0 unless the envelope is accepted.
  uint32_t nullifier_count;
  // The epoch whose roots the proof uses.
  uint64_t epoch;
  // The nullifiers that the proof spends. Admit it only if all of them are new to you: check and
  // insert them together, or none. Refuse if your store fails.
  uint8_t nullifiers[WUFU_NULLIFIERS][32];
} WufuVerdict;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns the bytes of a buffer, borrowed until it is freed. Empty if the buffer is null.
//
// # Safety
// It is null, or of this library and not freed.
WufuBytes wufu_buffer_bytes(const WufuBuffer *buffer);

// Frees a buffer.
//
// # Safety
// It is null, or of this library and not freed before.
void wufu_buffer_free(WufuBuffer *buffer);

// Decodes a verifying key. Accepts only ceremony keys, unless `accept_development` is true:
// whoever made a development key can forge.
//
// Returns 0 and writes the key to `out`, or returns the reason and writes null.
//
// # Safety
// `key` is readable, and `out` points at a place for a pointer.
uint16_t wufu_key_decode(WufuBytes key, bool accept_development, WufuKey **out);

// Writes the 32 bytes of a key's id to `out`, or zeros if it fails.
//
// # Safety
// `key` is of this library, and `out` points at 32 bytes.
uint16_t wufu_key_id(const WufuKey *key, uint8_t *out);

// Frees a key.
//
// # Safety
// It is null, or of this library and not freed before.
void wufu_key_free(WufuKey *key);

// Creates an empty history of the log `origin` (org/log). `epoch_seconds` is the published length
// of an epoch, or 0 if there is none: then the first checkpoint sets the length for all others.
// `out` is null if it fails.
//
// # Safety
// `origin` is readable, and `out` points at a place for a pointer.
uint16_t wufu_log_new(WufuBytes origin, uint64_t epoch_seconds, WufuLog **out);

// Opens a signed checkpoint with the log's pinned key, and adds it to the history.
//
// Returns 0 or the reason. 524 (`history-contradiction`) means that the log's operator lied: from
// then on nothing of that log is accepted.
//
// # Safety
// `log` is of this library and used by nobody else meanwhile; `log_key` and `note` are readable.
uint16_t wufu_log_insert(WufuLog *log, WufuBytes log_key, WufuBytes note);

// Opens every signed checkpoint of `notes`, a text of several as `wufu ledger checkpoints` writes
// it, and adds those of this log. Checkpoints of the same operator's other logs are skipped once
// their signatures are checked. Unless `count` is null, it becomes the number of checkpoints of
// this log, or 0 if the call fails.
//
// Returns 0 or the reason why a note is refused. Then nothing was added, unless the reason is 521
// to 524: those before the refused checkpoint were added. 521 (`history-origin`): none is of this
// log. For 524 see [`wufu_log_insert`].
//
// # Safety
// `log` is of this library and used by nobody else meanwhile; `log_key` and `notes` are readable;
// `count` is null or points at a place.
uint16_t wufu_log_insert_all(WufuLog *log, WufuBytes log_key, WufuBytes notes, size_t *count);

// Drops the checkpoints that were replaced longer ago than `window` seconds at `now`. Checks at
// `now` or later, with this window or a shorter one, do not accept their roots anyway. What was
// `root-expired` is `root-unknown` from then on. Without this call a log keeps all checkpoints for
// ever.
//
// # Safety
// `log` is of this library and used by nobody else meanwhile.
uint16_t wufu_log_prune(WufuLog *log, uint64_t now, uint64_t window);

// Frees a log.
//
// # Safety
// It is null, or of this library and not freed before.
void wufu_log_free(WufuLog *log);

// Creates a batch verifier. `out` is null if it fails.
//
// # Safety
// `out` points at a place for a pointer.
uint16_t wufu_batch_new(WufuBatch **out);

// Frees a batch verifier.
//
// # Safety
// It is null, or of this library and not freed before.
void wufu_batch_free(WufuBatch *batch);

// Returns the name of a verdict, such as `scope-not-asked`. It is the same in every language. Null
// if the number is not a verdict.
const char *wufu_reason_name(uint16_t reason);

// Returns the meaning of a verdict, in one sentence. Null if the number is not a verdict.
const char *wufu_reason_meaning(uint16_t reason);

// Encodes a policy in canonical bytes. It accepts a donation to one of `count` projects, each
// `institution * 2^32 + project`, in any order, within `bounds`. Null bounds accept every amount
// and every time. `out` is null if it fails.
//
// Returns 0, or the reason why the policy is refused (401 to 415).
//
// # Safety
// `projects` points at `count`, `bounds` is null or points at what its type says, and `out` points
// at a place for a pointer.
uint16_t wufu_policy_encode(const uint64_t *projects,
                            size_t count,
                            const WufuBounds *bounds,
                            WufuBuffer **out);

// Signs a request with an Ed25519 seed of 32 bytes, of which no copy is left. It reads these
// fields of `ask`: `circuit`, which is `WUFU_DONATION`, `purpose`, `origin`, `policy`, `payload`,
// which is the challenge (32 fresh random bytes), `expiry` and `key_ids`. `out` is null if it
// fails.
//
// Returns 0, or the reason why the question is refused (401 to 426).
//
// # Safety
// `seed` is readable, `ask` is null or points at what its type says, and `out` points at a place
// for a pointer.
uint16_t wufu_request_sign(WufuBytes seed, const WufuQuestion *ask, WufuRequest **out);

// Signs a request with a key that the caller keeps elsewhere, whose public half is
// `ask->verifier`. It calls `sign` once, with `context` and the bytes to sign. `sign` writes the
// 64 bytes of an Ed25519 signature to `signature` and returns whether it did. Everything else is
// as in [`wufu_request_sign`]. If there is no signature, or it is not the verifier's, the reason
// is 426.
//
// # Safety
// As [`wufu_request_sign`]; and `sign` returns, without unwinding or jumping out of this call.
uint16_t wufu_request_sign_with(const WufuQuestion *ask,
                                bool (*sign)(void *context, WufuBytes message, uint8_t *signature),
                                void *context,
                                WufuRequest **out);

// Reads a request from its file and checks its signature. `out` is null if it fails.
//
// Returns 0 or the reason. The request's verifier is whoever signed it: read only your own
// requests, or compare the verifier.
//
// # Safety
// `request` is readable, and `out` points at a place for a pointer.
uint16_t wufu_request_decode(WufuBytes request, WufuRequest **out);

// Encodes a request as a file, which wallets and every other library read. `out` is null if it
// fails.
//
// # Safety
// `request` is null or of this library, and `out` points at a place for a pointer.
uint16_t wufu_request_encode(const WufuRequest *request, WufuBuffer **out);

// Writes what a request asks to a question: `circuit`, `verifier`, `purpose`, `origin`, `policy`,
// `payload`, `key_ids` and `expiry`. The other fields keep their values: set `key`, `log`, `now`
// and `window`. What is written is borrowed from the request until the request is freed.
//
// # Safety
// `request` is null or of this library; `question` is null or points at a question that was
// filled, with zeros at least.
uint16_t wufu_request_question(const WufuRequest *request, WufuQuestion *question);

// Frees a request.
//
// # Safety
// It is null, or of this library and not freed before.
void wufu_request_free(WufuRequest *request);

// Checks whether bytes are an envelope. It verifies nothing, and does not read the proof's points.
//
// `envelope` is a file, or the bare protobuf that gRPC carries. If it has more than
// `WUFU_MAX_ENVELOPE` bytes, nothing is read. This holds for every function that takes an
// envelope.
//
// # Safety
// `envelope` is readable.
uint16_t wufu_envelope_read(WufuBytes envelope);

// Checks an envelope against what was asked.
//
// Returns the reason of the verdict. If it is 0, the envelope is accepted, and its nullifiers are
// yours to spend. `verdict` is written in every case, unless it is null.
//
// # Safety
// Every pointer is null or points at what its type says; `envelope` is readable. `verdict` may be
// uninitialised, and does not overlap anything that is read.
uint16_t wufu_verify(WufuBytes envelope, const WufuQuestion *question, WufuVerdict *verdict);

// Checks `count` envelopes together, each against the question at its position, and writes each
// verdict to its position. The verdicts are those of [`wufu_verify`]. `batch` remembers floods of
// bad proofs between calls. With null nothing is remembered, and during a flood every call costs
// up to 1.4 times as much as checking one by one.
//
// Questions that point at the same bytes for their policy share its tree of projects, which is
// computed once in a call (1,365 hashes for the largest).
//
// Returns 0 if every verdict was found, whatever the verdicts are. Otherwise it returns the
// reason, writes it as every verdict, and nothing is verified.
//
// # Safety
// `envelopes` and `questions` point at `count` each, and `verdicts` at places for as many; `batch`
// is null, or of this library and used by nobody else meanwhile. `verdicts` may be uninitialised,
// and do not overlap anything that is read.
uint16_t wufu_verify_batch(WufuBatch *batch,
                           const WufuBytes *envelopes,
                           const WufuQuestion *questions,
                           size_t count,
                           WufuVerdict *verdicts);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WUFU_VERIFIER_H */
