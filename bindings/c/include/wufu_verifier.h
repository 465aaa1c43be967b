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

// The most nullifiers that a statement has.
#define WUFU_NULLIFIERS 6

// What remembers floods of bad proofs between batches.
typedef struct WufuBatch WufuBatch;

// A verifying key, checked: pin it.
typedef struct WufuKey WufuKey;

// The checkpoints of one log that this verifier holds.
typedef struct WufuLog WufuLog;

// Bytes that are borrowed. `data` may be null when `len` is 0. Texts are UTF-8, without a zero at the end.
typedef struct {
  // The first.
  const uint8_t *data;
  // How many.
  size_t len;
} WufuBytes;

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

// Reads an envelope and says whether it is one. It verifies nothing, and does not look whether the proof's points are points.
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
