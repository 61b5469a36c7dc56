"""Polite fetching, parsing, deciding what is new, when to poll next, WebSub. No database."""
