"""Backup, retention and repairs."""
