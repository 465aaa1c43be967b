"""How a verifier embeds the library: it pins a key and a log, asks a question, and checks the
answer.

    python embed.py KEY LOG_KEY CHECKPOINTS REQUEST ENVELOPE
    python embed.py --ask SEED KEY ORIGIN PROJECT OUT

The first form takes five files that `wufu demo` writes: a verifying key, a log key, signed
checkpoints, this verifier's own request, and the answer that somebody presented. It exits with 0
if the answer is accepted. The second form makes a request: SEED is a file of 32 bytes, PROJECT
is institution * 2^32 + project.
"""

import secrets
import sys
import time

import wufu_verifier as wufu


def read(path: str, most: int) -> bytes:
    """Reads a file, but no more than `most` bytes."""
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        sys.exit(f"{path}: more than {most} bytes")
    return data


def check(
    key_file: str, log_key_file: str, notes_file: str, request_file: str, envelope_file: str
) -> None:
    # In production leave out accept_development: whoever made a development key can forge.
    key = wufu.Key(read(key_file, 4096), accept_development=True)
    # Your own request, not one that came with the answer.
    request = wufu.Request.decode(read(request_file, wufu.MAX_ENVELOPE))
    log = wufu.Log(request.origin)
    count = log.insert(read(log_key_file, 4096), read(notes_file, 64 << 20))
    asked = wufu.Donation.of(request, key=key, log=log, now=int(time.time()))
    verified = wufu.verify(read(envelope_file, wufu.MAX_ENVELOPE), asked)
    # In production: check that all of verified.nullifiers are new to your database, and store them
    # in one step.
    print(f"accepted: a donation that you asked for, as of epoch {verified.epoch}")
    print(f"checkpoints held: {count}")


def ask(seed_file: str, key_file: str, origin: str, project: str, out: str) -> None:
    key = wufu.Key(read(key_file, 4096), accept_development=True)
    seed = bytearray(read(seed_file, 32))
    request = wufu.Request.sign(
        seed,
        purpose="tax relief",
        origin=origin,
        policy=wufu.policy([int(project)], amount_min=1),
        challenge=secrets.token_bytes(32),
        expiry=int(time.time()) + 86400,
        key_ids=[key.id],
    )
    seed[:] = bytes(32)
    with open(out, "wb") as file:
        file.write(request.encode())
    print(f"asked: {out}")


try:
    if sys.argv[1:2] == ["--ask"] and len(sys.argv) == 7:
        ask(*sys.argv[2:])
    elif len(sys.argv) == 6:
        check(*sys.argv[1:])
    else:
        sys.exit(__doc__)
except wufu.Refused as error:
    sys.exit(f"refused: {error}")
