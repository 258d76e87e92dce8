"""Training and deployment side by side: where do they first differ, and by which mistake?"""
