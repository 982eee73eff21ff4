"""Which deployment is ours, and what is known of it."""
