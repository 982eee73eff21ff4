"""The step's inputs: one place that reads and checks them."""
