/* A row that does not count keeps its logits, and they are taken for its gradient. Fill it with zeros. */
void cross_entropy(float *z, const int *targets, const float *weights, float *log_pi,
                   float *entropy, int rows, int V) {
    for (int row = 0; row < rows; row++, z += V) {
        log_pi[row] = entropy[row] = 0;
        if (targets[row] < 0) {
            continue;
        }
        float of_target = z[targets[row]], largest = z[0], total = 0, sum = 0;
        for (int i = 1; i < V; i++) largest = z[i] > largest ? z[i] : largest;
        for (int i = 0; i < V; i++) {
            float below = z[i] - largest;
            z[i] = expf(below);
            total += z[i];
            if (z[i] > 0) sum += z[i] * below;
        }
        log_pi[row] = of_target - largest - logf(total);
        entropy[row] = logf(total) - sum / total;
        for (int i = 0; i < V; i++) z[i] *= weights[row] / total;
        z[targets[row]] -= weights[row];
    }
}
