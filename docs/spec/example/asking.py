"""requests-and-envelopes.md, "Requests": from canonical bytes and from a message."""

import ed25519
from encoding import CanonicalReader, canonical, require
from names import is_name, is_origin, is_word
from poseidon import scope_of
from statements import Policy

CONTEXT = "wufu 2026-11 proof request v1"
MOST_KEYS = 16


class Request:
    """Fields: verifier, purpose, origin, policy (Policy), challenge, expiry, key_ids, signature."""

    def __init__(self, **fields):
        self.__dict__.update(fields)
        self._check()

    def signed_bytes(self):
        return canonical(
            CONTEXT,
            self.verifier,
            self.purpose,
            "donation",
            self.origin,
            self.policy.canonical(),
            self.challenge,
            self.expiry,
            b"".join(self.key_ids),
        )

    def scope(self):
        return scope_of(self.verifier, self.purpose)

    def _check(self):
        for text in (self.purpose, self.origin):
            require(1 <= len(text.encode()) <= 256, "request-text")
        require(
            is_name(self.purpose) and is_word(self.origin) and self.purpose != "claim",
            "request-text",
        )
        require(1 <= len(self.key_ids) <= MOST_KEYS, "request-keys")
        require(ed25519.decode(self.verifier) is not None, "request-verifier")
        require(
            ed25519.verifies(self.verifier, self.signed_bytes(), self.signature),
            "request-signature",
        )

    @staticmethod
    def read_canonical(data):
        reader = CanonicalReader(data, 10)
        require(reader.text() == CONTEXT, "request-context")
        verifier, purpose = reader.bytes(32), reader.text()
        require(reader.text() == "donation", "request-circuit")
        origin, policy = reader.text(), Policy.read_canonical(reader.bytes())
        challenge, expiry, keys, signature = (
            reader.bytes(32),
            reader.integer(),
            reader.bytes(),
            reader.bytes(64),
        )
        reader.end()
        require(len(keys) % 32 == 0, "request-keys")
        return Request(
            verifier=verifier,
            purpose=purpose,
            origin=origin,
            policy=policy,
            challenge=challenge,
            expiry=expiry,
            key_ids=[keys[i : i + 32] for i in range(0, len(keys), 32)],
            signature=signature,
        )

    @staticmethod
    def read_message(message):
        require(len(message["verifier"]) == 32, "message-length")
        require(message["circuit"] == "donation", "request-circuit")
        require_origin(message["origin"])
        require(message["policy"] is not None, "message-missing")
        policy = Policy.read_message(message["policy"])
        require(len(message["challenge"]) == 32, "message-length")
        require(1 <= len(message["key_ids"]) <= MOST_KEYS, "message-count")
        require(len(message["signature"]) == 64, "message-length")
        require(all(len(key_id) == 32 for key_id in message["key_ids"]), "message-length")
        fields = {
            name: message[name]
            for name in "verifier purpose origin challenge expiry key_ids signature".split()
        }
        return Request(policy=policy, **fields)


def require_text_length(text):
    require(1 <= len(text.encode()) <= 256, "message-length")


def require_word(text):
    require_text_length(text)
    require(is_word(text), "message-text")


def require_origin(text):
    require_text_length(text)
    require(is_origin(text), "message-text")
