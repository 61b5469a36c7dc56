"""The nouns of the program: frozen dataclasses and enums. No I/O; imports no other package of this program."""
