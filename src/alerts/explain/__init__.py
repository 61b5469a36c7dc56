"""Why an alert fired, and why it did not."""
