// The light verifier of Wufu: one envelope in, a verdict out. README.md beside this folder tells how to link it.
// Licence: MIT OR Apache-2.0.


#ifndef WUFU_VERIFIER_H
#define WUFU_VERIFIER_H

// Written by cbindgen from bindings/c/src. Do not edit: bash .ci/c header

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// It is verified.
#define WUFU_ACCEPTED 0

// The caller's mistake: a null pointer, a text that is not UTF-8, a question that cannot be asked.
#define WUFU_MISUSE 1

// This library's mistake. Nothing is verified; what was passed to be changed is not to be used any more.
#define WUFU_INTERNAL 2

// Circuit: all five cards, not claimed before, a payee.
#define WUFU_FIVE_FU 1

// Circuit: a donation within bounds.
#define WUFU_DONATION 2

// Circuit: a card handed on.
#define WUFU_GIFT 3

// The largest amount, in minor units: a bound that leaves every amount in.
#define WUFU_MAX_AMOUNT 281474976710655

// The latest time, in Unix seconds: a bound that leaves every time in.
#define WUFU_MAX_TIME 1099511627775

// The most nullifiers that a statement has.
#define WUFU_NULLIFIERS 6

// The longest file of an envelope or a request.
#define WUFU_MAX_ENVELOPE 204800

// What remembers floods of bad proofs between batches.
typedef struct WufuBatch WufuBatch;

// Bytes that this library made. They belong to the caller.
typedef struct WufuBuffer WufuBuffer;

// A verifying key, checked: pin it.
typedef struct WufuKey WufuKey;

// The checkpoints of one log that this verifier holds.
typedef struct WufuLog WufuLog;

// A signed request, checked.
typedef struct WufuRequest WufuRequest;

// Bytes that are borrowed. `data` may be null when `len` is 0. Texts are UTF-8, without a zero at the end.
typedef struct {
  // The first.
  const uint8_t *data;
  // How many.
  size_t len;
} WufuBytes;

// Which amounts and times a policy admits. All four belong to it.
typedef struct {
  // The least amount, in minor units.
  uint64_t amount_min;
  // The largest amount, in minor units.
  uint64_t amount_max;
  // The earliest time, in Unix seconds.
  uint64_t time_min;
  // The latest time, in Unix seconds.
  uint64_t time_max;
} WufuBounds;

// What this verifier asked, in its own words, and what it holds. None of it may come from the envelope. Fill with zeros first.
typedef struct {
  // `WUFU_FIVE_FU`, `WUFU_DONATION` or `WUFU_GIFT`.
  uint32_t circuit;
  // The pinned key.
  const WufuKey *key;
  // The donation log; else the log of the campaign's cards.
  const WufuLog *log;
  // Five Fu: the log of the campaign's persons. Else null.
  const WufuLog *persons;
  // Unix seconds.
  uint64_t now;
  // For how many seconds a root counts after it was replaced. An hour is usual.
  uint64_t window;
  // When the question ends, in Unix seconds.
  uint64_t expiry;
  // Donation: the 32 bytes of the Ed25519 key that signed the request. Else: the campaign's org, a text.
  WufuBytes verifier;
  // Donation: the challenge, 32 bytes. Five Fu: the payout. Gift: the payload.
  WufuBytes payload;
  // Donation: what the answer is for, a text.
  WufuBytes purpose;
  // Donation: the log, a text.
  WufuBytes origin;
  // Donation: the policy, in canonical bytes.
  WufuBytes policy;
  // Donation: the ids of the keys that may be used, 32 bytes each, one after the other.
  WufuBytes key_ids;
} WufuQuestion;

// What is to be said of an envelope.
typedef struct {
  // `WUFU_ACCEPTED`, or why it is not.
  uint16_t reason;
  // How many of `nullifiers` there are: 0 unless it is accepted.
  uint32_t nullifier_count;
  // The epoch whose roots the proof is about.
  uint64_t epoch;
  // What the proof spends. It counts only if all of them are new to you: check and insert them together, or none; a store that cannot tell
  // refuses.
  uint8_t nullifiers[WUFU_NULLIFIERS][32];
} WufuVerdict;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The bytes of a buffer, borrowed until it is given back. None where it is null.
//
// # Safety
// It is null, or of this library and not given back.
WufuBytes wufu_buffer_bytes(const WufuBuffer *buffer);

