"""The main job: `python -m minirl.train`. config.py says what can be set, program.py is the chain of stages."""
