"""keys-and-leaves.md: from a wallet's seed to every leaf and nullifier; addresses as text."""

import base64

import ed25519
from blake3 import derive_key
from encoding import CanonicalReader, Refused, canonical, element, element_bytes, strict_base64url
from names import is_word
from poseidon import D, H, ext_of, h2f, scope_of

KINDS = [
    ("爱国", "patriotism"),
    ("富强", "prosperity"),
    ("和谐", "harmony"),
    ("友善", "friendliness"),
    ("敬业", "dedication"),
]
CHECKSUM = "wufu 2026-11 address checksum v1"


def address_text(org, pk, ek):
    data = canonical(org, pk, ek)
    text = base64.urlsafe_b64encode(data + derive_key(CHECKSUM, data, 4)).decode()
    return "wufu1" + text.rstrip("=")


def read_address(text):
    """Org, pk and ek of an address. The refusals have no codes."""
    if len(text.encode()) > 1024:
        raise Refused("longer than 1,024 bytes")
    if not text.startswith("wufu1"):
        raise Refused("no wufu1")
    data = strict_base64url(text[5:])
    if data is None:
        raise Refused("not base64url")
    if len(data) < 4 or derive_key(CHECKSUM, data[:-4], 4) != data[-4:]:
        raise Refused("checksum")
    reader = CanonicalReader(data[:-4], 3)
    org, pk, ek = reader.text(), reader.bytes(), reader.bytes(32)
    element(pk)
    reader.end()
    if org and not is_word(org):
        raise Refused("org")
    return org, pk, ek


def kind_number(name):
    return next(number for number, names in enumerate(KINDS) if name in names)


def derive(given):
    """The derived values of a case of derivations.json, from the given ones."""
    seed, org = bytes.fromhex(given["seed"]), given["org"]
    rcm, salt, pk_friend = (
        element(bytes.fromhex(given[name])) for name in ("rcm", "salt", "pk_friend")
    )
    sk = h2f("spend key", seed, org)
    pk = H(D["PK"], sk)
    ek = ed25519.x25519_public(derive_key("wufu 2026-11 encryption key v1", canonical(seed, org)))
    rho = h2f("issue", org, given["serial"])
    cm = H(D["NOTE"] + kind_number(given["kind"]), pk, rho, rcm)
    nf = H(D["NF"], sk, cm)
    person = H(D["PERSON"], pk, salt)
    scope = scope_of(org, "claim")
    own = H(D["OWN"], pk, h2f("receipt", given["receipt"]), rcm)
    project_key = given["institution"] << 32 | given["project"]
    don = H(D["DON"], H(D["BODY"], project_key, given["amount"], given["time"]), own)
    elements = {
        "sk": sk,
        "pk": pk,
        "rho": rho,
        "cm": cm,
        "nf": nf,
        "person": person,
        "scope": scope,
        "own": own,
        "don": don,
        "gift_rcm": h2f("gift rcm", seed, element_bytes(nf), element_bytes(pk_friend)),
        "nf_p": H(D["PNF"], sk, scope),
        "nf_d": H(D["DNF"], sk, scope, don),
        "anchor": H(D["ANC"], cm, person, scope),
        "ext": ext_of(org, given["receipt"], given["time"], bytes.fromhex(given["key_id"])),
    }
    derived = {name: element_bytes(value).hex() for name, value in elements.items()}
    return derived | {"ek": ek.hex(), "address": address_text(org, element_bytes(pk), ek)}
