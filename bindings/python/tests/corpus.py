"""vectors/envelopes.json through the wheel, one by one and in one batch: every case comes to the verdict that it states."""

import json
import pathlib
import sys

import wufu_verifier as wufu

CONTRADICTION = "history-contradiction"


def question(case, keys, logs):
    asked = case["asked"]
    common = {"key": keys[case["key"]], "now": case["now"], "window": case["window"], "expiry": asked["expiry"]}
    if asked["circuit"] == "donation":
        binary = {name: bytes.fromhex(asked[name]) for name in ("verifier", "policy", "challenge")}
        key_ids = [bytes.fromhex(key_id) for key_id in asked["key_ids"]]
        return wufu.Donation(log=logs[0], purpose=asked["purpose"], origin=asked["origin"], key_ids=key_ids, **binary, **common)
    if asked["circuit"] == "five-fu":
        payout = bytes.fromhex(asked["payout"])
        return wufu.Claim(cards=logs[0], persons=logs[1], org=asked["org"], payout=payout, **common)
    return wufu.Gift(cards=logs[0], org=asked["org"], payload=bytes.fromhex(asked["payload"]), **common)


def histories(case):
    """This verifier's own checkpoints, and why one of them is none. A contradiction stays in the history, and the check tells it."""
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
    return "spent" if len(set(shown)) < len(shown) or set(shown) & set(case["spent"]) else "accepted"


def differs(case, refused, verdict):
    """What is wrong with a verdict, if anything."""
    if refused is None:
        refused = verdict.reason if isinstance(verdict, wufu.Refused) else spend(case, verdict)
    expected = case.get("reason", "accepted")
    if refused != expected:
        return [f"{case['case']}: {refused}, expected {expected}"]
    if expected == "accepted" and (verdict.epoch, [n.hex() for n in verdict.nullifiers]) != (case["epoch"], case["nullifiers"]):
        return [f"{case['case']}: another epoch, or other nullifiers"]
    return []


def alone(envelope, asked):
    try:
        return wufu.verify(envelope, asked)
    except wufu.Refused as error:
        return error


def main(path):
    corpus = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    keys = {name: wufu.Key(bytes.fromhex(key), accept_development=True) for name, key in corpus["keys"].items()}
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
    for case, refused, verdict in zip(corpus["cases"], before, wufu.Batch().verify(items)):
        wrong += [f"in a batch: {what}" for what in differs(case, refused, verdict)]
    print("\n".join(wrong + [f"{len(items)} envelopes, alone and in a batch: {len(wrong)} wrong"]))
    sys.exit(bool(wrong) or len(items) < 100)


main(sys.argv[1])
