"""Judges from the books of the shop and of M3, and from nothing else, whether every order was carried exactly once.

A program of its own (`python -m bench.checker`); the demo and the tests import `check`.
"""

from bench.checker.judge import check
from bench.checker.verdict import Finding, Problem, Verdict

__all__ = ["Finding", "Problem", "Verdict", "check"]
