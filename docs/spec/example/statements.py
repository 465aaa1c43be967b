"""statements.md: public inputs and policies; keys-and-leaves.md: records."""

from encoding import CanonicalReader, Refused, canonical, element, require, u64
from poseidon import D, H, tree_root


class Statement:
    def __init__(self, name, circuit_id, inputs, nullifiers):
        self.name, self.circuit_id = name, bytes.fromhex(circuit_id)
        self.inputs, self.nullifiers = inputs.split(), nullifiers.split()

    def read_inputs(self, data):
        """The public inputs as a dictionary from name to field element."""
        require(len(data) == 32 * len(self.inputs), "inputs-length")
        return {name: element(data[32 * i : 32 * i + 32]) for i, name in enumerate(self.inputs)}


STATEMENTS = {
    statement.name: statement
    for statement in [
        Statement(
            "five-fu",
            "e05b0b8bd6b6df22da525a3a0e51bbc1b77fc3de34e3f58f3cb130bb340ecb34",
            "anchor nf_p nf_0 nf_1 nf_2 nf_3 nf_4 ext",
            "nf_p nf_0 nf_1 nf_2 nf_3 nf_4",
        ),
        Statement(
            "donation",
            "4e5433a90a32f6e34ff4d2b96f4d0112dbeaff0c048832a4f31d4ce00040c9a7",
            "root scope nf_d policy ext",
            "nf_d",
        ),
        Statement(
            "gift",
            "3fd85c868df5db6930cec447f030b74761066493a0c5b4aa57b599e8fe6671b2",
            "root nf_in cm_out ext",
            "nf_in",
        ),
    ]
}

AMOUNT_END, TIME_END, MOST_PROJECTS = 2**48, 2**40, 4096


def require_project_key(key):
    require(key >> 32 and key & 0xFFFFFFFF, "record-project-key")


class Record:
    """The public entry of a donation."""

    def __init__(self, data):
        require(len(data) == 56, "record-length")
        self.project_key, self.amount, self.time = (
            int.from_bytes(data[i : i + 8], "little") for i in (0, 8, 16)
        )
        require_project_key(self.project_key)
        require(self.amount < AMOUNT_END, "record-amount")
        require(self.time < TIME_END, "record-time")
        self.own = element(data[24:])
        self.body = H(D["BODY"], self.project_key, self.amount, self.time)
        self.leaf = H(D["DON"], self.body, self.own)


class Policy:
    def __init__(self, project_keys, amount, time):
        self.project_keys, self.amount, self.time = project_keys, amount, time

    def canonical(self):
        return canonical(b"".join(map(u64, self.project_keys)), *self.amount, *self.time)

    def set_root(self):
        return tree_root(self.project_keys, 6, self.project_keys[-1])

    def hash(self):
        return H(D["POL"], self.set_root(), H(*self.amount, *self.time))

    def admits(self, record):
        return (
            record.project_key in self.project_keys
            and self.amount[0] <= record.amount <= self.amount[1]
            and self.time[0] <= record.time <= self.time[1]
        )

    @staticmethod
    def read_canonical(data):
        reader = CanonicalReader(data, 5)
        projects = reader.bytes()
        amount = (reader.integer(), reader.integer())
        time = (reader.integer(), reader.integer())
        reader.end()
        require(len(projects) % 8 == 0, "policy-set-length")
        keys = [int.from_bytes(projects[i : i + 8], "little") for i in range(0, len(projects), 8)]
        require(len(keys) <= MOST_PROJECTS, "policy-large-set")
        for key in keys:
            require_project_key(key)
        require(is_ascending(keys), "policy-order")
        require(keys, "policy-empty-set")
        for bounds, end, reason in [
            (amount, AMOUNT_END, "record-amount"),
            (time, TIME_END, "record-time"),
        ]:
            require(max(bounds) < end, reason)
            require(bounds[0] <= bounds[1], "policy-bounds")
        return Policy(keys, amount, time)

    @staticmethod
    def read_message(message):
        """Judges a decoded message, in another order than canonical bytes."""
        keys = message["project_keys"]
        amount = (message["amount_min"], message["amount_max"])
        time = (message["time_min"], message["time_max"])
        require(1 <= len(keys) <= MOST_PROJECTS, "message-count")
        require(is_ascending(keys), "policy-order")
        require(max(amount) < AMOUNT_END, "record-amount")
        require(max(time) < TIME_END, "record-time")
        for key in keys:
            require_project_key(key)
        require(amount[0] <= amount[1] and time[0] <= time[1], "policy-bounds")
        return Policy(keys, amount, time)


def is_ascending(keys):
    return all(a < b for a, b in zip(keys, keys[1:]))


def statement_of_circuit(circuit_id):
    for statement in STATEMENTS.values():
        if statement.circuit_id == circuit_id:
            return statement
    raise Refused("key-unknown-circuit")
