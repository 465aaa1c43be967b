"""Asking from Python: policies and requests are refused where Rust refuses them, a request
survives a round trip through its file, and a key that is kept elsewhere signs the same bytes."""

import wufu_verifier as wufu

SEED = bytes(range(32))
CHALLENGE, KEY_ID = bytes([7] * 32), bytes([1] * 32)
PROJECTS = [wufu.project(1, 2), wufu.project(1, 1)]
POLICY = wufu.policy(PROJECTS, amount_min=1)
ASK = dict(
    purpose="tax relief",
    origin="cerf/donations/1",
    policy=POLICY,
    challenge=CHALLENGE,
    expiry=2_000_000_000,
    key_ids=[KEY_ID],
)


def refused(reason, call, *args, **named):
    try:
        call(*args, **named)
    except wufu.Refused as error:
        assert error.reason == reason, f"{error.reason}, expected {reason}"
        return
    raise AssertionError(f"accepted, expected {reason}")


# Neither the order of projects nor duplicates make a difference.
assert POLICY == wufu.policy(PROJECTS[::-1] + PROJECTS, amount_min=1)
refused("policy-empty-set", wufu.policy, [])
refused("policy-large-set", wufu.policy, [wufu.project(1, n) for n in range(1, 4098)])
refused("policy-bounds", wufu.policy, PROJECTS, amount_min=2, amount_max=1)
refused("policy-bounds", wufu.policy, PROJECTS, time_min=2, time_max=1)
refused("record-amount", wufu.policy, PROJECTS, amount_max=1 << 48)
refused("record-time", wufu.policy, PROJECTS, time_max=1 << 40)
refused("record-project-key", wufu.policy, [5])
for wrong in ((0, 1), (1, 0), (1 << 32, 1)):
    try:
        wufu.project(*wrong)
        raise AssertionError(f"{wrong} is not a project")
    except ValueError:
        pass

seed = bytearray(SEED)
request = wufu.Request.sign(seed, **ASK)
assert bytes(seed) == SEED, "the caller's seed is the caller's to overwrite"
for name in ("purpose", "origin", "policy", "challenge", "expiry"):
    assert getattr(request, name) == ASK[name], name
assert request.key_ids == (KEY_ID,) and len(request.verifier) == 32
file = request.encode()
assert file.startswith(b"wufu-file/1 wufu.v1.ProofRequest "), file[:40]
again = wufu.Request.decode(file)
assert again.encode() == file and again.verifier == request.verifier
for at in (0, len(file) // 2, len(file) - 1):
    changed = bytearray(file)
    changed[at] ^= 1
    try:
        wufu.Request.decode(bytes(changed))
        raise AssertionError(f"byte {at} may change")
    except wufu.Refused:
        pass
refused("file-empty", wufu.Request.decode, b"")
refused("file-form", wufu.Request.decode, file[:-1])
refused("file-kind", wufu.read_envelope, file)
refused("message-malformed", wufu.Request.decode, b"\xef\xbb\xbf{}")
refused("file-form", wufu.Request.decode, b'{"@type": "wufu.v1.ProofRequest"}')
for long in (b"\x0a\x00" * 4_000_000, file + bytes(wufu.MAX_ENVELOPE)):
    refused("message-long", wufu.Request.decode, long)
    refused("message-long" if long[:1] == b"\x0a" else "file-kind", wufu.read_envelope, long)

refused("request-text", wufu.Request.sign, SEED, **{**ASK, "purpose": ""})
refused("request-text", wufu.Request.sign, SEED, **{**ASK, "purpose": "claim"})
refused("request-text", wufu.Request.sign, SEED, **{**ASK, "purpose": "a\u202eb"})
refused("request-keys", wufu.Request.sign, SEED, **{**ASK, "key_ids": []})
refused("request-keys", wufu.Request.sign, SEED, **{**ASK, "key_ids": [bytes(31)]})
swapped = POLICY[:8] + POLICY[16:24] + POLICY[8:16] + POLICY[24:]
refused("policy-order", wufu.Request.sign, SEED, **{**ASK, "policy": swapped})
refused("misuse", wufu.Request.sign, SEED, **{**ASK, "challenge": bytes(31)})
refused("misuse", wufu.Request.sign, SEED[:31], **ASK)

# A key that is kept elsewhere signs the same bytes as a key in memory.
signature = file[-64:]
signed = []


def device(message):
    signed.append(message)
    return signature


elsewhere = wufu.Request.sign_with(request.verifier, device, **ASK)
assert elsewhere.encode() == file and len(signed) == 1 and b"tax relief" in signed[0]
refused("request-signature", wufu.Request.sign_with, request.verifier, lambda _: bytes(64), **ASK)
refused("request-verifier", wufu.Request.sign_with, b"\x02" + bytes(31), device, **ASK)


class Unplugged(Exception):
    pass


def unplugged(_):
    raise Unplugged


for sign, expected in ((unplugged, Unplugged), (lambda _: b"short", ValueError)):
    try:
        wufu.Request.sign_with(request.verifier, sign, **ASK)
        raise AssertionError("it was signed")
    except expected:
        pass
print("asking: policies and requests are made, read again and refused as in Rust")
