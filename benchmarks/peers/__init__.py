"""What the benchmarks of rooms share: peers from package registries, a load client, our own product."""
