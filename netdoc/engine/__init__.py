"""Finds checks, runs them over a path, says what happens, and makes the report of it."""
