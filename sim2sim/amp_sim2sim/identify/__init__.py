"""What a robot's motors and joints really do, fitted to a flight record of ``deploy --excite``."""
