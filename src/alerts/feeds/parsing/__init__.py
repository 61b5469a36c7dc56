"""Bytes to feeds: XML, JSON, text, the splitter."""
