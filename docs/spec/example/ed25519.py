"""logs.md, "Opening a note": Ed25519, verified strictly. Signing and X25519 for known answers."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def decode(data):
    """The point (X, Y, Z, T) of 32 bytes, or None.

    Other than in RFC 8032, y is taken modulo p, and x = 0 may have the sign bit.
    """
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


NEUTRAL = (0, 1, 1, 0)


def times(point, scalar):
    result = NEUTRAL
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def is_small_order(point):
    return is_neutral(times(point, 8))


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def hash_scalar(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def verifies(key, message, signature):
    """Strict verification; `key` is 32 bytes, `signature` 64."""
    a, r = decode(key), decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_small_order(a) or is_small_order(r):
        return False
    k = hash_scalar(signature[:32], key, message)
    negated = (-a[0] % P, a[1], 1, -a[3] % P)
    return encode(add(times(BASE, s), times(negated, k))) == signature[:32]


def clamped(data):
    return (
        (int.from_bytes(data, "little") & ~7 & (2**255 - 1)) | 2**254 if len(data) == 32 else None
    )


def secret_parts(secret):
    digest = hashlib.sha512(secret).digest()
    return clamped(digest[:32]), digest[32:]


def public_key(secret):
    return encode(times(BASE, secret_parts(secret)[0]))


def sign(secret, message):
    scalar, prefix = secret_parts(secret)
    nonce = hash_scalar(prefix, message)
    r = encode(times(BASE, nonce))
    k = hash_scalar(r, public_key(secret), message)
    return r + ((nonce + k * scalar) % L).to_bytes(32, "little")


def x25519_public(secret):
    """RFC 7748: the clamped secret times the base point, from Edwards: u = (1 + y) / (1 - y)."""
    y = int.from_bytes(encode(times(BASE, clamped(secret))), "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")
