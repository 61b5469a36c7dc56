"""Read-only queries for pages, lists and metrics."""
