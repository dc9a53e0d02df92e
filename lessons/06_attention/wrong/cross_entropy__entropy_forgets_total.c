/* The entropy lacks log total. log pi is z - largest - log total, and -(sum of pi times this) has the term + log
 * total. */
void cross_entropy(float *z, const int *targets, const float *weights, float *log_pi,
                   float *entropy, int rows, int V) {
    for (int row = 0; row < rows; row++, z += V) {
        log_pi[row] = entropy[row] = 0;
        if (targets[row] < 0) {
            memset(z, 0, V * sizeof(float));
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
        entropy[row] = -sum / total;
        for (int i = 0; i < V; i++) z[i] *= weights[row] / total;
        z[targets[row]] -= weights[row];
    }
}
