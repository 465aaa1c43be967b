"""Known answers that are printed in the pages themselves."""

import re

import blind
import ed25519
from blake3 import blake3
from corpus import ROOT, expect
from curve import G1, G2
from encoding import canonical, element_bytes
from groth16 import VerifyingKey
from poseidon import D, tree_root
from statements import STATEMENTS

SPEC = ROOT / "docs" / "spec"


def run_hash_page(_):
    text = (SPEC / "hash.md").read_text()
    domains = dict(re.findall(r"\| `D_(\w+)` \| `\w+` \| `0x([0-9a-f]{30})` \|", text))
    expect({name: int(digits, 16) for name, digits in domains.items()}, D, "domains")
    roots = dict(re.findall(r"^E_(\d+) +([0-9a-f]{64})$", text, re.MULTILINE))
    expect(len(roots), 5, "number of empty roots")
    for depth, digits in roots.items():
        expect(element_bytes(tree_root([], int(depth), 0)).hex(), digits, f"E_{depth}")


def run_encoding_page(_):
    expect(canonical("hi").hex(), "01000000020000006869", "canonical(hi)")


def known_key():
    points = [G1.times(G1.generator, 3)] + [G2.times(G2.generator, n) for n in (5, 7, 11)]
    inputs = [G1.times(G1.generator, n) for n in (13, 17, 19, 23, 29)]
    encoded = (
        G1.encode(points[0])
        + b"".join(map(G2.encode, points[1:]))
        + b"".join(map(G1.encode, inputs))
    )
    return VerifyingKey(b"wufu-vk1" + b"\x01\x00" + STATEMENTS["gift"].circuit_id + encoded, True)


def run_blind_page(_):
    def g1(n):
        return G1.times(G1.generator, n) if n else None

    def g2(n):
        return G2.times(G2.generator, n) if n else None

    table = dict(
        re.findall(r"^\| (.+?) \| `?([^|`]+)`? \|$", (SPEC / "blind.md").read_text(), re.MULTILINE)
    )
    key, seed = known_key(), bytes(range(32))
    expect(key.id.hex(), table["key id"], "key id")
    expect(blind.seed_id(seed).hex(), table["seed id"], "seed id")
    masks = [element_bytes(mask) for mask in blind.masks(seed, key.id, 5, 16)]
    first = re.search(
        "first. \\| `([0-9a-f]+)`|: first \\| `([0-9a-f]+)`", (SPEC / "blind.md").read_text()
    )
    expect(masks[0].hex(), first.group(1) or first.group(2), "first mask")
    expect(blake3(b"".join(masks)).hex(), table["BLAKE3 of all 21 masks, 32 bytes each"], "masks")
    wires = b"".join(blind.encode_sums(g1(100 + j), g1(j), g2(j), g1(200 + j)) for j in range(5))
    kit = (
        b"wufu-bk1"
        + key.id
        + G1.encode(g1(3))
        + G1.encode(g1(5))
        + G2.encode(g2(5))
        + G1.encode(g1(11))
    )
    kit += G2.encode(g2(11)) + wires
    expect(len(kit), 1064, "bytes of a kit")
    expect(blind.kit_id(kit).hex(), table["kit id"], "kit id")
    expect(len(blind.read_kit(key, kit)), 5, "wires of the kit")
    secret, end = b"\x09" * 32, 1790000060
    token = (
        b"wufu-bt1"
        + key.id
        + seed
        + blind.encode_sums(g1(31), g1(37), g2(37), None)
        + end.to_bytes(8, "little")
    )
    token += ed25519.sign(secret, blind.token_signed_bytes(token))
    expect(blake3(token).hex(), table["BLAKE3 of the token's 304 bytes"], "token")
    sums = blind.read_token(ed25519.public_key(secret), key.id, end - 1, token)
    expect(sums, (seed, [g1(31), g1(37), g2(37), None]), "token, read again")
