/* Checks envelopes through the C interface, one by one and all together, and compares the verdicts
 * with the expected ones.
 *
 *     python3 .ci/corpus.py | corpus
 *
 * check_case() does what an embedder does; the rest reads the corpus. The embedder keeps the spent
 * set: here it is a list. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wufu_verifier.h"

enum { LINE = 1 << 18, KEYS = 8, LOGS = 2, NOTES = 8, SPENT = 16, CASES = 512 };

/* The numbers of reasons never change. */
enum { DEVELOPMENT = 311, SPENT_ALREADY = 701, STORE_FAILS = 702, CONTRADICTION = 524 };

typedef struct {
  uint8_t bytes[32];
} Nullifier;

typedef struct {
  char name[512], pinned[64], expected[64];
  WufuBytes envelope, log_key;
  WufuQuestion asked;
  WufuLog *logs[LOGS];
  size_t log_count;
  uint16_t log_refused; /* why one of the verifier's own checkpoints is refused */
  bool store_fails;
  Nullifier spent[SPENT], nullifiers[SPENT];
  size_t spent_count, nullifier_count;
  uint64_t epoch;
  uint16_t reason; /* the reason when checked one by one */
} Case;

static struct {
  char name[64];
  WufuKey *key;
} keys[KEYS];
static size_t key_count, keys_tried, files_tried, failures;

static void fail(const char *what, const char *got, const char *expected) {
  printf("%s: %s, expected %s\n", what, got ? got : "no such reason", expected);
  failures++;
}

static void ensure(bool holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "corpus: %s\n", what);
    exit(2);
  }
}

static WufuBytes unhex(const char *digits) {
  if (strcmp(digits, "-") == 0) return (WufuBytes){0};
  size_t len = strlen(digits) / 2;
  uint8_t *data = malloc(len + 1);
  ensure(data != NULL, "out of memory");
  for (size_t i = 0; i < len; i++)
    ensure(sscanf(digits + 2 * i, "%2hhx", &data[i]) == 1, "no digits");
  data[len] = 0;
  return (WufuBytes){data, len};
}

static Nullifier nullifier(const char *digits) {
  Nullifier out;
  WufuBytes bytes = unhex(digits);
  ensure(bytes.len == sizeof out, "a nullifier is 32 bytes");
  memcpy(&out, bytes.data, sizeof out);
  free((void *)bytes.data);
  return out;
}

/* Either all of them are new and all are inserted, or none is. */
static uint16_t spend(Case *c, const WufuVerdict *verdict) {
  if (c->store_fails) return STORE_FAILS;
  for (uint32_t i = 0; i < verdict->nullifier_count; i++) {
    for (size_t j = 0; j < c->spent_count; j++)
      if (memcmp(verdict->nullifiers[i], c->spent[j].bytes, 32) == 0) return SPENT_ALREADY;
    for (uint32_t j = 0; j < i; j++)
      if (memcmp(verdict->nullifiers[i], verdict->nullifiers[j], 32) == 0) return SPENT_ALREADY;
  }
  return WUFU_ACCEPTED;
}

/* The steps before the check: the envelope is read, then this verifier's own checkpoints must be
 * good. */
static uint16_t before(const Case *c) {
  uint16_t read = wufu_envelope_read(c->envelope);
  return read != WUFU_ACCEPTED ? read : c->log_refused;
}

static void compare(Case *c, const WufuVerdict *verdict, const char *how) {
  uint16_t reason = verdict->reason;
  if (reason == WUFU_ACCEPTED) reason = spend(c, verdict);
  const char *name = wufu_reason_name(reason);
  char what[640];
  snprintf(what, sizeof what, "%s (%s)", c->name, how);
  if (name == NULL || strcmp(name, c->expected) != 0) {
    fail(what, name, c->expected);
  } else if (reason == WUFU_ACCEPTED) {
    bool same = verdict->epoch == c->epoch && verdict->nullifier_count == c->nullifier_count;
    for (size_t i = 0; same && i < c->nullifier_count; i++)
      same = memcmp(verdict->nullifiers[i], c->nullifiers[i].bytes, 32) == 0;
    if (!same) fail(what, "another epoch or other nullifiers", "those of the case");
  }
}

