"""Deliveries to a crowd in one room for each second of the server's CPU, against peers in one run."""
