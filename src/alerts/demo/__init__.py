"""A scenario on a local feed server, so that one command shows what the program does. Needs no network."""
