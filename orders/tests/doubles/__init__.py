"""Payment providers as the tests run them: over HTTP, on this machine, with faults on request."""
