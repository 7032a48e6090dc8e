"""netdoc says why A cannot reach B in Kubernetes, proves it, and shows the fix."""

__version__ = "0.1.0"
