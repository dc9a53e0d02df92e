"""Where the functions of lesson 4 go into minirl: the matrix products of training."""

from minirl.lessons.matmul_seam import matmul_seam

SEAMS = [matmul_seam("kernels.matmul_plain")]
