"""logs.md: histories, and which roots are accepted."""

from encoding import Refused, require
from poseidon import D, H

CLOCK_TOLERANCE = 120


class History:
    def __init__(self, origin, epoch_seconds):
        self.origin, self.epoch_seconds = origin, epoch_seconds
        self.held = {}
        self.is_contradicted = False

    def join(self, checkpoint):
        require(checkpoint.origin == self.origin, "history-origin")
        if self.held:
            require(checkpoint.key == self.held[max(self.held)].key, "history-key")
        published = self.epoch_seconds
        require(published is None or checkpoint.epoch_seconds == published, "history-schedule")
        neighbours = [
            max((epoch for epoch in self.held if epoch <= checkpoint.epoch), default=None),
            min((epoch for epoch in self.held if epoch >= checkpoint.epoch), default=None),
        ]
        for epoch in neighbours:
            if epoch is not None and contradict(self.held[epoch], checkpoint):
                self.is_contradicted = True
                raise Refused("history-contradiction")
        self.held.setdefault(checkpoint.epoch, checkpoint)

    def in_force(self, epoch):
        """The checkpoint with the greatest epoch that is not above `epoch`, or None."""
        return self.held.get(max((held for held in self.held if held <= epoch), default=None))

    def replaced(self, checkpoint):
        """When the checkpoint was replaced, or None."""
        later = min((epoch for epoch in self.held if epoch > checkpoint.epoch), default=None)
        return None if later is None else self.held[later].time

    def accept(self, root, now, window):
        """The epoch of an accepted root."""
        require(not self.is_contradicted, "log-contradicted")
        matching = [
            self.held[epoch] for epoch in sorted(self.held) if self.held[epoch].root == root
        ]
        require(matching, "root-unknown")
        begun = [checkpoint for checkpoint in matching if has_begun(checkpoint.time, now)]
        require(begun, "root-future")
        replaced = self.replaced(begun[-1])
        require(replaced is None or now - replaced <= window, "root-expired")
        return begun[-1].epoch


def has_begun(time, now):
    return time <= now + CLOCK_TOLERANCE


def contradict(a, b):
    first, second = (a, b) if a.epoch <= b.epoch else (b, a)
    if first.epoch == second.epoch:
        return (first.size, first.root, first.time) != (second.size, second.root, second.time)
    return (
        first.size > second.size
        or first.time > second.time
        or first.epoch_seconds != second.epoch_seconds
        or (first.size == second.size) != (first.root == second.root)
    )


def accept_anchor(cards, persons, anchor, scope, now, window):
    """The epoch of an accepted anchor."""
    require(not cards.is_contradicted and not persons.is_contradicted, "log-contradicted")
    reason = "root-unknown"
    for epoch in sorted({*cards.held, *persons.held}, reverse=True):
        pair = [(log, log.in_force(epoch)) for log in (cards, persons)]
        if any(checkpoint is None for _, checkpoint in pair):
            continue
        begins = max(checkpoint.time for _, checkpoint in pair)
        replaced = min(
            (t for t in (log.replaced(c) for log, c in pair) if t is not None), default=None
        )
        is_expired = replaced is not None and now - replaced > window
        if H(D["ANC"], *(checkpoint.root for _, checkpoint in pair), scope) == anchor:
            require(not is_expired, "root-expired")
            if has_begun(begins, now):
                return epoch
            reason = "root-future"
        elif is_expired:
            break
    raise Refused(reason)
