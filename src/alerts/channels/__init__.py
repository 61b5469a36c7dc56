"""One message to one target: Apprise, e-mail, results, backoff, rate limits."""
