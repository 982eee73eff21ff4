"""What the step can do: one file for each command."""
