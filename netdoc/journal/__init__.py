"""Runs on disk: kept as they happen, judged again from what was kept, and never with a secret in them."""
