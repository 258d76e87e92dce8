"""Simulator backends behind one contract (see ``base``)."""
