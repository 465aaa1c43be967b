"""The light verifier of Wufu: one envelope in, a verdict out.

    verified = verify(envelope, Donation(key=key, log=log, verifier=my_id, challenge=challenge, ...))

What is asked is this verifier's own word; nothing of it may come from the envelope. A verdict is `Verified`, or `Refused` with the reason
that every other language gives. What is verified is not yet admitted: its nullifiers must be new to you, all of them, checked and kept in
one step.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Sequence, Union

from ._lend import Borrowed, Refused, must
from ._native import ffi, lib
from ._request import AMOUNT_MAX, TIME_MAX, Request, policy, project

__all__ = [
    "AMOUNT_MAX",
    "Batch",
    "Claim",
    "Donation",
    "Gift",
    "HOUR",
    "Key",
    "Log",
    "MAX_ENVELOPE",
    "Refused",
    "Request",
    "TIME_MAX",
    "Verified",
    "policy",
    "project",
    "read_envelope",
    "verify",
]

FIVE_FU, DONATION, GIFT = 1, 2, 3
HOUR = 3600
# The longest file of an envelope or a request: more of one need not be read.
MAX_ENVELOPE = 204_800


@dataclass(frozen=True)
class Verified:
    """A proof that was checked: the epoch whose roots it is about, and what it spends."""

    epoch: int
    nullifiers: tuple[bytes, ...]


class Key:
    """A verifying key, checked: pin it. Whoever made a development key can forge."""

    def __init__(self, encoded: bytes, accept_development: bool = False):
        with Borrowed() as borrow:
            out = ffi.new("WufuKey **")
            must(lib.wufu_key_decode(borrow(encoded), accept_development, out))
        self._pointer = ffi.gc(out[0], lib.wufu_key_free)

    @property
    def id(self) -> bytes:
        """The fingerprint, 32 bytes."""
        out = ffi.new("uint8_t[32]")
        must(lib.wufu_key_id(self._pointer, out))
        return bytes(ffi.buffer(out))


class Log:
    """The checkpoints of one log, `org/log`, that this verifier holds. `epoch_seconds`: the published length of an epoch, if one is."""

    def __init__(self, origin: str, epoch_seconds: int = 0):
        with Borrowed() as borrow:
            out = ffi.new("WufuLog **")
            must(lib.wufu_log_new(borrow(origin), epoch_seconds, out))
        self._pointer = ffi.gc(out[0], lib.wufu_log_free)
        # The interpreter's own lock is released in every call. Who checks holds this one, too.
        self._lock = threading.Lock()

    def insert(self, log_key: Union[str, bytes], notes: Union[str, bytes]) -> int:
        """Opens signed checkpoints with the log's pinned key and takes in those of this log: one note, or the file of several that `wufu
        ledger checkpoints` writes. Gives how many are of this log. Waits for checks that use this log."""
        count = ffi.new("size_t *")
        with Borrowed() as borrow, self._lock:
            must(lib.wufu_log_insert_all(self._pointer, borrow(log_key), borrow(notes), count))
        return count[0]

    def prune(self, now: int, window: int = HOUR) -> None:
        """Forgets checkpoints that were replaced longer ago than the longest window that is used."""
        with self._lock:
            must(lib.wufu_log_prune(self._pointer, now, window))


@dataclass(frozen=True)
class Donation:
    """An answer to this verifier's request: `of` it, or in its own words. `verifier` is the Ed25519 key that signed it, `policy` canonical
    bytes (see `policy`), `now` Unix seconds."""

    key: Key
    log: Log
    verifier: bytes
    purpose: str
    origin: str
    policy: bytes
    challenge: bytes
    expiry: int
    key_ids: Sequence[bytes]
    now: int
    window: int = HOUR

    @classmethod
    def of(cls, request: Request, key: Key, log: Log, now: int, window: int = HOUR) -> "Donation":
        """What a request of this verifier's own asks. (One that came with the answer is the other side's word.)"""
        asked = {name: getattr(request, name) for name in ("verifier", "purpose", "origin", "policy", "challenge", "expiry", "key_ids")}
        return cls(key=key, log=log, now=now, window=window, **asked)

    def _logs(self) -> tuple[Log, ...]:
        return (self.log,)

    def _write(self, question, borrow) -> None:
        question.circuit = DONATION
        question.verifier, question.payload = borrow(self.verifier), borrow(self.challenge)
        question.purpose, question.origin = borrow(self.purpose), borrow(self.origin)
        question.policy, question.key_ids = borrow(self.policy), borrow(b"".join(self.key_ids))
        _write_common(self, question, self.log)


@dataclass(frozen=True)
class Claim:
    """A Five Fu claim in the campaign `org`, to be paid to `payout`."""

    key: Key
    cards: Log
    persons: Log
    org: str
    payout: bytes
    expiry: int
    now: int
    window: int = HOUR

    def _logs(self) -> tuple[Log, ...]:
        return (self.cards, self.persons)

    def _write(self, question, borrow) -> None:
        question.circuit = FIVE_FU
        question.verifier, question.payload = borrow(self.org), borrow(self.payout)
        question.persons = self.persons._pointer
        _write_common(self, question, self.cards)


@dataclass(frozen=True)
class Gift:
    """A gift in the campaign `org` that carries `payload`."""

    key: Key
    cards: Log
    org: str
    payload: bytes
    expiry: int
    now: int
    window: int = HOUR

    def _logs(self) -> tuple[Log, ...]:
        return (self.cards,)

    def _write(self, question, borrow) -> None:
        question.circuit = GIFT
        question.verifier, question.payload = borrow(self.org), borrow(self.payload)
        _write_common(self, question, self.cards)


Question = Union[Donation, Claim, Gift]


def verify(envelope: bytes, asked: Question) -> Verified:
    """Checks an envelope against what was asked. Raises `Refused`."""
    with Borrowed() as borrow, _Locked(asked._logs()):
        question, verdict = ffi.new("WufuQuestion *"), ffi.new("WufuVerdict *")
        asked._write(question, borrow)
        must(lib.wufu_verify(borrow(envelope), question, verdict), _empty(envelope))
        return _verified(verdict)


class Batch:
    """Checks many at once, and remembers floods of bad proofs from call to call. Threads that share one wait for each other."""

    def __init__(self):
        out = ffi.new("WufuBatch **")
        must(lib.wufu_batch_new(out))
        self._pointer = ffi.gc(out[0], lib.wufu_batch_free)
        self._lock = threading.Lock()

    def verify(self, items: Sequence[tuple[bytes, Question]]) -> list[Union[Verified, Refused]]:
        """The verdict on each, in order: the one that `verify` gives. Raises `Refused` when there is none, and nothing is verified."""
        # What was asked owns the keys and logs that the library looks at: a sequence may make its items as they are read.
        items = list(items)
        count = len(items)
        envelopes, questions = ffi.new("WufuBytes[]", count), ffi.new("WufuQuestion[]", count)
        verdicts = ffi.new("WufuVerdict[]", count)
        logs = [log for _, asked in items for log in asked._logs()]
        with self._lock, Borrowed() as borrow, _Locked(logs):
            for at, (envelope, asked) in enumerate(items):
                envelopes[at] = borrow(envelope)
                asked._write(questions[at], borrow)
            must(lib.wufu_verify_batch(self._pointer, envelopes, questions, count, verdicts))
        return [_verified(verdict) if verdict.reason == 0 else Refused(verdict.reason) for verdict in verdicts]


def read_envelope(envelope: bytes) -> None:
    """Raises `Refused` when the bytes are no envelope. It verifies nothing."""
    with Borrowed() as borrow:
        must(lib.wufu_envelope_read(borrow(envelope)), _empty(envelope))


class _Locked:
    """Holds the locks of logs, each once and all in one order, so that two who wait for each other's cannot be."""

    def __init__(self, logs: Sequence[Log]):
        self._logs = sorted(set(logs), key=id)

    def __enter__(self):
        for log in self._logs:
            log._lock.acquire()

    def __exit__(self, *_):
        for log in self._logs:
            log._lock.release()


def _write_common(asked, question, log: Log) -> None:
    question.key, question.log = asked.key._pointer, log._pointer
    question.now, question.window, question.expiry = asked.now, asked.window, asked.expiry


def _empty(envelope) -> str:
    return "" if len(envelope) else "the envelope is empty"


def _verified(verdict) -> Verified:
    spent = (bytes(ffi.buffer(verdict.nullifiers[at])) for at in range(verdict.nullifier_count))
    return Verified(verdict.epoch, tuple(spent))
