"""Runs the Python code of README.md unchanged, on the first donation of the vectors: it must
spend what the case spends."""

import json
import pathlib
import re
import sys

import wufu_verifier as wufu

root = pathlib.Path(sys.argv[1])
corpus = json.loads((root / "vectors/envelopes.json").read_text(encoding="utf-8"))
accepted = [case for case in corpus["cases"] if case["verdict"] == "accepted"]
donations = [case for case in accepted if case["asked"]["circuit"] == "donation"]
case = next(
    case
    for case in donations
    if case["key"] == "donation" and len(case["logs"][0]["checkpoints"]) == 1
)
asked, log = case["asked"], case["logs"][0]
spent = []


class Development:
    """The vectors' keys are development keys, while the README pins a ceremony key."""

    def __getattr__(self, name):
        return getattr(wufu, name)

    def Key(self, encoded):
        return wufu.Key(encoded, accept_development=True)


readme = (root / "README.md").read_text(encoding="utf-8")
(code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
names = {
    "wufu": Development(),
    "key_file": bytes.fromhex(corpus["keys"][case["key"]]),
    "origin": log["origin"],
    "log_key": case["log_key"],
    "notes": log["checkpoints"][0],
    "envelope": bytes.fromhex(case["envelope"]),
    "my_id": bytes.fromhex(asked["verifier"]),
    "purpose": asked["purpose"],
    "policy": bytes.fromhex(asked["policy"]),
    "challenge": bytes.fromhex(asked["challenge"]),
    "key_ids": [bytes.fromhex(key_id) for key_id in asked["key_ids"]],
    "expiry": asked["expiry"],
    "now": case["now"],
    "spend": spent.extend,
}
# The code imports this module under the name of the wheel.
sys.modules["wufu_verifier"] = names.pop("wufu")
exec(code, names)
assert [nullifier.hex() for nullifier in spent] == case["nullifiers"]
print("README's Python accepts:", case["case"])
