"""groth16.md: proofs, verifying keys, key ids and the equation."""

from blake3 import derive_key
from curve import G1, G2
from encoding import canonical, require
from pairing import product_is_one
from statements import statement_of_circuit

MAGIC = b"wufu-vk1"


class Proof:
    def __init__(self, data):
        require(len(data) == 128, "proof-length")
        self.a = G1.decode(data[:32])
        self.b = G2.decode(data[32:96])
        self.c = G1.decode(data[96:])

    def encode(self):
        return G1.encode(self.a) + G2.encode(self.b) + G1.encode(self.c)


def is_up_to_sign(group, p, s):
    return p in (s, group.neg(s))


class VerifyingKey:
    def __init__(self, data, accept_development):
        require(len(data) >= 8, "key-length")
        require(data[:8] == MAGIC, "key-magic")
        require(len(data) >= 42, "key-length")
        require(data[8] in (0, 1) and data[9] in (0, 1), "key-choice")
        self.provenance = ("ceremony", "development")[data[8]]
        self.reduction = ("libsnark", "circom")[data[9]]
        require(data[8] == 0 or accept_development, "key-development")
        self.statement = statement_of_circuit(data[10:42])
        inputs = len(self.statement.inputs)
        require(len(data) == 266 + 32 * (inputs + 1), "key-length")
        self.alpha = G1.decode(data[42:74])
        self.beta, self.gamma, self.delta = (G2.decode(data[i : i + 64]) for i in (74, 138, 202))
        self.ic = [G1.decode(data[i : i + 32]) for i in range(266, len(data), 32)]
        self._require_safe(data[9])
        self.id = derive_key("wufu 2026-11 key id v1", canonical(data[10:42], data[9:10], data))
        self.encoded = data

    def _require_safe(self, reduction):
        beta, gamma, delta, generator = self.beta, self.gamma, self.delta, G2.generator
        for group, point in [(G1, self.alpha), (G2, beta)]:
            require(not is_up_to_sign(group, point, group.generator), "key-no-first-phase")
        require(not is_up_to_sign(G2, gamma, delta), "key-gamma-is-delta")
        require(not is_up_to_sign(G2, beta, gamma), "key-beta-is-shared")
        require(not is_up_to_sign(G2, beta, delta), "key-beta-is-shared")
        require(not is_up_to_sign(G2, delta, generator), "key-delta-is-generator")
        require(reduction == 1 or not is_up_to_sign(G2, gamma, generator), "key-gamma-is-generator")

    def encode(self):
        points = [
            G1.encode(self.alpha),
            *map(G2.encode, (self.beta, self.gamma, self.delta)),
            *map(G1.encode, self.ic),
        ]
        return self.encoded[:42] + b"".join(points)

    def require_equation(self, proof, inputs):
        """`inputs` are the public inputs in the order of the statement."""
        require(len(inputs) + 1 == len(self.ic), "equation")
        combined = self.ic[0]
        for value, point in zip(inputs, self.ic[1:]):
            combined = G1.add(combined, G1.times(point, value))
        holds = product_is_one(
            [
                (G1.neg(proof.a), proof.b),
                (self.alpha, self.beta),
                (combined, self.gamma),
                (proof.c, self.delta),
            ]
        )
        require(holds, "equation")
