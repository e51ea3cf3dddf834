"""Why a model gave its answer: how much each part of the input had to do with it."""
