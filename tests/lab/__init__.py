"""The lab: a real one-node Kubernetes on this machine, from ordinary packages.

It runs with the standard library and Debian's tools alone, so that `make lab` needs no environment.
"""
