"""Receivers on loopback for tests of channels."""

from kit.messages import eventually, hosts, postbox, receiver, sample

__all__ = ["eventually", "hosts", "postbox", "receiver", "sample"]