static void check_case(Case *c) {
  WufuVerdict verdict = {.reason = before(c)};
  if (verdict.reason == WUFU_ACCEPTED) {
    uint16_t code = wufu_verify(c->envelope, &c->asked, &verdict);
    ensure(code == verdict.reason, "wufu_verify says two things");
  }
  compare(c, &verdict, "alone");
}

static void check_batch(Case *cases, size_t count) {
  WufuBytes *envelopes = calloc(count, sizeof *envelopes);
  WufuQuestion *questions = calloc(count, sizeof *questions);
  WufuVerdict *verdicts = calloc(count, sizeof *verdicts);
  WufuBatch *batch = NULL;
  ensure(envelopes && questions && verdicts, "out of memory");
  ensure(wufu_batch_new(&batch) == WUFU_ACCEPTED, "no batch");
  for (size_t i = 0; i < count; i++)
    envelopes[i] = cases[i].envelope, questions[i] = cases[i].asked;
  ensure(wufu_verify_batch(batch, envelopes, questions, count, verdicts) == WUFU_ACCEPTED,
         "no verdicts");
  for (size_t i = 0; i < count; i++) {
    uint16_t refused = before(&cases[i]);
    if (refused != WUFU_ACCEPTED) verdicts[i].reason = refused;
    compare(&cases[i], &verdicts[i], "in a batch");
  }
  wufu_batch_free(batch);
  free(envelopes), free(questions), free(verdicts);
}

static void read_key(char *value) {
  char *space = strrchr(value, ' ');
  ensure(space != NULL && key_count < KEYS, "a key has a name and bytes");
  *space = 0;
  WufuBytes bytes = unhex(space + 1);
  WufuKey *key = NULL;
  /* The ninth byte says how the key was made. */
  if (bytes.data[8] != 0)
    ensure(wufu_key_decode(bytes, false, &key) == DEVELOPMENT && key == NULL,
           "a development key passed for one of a ceremony");
  ensure(wufu_key_decode(bytes, true, &key) == WUFU_ACCEPTED, "a key is refused");
  snprintf(keys[key_count].name, sizeof keys[0].name, "%s", value);
  keys[key_count++].key = key;
  free((void *)bytes.data);
}

/* A key of vectors/keys.json: whose keys are trusted, the verdict, the key. */
static void try_key(char *value) {
  char *trust = value, *expected = strchr(value, ' ');
  char *digits = expected ? strchr(expected + 1, ' ') : NULL;
  ensure(digits != NULL, "a key has trust, verdict and bytes");
  *expected++ = 0, *digits++ = 0;
  WufuBytes bytes = unhex(digits);
  WufuKey *key = NULL;
  uint16_t code = wufu_key_decode(bytes, !strcmp(trust, "development"), &key);
  const char *name = wufu_reason_name(code);
  if (name == NULL || strcmp(name, expected) != 0) fail("a key", name, expected);
  ensure((code == WUFU_ACCEPTED) == (key != NULL), "a key that is refused and given, or neither");
  wufu_key_free(key);
  free((void *)bytes.data);
  keys_tried++;
}

/* A file of vectors/files.json: the message that is expected, the verdict, the file. */
static void try_file(char *value) {
  char *message = value, *expected = strchr(value, ' ');
  char *digits = expected ? strchr(expected + 1, ' ') : NULL;
  ensure(digits != NULL, "a file has a message, verdict and bytes");
  *expected++ = 0, *digits++ = 0;
  WufuBytes bytes = unhex(digits);
  uint16_t code = WUFU_ACCEPTED;
  if (!strcmp(message, "wufu.v1.Envelope")) {
    code = wufu_envelope_read(bytes);
    /* No bytes are the protobuf of an envelope without a version. */
    if (bytes.len == 0) expected = "message-choice";
  } else if (!strcmp(message, "wufu.v1.ProofRequest")) {
    WufuRequest *request = NULL;
    code = wufu_request_decode(bytes, &request);
    ensure((code == WUFU_ACCEPTED) == (request != NULL),
           "a request that is refused and given, or neither");
    wufu_request_free(request);
  } else {
    free((void *)bytes.data);
    return;
  }
  const char *name = wufu_reason_name(code);
  if (name == NULL || strcmp(name, expected) != 0) fail(message, name, expected);
  free((void *)bytes.data);
  files_tried++;
}

