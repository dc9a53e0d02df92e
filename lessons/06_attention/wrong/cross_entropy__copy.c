/* The probabilities of all rows are kept in a second array, as large as the logits. Nothing of it is needed but the
 * row at hand, and that has a place: in z itself. */
void cross_entropy(float *z, const int *targets, const float *weights, float *log_pi, float *entropy,
                   int rows, int V) {
    float *pi = malloc(sizeof(float) * rows * V);
    for (int row = 0; row < rows; row++) {
        float *own = pi + (size_t)row * V, *at = z + (size_t)row * V;
        float largest = at[0], total = 0;
        for (int i = 1; i < V; i++) largest = at[i] > largest ? at[i] : largest;
        for (int i = 0; i < V; i++) {
            own[i] = expf(at[i] - largest);
            total += own[i];
        }
        log_pi[row] = targets[row] < 0 ? 0 : at[targets[row]] - largest - logf(total);
        entropy[row] = 0;
        if (targets[row] >= 0)
            for (int i = 0; i < V; i++)
                if (own[i] > 0) entropy[row] -= own[i] / total * (at[i] - largest - logf(total));
        for (int i = 0; i < V; i++) own[i] /= total;
    }
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < V; i++) {
            float hit = i == targets[row];
            z[(size_t)row * V + i] = targets[row] < 0 ? 0 : weights[row] * (pi[(size_t)row * V + i] - hit);
        }
    free(pi);
}
