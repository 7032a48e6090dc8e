"""Playbooks: guided steps as data. Read from YAML, checked with line and column, walked forward only."""
