"""Servers that stand in for the world, on loopback."""
