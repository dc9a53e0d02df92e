/* The copy holds one column of the piece after the other. `tile` reads all `width` numbers of a step and then those
 * of the next, so step k begins at packed + k * width. */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < width; i++) packed[i * steps + k] = i < present ? from[i * across + k * along] : 0;
}
