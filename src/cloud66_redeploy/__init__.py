"""Redeploy a Cloud 66 stack from a GitHub workflow, wait, and tell the truth about the outcome."""

__version__ = "1.0.0"
