"""How to ask: policies, and signed requests for proofs."""

from __future__ import annotations

from typing import Callable, Iterable, Sequence, Union

from ._lend import Borrowed, must, owned
from ._native import ffi, lib

DONATION = 2
# Bounds that accept every amount and every time.
AMOUNT_MAX, TIME_MAX = (1 << 48) - 1, (1 << 40) - 1


def project(institution: int, project: int) -> int:
    """Returns the key of a project, from the two ids in the ledger's directory."""
    if not (0 < institution < 1 << 32 and 0 < project < 1 << 32):
        raise ValueError(f"ids are {institution} and {project}, expected 1 to 2^32 - 1")
    return institution << 32 | project


def policy(
    projects: Iterable[int],
    *,
    amount_min: int = 0,
    amount_max: int = AMOUNT_MAX,
    time_min: int = 0,
    time_max: int = TIME_MAX,
) -> bytes:
    """Returns the canonical bytes of a policy, which accepts a donation to one of the projects (see
    `project`).

    Amounts are in minor units, times in Unix seconds; all bounds are inclusive. Raises
    `Refused`."""
    keys = list(projects)
    out = ffi.new("WufuBuffer **")
    bounds = ffi.new("WufuBounds *", (amount_min, amount_max, time_min, time_max))
    must(lib.wufu_policy_encode(ffi.new("uint64_t[]", keys), len(keys), bounds, out))
    return owned(out[0])


class Request:
    """A verifier's signed request for a proof of a donation, whose signature was checked.

    Make one with `sign` or `sign_with`, or read one with `decode`."""

    def __init__(self, pointer):
        self._pointer = ffi.gc(pointer, lib.wufu_request_free)
        asked = ffi.new("WufuQuestion *")
        must(lib.wufu_request_question(self._pointer, asked))
        text = lambda lent: bytes(ffi.buffer(lent.data, lent.len))  # noqa: E731
        self.verifier: bytes = text(asked.verifier)
        self.purpose: str = text(asked.purpose).decode()
        self.origin: str = text(asked.origin).decode()
        self.policy: bytes = text(asked.policy)
        self.challenge: bytes = text(asked.payload)
        self.expiry: int = asked.expiry
        ids = text(asked.key_ids)
        self.key_ids: tuple[bytes, ...] = tuple(ids[at : at + 32] for at in range(0, len(ids), 32))

    @classmethod
    def decode(cls, file: bytes) -> "Request":
        """Reads a request from its file, and checks its signature. Raises `Refused`."""
        out = ffi.new("WufuRequest **")
        with Borrowed() as borrow:
            must(lib.wufu_request_decode(borrow(file), out))
        return cls(out[0])

    @classmethod
    def sign(
        cls,
        seed: Union[bytes, bytearray, memoryview],
        *,
        purpose: str,
        origin: str,
        policy: bytes,
        challenge: bytes,
        expiry: int,
        key_ids: Sequence[bytes],
    ) -> "Request":
        """Signs a request with an Ed25519 seed of 32 bytes.

        No copy of the seed is left. Pass a bytearray and overwrite it, since `bytes` stay in
        memory. `challenge` is 32 fresh random bytes (`secrets.token_bytes(32)`). Raises
        `Refused`."""
        out = ffi.new("WufuRequest **")
        with Borrowed() as borrow:
            question = _question(borrow, purpose, origin, policy, challenge, expiry, key_ids)
            lent, wipe = borrow.secret(seed)
            try:
                must(lib.wufu_request_sign(lent, question, out))
            finally:
                wipe()
        return cls(out[0])

    @classmethod
    def sign_with(
        cls,
        verifier: bytes,
        sign: Callable[[bytes], bytes],
        *,
        purpose: str,
        origin: str,
        policy: bytes,
        challenge: bytes,
        expiry: int,
        key_ids: Sequence[bytes],
    ) -> "Request":
        """Signs a request with a key that is kept elsewhere.

        `verifier` is its public half. `sign` returns an Ed25519 signature, 64 bytes. Raises
        `Refused`, or what `sign` raises."""
        out, raised = ffi.new("WufuRequest **"), []

        @ffi.callback("bool(void *, WufuBytes, uint8_t *)")
        def called(_, message, place):
            try:
                signature = bytes(sign(bytes(ffi.buffer(message.data, message.len))))
                if len(signature) != 64:
                    raise ValueError(f"signature is {len(signature)} bytes, expected 64")
                ffi.memmove(place, signature, 64)
                return True
            # An exception must not pass through C, so it is raised again afterwards.
            except BaseException as error:
                raised.append(error)
                return False

        with Borrowed() as borrow:
            question = _question(borrow, purpose, origin, policy, challenge, expiry, key_ids)
            question.verifier = borrow(verifier)
            code = lib.wufu_request_sign_with(question, called, ffi.NULL, out)
        if raised:
            raise raised[0]
        must(code)
        return cls(out[0])

    def encode(self) -> bytes:
        """Returns the request as a file, which wallets and every other library read."""
        out = ffi.new("WufuBuffer **")
        must(lib.wufu_request_encode(self._pointer, out))
        return owned(out[0])


def _question(borrow, purpose, origin, policy, challenge, expiry, key_ids):
    question = ffi.new("WufuQuestion *")
    question.circuit, question.expiry = DONATION, expiry
    question.purpose, question.origin = borrow(purpose), borrow(origin)
    question.policy, question.payload = borrow(policy), borrow(challenge)
    question.key_ids = borrow(b"".join(key_ids))
    return question
