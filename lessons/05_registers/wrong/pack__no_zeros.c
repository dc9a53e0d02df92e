/* Where the piece is narrower than the panel, nothing is written, and the panel keeps what was there before. `tile`
 * multiplies it all the same: fill these places with 0. */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < present; i++) packed[k * width + i] = from[i * across + k * along];
}
