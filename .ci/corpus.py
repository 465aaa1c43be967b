"""Prints vectors/envelopes.json, keys.json and files.json as lines of `word value`, for programs
without a JSON parser. Bytes and texts are printed in hexadecimal digits."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def say(word, value=""):
    print(word, value)


def text(word, value):
    say(word, value.encode().hex() or "-")


corpus = json.loads((ROOT / "vectors/envelopes.json").read_text(encoding="utf-8"))
for name, key in corpus["keys"].items():
    say("key", f"{name} {key}")
for case in json.loads((ROOT / "vectors/keys.json").read_text(encoding="utf-8"))["keys"]:
    say("try_key", f"{case['trust']} {case.get('reason', 'accepted')} {case['key'] or '-'}")
for case in json.loads((ROOT / "vectors/files.json").read_text(encoding="utf-8"))["files"]:
    say("try_file", f"{case['message']} {case.get('reason', 'accepted')} {case['file'] or '-'}")
for case in corpus["cases"]:
    asked = case["asked"]
    text("case", case["case"])
    say("envelope", case["envelope"] or "-")
    say("circuit", {"five-fu": 1, "donation": 2, "gift": 3}[asked["circuit"]])
    say("pinned", case["key"])
    for field in ("now", "window"):
        say(field, case[field])
    say("expiry", asked["expiry"])
    if asked["circuit"] == "donation":
        say("verifier", asked["verifier"])
        say("payload", asked["challenge"])
        text("purpose", asked["purpose"])
        text("origin", asked["origin"])
        say("policy", asked["policy"])
        say("key_ids", "".join(asked["key_ids"]))
    else:
        text("verifier", asked["org"])
        say("payload", (asked["payout"] if asked["circuit"] == "five-fu" else asked["payload"]) or "-")
    text("log_key", case["log_key"])
    for log in case["logs"]:
        say("log", f"{log['origin'].encode().hex()} {log['epoch_seconds'] or 0}")
        for note in log["checkpoints"]:
            text("checkpoint", note)
    if case["spent"] is None:
        say("store_fails", 1)
    for nullifier in case["spent"] or []:
        say("spent", nullifier)
    say("verdict", case.get("reason", "accepted"))
    if case["verdict"] == "accepted":
        say("epoch", case["epoch"])
        for nullifier in case["nullifiers"]:
            say("nullifier", nullifier)
    say("end")
