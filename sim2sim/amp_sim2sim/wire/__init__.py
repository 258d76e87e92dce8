"""A simulated Go2 or G1 behind the topics of the real one, with everything a real wire does."""