static void read_log(Case *c, char *value) {
  char *space = strchr(value, ' ');
  ensure(space != NULL && c->log_count < LOGS, "a log has an origin and a length of its epochs");
  *space = 0;
  WufuBytes origin = unhex(value);
  uint16_t code = wufu_log_new(origin, strtoull(space + 1, NULL, 10), &c->logs[c->log_count++]);
  ensure(code == WUFU_ACCEPTED, "a log is refused");
  free((void *)origin.data);
}

static void read_note(Case *c, const char *value) {
  WufuBytes note = unhex(value);
  uint16_t code = wufu_log_insert(c->logs[c->log_count - 1], c->log_key, note);
  /* A contradiction stays in the history, and the check reports it. */
  if (code != WUFU_ACCEPTED && code != CONTRADICTION && c->log_refused == WUFU_ACCEPTED)
    c->log_refused = code;
  free((void *)note.data);
}

static void read_line(Case *c, const char *word, char *value) {
  uint64_t number = strtoull(value, NULL, 10);
  if (!strcmp(word, "envelope")) c->envelope = unhex(value);
  else if (!strcmp(word, "circuit")) c->asked.circuit = (uint32_t)number;
  else if (!strcmp(word, "pinned")) snprintf(c->pinned, sizeof c->pinned, "%s", value);
  else if (!strcmp(word, "now")) c->asked.now = number;
  else if (!strcmp(word, "window")) c->asked.window = number;
  else if (!strcmp(word, "expiry")) c->asked.expiry = number;
  else if (!strcmp(word, "verifier")) c->asked.verifier = unhex(value);
  else if (!strcmp(word, "payload")) c->asked.payload = unhex(value);
  else if (!strcmp(word, "purpose")) c->asked.purpose = unhex(value);
  else if (!strcmp(word, "origin")) c->asked.origin = unhex(value);
  else if (!strcmp(word, "policy")) c->asked.policy = unhex(value);
  else if (!strcmp(word, "key_ids")) c->asked.key_ids = unhex(value);
  else if (!strcmp(word, "log_key")) c->log_key = unhex(value);
  else if (!strcmp(word, "log")) read_log(c, value);
  else if (!strcmp(word, "checkpoint")) read_note(c, value);
  else if (!strcmp(word, "store_fails")) c->store_fails = true;
  else if (!strcmp(word, "spent") && c->spent_count < SPENT)
    c->spent[c->spent_count++] = nullifier(value);
  else if (!strcmp(word, "verdict")) snprintf(c->expected, sizeof c->expected, "%s", value);
  else if (!strcmp(word, "epoch")) c->epoch = number;
  else if (!strcmp(word, "nullifier") && c->nullifier_count < SPENT)
    c->nullifiers[c->nullifier_count++] = nullifier(value);
  else ensure(false, "an unknown word");
}

/* An embedder's mistakes must not be accepted, and must not crash. */
static void misuse(const Case *c) {
  WufuVerdict verdict = {0};
  WufuQuestion asked = c->asked;
  WufuBytes nothing = {NULL, 5};
  ensure(wufu_verify(c->envelope, NULL, &verdict) == WUFU_MISUSE && verdict.reason == WUFU_MISUSE,
         "no question");
  ensure(wufu_verify(c->envelope, &asked, NULL) == WUFU_MISUSE, "no place for the verdict");
  ensure(wufu_verify(nothing, &asked, &verdict) == WUFU_MISUSE, "no bytes");
  asked.key = NULL;
  ensure(wufu_verify(c->envelope, &asked, &verdict) == WUFU_MISUSE, "no key");
  asked = c->asked, asked.circuit = 9;
  ensure(wufu_verify(c->envelope, &asked, &verdict) == WUFU_MISUSE, "no such circuit");
  ensure(wufu_verify_batch(NULL, &c->envelope, &asked, 1, &verdict) == WUFU_MISUSE,
         "no such circuit, in a batch");
  ensure(verdict.reason == WUFU_MISUSE && verdict.nullifier_count == 0, "a verdict on nothing");
  ensure(wufu_verify_batch(NULL, NULL, NULL, 1, NULL) == WUFU_MISUSE, "no arrays");
  ensure(wufu_verify_batch(NULL, NULL, NULL, 0, NULL) == WUFU_ACCEPTED, "an empty batch");
  ensure(wufu_key_id(NULL, NULL) == WUFU_MISUSE && wufu_log_new(nothing, 0, NULL) == WUFU_MISUSE,
         "nothing");
  ensure(wufu_log_prune(NULL, 0, 0) == WUFU_MISUSE, "no log");
  /* A failed call writes nothing in place of its result, whatever stood there. */
  WufuKey *key = (WufuKey *)&verdict;
  WufuLog *log = (WufuLog *)&verdict;
  uint8_t id[32], zeros[32] = {0};
  memset(id, 0x5a, sizeof id);
  ensure(wufu_key_decode(nothing, true, &key) == WUFU_MISUSE && key == NULL, "a key of nothing");
  ensure(wufu_log_new(nothing, 0, &log) == WUFU_MISUSE && log == NULL, "a log of nothing");
  ensure(wufu_key_id(NULL, id) == WUFU_MISUSE && memcmp(id, zeros, sizeof id) == 0,
         "an id of nothing");
  ensure(wufu_reason_name(999) == NULL && wufu_reason_meaning(631) != NULL, "names of reasons");
  wufu_key_free(NULL), wufu_log_free(NULL), wufu_batch_free(NULL);
}

