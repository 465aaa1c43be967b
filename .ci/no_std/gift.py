"""Writes the parts of an accepted gift from vectors/envelopes.json into a folder, as the files that
main.rs includes."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """The fields of a protobuf message that has only integers and bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        found[tag >> 3] = value
    return found


corpus = json.loads((ROOT / "vectors/envelopes.json").read_text(encoding="utf-8"))
case = next(case for case in corpus["cases"] if case["asked"]["circuit"] == "gift" and case["verdict"] == "accepted")
envelope, asked = fields(bytes.fromhex(case["envelope"])), case["asked"]
parts = {
    "key": bytes.fromhex(corpus["keys"][case["key"]]),
    "inputs": envelope[3],
    "proof": envelope[4],
    "key_id": envelope[5],
    "log_key": case["log_key"].encode(),
    "notes": "\0".join(case["logs"][0]["checkpoints"]).encode(),
    "org": asked["org"].encode(),
    "payload": bytes.fromhex(asked["payload"]),
    "expiry": asked["expiry"].to_bytes(8, "little"),
    "now": case["now"].to_bytes(8, "little"),
}
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, value in parts.items():
    (folder / name).write_bytes(value)
