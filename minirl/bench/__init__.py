"""Benchmarks, each against other software in the same run: `python -m minirl.bench [kernels | tokenizer]`."""
