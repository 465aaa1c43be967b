"""requests-and-envelopes.md: the fields and limits of the messages that the vectors have."""

# A line with a message's name, then a line for each field: number, name, kind, and perhaps
# `repeated`, or `oneof` for the members of the envelope's one `oneof`.
TEXT = """
Address
  1 org string
  2 pk bytes
  3 ek bytes
Voucher
  1 org string
  2 code bytes
  3 expiry uint64
Gift
  1 org string
  2 kind uint32
  3 rho bytes
  4 rcm bytes
ShardPath
  1 index uint64
  2 siblings bytes
  3 leaf bytes
CardGrant
  1 org string
  2 kind uint32
  3 serial uint64
  4 rho bytes
  5 rcm bytes
  6 path ShardPath
  7 epoch uint64
PersonGrant
  1 org string
  2 salt bytes
  3 path ShardPath
  4 epoch uint64
DonationReceipt
  1 origin string
  2 project_key uint64
  3 amount uint64
  4 time uint64
  5 receipt bytes
  6 rcm bytes
  7 path ShardPath
  8 epoch uint64
Policy
  1 project_keys uint64 repeated
  2 amount_min uint64
  3 amount_max uint64
  4 time_min uint64
  5 time_max uint64
ProofRequest
  1 verifier bytes
  2 purpose string
  3 circuit string
  4 origin string
  5 policy Policy
  6 challenge bytes
  7 expiry uint64
  8 key_ids bytes repeated
  9 signature bytes
LogEpoch
  1 origin string
  2 epoch uint64
ClaimBinding
  1 org string
  2 payout bytes
  3 expiry uint64
Envelope
  1 version uint32
  2 circuit string
  3 public_inputs bytes
  4 proof bytes
  5 key_id bytes
  7 request ProofRequest oneof
  8 claim ClaimBinding oneof
  9 epochs LogEpoch repeated
"""
INTEGERS = ("uint32", "uint64")


class Field:
    """`kind` is uint32, uint64, bytes, string or the name of a message."""

    def __init__(self, number, name, kind, label=None):
        self.number, self.name, self.kind = int(number), name, kind
        self.is_repeated, self.is_in_oneof = label == "repeated", label == "oneof"
        self.is_integer = kind in INTEGERS
        self.is_message = not self.is_integer and kind not in ("bytes", "string")

    def default(self):
        if self.is_repeated:
            return []
        return {"uint32": 0, "uint64": 0, "bytes": b"", "string": ""}.get(self.kind)


def read_schema():
    schema, message = {}, None
    for line in TEXT.strip().splitlines():
        if line.startswith(" "):
            schema[message].append(Field(*line.split()))
        else:
            message = line
            schema[message] = []
    return schema


SCHEMA = read_schema()

# For each message the most bytes, and the most items of a field anywhere inside.
PROJECTS = ("Policy", "project_keys")
KEY_IDS = ("ProofRequest", "key_ids")
EPOCHS = ("Envelope", "epochs")
LIMITS = {
    "Envelope": (204_800, {PROJECTS: 4096, KEY_IDS: 16, EPOCHS: 16}),
    "ProofRequest": (204_800, {PROJECTS: 4096, KEY_IDS: 16}),
    "Policy": (204_800, {PROJECTS: 4096}),
    "Address": (4_096, {}),
    "CardGrant": (16_384, {}),
    "PersonGrant": (16_384, {}),
    "DonationReceipt": (16_384, {}),
    "Gift": (16_384, {}),
    "Voucher": (16_384, {}),
}
