"""groth16.md, "Curve" and "Points": F_q², the groups G1 and G2, and their compressed encodings.

An element of F_q² is a pair (c0, c1). A point is (x, y), or None for infinity.
"""

from functools import lru_cache

from encoding import R, Refused, require

Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583


class Fq:
    """Arithmetic of F_q on plain integers."""

    zero, one = 0, 1
    add = staticmethod(lambda a, b: (a + b) % Q)
    sub = staticmethod(lambda a, b: (a - b) % Q)
    mul = staticmethod(lambda a, b: a * b % Q)
    neg = staticmethod(lambda a: -a % Q)
    inverse = staticmethod(lambda a: pow(a, -1, Q))
    order = staticmethod(lambda a: a)

    @staticmethod
    def sqrt(a):
        root = pow(a, (Q + 1) // 4, Q)
        return root if root * root % Q == a else None


class Fq2:
    """Arithmetic of F_q² = F_q[u] / (u² + 1)."""

    zero, one = (0, 0), (1, 0)
    add = staticmethod(lambda a, b: ((a[0] + b[0]) % Q, (a[1] + b[1]) % Q))
    sub = staticmethod(lambda a, b: ((a[0] - b[0]) % Q, (a[1] - b[1]) % Q))
    mul = staticmethod(
        lambda a, b: ((a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q)
    )
    neg = staticmethod(lambda a: (-a[0] % Q, -a[1] % Q))
    conjugate = staticmethod(lambda a: (a[0], -a[1] % Q))
    order = staticmethod(lambda a: (a[1], a[0]))

    @staticmethod
    def inverse(a):
        norm = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
        return (a[0] * norm % Q, -a[1] * norm % Q)

    @staticmethod
    def power(a, exponent):
        result = Fq2.one
        for bit in bin(exponent)[2:]:
            result = Fq2.mul(result, result)
            if bit == "1":
                result = Fq2.mul(result, a)
        return result

    @staticmethod
    def sqrt(a):
        if a[1] == 0:
            root = Fq.sqrt(a[0])
            return (root, 0) if root is not None else (0, Fq.sqrt(-a[0] % Q))
        norm = Fq.sqrt((a[0] * a[0] + a[1] * a[1]) % Q)
        if norm is None:
            return None
        half = pow(2, -1, Q)
        c0 = Fq.sqrt((a[0] + norm) * half % Q)
        if c0 is None:
            c0 = Fq.sqrt((a[0] - norm) * half % Q)
        c1 = a[1] * half * pow(c0, -1, Q) % Q
        return (c0, c1) if Fq2.mul((c0, c1), (c0, c1)) == a else None


XI = (9, 1)


class Group:
    """The points of y² = x³ + b over `field`."""

    def __init__(self, field, b, generator):
        self.field, self.b, self.generator = field, b, generator

    def neg(self, p):
        return None if p is None else (p[0], self.field.neg(p[1]))

    def slope(self, p, s):
        """The slope of the line through p and s (the tangent if they are equal).

        None when it is vertical.
        """
        f = self.field
        if p[0] == s[0]:
            if p[1] != s[1] or p[1] == f.zero:
                return None
            square = f.mul(p[0], p[0])
            return f.mul(f.add(square, f.add(square, square)), f.inverse(f.add(p[1], p[1])))
        return f.mul(f.sub(s[1], p[1]), f.inverse(f.sub(s[0], p[0])))

    def add(self, p, s):
        if p is None or s is None:
            return s if p is None else p
        f = self.field
        slope = self.slope(p, s)
        if slope is None:
            return None
        x = f.sub(f.sub(f.mul(slope, slope), p[0]), s[0])
        return (x, f.sub(f.mul(slope, f.sub(p[0], x)), p[1]))

    def times(self, p, scalar):
        result = None
        for bit in bin(scalar)[2:]:
            result = self.add(result, result)
            if bit == "1":
                result = self.add(result, p)
        return result

    @lru_cache(1000)
    def decode(self, data, infinity_allowed=False):
        """Reads a compressed point: its curve, subgroup and one encoding."""
        flags, body = data[-1] & 0xC0, data[:-1] + bytes([data[-1] & 0x3F])
        if flags & 0x40:
            require(flags == 0x40 and not any(body), "point-invalid")
            if infinity_allowed:
                return None
            raise Refused("point-identity")
        numbers = [int.from_bytes(body[i : i + 32], "little") for i in range(0, len(body), 32)]
        require(all(number < Q for number in numbers), "point-invalid")
        f = self.field
        x = numbers[0] if f is Fq else tuple(numbers)
        y = f.sqrt(f.add(f.mul(f.mul(x, x), x), self.b))
        require(y is not None, "point-invalid")
        larger = max(y, f.neg(y), key=f.order)
        p = (x, larger if flags else f.neg(larger))
        require(f is Fq or self.times(p, R) is None, "point-invalid")
        return p

    def encode(self, p):
        f = self.field
        size = 1 if f is Fq else 2
        if p is None:
            return bytes(32 * size - 1) + b"\x40"
        numbers = [p[0]] if f is Fq else p[0]
        data = bytearray(b"".join(number.to_bytes(32, "little") for number in numbers))
        if f.order(p[1]) > f.order(f.neg(p[1])):
            data[-1] |= 0x80
        return bytes(data)


G1 = Group(Fq, 3, (1, 2))
G2 = Group(Fq2, Fq2.mul((3, 0), Fq2.inverse(XI)), None)
G2.generator = G2.decode(
    bytes.fromhex(
        "edf692d95cbdde46ddda5ef7d422436779445c5e66006a42761e1f12efde0018"
        "c212f3aeb785e49712e7a9353349aaf1255dfb31b7bf60723a480d9293938e19"
    )
)
