"""What people read: log, outputs, annotations, summary."""
