"""Who is told, and when: rules, suppression, queues, coalescing, quiet hours, limits. Pure."""