static WufuBytes words(const char *value) {
  return (WufuBytes){(const uint8_t *)value, strlen(value)};
}

/* A key that is kept elsewhere: it signs once what it signed before, and refuses all else. */
static bool device(void *context, WufuBytes message, uint8_t *signature) {
  const WufuBytes *file = context;
  if (file->len < 64 || message.len == 0) return false;
  memcpy(signature, file->data + file->len - 64, 64);
  return true;
}

/* Requests survive a round trip through their file, and are refused where Rust refuses them. */
static void asking(void) {
  uint8_t seed[32] = {1}, challenge[32] = {7}, key_id[32] = {9};
  uint64_t projects[] = {(1ull << 32) + 2, (1ull << 32) + 1}, none = 5;
  WufuBounds swapped = {.amount_min = 2, .amount_max = 1, .time_min = 0, .time_max = WUFU_MAX_TIME};
  WufuBuffer *policy = NULL, *file = NULL, *again = (WufuBuffer *)&swapped;
  ensure(wufu_policy_encode(projects, 2, &swapped, &again) == 415 && again == NULL,
         "swapped bounds");
  ensure(wufu_policy_encode(&none, 1, NULL, &again) == 404, "a project of no institution");
  ensure(wufu_policy_encode(NULL, 0, NULL, &again) == 411 &&
         wufu_policy_encode(NULL, 1, NULL, &again) == WUFU_MISUSE,
         "no project");
  ensure(wufu_policy_encode(projects, 2, NULL, &policy) == WUFU_ACCEPTED, "a policy is refused");
  WufuQuestion ask = {.circuit = WUFU_DONATION,
                      .purpose = words("tax relief"),
                      .origin = words("cerf/donations/1"),
                      .policy = wufu_buffer_bytes(policy),
                      .payload = {challenge, 32},
                      .key_ids = {key_id, 32},
                      .expiry = 2000000000};
  WufuRequest *request = NULL, *other = NULL;
  ensure(wufu_request_sign((WufuBytes){seed, 32}, &ask, &request) == WUFU_ACCEPTED,
         "a request is refused");
  ensure(wufu_request_encode(request, &file) == WUFU_ACCEPTED, "a request has no file");
  WufuBytes bytes = wufu_buffer_bytes(file);
  ensure(wufu_request_decode(bytes, &other) == WUFU_ACCEPTED &&
         wufu_request_encode(other, &again) == WUFU_ACCEPTED,
         "its file is refused");
  WufuBytes same = wufu_buffer_bytes(again);
  ensure(same.len == bytes.len && memcmp(same.data, bytes.data, bytes.len) == 0,
         "another file of one request");
  wufu_buffer_free(again), wufu_request_free(other), other = NULL;

  WufuQuestion read = {.window = 5};
  ensure(wufu_request_question(request, &read) == WUFU_ACCEPTED && read.window == 5 &&
         read.expiry == ask.expiry,
         "another question");
  ensure(read.policy.len == ask.policy.len &&
         memcmp(read.policy.data, ask.policy.data, ask.policy.len) == 0,
         "another policy");
  ensure(wufu_request_sign_with(&read, device, &bytes, &other) == WUFU_ACCEPTED && other != NULL,
         "a signature from elsewhere is refused");
  wufu_request_free(other);
  WufuBytes short_file = {bytes.data, 10}, zeros = {challenge, 0};
  ensure(wufu_request_sign_with(&read, device, &short_file, &other) == 426 && other == NULL,
         "no signature");
  read.expiry++;
  ensure(wufu_request_sign_with(&read, device, &bytes, &other) == 426 && other == NULL,
         "a signature of another question");
  ensure(wufu_request_sign_with(&read, NULL, NULL, &other) == WUFU_MISUSE, "no signer");
  ensure(wufu_request_sign((WufuBytes){seed, 31}, &ask, &other) == WUFU_MISUSE &&
         wufu_request_sign(zeros, NULL, &other) == WUFU_MISUSE,
         "no seed");
  ask.purpose = words("claim");
  ensure(wufu_request_sign((WufuBytes){seed, 32}, &ask, &other) == 423 && other == NULL,
         "a reserved purpose");
  ask.circuit = WUFU_GIFT;
  ensure(wufu_request_sign((WufuBytes){seed, 32}, &ask, &other) == 422, "nobody asks for a gift");
  ensure(wufu_request_decode(zeros, &other) == 821 &&
         wufu_request_question(NULL, &read) == WUFU_MISUSE,
         "no request");
  ensure(wufu_buffer_bytes(NULL).data == NULL &&
         wufu_log_insert_all(NULL, zeros, zeros, NULL) == WUFU_MISUSE,
         "nothing");
  wufu_buffer_free(policy), wufu_buffer_free(file), wufu_request_free(request);
  wufu_buffer_free(NULL), wufu_request_free(NULL);
}