// Gives a buffer back.
//
// # Safety
// It is null, or of this library and not given back before.
void wufu_buffer_free(WufuBuffer *buffer);

// Reads a verifying key. Keys of a ceremony only, unless `accept_development`: whoever made a development key can forge.
//
// Gives 0 and the key in `out`, or why it is none and null in `out`.
//
// # Safety
// `key` is readable, and `out` points at a place for a pointer.
uint16_t wufu_key_decode(WufuBytes key,
                         bool accept_development,
                         WufuKey **out);

// Writes the 32 bytes of a key's id to `out`: zeros, when it fails.
//
// # Safety
// `key` is of this library, and `out` points at 32 bytes.
uint16_t wufu_key_id(const WufuKey *key, uint8_t *out);

// Gives a key back.
//
// # Safety
// It is null, or of this library and not given back before.
void wufu_key_free(WufuKey *key);

// A history without checkpoints, of the log `origin` (org/log). `epoch_seconds` is the published length of an epoch, 0 where none
// is: then the first checkpoint says it for all. `out` is null when it fails.
//
// # Safety
// `origin` is readable, and `out` points at a place for a pointer.
uint16_t wufu_log_new(WufuBytes origin,
                      uint64_t epoch_seconds,
                      WufuLog **out);

// Opens a signed checkpoint with the log's pinned key, and takes it in.
//
// Gives 0, or why not. 524 (`history-contradiction`) means that the log's operator lied: from then on nothing of that log is
// accepted.
//
// # Safety
// `log` is of this library and used by nobody else meanwhile; `log_key` and `note` are readable.
uint16_t wufu_log_insert(WufuLog *log,
                         WufuBytes log_key,
                         WufuBytes note);

// Opens every signed checkpoint of `notes`, a text of several as `wufu ledger checkpoints` writes it, and takes in those of this log.
// Those of the same operator's other logs are passed over, once their signature was checked. `count`, unless it is null, is how many
// are of this log: 0 when it fails.
//
// Gives 0, or why one of them is none; then none was taken in, unless it is one that does not join the history (521 to 524): those
// before it did. 521 (`history-origin`): none is of this log. For 524 see [`wufu_log_insert`].
//
// # Safety
// `log` is of this library and used by nobody else meanwhile; `log_key` and `notes` are readable; `count` is null or points at a place.
uint16_t wufu_log_insert_all(WufuLog *log,
                             WufuBytes log_key,
                             WufuBytes notes,
                             size_t *count);

// Forgets the checkpoints of a log that were replaced longer ago than `window` seconds: no check at `now` or later accepts their roots, with
// such a window or a shorter one. What was `root-expired` is `root-unknown` from then on. Without it a log is held for ever.
//
// # Safety
// `log` is of this library and used by nobody else meanwhile.
uint16_t wufu_log_prune(WufuLog *log,
                        uint64_t now,
                        uint64_t window);

// Gives a log back.
//
// # Safety
// It is null, or of this library and not given back before.
void wufu_log_free(WufuLog *log);

// A batch verifier that has seen nothing. `out` is null when it fails.
//
// # Safety
// `out` points at a place for a pointer.
uint16_t wufu_batch_new(WufuBatch **out);

// Gives a batch verifier back.
//
// # Safety
// It is null, or of this library and not given back before.
void wufu_batch_free(WufuBatch *batch);

// The name of a verdict, as `scope-not-asked`: the same in every language. Null for a number that is none.
const char *wufu_reason_name(uint16_t reason);

// What a verdict means, in a sentence. Null for a number that is none.
const char *wufu_reason_meaning(uint16_t reason);

// Makes the canonical bytes of a policy: a donation to one of `count` projects, each `institution * 2^32 + project`, in whatever order,
// within `bounds`; null bounds admit every amount and every time. `out` is null when it fails.
//
// Gives 0, or why it is no policy (401 to 415).
//
// # Safety
// `projects` points at `count`, `bounds` is null or points at what its type says, and `out` points at a place for a pointer.
uint16_t wufu_policy_encode(const uint64_t *projects,
                            size_t count,
                            const WufuBounds *bounds,
                            WufuBuffer **out);

