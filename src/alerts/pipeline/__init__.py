"""The pipeline steps, in order: poll, assess, route, send. Every driver calls these; none has a copy."""
