"""Confidence, grades, axes and levels: pure functions of evidence and time."""
