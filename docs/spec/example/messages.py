"""requests-and-envelopes.md: what is refused in decoded messages."""

from asking import Request, require_origin, require_word
from encoding import Refused, element, require
from groth16 import Proof
from names import is_name
from statements import AMOUNT_END, STATEMENTS, TIME_END, Policy, require_project_key


def require_length(data, length):
    require(len(data) == length, "message-length")


def check_path(path):
    require(path is not None, "message-missing")
    require(path["index"] < 2**32, "message-choice")
    require_length(path["siblings"], 768)
    for i in range(0, 768, 32):
        element(path["siblings"][i : i + 32])
    if path["leaf"]:
        element(path["leaf"])


def check_kind(message):
    require(message["kind"] <= 4, "message-choice")


def check_address(message):
    require_word(message["org"])
    element(message["pk"])
    require_length(message["ek"], 32)


def check_voucher(message):
    require_word(message["org"])
    require_length(message["code"], 32)


def check_gift(message):
    require_word(message["org"])
    check_kind(message)
    element(message["rho"])
    element(message["rcm"])


def check_card_grant(message):
    check_gift(message)
    check_path(message["path"])


def check_person_grant(message):
    require_word(message["org"])
    element(message["salt"])
    check_path(message["path"])


def check_donation_receipt(message):
    require(1 <= len(message["receipt"]) <= 256, "message-length")
    try:
        receipt = message["receipt"].decode()
    except UnicodeDecodeError:
        raise Refused("message-text") from None
    require(is_name(receipt), "message-text")
    require_origin(message["origin"])
    require_project_key(message["project_key"])
    require(message["amount"] < AMOUNT_END, "record-amount")
    require(message["time"] < TIME_END, "record-time")
    element(message["rcm"])
    check_path(message["path"])


def check_claim(claim):
    require_word(claim["org"])
    require(1 <= len(claim["payout"]) <= 256, "message-length")


def check_envelope(message, points=True):
    """A verifier leaves the proof's points to a later check, with `points=False`."""
    require(message["version"] == 1, "message-choice")
    require(message["circuit"] in STATEMENTS, "message-text")
    statement = STATEMENTS[message["circuit"]]
    statement.read_inputs(message["public_inputs"])
    require_length(message["key_id"], 32)
    request, claim = message["request"], message["claim"]
    if request is not None:
        Request.read_message(request)
    if claim is not None:
        check_claim(claim)
    require(len(message["proof"]) == 128, "proof-length")
    if points:
        Proof(message["proof"])
    has = (request is not None, claim is not None)
    fits = {"donation": (True, False), "five-fu": (False, True), "gift": (False, False)}
    require(has == fits[statement.name], "message-binding")
    origins = [epoch["origin"] for epoch in message["epochs"]]
    require(len(origins) == (2 if statement.name == "five-fu" else 1), "message-count")
    for origin in origins:
        require_origin(origin)
    if statement.name == "five-fu":
        require(origins == [claim["org"] + "/cards", claim["org"] + "/persons"], "message-binding")
    elif statement.name == "donation":
        require(origins == [request["origin"]], "message-binding")
    else:
        require(origins[0].endswith("/cards"), "message-binding")


CHECKS = {
    "Address": check_address,
    "Voucher": check_voucher,
    "Gift": check_gift,
    "CardGrant": check_card_grant,
    "PersonGrant": check_person_grant,
    "DonationReceipt": check_donation_receipt,
    "Policy": Policy.read_message,
    "ProofRequest": Request.read_message,
    "Envelope": check_envelope,
}
