"""The schema migrations, and what runs them."""
