"""Launchers: where the processes of a training run."""
