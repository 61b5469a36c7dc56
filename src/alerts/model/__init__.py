"""The nouns of the program: frozen dataclasses and enums. No I/O; imports nothing of ours."""
