"""Runs vectors/envelopes.json through the wheel, one by one and in one batch, then keys.json and
files.json: every case must come to the verdict that it states."""

import collections.abc
import json
import pathlib
import sys
import threading

import wufu_verifier as wufu

# Name to bytes.
KEYS = {}
CONTRADICTION = "history-contradiction"


def question(case, keys, logs):
    asked = case["asked"]
    key, expiry = keys[case["key"]], asked["expiry"]
    common = {"key": key, "now": case["now"], "window": case["window"], "expiry": expiry}
    if asked["circuit"] == "donation":
        names = ("verifier", "policy", "challenge")
        common.update((name, bytes.fromhex(asked[name])) for name in names)
        key_ids = [bytes.fromhex(key_id) for key_id in asked["key_ids"]]
        purpose, origin = asked["purpose"], asked["origin"]
        return wufu.Donation(
            log=logs[0], purpose=purpose, origin=origin, key_ids=key_ids, **common
        )
    if asked["circuit"] == "five-fu":
        payout = bytes.fromhex(asked["payout"])
        return wufu.Claim(cards=logs[0], persons=logs[1], org=asked["org"], payout=payout, **common)
    payload = bytes.fromhex(asked["payload"])
    return wufu.Gift(cards=logs[0], org=asked["org"], payload=payload, **common)


def histories(case):
    """Returns this verifier's own checkpoints, and why one of them is refused.

    A contradiction stays in the history, and the check reports it."""
    logs, refused = [], None
    for held in case["logs"]:
        log = wufu.Log(held["origin"], held["epoch_seconds"] or 0)
        for note in held["checkpoints"]:
            try:
                log.insert(case["log_key"], note)
            except wufu.Refused as error:
                if error.reason != CONTRADICTION:
                    refused = refused or error.reason
        logs.append(log)
    return logs, refused


def spend(case, verified):
    if case["spent"] is None:
        return "store"
    shown = [nullifier.hex() for nullifier in verified.nullifiers]
    is_repeated = len(set(shown)) < len(shown)
    return "spent" if is_repeated or set(shown) & set(case["spent"]) else "accepted"


def differs(case, refused, verdict):
    """Lists what is wrong with a verdict."""
    if refused is None:
        refused = verdict.reason if isinstance(verdict, wufu.Refused) else spend(case, verdict)
    expected = case.get("reason", "accepted")
    if refused != expected:
        return [f"{case['case']}: {refused}, expected {expected}"]
    if expected != "accepted":
        return []
    spent = [nullifier.hex() for nullifier in verdict.nullifiers]
    if (verdict.epoch, spent) != (case["epoch"], case["nullifiers"]):
        return [f"{case['case']}: another epoch, or other nullifiers"]
    return []


def alone(envelope, asked):
    try:
        return wufu.verify(envelope, asked)
    except wufu.Refused as error:
        return error


class Lazy(collections.abc.Sequence):
    """Makes its items as they are read, and keeps none. The library must still be able to read
    them."""

    def __init__(self, items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __getitem__(self, at):
        envelope, case = self._items[at]
        keys = {case["key"]: wufu.Key(KEYS[case["key"]], accept_development=True)}
        return envelope, question(case, keys, histories(case)[0])


def check_keys(path):
    wrong, cases = [], json.loads(path.read_text(encoding="utf-8"))["keys"]
    for case in cases:
        try:
            accept_development = case["trust"] == "development"
            key = wufu.Key(bytes.fromhex(case["key"]), accept_development)
            got, key_id = "accepted", key.id.hex()
        except wufu.Refused as error:
            got, key_id = error.reason, None
        if (got, key_id) != (case.get("reason", "accepted"), case.get("key_id")):
            wrong.append(f"key, {case['case']}: {got}, expected {case.get('reason', 'accepted')}")
    return len(cases), wrong


def check_files(path):
    """Reads the files of envelopes and requests, as every language does."""
    readers = {
        "wufu.v1.Envelope": wufu.read_envelope,
        "wufu.v1.ProofRequest": wufu.Request.decode,
    }
    wrong, count = [], 0
    for case in json.loads(path.read_text(encoding="utf-8"))["files"]:
        read = readers.get(case["message"])
        if read is None:
            continue
        file, expected = bytes.fromhex(case["file"]), case.get("reason", "accepted")
        if not file and read is wufu.read_envelope:
            # No bytes are the protobuf of an envelope without a version.
            expected = "message-choice"
        try:
            read(file)
            got = "accepted"
        except wufu.Refused as error:
            got = error.reason
            if not file and read is wufu.read_envelope and "empty" not in str(error):
                wrong.append("no bytes: the message does not say that the envelope is empty")
        count += 1
        if got != expected:
            wrong.append(f"file of {case['message']}, {case['case']}: {got}, expected {expected}")
    return count, wrong


def misuse(items):
    """Values that are not bytes are refused before the library sees them. Threads share a batch
    and a log."""
    for bad in (5, None, [1, 2]):
        try:
            wufu.read_envelope(bad)
            sys.exit(f"{bad!r} passed for bytes")
        except TypeError:
            pass
    batch, verdicts = wufu.Batch(), []

    def check():
        verdicts.append([str(verdict) for verdict in batch.verify(items)])

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _, asked in items:
        for log in asked._logs():
            log.prune(0)
    for thread in threads:
        thread.join()
    if len(verdicts) != 3 or any(other != verdicts[0] for other in verdicts):
        sys.exit("threads that share a batch get different verdicts")


def main(path):
    corpus = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    KEYS.update((name, bytes.fromhex(key)) for name, key in corpus["keys"].items())
    keys = {name: wufu.Key(key, accept_development=True) for name, key in KEYS.items()}
    wrong, items, before = [], [], []
    for case in corpus["cases"]:
        logs, refused = histories(case)
        asked, envelope = question(case, keys, logs), bytes.fromhex(case["envelope"])
        try:
            wufu.read_envelope(envelope)
        except wufu.Refused as error:
            refused = error.reason
        wrong += differs(case, refused, alone(envelope, asked))
        items.append((envelope, asked))
        before.append(refused)
    lazy = Lazy([(envelope, case) for (envelope, _), case in zip(items, corpus["cases"])])
    for how, shown in (("in a batch", items), ("from a sequence that keeps nothing", lazy)):
        for case, refused, verdict in zip(corpus["cases"], before, wufu.Batch().verify(shown)):
            wrong += [f"{how}: {what}" for what in differs(case, refused, verdict)]
    misuse(items[:20])
    key_count, wrong_keys = check_keys(pathlib.Path(path).with_name("keys.json"))
    file_count, wrong_files = check_files(pathlib.Path(path).with_name("files.json"))
    wrong += wrong_keys + wrong_files
    counts = f"{len(items)} envelopes alone and in batches, {key_count} keys, {file_count} files"
    print("\n".join(wrong + [f"{counts}: {len(wrong)} wrong"]))
    sys.exit(bool(wrong) or len(items) < 200 or key_count < 80 or file_count < 40)


main(sys.argv[1])
