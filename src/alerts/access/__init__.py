"""Signed links and tokens, who vouches for people, and the addresses of pages."""
