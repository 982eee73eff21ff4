"""Which deployment is the one, and what is known of it."""
