"""What a room costs its server: memory, idle time, and an event in a room that is quiet."""
