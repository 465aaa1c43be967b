"""How one case runs: what a wallet reads and derives."""

import answers
import wallet
from corpus import FILES, expect, expect_fields, expect_verdict
from encoding import Refused
from notes import LogKey


def run_answer(case, read):
    key = LogKey(FILES["receipts.json"]["log_key"])
    stated = {"reason": case.get("reason", case.get("line")), "verdict": case["verdict"]}
    answer = expect_verdict(stated, read, key, case["note"])
    if answer:
        del answer["end"]
        found = {name: as_text(value) for name, value in answer.items()}
        expect_fields({name: as_text(case[name]) for name in found}, **found)


def as_text(value):
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def run_directory(case):
    vectors = FILES["directories.json"]
    try:
        directory = answers.Directory(LogKey(vectors["log_key"]), vectors["origin"], case["note"])
    except Refused as refusal:
        expect(
            (refusal.reason, refusal.line),
            (case.get("reason", case.get("field")), case.get("line")),
            "fault",
        )
        expect("refused", case["verdict"], "verdict")
        return
    expect("accepted", case["verdict"], "verdict")
    projects = [
        {"key": str(key), "institution": of, "name": name} for key, of, name in directory.projects
    ]
    expect_fields(case, institutions=directory.institutions, projects=projects)


def run_derivation(case):
    expect_fields(case, **wallet.derive(case))


# What a refusal of an address must say: the vectors have words and no codes.
ADDRESS_WORDS = {
    "canonical-count": "fields, expected 3",
    "field-not-canonical": "not canonical",
    "canonical-length": "bytes, expected 32",
    "canonical-text": "not UTF-8",
    "canonical-trailing": "follow the last field",
    "longer than 1,024 bytes": "expected at most 1024",
    "no wufu1": "does not begin with wufu1",
    "not base64url": "not base64url",
    "checksum": "checksum",
}


def run_address(case):
    try:
        org, pk, ek = wallet.read_address(case["text"])
    except Refused as refusal:
        expect(
            ADDRESS_WORDS[refusal.reason] in case.get("reason", ""),
            True,
            f"{refusal.reason} as the reason",
        )
        return
    expect_fields(case, org=org, pk=pk.hex(), ek=ek.hex())
    expect(wallet.address_text(org, pk, ek), case["text"], "address, encoded again")


def run_receipt(case):
    run_answer(case, answers.read_receipt)


def run_refusal(case):
    run_answer(case, answers.read_refusal)
