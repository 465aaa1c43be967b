/* How a verifier embeds the library: it pins a key and a log, asks a question, and checks the
 * answer.
 *
 *     embed KEY LOG_KEY CHECKPOINTS REQUEST ENVELOPE
 *     embed --ask SEED KEY ORIGIN PROJECT OUT
 *
 * The first form takes five files that `wufu demo` writes: a verifying key, a log key, signed
 * checkpoints, this verifier's own request, and the answer that somebody presented. It exits with
 * 0 if the answer is accepted. The second form makes a request: SEED is a file of 32 bytes, PROJECT
 * is institution * 2^32 + project. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wufu_verifier.h"

enum { SMALL = 4096, NOTES = 64 << 20 };

static WufuBytes text(const char *value) {
  return (WufuBytes){(const uint8_t *)value, strlen(value)};
}

/* Reads a file, but no more than max bytes. */
static WufuBytes read_file(const char *path, size_t max) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(max + 1);
  size_t len = file && data ? fread(data, 1, max + 1, file) : 0;
  if (!file || !data || ferror(file) || len > max) {
    fprintf(stderr, "%s: cannot be read, or has more than %zu bytes\n", path, max);
    exit(2);
  }
  fclose(file);
  if (len == 0) {
    fprintf(stderr, "%s: is empty\n", path);
    exit(1);
  }
  return (WufuBytes){data, len};
}

static void must(uint16_t reason, const char *what) {
  if (reason == WUFU_ACCEPTED) return;
  fprintf(stderr, "%s: %s: %s\n", what, wufu_reason_name(reason), wufu_reason_meaning(reason));
  exit(1);
}

/* Accepts development keys, because the demo's are. In production pass false. */
static WufuKey *pinned_key(const char *path) {
  WufuBytes bytes = read_file(path, SMALL);
  WufuKey *key = NULL;
  must(wufu_key_decode(bytes, true, &key), path);
  free((void *)bytes.data);
  return key;
}

static int check(char **args) {
  WufuKey *key = pinned_key(args[0]);
  WufuBytes log_key = read_file(args[1], SMALL), notes = read_file(args[2], NOTES);
  WufuBytes request_file = read_file(args[3], WUFU_MAX_ENVELOPE);
  WufuBytes envelope = read_file(args[4], WUFU_MAX_ENVELOPE);

  /* Your own request, not one that came with the answer. */
  WufuRequest *request = NULL;
  WufuQuestion asked = {0};
  must(wufu_request_decode(request_file, &request), args[3]);
  must(wufu_request_question(request, &asked), args[3]);

  WufuLog *log = NULL;
  size_t count = 0;
  must(wufu_log_new(asked.origin, 0, &log), "log");
  must(wufu_log_insert_all(log, log_key, notes, &count), args[2]);

  asked.key = key, asked.log = log, asked.now = (uint64_t)time(NULL), asked.window = 3600;
  WufuVerdict verdict;
  must(wufu_verify(envelope, &asked, &verdict), args[4]);
  /* In production: check that all of verdict.nullifiers are new to your database, and store them in
   * one step. */
  unsigned long long epoch = verdict.epoch;
  printf("accepted: a donation that you asked for, as of epoch %llu\n", epoch);
  printf("checkpoints held: %zu\n", count);

  wufu_log_free(log), wufu_request_free(request), wufu_key_free(key);
  free((void *)log_key.data), free((void *)notes.data);
  free((void *)request_file.data), free((void *)envelope.data);
  return 0;
}

static int ask(char **args) {
  WufuBytes seed = read_file(args[0], 32);
  WufuKey *key = pinned_key(args[1]);
  uint8_t challenge[32], key_id[32];
  FILE *random = fopen("/dev/urandom", "rb");
  if (!random || fread(challenge, 1, sizeof challenge, random) != sizeof challenge) exit(2);
  fclose(random);
  must(wufu_key_id(key, key_id), args[1]);

  uint64_t project = strtoull(args[3], NULL, 10);
  WufuBounds bounds = {.amount_min = 1, .amount_max = WUFU_MAX_AMOUNT, .time_max = WUFU_MAX_TIME};
  WufuBuffer *policy = NULL, *file = NULL;
  WufuRequest *request = NULL;
  must(wufu_policy_encode(&project, 1, &bounds, &policy), "policy");
  WufuQuestion question = {.circuit = WUFU_DONATION,
                           .purpose = text("tax relief"),
                           .origin = text(args[2]),
                           .policy = wufu_buffer_bytes(policy),
                           .payload = {challenge, sizeof challenge},
                           .key_ids = {key_id, sizeof key_id},
                           .expiry = (uint64_t)time(NULL) + 86400};
  must(wufu_request_sign(seed, &question, &request), "request");
  must(wufu_request_encode(request, &file), "request");

  WufuBytes bytes = wufu_buffer_bytes(file);
  FILE *out = fopen(args[4], "wb");
  if (!out || fwrite(bytes.data, 1, bytes.len, out) != bytes.len || fclose(out) != 0) {
    fprintf(stderr, "%s: cannot be written\n", args[4]);
    exit(2);
  }
  printf("asked: %s, %zu bytes\n", args[4], bytes.len);
  wufu_buffer_free(file), wufu_buffer_free(policy), wufu_request_free(request), wufu_key_free(key);
  memset((void *)seed.data, 0, seed.len);
  free((void *)seed.data);
  return 0;
}

int main(int count, char **args) {
  if (count == 6) return check(args + 1);
  if (count == 7 && strcmp(args[1], "--ask") == 0) return ask(args + 2);
  fprintf(stderr, "usage: embed KEY LOG_KEY CHECKPOINTS REQUEST ENVELOPE\n"
                  "       embed --ask SEED KEY ORIGIN PROJECT OUT\n");
  return 2;
}
