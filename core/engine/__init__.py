"""What one run does: plan, read, write, report."""
