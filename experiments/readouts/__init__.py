"""From sums to the `readout/1` document: which method for which metric, and what each number is called."""
