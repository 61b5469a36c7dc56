"""Institutions from spreadsheets and the files of public registries."""
