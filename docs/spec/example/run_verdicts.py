"""How one case runs: envelopes from end to end."""

from corpus import FILES, expect, expect_fields, expect_verdict
from groth16 import VerifyingKey
from notes import LogKey
from statements import Policy
from verdict import Question, check_proof, read_envelope, read_logs, spend


def question(asked):
    binary = ("verifier", "challenge", "payout", "payload")
    read = {
        name: bytes.fromhex(value) if name in binary else value for name, value in asked.items()
    }
    if "policy" in asked:
        read["policy"] = Policy.read_canonical(bytes.fromhex(asked["policy"]))
        read["key_ids"] = [bytes.fromhex(key_id) for key_id in asked["key_ids"]]
    return Question(read)


def run_envelope(case):
    spent = (
        None if case["spent"] is None else {bytes.fromhex(nullifier) for nullifier in case["spent"]}
    )
    key = VerifyingKey(bytes.fromhex(FILES["envelopes.json"]["keys"][case["key"]]), True)

    def judge():
        envelope = read_envelope(bytes.fromhex(case["envelope"]))
        logs = [(log["origin"], log["epoch_seconds"], log["checkpoints"]) for log in case["logs"]]
        histories = read_logs(LogKey(case["log_key"]), logs)
        epoch, nullifiers = check_proof(
            question(case["asked"]), key, envelope, histories, case["now"], case["window"]
        )
        spend(spent, nullifiers)
        return epoch, nullifiers

    result = expect_verdict(case, judge)
    if result:
        expect_fields(
            case, epoch=result[0], nullifiers=[nullifier.hex() for nullifier in result[1]]
        )
        expect(spent >= set(result[1]), True, "nullifiers are spent")


def run_honest(case):
    """The question is the one in the envelope; the log key is of a case in envelopes.json."""
    key = VerifyingKey(bytes.fromhex(case["key"]), True)
    envelope = read_envelope(bytes.fromhex(case["envelope"]))
    expect(key.statement.name, case["circuit"], "circuit")
    origins = [epoch["origin"] for epoch in envelope["epochs"]]
    org, expiry = origins[0].removesuffix("/cards"), FILES["honest.json"]["expiry"]
    asked = {"circuit": case["circuit"], "org": org, "expiry": expiry}
    if case["circuit"] == "donation":
        asked |= envelope["request"] | {
            "policy": Policy.read_message(envelope["request"]["policy"])
        }
    elif case["circuit"] == "five-fu":
        asked |= envelope["claim"]
    else:
        asked |= {"payload": bytes.fromhex(case["payload"])}
    named = "a donation" if case["circuit"] == "donation" else "a claim"
    log_key = next(c["log_key"] for c in FILES["envelopes.json"]["cases"] if c["case"] == named)
    logs = [(origin, None, [note]) for origin, note in zip(origins, case["notes"])]
    histories = read_logs(LogKey(log_key), logs)
    now = max(checkpoint.time for history in histories for checkpoint in history.held.values())
    check_proof(Question(asked), key, envelope, histories, now, 0)
    expect(asked["expiry"], expiry, "expiry")
