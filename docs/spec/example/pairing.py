"""groth16.md, "Curve": the optimal ate pairing of BN254.

F_q¹² is F_q²[w] / (w⁶ - (9 + u)); an element is a list of six elements of F_q². A point (x, y) of
G2 stands for (x·w², y·w³) on the curve of G1.
"""

from curve import G2, Q, XI, Fq2
from encoding import R

X = 4965661367192848881
ONE = [Fq2.one] + [Fq2.zero] * 5
# w^q = w · FROBENIUS[1], and so on for the other powers of w.
FROBENIUS = [Fq2.power(XI, i * (Q - 1) // 6) for i in range(6)]


def mul(a, b):
    real, imaginary = [0] * 11, [0] * 11
    for i, (a0, a1) in enumerate(a):
        if a0 == 0 and a1 == 0:
            continue
        for j, (b0, b1) in enumerate(b):
            real[i + j] += a0 * b0 - a1 * b1
            imaginary[i + j] += a0 * b1 + a1 * b0
    result = []
    for i in range(6):
        c0, c1 = real[i], imaginary[i]
        if i < 5:  # w^6 = 9 + u
            c0 += 9 * real[i + 6] - imaginary[i + 6]
            c1 += real[i + 6] + 9 * imaginary[i + 6]
        result.append((c0 % Q, c1 % Q))
    return result


def frobenius(a):
    return [Fq2.mul(Fq2.conjugate(c), FROBENIUS[i]) for i, c in enumerate(a)]


def power(a, exponent):
    result = ONE
    for bit in bin(exponent)[2:]:
        result = mul(result, result)
        if bit == "1":
            result = mul(result, a)
    return result


def inverse(a):
    """The product of the other eleven conjugates, divided by the norm, which is in F_q."""
    others, conjugate = ONE, a
    for _ in range(11):
        conjugate = frobenius(conjugate)
        others = mul(others, conjugate)
    norm = mul(a, others)[0][0]
    scale = pow(norm, -1, Q)
    return [(c0 * scale % Q, c1 * scale % Q) for c0, c1 in others]


def line(t, s, p):
    """The line through t and s of G2, at p of G1; and t + s."""
    slope = G2.slope(t, s)
    value = [Fq2.zero] * 6
    value[0] = (p[1], 0)
    value[1] = (-slope[0] * p[0] % Q, -slope[1] * p[0] % Q)
    value[3] = Fq2.sub(Fq2.mul(slope, t[0]), t[1])
    return value, G2.add(t, s)


def twist_frobenius(s):
    return (Fq2.mul(Fq2.conjugate(s[0]), FROBENIUS[2]), Fq2.mul(Fq2.conjugate(s[1]), FROBENIUS[3]))


def miller_loop(pairs):
    """The product of the Miller values of pairs (p of G1, s of G2), none of them infinity."""
    value = ONE
    sums = [s for _, s in pairs]

    def step(others):
        nonlocal value
        for i, (p, _) in enumerate(pairs):
            factor, sums[i] = line(sums[i], others[i], p)
            value = mul(factor, value)

    for bit in bin(6 * X + 2)[3:]:
        value = mul(value, value)
        step(list(sums))
        if bit == "1":
            step([s for _, s in pairs])
    first = [twist_frobenius(s) for _, s in pairs]
    step(first)
    step([G2.neg(twist_frobenius(s)) for s in first])
    return value


def final_exponentiation(a):
    a = mul([c if i % 2 == 0 else Fq2.neg(c) for i, c in enumerate(a)], inverse(a))  # a^(q^6 - 1)
    a = mul(frobenius(frobenius(a)), a)  # a^(q^2 + 1)
    return power(a, (Q**4 - Q**2 + 1) // R)


def product_is_one(pairs):
    """Whether the product of e(p, s) over all pairs is 1. A pair with infinity counts as 1."""
    pairs = [(p, s) for p, s in pairs if p is not None and s is not None]
    return final_exponentiation(miller_loop(pairs)) == ONE
