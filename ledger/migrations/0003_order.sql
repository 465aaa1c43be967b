-- Donations in the order in which they were entered: what was entered since a summary is checked
-- against it.
CREATE INDEX receipts_by_seq ON receipts (log, seq);
