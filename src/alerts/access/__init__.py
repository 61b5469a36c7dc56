"""Signed links and the addresses of pages."""
