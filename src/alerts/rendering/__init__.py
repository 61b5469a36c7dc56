"""Alerts and profiles as text: tiers, context, templates, formats of channels, escaping. Pure."""