/* An envelope has at most 204,800 bytes: no more is decoded, however many empty items they are. */
static void flood(const Case *c) {
  size_t len = 8000000;
  uint8_t *data = malloc(len);
  ensure(data != NULL, "out of memory");
  for (size_t i = 0; i < len; i += 2) data[i] = 0x4a, data[i + 1] = 0;
  WufuVerdict verdict = {0};
  ensure(wufu_verify((WufuBytes){data, len}, &c->asked, &verdict) == 811, "an envelope of 8 MB");
  ensure(wufu_verify((WufuBytes){data, WUFU_MAX_ENVELOPE}, &c->asked, &verdict) == 805,
         "an envelope of 102,400 epochs");
  free(data);
}

int main(void) {
  static char line[LINE];
  Case *cases = calloc(CASES, sizeof *cases);
  ensure(cases != NULL, "out of memory");
  size_t count = 0;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *value = strchr(line, ' ');
    ensure(value != NULL, "a line is a word and a value");
    *value++ = 0;
    Case *c = &cases[count];
    if (!strcmp(line, "key")) {
      read_key(value);
    } else if (!strcmp(line, "try_key")) {
      try_key(value);
    } else if (!strcmp(line, "try_file")) {
      try_file(value);
    } else if (!strcmp(line, "case")) {
      ensure(count < CASES - 1, "too many cases");
      WufuBytes name = unhex(value);
      snprintf(c->name, sizeof c->name, "%s", (const char *)name.data);
      free((void *)name.data);
    } else if (!strcmp(line, "end")) {
      for (size_t i = 0; i < key_count; i++)
        if (!strcmp(keys[i].name, c->pinned)) c->asked.key = keys[i].key;
      c->asked.log = c->logs[0], c->asked.persons = c->logs[1];
      check_case(c);
      count++;
    } else {
      read_line(c, line, value);
    }
  }
  ensure(count >= 200 && keys_tried >= 80 && files_tried >= 40, "the corpus is short");
  check_batch(cases, count);
  misuse(&cases[0]);
  asking();
  flood(&cases[0]);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < LOGS; j++) wufu_log_free(cases[i].logs[j]);
    const WufuQuestion *asked = &cases[i].asked;
    const WufuBytes held[] = {cases[i].envelope, cases[i].log_key, asked->verifier, asked->payload,
                              asked->purpose, asked->origin, asked->policy, asked->key_ids};
    for (size_t j = 0; j < sizeof held / sizeof held[0]; j++) free((void *)held[j].data);
  }
  for (size_t i = 0; i < key_count; i++) wufu_key_free(keys[i].key);
  free(cases);
  printf("%zu envelopes, alone and in a batch, %zu keys and %zu files: %zu wrong\n", count,
         keys_tried, files_tried, failures);
  return failures != 0;
}
