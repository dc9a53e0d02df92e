"""C in the lessons: a learner's kernels are compiled, checked in a program of their own, timed and swapped in.

    from minirl.lessons.c import Face, compile_c, empty, has_compiler

A lesson with C has `exercises.c` and `solution.c`, and says in lesson.toml what each function's prototype is. Its
checks.py gives every function a `Face`, by which it looks like a function of Python. Where there is no compiler, the
face shows a reference in NumPy instead, and the lesson goes on.
"""

from minirl.lessons.c.compiler import CompileError, NoCompiler, has_compiler
from minirl.lessons.c.face import Face, compile_c, empty

__all__ = ["CompileError", "Face", "NoCompiler", "compile_c", "empty", "has_compiler"]
