"""What is known about one institution, and how an observation changes it. Pure."""
