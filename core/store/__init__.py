"""What is remembered between runs, and the only place that speaks SQL."""
