"""hash.md: Poseidon, its trees, `H2F` and the domain constants."""

from functools import lru_cache

from blake3 import derive_key
from encoding import R, canonical

FULL_ROUNDS = 8
PARTIAL_ROUNDS = {3: 57, 4: 56, 5: 60}


class Grain:
    """The generator of the round constants and of the matrix, for one width."""

    def __init__(self, width):
        rounds = [(FULL_ROUNDS, 10), (PARTIAL_ROUNDS[width], 10)]
        numbers = [(1, 2), (0, 4), (254, 12), (width, 12), *rounds, (2**30 - 1, 30)]
        text = "".join(format(value, f"0{bits}b") for value, bits in numbers)
        self.register = [int(bit) for bit in text]
        for _ in range(160):
            self.step()

    def step(self):
        b = self.register
        new = b[62] ^ b[51] ^ b[38] ^ b[23] ^ b[13] ^ b[0]
        self.register = b[1:] + [new]
        return new

    def bit(self):
        while True:
            first, second = self.step(), self.step()
            if first:
                return second

    def integer(self):
        value = 0
        for _ in range(254):
            value = 2 * value + self.bit()
        return value


@lru_cache(None)
def constants(width):
    grain = Grain(width)
    c = []
    while len(c) < (FULL_ROUNDS + PARTIAL_ROUNDS[width]) * width:
        value = grain.integer()
        if value < R:
            c.append(value)
    xy = [grain.integer() % R for _ in range(2 * width)]
    matrix = [[pow(xy[i] + xy[width + j], -1, R) for j in range(width)] for i in range(width)]
    return c, matrix


@lru_cache(None)
def H(*inputs):
    """The hash of 2, 3 or 4 field elements."""
    if not 2 <= len(inputs) <= 4:
        raise ValueError("there is no hash of this number of inputs")
    width = len(inputs) + 1
    c, matrix = constants(width)
    partial = PARTIAL_ROUNDS[width]
    state = [0, *inputs]
    for k in range(FULL_ROUNDS + partial):
        state = [x + c[k * width + i] for i, x in enumerate(state)]
        if k < 4 or k >= 4 + partial:
            state = [pow(x, 5, R) for x in state]
        else:
            state[0] = pow(state[0], 5, R)
        state = [sum(m * x for m, x in zip(row, state)) % R for row in matrix]
    return state[0]


def tree_root(leaves, depth, filler):
    """The root over 4^depth places, of which those after the leaves hold `filler`."""
    level = list(leaves)
    for _ in range(depth):
        level += [filler] * (-len(level) % 4)
        level = [H(*level[i : i + 4]) for i in range(0, len(level), 4)]
        filler = H(filler, filler, filler, filler)
    return level[0] if level else filler


def h2f(purpose, *fields):
    output = derive_key(f"wufu 2026-11 {purpose} v1", canonical(*fields), 64)
    return int.from_bytes(output, "little") % R


def domain(name):
    value = int.from_bytes(derive_key("wufu 2026-11 domain v1", name.encode(), 15), "little")
    return value - value % 8 if name == "NOTE" else value


D = {name: domain(name) for name in "PK NOTE NF PERSON PNF BODY OWN DON DNF ANC POL".split()}


def scope_of(verifier, purpose):
    return h2f("scope", verifier, purpose)


def ext_of(verifier, payload, expiry, key_id):
    return h2f("ext", verifier, payload, expiry, key_id)
