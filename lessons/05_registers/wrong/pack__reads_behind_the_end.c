/* The columns from `present` to width - 1 are read from the matrix, where they do not exist. Write 0 for them. */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < width; i++) packed[k * width + i] = from[i * across + k * along];
}
