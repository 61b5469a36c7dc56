"""Signed links, sessions, and the addresses of pages."""
