"""When to look, until when, and how to cancel."""
