"""verdicts.md: one envelope, one question, and the first fault in the order of the steps."""

import wire
from encoding import Refused, element_bytes, require
from groth16 import Proof
from history import History, accept_anchor
from messages import check_envelope
from notes import Checkpoint
from poseidon import ext_of, scope_of
from statements import STATEMENTS


class Question:
    """What a verifier asked. `asked` has bytes for bytes; `policy` is a Policy."""

    def __init__(self, asked):
        self.__dict__.update(asked)
        self.statement = STATEMENTS[self.circuit]

    def verifier_id(self):
        return self.verifier if self.circuit == "donation" else self.org

    def payload_bound(self):
        return {"donation": "challenge", "five-fu": "payout", "gift": "payload"}[self.circuit]

    def ext(self, key_id):
        return ext_of(self.verifier_id(), getattr(self, self.payload_bound()), self.expiry, key_id)


def read_envelope(data):
    """Step 1."""
    message = wire.read("Envelope", data)
    check_envelope(message, points=False)
    return message


def read_logs(log_key, logs):
    """Step 2: histories of (origin, epoch_seconds, notes)."""
    histories = []
    for origin, epoch_seconds, notes in logs:
        history = History(origin, epoch_seconds)
        histories.append(history)
        for note in notes:
            try:
                history.join(Checkpoint(log_key, note))
            except Refused as refusal:
                if refusal.reason != "history-contradiction":
                    raise
    return histories


def check_proof(question, key, envelope, histories, now, window):
    """Step 3. Returns the epoch, and the nullifiers as bytes."""
    statement = question.statement
    require(len(envelope["key_id"]) == 32, "key-id-length")
    require(len(envelope["proof"]) == 128, "proof-length")
    require(envelope["key_id"] == key.id, "other-key")
    require(key.statement is statement, "other-circuit")
    inputs = statement.read_inputs(envelope["public_inputs"])
    proof = Proof(envelope["proof"])
    if statement.name == "donation":
        require(key.id in question.key_ids, "question")
        require(histories[0].origin == question.origin, "question")
    else:
        logs = ["cards", "persons"] if statement.name == "five-fu" else ["cards"]
        require(
            [history.origin for history in histories] == [f"{question.org}/{log}" for log in logs],
            "other-log",
        )
    if statement.name == "five-fu":
        epoch = accept_anchor(
            *histories, inputs["anchor"], scope_of(question.org, "claim"), now, window
        )
    else:
        epoch = histories[0].accept(inputs["root"], now, window)
    if statement.name == "donation":
        require(inputs["scope"] == scope_of(question.verifier, question.purpose), "scope-not-asked")
        require(inputs["policy"] == question.policy.hash(), "policy-not-asked")
    require(inputs["ext"] == question.ext(key.id), "ext-not-asked")
    require(now < question.expiry, "over")
    key.require_equation(proof, list(inputs.values()))
    return epoch, [element_bytes(inputs[name]) for name in statement.nullifiers]


def spend(spent, nullifiers):
    """Step 4. `spent` is a set of nullifiers, or None for a set that fails."""
    require(spent is not None, "store")
    require(len(set(nullifiers)) == len(nullifiers) and spent.isdisjoint(nullifiers), "spent")
    spent.update(nullifiers)
