"""Training layer of amp-sdk: environments on a simulator backend, AMP+PPO, checkpoints, export."""
