"""The lists of cases: for each its name, the function that runs one case, and the cases."""

import pages
import run_formats as formats
import run_verdicts as verdicts
import run_wallet as wallets
from corpus import FILES


def cases_of(file, *lists):
    """The cases of some lists of a file. A case without a name is called by its number."""
    cases = [case for name in lists for case in FILES[file][name]]
    return [
        {"case": case.get("circuit", f"number {number}"), **case}
        for number, case in enumerate(cases, 1)
    ]


def messages(*kinds):
    """The cases of `messages` in messages.json, with the message in each case and its name."""
    return [
        {
            **case,
            "message": group["message"].removeprefix("wufu.v1."),
            "case": f"{group['message']}: {case['case']}",
        }
        for group in FILES["messages.json"]["messages"]
        for kind in kinds
        for case in group[kind]
    ]


def checkpoints():
    both = FILES["messages.json"]["checkpoints"]
    return both["accepted"] + both["refused"]


LISTS = {
    "poseidon.json": (formats.run_poseidon, cases_of("poseidon.json", "accepted", "refused")),
    "inputs.json": (formats.run_inputs, cases_of("inputs.json", "inputs")),
    "proofs.json": (formats.run_proof, cases_of("proofs.json", "proofs")),
    "keys.json": (formats.run_key, cases_of("keys.json", "keys")),
    "records.json": (formats.run_record, cases_of("records.json", "records")),
    "policies.json": (formats.run_policy, cases_of("policies.json", "policies")),
    "requests.json": (formats.run_request, cases_of("requests.json", "requests")),
    "logs.json: log_keys": (formats.run_log_key, cases_of("logs.json", "log_keys")),
    "logs.json: histories": (formats.run_history, cases_of("logs.json", "histories")),
    "messages.json: accepted, refused": (formats.run_message, messages("accepted", "refused")),
    "messages.json: refused_json": (formats.run_refused_json, messages("refused_json")),
    "messages.json: checkpoints": (formats.run_checkpoint, checkpoints()),
    "files.json": (formats.run_file, cases_of("files.json", "files")),
    "envelopes.json": (verdicts.run_envelope, cases_of("envelopes.json", "cases")),
    "honest.json": (verdicts.run_honest, cases_of("honest.json", "proofs")),
    "receipts.json: receipts": (wallets.run_receipt, cases_of("receipts.json", "receipts")),
    "receipts.json: refusals": (wallets.run_refusal, cases_of("receipts.json", "refusals")),
    "directories.json": (wallets.run_directory, cases_of("directories.json", "directories")),
    "derivations.json": (wallets.run_derivation, cases_of("derivations.json", "cases")),
    "addresses.json": (wallets.run_address, cases_of("addresses.json", "accepted", "refused")),
    "printed in hash.md": (pages.run_hash_page, [{"case": "all"}]),
    "printed in encoding.md": (pages.run_encoding_page, [{"case": "all"}]),
    "printed in blind.md": (pages.run_blind_page, [{"case": "all"}]),
}


def count_cases(value):
    """How many cases a file has, whatever its lists are called."""
    if isinstance(value, list):
        return sum(map(count_cases, value))
    if not isinstance(value, dict):
        return 0
    if {"case", "reason", "verdict", "hash", "seed", "text", "envelope"} & value.keys():
        return 1
    return sum(map(count_cases, value.values()))


def not_covered():
    """Files with more cases than the lists above have."""
    result = []
    for file, content in FILES.items():
        run = sum(len(cases) for name, (_, cases) in LISTS.items() if name.split(":")[0] == file)
        if count_cases(content) != run:
            result.append(f"{file}: {count_cases(content)} cases, of which {run} ran")
    return result
