"""Verification of policies in MuJoCo, apart from any training environment."""
