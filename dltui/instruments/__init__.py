"""Instruments: numbers about a model, its data and its weights; they know no screen."""
