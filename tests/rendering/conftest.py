"""A sample message for tests of rendering."""

from kit.messages import sample

__all__ = ["sample"]
