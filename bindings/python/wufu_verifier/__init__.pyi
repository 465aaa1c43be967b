from dataclasses import dataclass
from typing import Callable, Iterable, Sequence, Union

AMOUNT_MAX: int
HOUR: int
MAX_ENVELOPE: int
TIME_MAX: int

_Bytes = Union[bytes, bytearray, memoryview]

class Refused(Exception):
    code: int
    reason: str
    def __init__(self, code: int, detail: str = "") -> None: ...

@dataclass(frozen=True)
class Verified:
    epoch: int
    nullifiers: tuple[bytes, ...]

class Key:
    def __init__(self, encoded: _Bytes, accept_development: bool = False) -> None: ...
    @property
    def id(self) -> bytes: ...

class Log:
    def __init__(self, origin: str, epoch_seconds: int = 0) -> None: ...
    def insert(self, log_key: Union[str, bytes], notes: Union[str, bytes]) -> int: ...
    def prune(self, now: int, window: int = ...) -> None: ...

def project(institution: int, project: int) -> int: ...
def policy(
    projects: Iterable[int],
    *,
    amount_min: int = 0,
    amount_max: int = ...,
    time_min: int = 0,
    time_max: int = ...,
) -> bytes: ...

class Request:
    verifier: bytes
    purpose: str
    origin: str
    policy: bytes
    challenge: bytes
    expiry: int
    key_ids: tuple[bytes, ...]
    @classmethod
    def decode(cls, file: _Bytes) -> Request: ...
    @classmethod
    def sign(
        cls,
        seed: _Bytes,
        *,
        purpose: str,
        origin: str,
        policy: bytes,
        challenge: bytes,
        expiry: int,
        key_ids: Sequence[bytes],
    ) -> Request: ...
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
    ) -> Request: ...
    def encode(self) -> bytes: ...

@dataclass(frozen=True)
class Donation:
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
    window: int = ...
    @classmethod
    def of(cls, request: Request, key: Key, log: Log, now: int, window: int = ...) -> Donation: ...

@dataclass(frozen=True)
class Claim:
    key: Key
    cards: Log
    persons: Log
    org: str
    payout: bytes
    expiry: int
    now: int
    window: int = ...

@dataclass(frozen=True)
class Gift:
    key: Key
    cards: Log
    org: str
    payload: bytes
    expiry: int
    now: int
    window: int = ...

Question = Union[Donation, Claim, Gift]

def verify(envelope: _Bytes, asked: Question) -> Verified: ...

class Batch:
    def __init__(self) -> None: ...
    def verify(self, items: Sequence[tuple[bytes, Question]]) -> list[Union[Verified, Refused]]: ...

def read_envelope(envelope: _Bytes) -> None: ...
