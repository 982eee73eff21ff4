"""What the step can do: a file for each command, one for each part of them, and what they share (`step`, `job`)."""
