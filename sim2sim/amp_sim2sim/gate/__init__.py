"""The gate: many scenarios side by side, and one verdict on whether to put a policy on a robot."""
