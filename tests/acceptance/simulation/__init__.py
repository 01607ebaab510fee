"""Seeded simulation: the real flows and ledger over both sandboxes in one process, with a clock that is moved by hand."""
