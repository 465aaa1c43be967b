"""The verifier of Wufu: envelopes in, verdicts out.

    key = Key(key_file)
    request = Request.decode(request_file)
    log = Log(request.origin)
    log.insert(log_key, notes)
    verified = verify(envelope_file, Donation.of(request, key=key, log=log, now=int(time.time())))

Take the question from your own request, and nothing of it from the envelope. A verdict is either
`Verified`, or `Refused` with the same reason as in every other language. A verified proof is not
admitted yet: all of its nullifiers must be new to you. Check and store them in one step.

`examples/embed.py` is a complete program. Read `Request.sign` next to ask a question, and
`Batch` to verify many envelopes.
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
# The longest file of an envelope or a request, in bytes. Do not read more of it.
MAX_ENVELOPE = 204_800


@dataclass(frozen=True)
class Verified:
    """A verified proof: the epoch whose roots it uses, and the nullifiers that it spends."""

    epoch: int
    nullifiers: tuple[bytes, ...]


class Key:
    """A verifying key that was checked. Pin it.

    Accept development keys only in tests: whoever made one can forge. Raises `Refused`."""

    def __init__(self, encoded: bytes, accept_development: bool = False):
        with Borrowed() as borrow:
            out = ffi.new("WufuKey **")
            must(lib.wufu_key_decode(borrow(encoded), accept_development, out))
        self._pointer = ffi.gc(out[0], lib.wufu_key_free)

    @property
    def id(self) -> bytes:
        """The id of the key, 32 bytes."""
        out = ffi.new("uint8_t[32]")
        must(lib.wufu_key_id(self._pointer, out))
        return bytes(ffi.buffer(out))


class Log:
    """The checkpoints of one log, `org/log`, that this verifier holds.

    `epoch_seconds` is the published length of an epoch, or 0 if there is none."""

    def __init__(self, origin: str, epoch_seconds: int = 0):
        with Borrowed() as borrow:
            out = ffi.new("WufuLog **")
            must(lib.wufu_log_new(borrow(origin), epoch_seconds, out))
        self._pointer = ffi.gc(out[0], lib.wufu_log_free)
        # Every call releases the interpreter's own lock, so a check also holds this one.
        self._lock = threading.Lock()

    def insert(self, log_key: Union[str, bytes], notes: Union[str, bytes]) -> int:
        """Opens signed checkpoints with the log's pinned key, and adds those of this log.

        `notes` is one note, or a text of several as `wufu ledger checkpoints` writes it. Returns
        the number of checkpoints of this log. Waits for checks that use this log. Raises
        `Refused`."""
        count = ffi.new("size_t *")
        with Borrowed() as borrow, self._lock:
            must(lib.wufu_log_insert_all(self._pointer, borrow(log_key), borrow(notes), count))
        return count[0]

    def prune(self, now: int, window: int = HOUR) -> None:
        """Drops the checkpoints that were replaced more than `window` seconds before `now`.

        Pass the longest window that you use."""
        with self._lock:
            must(lib.wufu_log_prune(self._pointer, now, window))


@dataclass(frozen=True)
class Donation:
    """The question of a donation: an answer to this verifier's own request.

    Make it with `of`, or field by field. `verifier` is the Ed25519 key that signed the request,
    `policy` is in canonical bytes (see `policy`), `expiry` and `now` are in Unix seconds,
    `window` is in seconds."""

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
        """The question that a request asks. Use your own request, not one that came with the
        answer."""
        names = ("verifier", "purpose", "origin", "policy", "challenge", "expiry", "key_ids")
        asked = {name: getattr(request, name) for name in names}
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
    """The question of a Five Fu claim in the campaign `org` that pays `payout`."""

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
    """The question of a gift in the campaign `org` that carries `payload`."""

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
    """Checks an envelope against a question. Raises `Refused`."""
    with Borrowed() as borrow, _Locked(asked._logs()):
        question, verdict = ffi.new("WufuQuestion *"), ffi.new("WufuVerdict *")
        asked._write(question, borrow)
        must(lib.wufu_verify(borrow(envelope), question, verdict), _empty(envelope))
        return _verified(verdict)


class Batch:
    """Checks many envelopes at once, and remembers floods of bad proofs between calls.

    Threads that share a batch wait for each other."""

    def __init__(self):
        out = ffi.new("WufuBatch **")
        must(lib.wufu_batch_new(out))
        self._pointer = ffi.gc(out[0], lib.wufu_batch_free)
        self._lock = threading.Lock()

    def verify(self, items: Sequence[tuple[bytes, Question]]) -> list[Union[Verified, Refused]]:
        """Returns the verdict on each envelope, in order. The verdicts are those of `verify`.

        Raises `Refused` if the batch as a whole fails. Then nothing is verified."""
        # Keep every question: it owns the keys and logs that the library reads, and a sequence may
        # make its items on the fly.
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
        return [_verified(each) if each.reason == 0 else Refused(each.reason) for each in verdicts]


def read_envelope(envelope: bytes) -> None:
    """Raises `Refused` if the bytes are not an envelope. It verifies nothing."""
    with Borrowed() as borrow:
        must(lib.wufu_envelope_read(borrow(envelope)), _empty(envelope))


class _Locked:
    """Holds the locks of several logs, each once and always in the same order, to avoid
    deadlocks."""

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
