/* Step k begins at k * present, so a narrow piece makes a narrow panel. `tile` expects each step at a multiple of
 * the full width. */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < width; i++) if (i < present) packed[k * present + i] = from[i * across + k * along];
}
