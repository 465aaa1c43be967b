"""Writes seeds/TARGET/*: the inputs that each fuzz target starts from.

They are made from the accepted cases of vectors/.
"""

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
write("proof", unhex(accepted("proofs", "proofs", "proof")) + inputs + unhex(accepted("records", "records", "record")) + [bytes(range(32))[::-1]])
write(
    "canonical",
    unhex(accepted("policies", "policies", "policy") + accepted("requests", "requests", "request"))
    + [text(address) for address in addresses[:2]]
    + [decoded(address) for address in addresses[:2]],
)
log_keys = [case["log_key"].encode() for case in load("vectors/logs.json")["log_keys"] if case["verdict"] == "accepted"]
answers = load("vectors/receipts.json")
answers = [answers[kind][0]["note"].encode().replace(b"wufu/", b"cerf/") for kind in ("receipts", "refusals")]
write("note", notes + [note.split(b"\n\n")[0] + b"\n" for note in notes + answers] + log_keys)
write("history", [bytes([10, 5, 1, 12, 6, 2, 12, 20]), bytes([10, 5, 1, 11, 5, 1, 15, 6, 2, 18, 0]), bytes([9, 3, 3] * 2), bytes([10, 5, 1, 10, 6, 2])])
by_name = {message["message"].rsplit(".", 1)[1]: unhex(case["bytes"] for case in message["accepted"]) for message in messages["messages"]}


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def message(*fields):
    """A protobuf message from pairs of a field number and a value. Zeros and empty values are left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value) if value else b""
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def file(name, body):
    """A message as a file."""
    return f"wufu-file/1 wufu.v1.{name} {len(body)}\n".encode() + body


point = unhex(accepted("proofs", "proofs", "proof"))[0]
inputs = unhex(accepted("inputs", "inputs", "inputs"))
record = unhex(accepted("records", "records", "record"))[0]
card_address = by_name["Address"][0]
element, number = (5).to_bytes(32, "little"), bytes(range(32))
path = lambda levels: message((1, element * 4 * levels))
opening = message((1, element), (2, element), (3, path(16)))
five_fu = message((1, number[::-1]), *[(2, opening)] * 5, (3, element), (4, path(15)), (5, element), (6, element))
claim = message((1, number), (2, next(i for i in inputs if len(i) == 256)), (3, point), (4, "to a payee"), (5, 1_800_000_000))
proved = message((1, inputs[0]), (2, point), (3, number), (4, 1), (5, message((1, 5), (2, 6))))
log_key = next(case["log_key"] for case in load("vectors/logs.json")["log_keys"] if case["verdict"] == "accepted")
log_info = message((1, "wufu/cards"), (2, 16), (3, 5))
circuit = message((1, "gift"), (2, number), (3, number), (4, keys[2]), (5, 5894), (6, 4))
donated = message((1, card_address), (2, b"1"), (3, "A"), (4, "x"), (5, 1250), (6, 1_518_652_800))
others = [
    message((1, 5), (2, "a payee")),
    claim,
    message((1, message((1, 1), (2, notes[0])))),
    message((2, message((1, element), (2, claim), (3, notes[0])))),
    message((1, number), (2, message((1, five_fu)))),
    proved,
    message((1, 5), (2, proved)),
    message((1, 2)),
    message((1, "0.1.0"), (2, circuit), (3, 2), (4, 8), (5, 65_536), (6, 1), (7, "prepared")),
    message((1, message((1, card_address), (2, 1), (3, 7))), (2, message((1, card_address))), (3, donated)),
    message(*((at, case) for at, name in ((1, "CardGrant"), (2, "PersonGrant"), (3, "DonationReceipt")) for case in by_name[name][:1])),
    message((1, "0.1.0"), (2, log_key.split("+")[0]), (3, log_key.strip()), (4, log_info), (5, 600), (6, 3600), (7, "CNY")),
    message((1, "wufu/cards")) + b"\x10\x00",
    message((1, "wufu/cards"), (2, 3)),
    message((1, "wufu/cards"), (2, 3), (3, 1)),
    message((1, notes[0]), (2, element * 3)),
    message((1, 1), (2, element * 3)),
    message((1, 1), (3, record * 2)),
]
write("message", unhex(case["bytes"] for case in good) + others + [file(name, cases[0]) for name, cases in by_name.items()])
write("json", [json.dumps(case["json"], separators=(",", ":"), ensure_ascii=False).encode() for case in good])
write("envelope", unhex(proof["envelope"] for proof in proofs))
# Which honest answer, how it is changed, and the bytes that the change needs.
write(
    "batch",
    [
        bytes([0, 7, 1, 7, 2, 7, 0, 7]),
        bytes([0, 7, 1, 5, 2, 13, 1, 21, 0, 7]),
        bytes([0, 3, 130, 1, 1, 4, 9, 1, 2, 6, 2, 7]),
    ]
    + [bytes([0, 0]) + proof + bytes([1, 7]) for proof in unhex(accepted("proofs", "proofs", "proof"))[:4]]
    + [bytes([2, 7, 1, 2]) + bytes.fromhex(case["proof"])[32:96] + bytes([0, 7])
       for case in load("vectors/proofs.json")["proofs"] if case["case"] == "B outside the subgroup"],
)
flip = struct.pack("<BBBBB", 4, 0, 0, 1, 1)
write(
    "proving_key",
    [b"\0", b"\1", b"\0" + flip, b"\1" + flip, b"\0\6\x41\2\0\0", b"\1\7\1\0\0\0"]
    + [b"\2" + file for file in [b"wufu-pk1" + struct.pack("<I", len(key)) + key + bytes(64) for key in keys[:3]]]
    + [b"\2zkey" + struct.pack("<II", 1, 1) + section(1, struct.pack("<I", 1)), b"\2wufu-pp1" + bytes(400)],
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
        b"1234.5",
        b"2018-02-15T22:18:00+08:00",
        b"amount=sum",
        b"cerf/donations/1/projects\ninstitution 1 A\nproject 1 1 x\n",
        "Cafe\u0301".encode(),
        b"receipt,institution,project,amount,date\n1,\"A\nB\",x,1,2018-02-15\n",
        b'{"org":"wufu"}',
        b'{"org":"wufu","epoch_seconds":600,"window_seconds":3600,"currency":"CNY","production":false}',
    ],
)
write(
    "wallet",
    [
        canonical(struct.pack("<Q", 1), bytes(8), notes[0], b"", notes[0], b""),
        canonical(struct.pack("<Q", 2), bytes(8), notes[0], bytes(64), notes[0], bytes(32)),
    ]
    + unhex(case["bytes"] for case in good[:2])
    + by_name["Envelope"][:1]
    + by_name["CardGrant"][:1]
    + [file("CardGrant", by_name["CardGrant"][0])]
    + [b"wufu/cards", b"wufu/persons", b"cerf/donations/1", b"http://127.0.0.1:50051", b"http://[::1]:9", b"unix:/run/wufu.sock", bytes(32), b"unix:////[["],
)
envelopes = by_name["Envelope"]
policy = unhex(accepted("policies", "policies", "policy"))[0]
asked = lambda envelope, numbers, *fields: b"\3" + canonical(envelope, bytes(numbers), *fields)
write(
    "c_interface",
    [b"\0" + key for key in keys]
    + [b"\1" + note.split(b"\n\n")[0] + b"\n" for note in notes]
    + [b"\2" + envelope for envelope in envelopes]
    + [b"\2" + file("Envelope", envelopes[0]), b"\2" + file("ProofRequest", by_name["ProofRequest"][0]), b"\2" + by_name["ProofRequest"][0]]
    + [
        asked(envelopes[0], [1, 9, 9, 9], b"wufu", b"to a payee", b"", b"", b"", b"", b"1"),
        asked(envelopes[1], [2, 9, 9, 9], number, number, b"why", b"cerf/donations/1", policy, number, b""),
        asked(envelopes[2], [3, 9, 9, 9], b"wufu", b"to a friend", b"", b"", b"", b"", b""),
    ],
)

# The parts of a kit that differ; a token's seed, sums and end; sums; the values of a small
# request; messages. Each of the sums is a point of a proof.
sums = point[:32] + point[:32] + point[32:96] + point[96:]
end = struct.pack("<Q", 1_800_000_000 + 3_600)
field = lambda number, body: bytes([number << 3 | 2]) + bytes([len(body) & 127 | 128, len(body) >> 7]) + body
write(
    "blind",
    [
        b"\0",
        b"\0" + bytes(8 + 32 + 31) + b"\x80",
        b"\0" + bytes(8 + 32 + 224 + 31) + b"\x80",
        b"\1" + bytes(range(32)) + sums + end,
        b"\2" + bytes(32 * 15),
        b"\3" + sums,
        b"\4\x08\x01\x12\x20" + bytes(range(32)) + b"\x18\x04",
        b"\4\x08\x01" + field(2, b"token"),
        b"\4\x08\x01\x12\x20" + bytes(range(32)),
        b"\4\x08\x01" + field(2, sums),
        b"\4" + message((3, bytes(range(64)))),
    ],
)
