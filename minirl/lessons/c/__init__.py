"""C and CUDA in the lessons: a learner's kernels are compiled, checked in a program of their own, timed and swapped in.

    from minirl.lessons.c import Face, compile_c, empty, has_compiler

A lesson with C has `exercises.c` and `solution.c`, and says in lesson.toml what each function's prototype is. Its
checks.py gives every function a `Face`, by which it looks like a function of Python. Where there is no compiler, the
face shows a reference in NumPy instead, and the lesson goes on. With CUDA it is the same, in `exercises.cu`: kernel.py.
"""

from minirl.lessons.c.compiler import CompileError, NoCompiler, has_compiler
from minirl.lessons.c.face import Face, compile_c, empty
from minirl.lessons.c.kernel import compile_cuda, every_order
from minirl.lessons.c.trace import trace, traced

__all__ = [
    "CompileError",
    "Face",
    "NoCompiler",
    "compile_c",
    "compile_cuda",
    "empty",
    "every_order",
    "has_compiler",
    "trace",
    "traced",
]
