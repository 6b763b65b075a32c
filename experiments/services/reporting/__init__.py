"""The verbs of a quarter's report: write it, ask, release it, hand it to readers."""
