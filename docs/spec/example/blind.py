"""blind.md: kits, tokens and masks. The refusals have no codes."""

import ed25519
from blake3 import derive_key, keyed
from curve import G1, G2
from encoding import R, canonical, require
from pairing import product_is_one

TOKEN_BYTES, LONGEST_TOKEN_SECONDS = 304, 86_400


def read_sums(data):
    """A (G1), B in G1, B in G2, L with H (G1). Infinity is allowed."""
    places = [(G1, 0, 32), (G1, 32, 64), (G2, 64, 128), (G1, 128, 160)]
    return [group.decode(data[start:end], infinity_allowed=True) for group, start, end in places]


def encode_sums(a, b1, b2, l):
    return G1.encode(a) + G1.encode(b1) + G2.encode(b2) + G1.encode(l)


def read_kit(key, data):
    """The points of the public wires, of a kit for the pinned verifying key."""
    require(len(data) >= 8, "length")
    require(data[:8] == b"wufu-bk1", "magic")
    require(len(data) >= 40, "length")
    require(data[8:40] == key.id, "key")
    require(len(data) == 264 + 160 * len(key.ic), "length")
    alpha, beta1 = (G1.decode(data[i : i + 32], True) for i in (40, 72))
    beta2, delta2 = (G2.decode(data[i : i + 64], True) for i in (104, 200))
    delta1 = G1.decode(data[168:200], True)
    wires = [read_sums(data[i : i + 160]) for i in range(264, len(data), 160)]
    require((alpha, beta2, delta2) == (key.alpha, key.beta, key.delta), "other points")
    for first, second in [(beta1, beta2), (delta1, delta2)]:
        same = product_is_one([(first, G2.generator), (G1.neg(G1.generator), second)])
        require(same, "not the same multiple")
    return wires


def kit_id(kit):
    return derive_key("wufu 2026-11 blind kit v1", kit)


def token_signed_bytes(token):
    return canonical("wufu 2026-11 blind token v1", token[:240])


def read_token(dealer, key_id, now, data):
    """Seed and sums of a token."""
    require(len(data) == TOKEN_BYTES, "length")
    require(data[:8] == b"wufu-bt1", "magic")
    require(ed25519.verifies(dealer, token_signed_bytes(data), data[240:]), "signature")
    require(data[8:40] == key_id, "key")
    end = int.from_bytes(data[232:240], "little")
    require(now < end <= now + LONGEST_TOKEN_SECONDS, "end")
    return data[40:72], read_sums(data[72:232])


def seed_id(seed):
    return derive_key("wufu 2026-11 blind seed id v1", seed)


def masks(seed, key_id, private, domain):
    """The masks of a seed as field elements."""
    count = private + domain
    message = canonical("wufu 2026-11 blind masks v1", key_id, private, domain)
    pieces = 2 * count + 64
    while True:
        stream = keyed(seed, message, 32 * pieces)
        numbers = [
            int.from_bytes(stream[i : i + 32], "little") & (2**254 - 1)
            for i in range(0, len(stream), 32)
        ]
        result = [number for number in numbers if number < R][:count]
        if len(result) == count:
            return result
        pieces *= 2
