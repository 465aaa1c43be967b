"""Writes seeds/TARGET/*: where each fuzz target begins, from the accepted cases of vectors/."""

import base64
import json
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "fuzz/seeds"
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def load(name):
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def accepted(name, items, field):
    return [case[field] for case in load(f"vectors/{name}.json")[items] if case["verdict"] == "accepted"]


def write(target, seeds):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for at, seed in enumerate(dict.fromkeys(seeds)):
        (folder / f"{at:02}").write_bytes(seed)


def unhex(values):
    return [bytes.fromhex(value) for value in values]


def section(kind, body):
    return struct.pack("<IQ", kind, len(body)) + body


def r1cs():
    """One row, x * x = y."""
    one = (1).to_bytes(32, "little")
    form = lambda wire: struct.pack("<II", 1, wire) + one
    header = struct.pack("<I", 32) + R.to_bytes(32, "little") + struct.pack("<IIIIQI", 3, 0, 1, 1, 3, 1)
    labels = struct.pack("<QQQ", 0, 1, 2)
    body = section(1, header) + section(2, form(1) + form(1) + form(2)) + section(3, labels)
    return b"r1cs" + struct.pack("<II", 1, 3) + body


def wtns():
    header = struct.pack("<I", 32) + R.to_bytes(32, "little") + struct.pack("<I", 2)
    values = (1).to_bytes(32, "little") + (5).to_bytes(32, "little")
    return b"wtns" + struct.pack("<II", 2, 2) + section(1, header) + section(2, values)


def canonical(*fields):
    return struct.pack("<I", len(fields)) + b"".join(struct.pack("<I", len(f)) + f for f in fields)


messages = load("vectors/messages.json")
good = [case for message in messages["messages"] for case in message["accepted"]]
proofs = load("vectors/honest.json")["proofs"]
keys = unhex(accepted("keys", "keys", "key"))
notes = [case["note"].encode() for case in messages["checkpoints"]["accepted"]]
addresses = load("circuits/vectors/addresses.json")["accepted"]
text = lambda address: address["text"].encode()
decoded = lambda address: base64.urlsafe_b64decode(address["text"][5:] + "==")[:-4]

write("verifying_key", keys)
inputs = unhex(accepted("inputs", "inputs", "inputs"))
write("proof", unhex(accepted("proofs", "proofs", "proof")) + inputs + unhex(accepted("records", "records", "record")))
write(
    "canonical",
    unhex(accepted("policies", "policies", "policy") + accepted("requests", "requests", "request"))
    + [text(address) for address in addresses[:2]]
    + [decoded(address) for address in addresses[:2]],
)
log_keys = [case["log_key"].encode() for case in load("vectors/logs.json")["log_keys"] if case["verdict"] == "accepted"]
write("note", notes + [note.split(b"\n\n")[0] + b"\n" for note in notes] + log_keys)
write("history", [bytes([10, 5, 1, 12, 6, 2, 12, 20]), bytes([10, 5, 1, 11, 5, 1, 15, 6, 2, 18, 0]), bytes([9, 3, 3] * 2)])
write("message", unhex(case["bytes"] for case in good))
write("json", [json.dumps(case["json"], separators=(",", ":"), ensure_ascii=False).encode() for case in good])
write("envelope", unhex(proof["envelope"] for proof in proofs))
write(
    "proving_key",
    [b"wufu-pk1" + struct.pack("<I", len(key)) + key + bytes(64) for key in keys[:3]]
    + [b"zkey" + struct.pack("<II", 1, 1) + section(1, struct.pack("<I", 1)), b"wufu-pp1" + bytes(400)],
)
write("r1cs", [r1cs(), wtns()])
cerf = (ROOT / "ledger/tests/data/cerf_contributions.csv").read_bytes().splitlines(keepends=True)
write(
    "csv",
    [
        b"receipt,institution,project,amount,date,currency\r\n1,A,x,12.50,2018-02-15,CNY\r\n2,\"B, C\",y,0.1,15/02/2018,CNY\r\n",
        b"".join(cerf[:3]),
        b"receipt,address\n1," + text(addresses[0]) + b"\n",
        b"1,234.56",
        b"2018-02-15T22:18:00+08:00",
        b"amount=sum",
        b"cerf/donations/1/projects\ninstitution 1 A\nproject 1 1 x\n",
    ],
)
write(
    "wallet",
    [
        canonical(struct.pack("<Q", 1), bytes(8), notes[0], b"", notes[0], b""),
        canonical(struct.pack("<Q", 2), bytes(8), notes[0], bytes(64), notes[0], bytes(32)),
    ]
    + unhex(case["bytes"] for case in good[:2]),
)

# A token's seed, sums and end; sums; the values of a small request; messages. Of the sums each is a proof's own point.
point = unhex(accepted("proofs", "proofs", "proof"))[0]
sums = point[:32] + point[:32] + point[32:96] + point[96:]
end = struct.pack("<Q", 1_800_000_000 + 3_600)
field = lambda number, body: bytes([number << 3 | 2]) + bytes([len(body) & 127 | 128, len(body) >> 7]) + body
write(
    "blind",
    [
        b"\0" + bytes(224 + 5 * 160),
        b"\1" + bytes(range(32)) + sums + end,
        b"\2" + bytes(32 * 15),
        b"\3" + sums,
        b"\4\x08\x01\x12\x20" + bytes(range(32)) + b"\x18\x04",
        b"\4\x08\x01" + field(2, b"token"),
        b"\4\x08\x01\x12\x20" + bytes(range(32)),
        b"\4\x08\x01" + field(2, sums),
    ],
)