// Signs a request with an Ed25519 seed of 32 bytes, of which no copy is left. Of `ask`, these are looked at: `circuit`, which is
// `WUFU_DONATION`, `purpose`, `origin`, `policy`, `payload`, which is the challenge (32 fresh random bytes), `expiry` and `key_ids`. `out`
// is null when it fails.
//
// Gives 0, or what is wrong with the question (401 to 426).
//
// # Safety
// `seed` is readable, `ask` is null or points at what its type says, and `out` points at a place for a pointer.
uint16_t wufu_request_sign(WufuBytes seed,
                           const WufuQuestion *ask,
                           WufuRequest **out);

// Signs a request with a key that the caller keeps elsewhere, whose public half is `ask->verifier`. `sign` is called once, with `context`
// and the bytes to sign, writes 64 bytes of an Ed25519 signature to `signature` and says whether it did. Everything else is as with
// [`wufu_request_sign`]. A signature that is not the verifier's, or none, is 426.
//
// # Safety
// As [`wufu_request_sign`]; and `sign` returns, without unwinding or jumping out of this call.
uint16_t wufu_request_sign_with(const WufuQuestion *ask,
                                bool (*sign)(void *context, WufuBytes message, uint8_t *signature),
                                void *context,
                                WufuRequest **out);

// Reads a request from its file and checks its signature. `out` is null when it fails.
//
// Gives 0, or why it is none. Whoever signed it is its verifier: read a request of your own, or compare the verifier.
//
// # Safety
// `request` is readable, and `out` points at a place for a pointer.
uint16_t wufu_request_decode(WufuBytes request, WufuRequest **out);

// The file of a request, which wallets and every other library read. `out` is null when it fails.
//
// # Safety
// `request` is null or of this library, and `out` points at a place for a pointer.
uint16_t wufu_request_encode(const WufuRequest *request, WufuBuffer **out);

// Writes what a request asks to a question: `circuit`, `verifier`, `purpose`, `origin`, `policy`, `payload`, `key_ids` and `expiry`. All else
// in it stays: add `key`, `log`, `now` and `window`. What is written is borrowed from the request until it is given back.
//
// # Safety
// `request` is null or of this library; `question` is null or points at a question that was filled, with zeros at least.
uint16_t wufu_request_question(const WufuRequest *request,
                               WufuQuestion *question);

// Gives a request back.
//
// # Safety
// It is null, or of this library and not given back before.
void wufu_request_free(WufuRequest *request);

// Reads an envelope and says whether it is one. It verifies nothing, and does not look whether the proof's points are points.
//
// `envelope` is a file, or the bare protobuf that travels; of more than `WUFU_MAX_ENVELOPE` bytes nothing is read. So it is in every
// function that takes one.
//
// # Safety
// `envelope` is readable.
uint16_t wufu_envelope_read(WufuBytes envelope);

// Checks an envelope against what was asked.
//
// Gives the verdict's reason: 0 is accepted, and then its nullifiers are yours to spend. `verdict` is written in every case, unless it is
// null.
//
// # Safety
// Every pointer is null or points at what its type says; `envelope` is readable. `verdict`, which need not be filled, overlaps nothing that is read.
uint16_t wufu_verify(WufuBytes envelope,
                     const WufuQuestion *question,
                     WufuVerdict *verdict);

// Checks `count` envelopes together, each against the question of its place, and writes each verdict to its place: the one that
// [`wufu_verify`] gives. `batch` remembers floods of bad proofs between calls; with null nothing is remembered, and while a flood of them lasts every
// call costs up to 1.4 times what checking one by one does.
//
// Questions that point at the same bytes for their policy share its tree of projects, which is made once in a call (1,365 hashes for the largest).
//
// Gives 0 when every verdict was found, whatever it is; else why none was: then every verdict is that, and nothing is verified.
//
// # Safety
// `envelopes` and `questions` point at `count` each, and `verdicts` at places for as many; `batch` is null, or of this library and used by
// nobody else meanwhile. `verdicts`, which need not be filled, overlap nothing that is read.
uint16_t wufu_verify_batch(WufuBatch *batch,
                           const WufuBytes *envelopes,
                           const WufuQuestion *questions,
                           size_t count,
                           WufuVerdict *verdicts);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WUFU_VERIFIER_H */
