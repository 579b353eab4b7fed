"""The plot that the house stands on: settings, routes, servers, embedded services."""
