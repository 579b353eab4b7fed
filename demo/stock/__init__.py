"""What the demo sells and who takes part: plain data."""
