"""Viewers who open a room's page and socket all at once: joins a second, CPU and memory for each."""
