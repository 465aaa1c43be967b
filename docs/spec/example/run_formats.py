"""How one case runs: hashes, keys, records, requests, notes, messages and files."""

import json

import files
import jsonform
import messages
import wire
from asking import Request
from corpus import FILES, Different, expect, expect_fields, expect_verdict
from encoding import element_bytes
from groth16 import Proof, VerifyingKey
from history import History
from notes import Checkpoint, LogKey
from poseidon import H, ext_of
from statements import STATEMENTS, Policy, Record


def run_poseidon(case):
    inputs = [int(text) for text in case["inputs"]]
    try:
        expect(str(H(*inputs)), case.get("hash"), "hash")
    except ValueError:
        expect("refused", "accepted" if "hash" in case else "refused", "verdict")


def run_inputs(case):
    statement = STATEMENTS[case["circuit"]]
    inputs = expect_verdict(case, statement.read_inputs, bytes.fromhex(case["inputs"]))
    if inputs:
        nullifiers = [element_bytes(inputs[name]).hex() for name in statement.nullifiers]
        expect_fields(case, names=statement.inputs, nullifiers=nullifiers)


def run_proof(case):
    data = bytes.fromhex(case["proof"])
    proof = expect_verdict(case, Proof, data)
    if proof:
        expect(proof.encode(), data, "proof, encoded again")


def run_key(case):
    data = bytes.fromhex(case["key"])
    key = expect_verdict(case, VerifyingKey, data, case["trust"] == "development")
    if key:
        expect(key.encode(), data, "key, encoded again")
        expect_fields(
            case,
            circuit=key.statement.name,
            key_id=key.id.hex(),
            provenance=key.provenance,
            reduction=key.reduction,
        )


def run_record(case):
    record = expect_verdict(case, Record, bytes.fromhex(case["record"]))
    if record:
        numbers = {
            name: element_bytes(getattr(record, name)).hex() for name in ("own", "body", "leaf")
        }
        expect_fields(
            case,
            project_key=str(record.project_key),
            amount=record.amount,
            time=record.time,
            **numbers
        )


def run_policy(case):
    data = bytes.fromhex(case["policy"])
    policy = expect_verdict(case, Policy.read_canonical, data)
    if policy:
        expect(policy.canonical(), data, "policy, encoded again")
        expect_fields(
            case,
            project_keys=[str(key) for key in policy.project_keys],
            amount=list(policy.amount),
            time=list(policy.time),
            set_root=element_bytes(policy.set_root()).hex(),
            hash=element_bytes(policy.hash()).hex(),
            admits_the_record=policy.admits(
                Record(bytes.fromhex(FILES["policies.json"]["record"]))
            ),
        )


def run_request(case):
    request = expect_verdict(case, Request.read_canonical, bytes.fromhex(case["request"]))
    if request:
        ext = ext_of(request.verifier, request.challenge, request.expiry, request.key_ids[0])
        expect_fields(
            case,
            verifier=request.verifier.hex(),
            purpose=request.purpose,
            origin=request.origin,
            policy=request.policy.canonical().hex(),
            challenge=request.challenge.hex(),
            expiry=request.expiry,
            key_ids=[key_id.hex() for key_id in request.key_ids],
            scope=element_bytes(request.scope()).hex(),
            ext_under_the_first_key=element_bytes(ext).hex(),
        )


def run_log_key(case):
    key = expect_verdict(case, LogKey, case["log_key"])
    if key:
        expect_fields(case, name=key.name)


def run_history(case):
    history = History(case["origin"], case["epoch_seconds"])
    for step in case["steps"]:
        expect_verdict(
            step, lambda: history.join(Checkpoint(LogKey(step["log_key"]), step["note"]))
        )
    for root in case["roots"]:
        asked = int.from_bytes(bytes.fromhex(root["root"]), "little")
        epoch = expect_verdict(root, history.accept, asked, root["now"], root["window"])
        expect(epoch, root.get("epoch"), "epoch")


def run_checkpoint(case):
    key = LogKey(FILES["messages.json"]["checkpoints"]["log_key"])
    checkpoint = expect_verdict(case, Checkpoint, key, case["note"])
    if checkpoint:
        expect_fields(
            case,
            epoch=checkpoint.epoch,
            origin=checkpoint.origin,
            root=element_bytes(checkpoint.root).hex(),
            size=checkpoint.size,
            time=checkpoint.time,
        )


def run_message(case):
    name, data = case["message"], bytes.fromhex(case["bytes"])

    def read():
        message = wire.read(name, data)
        messages.CHECKS[name](message)
        return message

    message = expect_verdict(case, read)
    if message:
        expect(wire.encode(name, message), data, "message, encoded again")
        expect(jsonform.to_json(name, message), case["json"], "JSON")
        expect(jsonform.from_json(name, json.dumps(case["json"])), message, "message from JSON")


def run_refused_json(case):
    try:
        jsonform.from_json(case["message"], case["text"])
    except jsonform.NoJson:
        return
    raise Different("JSON is read, expected a refusal")


def run_file(case):
    name = case["message"].removeprefix("wufu.v1.")
    inside = expect_verdict(case, files.read_file, name, bytes.fromhex(case["file"]))
    if inside is not None:
        expect_fields(case, bytes=inside.hex())
