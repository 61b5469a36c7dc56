"""The composition root, the configuration in force, task requests, logging."""
