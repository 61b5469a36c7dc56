"""Who gets which alert, and when: rules, suppression, queues, coalescing, quiet hours, limits. Pure."""
