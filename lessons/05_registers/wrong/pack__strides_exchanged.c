/* The two strides are exchanged. `across` leads from one number of a step to the next, `along` from one step to the
 * next. */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < width; i++) packed[k * width + i] = i < present ? from[i * along + k * across] : 0;
}
