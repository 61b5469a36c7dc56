"""Institutions from spreadsheets and public registries."""
