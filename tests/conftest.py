"""Hypothesis gives the same examples on every run: a failure is found again, and coverage does not vary."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
